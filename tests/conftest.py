"""What every test may use: a practice org that runs, the client made for it, and no network but loopback."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import urllib3.util.connection
from bulk_org import Calls, calls_of
from hypothesis import HealthCheck, settings
from IPython.core.interactiveshell import InteractiveShell
from noon import NOW

from sfmtls_nb import ClientIdentity, Exchange, Org, PasswordLogin, Request, Session, load_ipython_extension, login
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.practice.data import Database
from sfmtls_nb.query import bulk, patience

OFFLINE = Path(__file__).parent / "offline"
sys.path.insert(0, str(OFFLINE))
os.environ["PYTHONPATH"] = str(OFFLINE)
os.environ["SFMTLS_NB_PROFILES"] = os.devnull  # not those of whoever runs the tests

# Where the tests were started in the background or with nohup, Ctrl-C and the terminal's end are ignored, and children
# would inherit that.
for _number, _usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _usual)

import sitecustomize  # noqa: E402  # the module in OFFLINE, on the path only now

# The same examples each time, however slow the machine is: who sees a test fail has to look at the change. `make soak`
# looks for others.
settings.register_profile("test", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("soak", settings.get_profile("test"), derandomize=False)
settings.register_profile("quick", settings.get_profile("test"), max_examples=10)
settings.load_profile("test")


@pytest.fixture(autouse=True)
def _offline() -> None:
    # pytest-socket lifts its block after each test, so it is laid again before each.
    sitecustomize.block()


@pytest.fixture(scope="session")
def practice() -> Iterator[PracticeOrg]:
    """One practice org for all tests that do not change it."""
    with PracticeOrg() as running:
        yield running


@pytest.fixture(scope="session")
def database() -> Iterator[Database]:
    """Records for all tests that only read them."""
    with Database(records=500, now=NOW) as made:
        yield made


@pytest.fixture
def own_practice() -> Iterator[PracticeOrg]:
    """A practice org that the test may change."""
    with PracticeOrg() as running:
        yield running


@pytest.fixture(scope="session")
def identity(practice: PracticeOrg) -> ClientIdentity:
    """The client whose leaf is uploaded in the practice org."""
    files = practice.client
    return ClientIdentity.load(files.key, files.leaf, *files.intermediates)


@pytest.fixture(scope="session")
def org(practice: PracticeOrg) -> Org:
    return Org(**practice.endpoints)


@pytest.fixture
def session(org: Org, practice: PracticeOrg, identity: ClientIdentity) -> Iterator[Session]:
    """The enforced user's session, presenting the certificate on 8443."""
    with login(org, PasswordLogin(*practice.user("enforced")), identity) as signed_in:
        yield signed_in


@pytest.fixture
def sent(session: Session, monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """Every request that the enforced user's session sends, in their order."""
    seen: list[Request] = []
    send = session.transport.send

    def spy(request: Request) -> Exchange:
        seen.append(request)
        return send(request)

    monkeypatch.setattr(session.transport, "send", spy)
    return seen


@pytest.fixture
def bulk_practice(monkeypatch: pytest.MonkeyPatch) -> Iterator[PracticeOrg]:
    """An org of 1,000 contacts, whose Bulk pages have 100; and pauses that are short."""
    monkeypatch.setattr(bulk, "_FIRST_PAUSE", 0.01)
    monkeypatch.setattr(patience, "_PAUSES", (0.01,) * 8)
    monkeypatch.setattr(patience, "_AFTER_CUT", 0.01)
    with PracticeOrg(records=1000) as practice:
        practice.state.bulk_page = 100
        yield practice


@pytest.fixture
def calls(bulk_practice: PracticeOrg) -> Iterator[Calls]:
    """The calls of its enforced user, as a Bulk job makes them."""
    with calls_of(bulk_practice) as made:
        yield made


@pytest.fixture
def connect_to(practice: PracticeOrg, monkeypatch: pytest.MonkeyPatch) -> PracticeOrg:
    """Ports 443 and 8443 of any host are the practice org's stand-ins; its root is the one that requests trusts."""
    ports = {443: urlsplit(practice.api_url).port or 443, 8443: urlsplit(practice.mutual_url).port or 8443}
    real = urllib3.util.connection.create_connection

    def create_connection(address: tuple[str, int], *arguments: Any, **options: Any) -> Any:
        return real(("127.0.0.1", ports.get(address[1], address[1])), *arguments, **options)

    monkeypatch.setattr(urllib3.util.connection, "create_connection", create_connection)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(practice.ca_file))
    return practice


@pytest.fixture
def mutual_session(practice: PracticeOrg) -> Iterator[requests.Session]:
    """A session of requests that presents the client's certificate, as anyone would make it."""
    with requests.Session() as session:
        session.cert = str(practice.client.fullcert)
        yield session


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[InteractiveShell]:
    """A shell with the magics and a practice org."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    running = InteractiveShell.instance()
    load_ipython_extension(running)
    running.run_line_magic("sf_practice", "")
    yield running
    running.run_line_magic("sf_practice", "stop")
    running.history_manager.end_session()  # type: ignore[union-attr]  # a shell has one
    InteractiveShell.clear_instance()


@pytest.fixture
def signed_in(shell: InteractiveShell) -> InteractiveShell:
    """The same, signed in as the enforced user, with the certificate."""
    shell.run_line_magic("sf_identity", "fullcert.pem")
    shell.run_line_magic("sf_login", "")
    return shell
