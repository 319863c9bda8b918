"""What the tests in a browser share: one JupyterLab and one browser for all of them (with pytest-xdist: for all of a worker's)."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Iterator

import pytest
from lab import CHROMIUM, Lab, running

_LOOP = pytest.StashKey[asyncio.AbstractEventLoop | None]()


@pytest.fixture(scope="session")
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on the path; on Debian: sudo apt-get install chromium fonts-dejavu-core")
    with running(tmp_path_factory.mktemp("lab")) as started:
        yield started
        asyncio._set_running_loop(request.session.stash.get(_LOOP, None))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Between two calls Playwright leaves its event loop running in this thread, where no other could run then.

    So it is put aside while the tests run that use no browser.
    """
    if "lab" not in getattr(item, "fixturenames", ()):
        return (yield)
    asyncio._set_running_loop(item.session.stash.get(_LOOP, None))
    try:
        return (yield)
    finally:
        item.session.stash[_LOOP] = asyncio._get_running_loop()
        asyncio._set_running_loop(None)
