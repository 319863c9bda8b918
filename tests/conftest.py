"""What every test may use: a practice org that runs, the client made for it, and no network but loopback."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sfmtls_nb import ClientIdentity, Org, PasswordLogin, Session, login
from sfmtls_nb.practice import PracticeOrg

OFFLINE = Path(__file__).parent / "offline"
sys.path.insert(0, str(OFFLINE))
os.environ["PYTHONPATH"] = str(OFFLINE)

import sitecustomize  # noqa: E402  # the module in OFFLINE, on the path only now


@pytest.fixture(autouse=True)
def _offline() -> None:
    # pytest-socket lifts its block after each test, so it is laid again before each.
    sitecustomize.block()


@pytest.fixture(scope="session")
def practice() -> Iterator[PracticeOrg]:
    """One practice org for all tests that do not change it."""
    with PracticeOrg() as running:
        yield running


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
