"""The renewal drill: at the practice org whole, on an org of one's own in two lines, and a session that loses no call over it."""

from __future__ import annotations

import stat
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from IPython.core.interactiveshell import InteractiveShell

from sfmtls_nb import (
    CertificatePageError,
    ClientIdentity,
    IdentityError,
    MutualAuthenticationFault,
    Org,
    PasswordLogin,
    Session,
    SfmtlsError,
    login,
)
from sfmtls_nb.certificates import fingerprint
from sfmtls_nb.notebook.renewal import STEPS, Renewal, renew
from sfmtls_nb.notebook.views.renewal import renewal_html, renewal_text
from sfmtls_nb.notebook.workspace import Workspace
from sfmtls_nb.practice import PracticeOrg

CALLS, THREADS = 1_000, 8


def states(renewal: Renewal) -> list[str]:
    return [step.state for step in renewal.steps]


def client_of(practice: PracticeOrg) -> ClientIdentity:
    files = practice.client
    return ClientIdentity.load(files.key, files.leaf, *files.intermediates)


def issued_for(practice: PracticeOrg, old: ClientIdentity) -> ClientIdentity:
    made = old.new_key_and_csr()
    return ClientIdentity.load(made.key_pem, practice.issue(made.request_pem))


def calls_seen(practice: PracticeOrg) -> list[str]:
    return [event.leaf for event in practice.events.where(kind="request", operation="getUserInfo")]


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.002)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the notebook is in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def practising(own_practice: PracticeOrg) -> Workspace:
    """A notebook at the practice org, signed in, with the certificate."""
    workspace = Workspace()
    workspace.practice = own_practice
    workspace.start_practice()
    workspace.present(client_of(own_practice))
    workspace.sign_in()
    return workspace


@pytest.fixture
def working(own_practice: PracticeOrg, here: Path) -> Workspace:  # noqa: ARG001  # it writes beside the notebook
    """A notebook at an org of one's own, signed in, with the certificate; nobody here can issue or upload."""
    return at_own_org(own_practice, Org(**own_practice.endpoints))


def at_own_org(practice: PracticeOrg, org: Org, user: str = "enforced") -> Workspace:
    workspace = Workspace()
    workspace.org = org
    workspace.present(client_of(practice))
    workspace.session = login(org, PasswordLogin(*practice.user(user)), workspace.identity)
    return workspace


def answered(practice: PracticeOrg, folder: Path) -> list[str]:
    """The files of a request that the authority has answered."""
    (folder / "client.crt").write_bytes(practice.issue((folder / "client.csr").read_bytes()))
    return [str(folder / "client.key"), str(folder / "client.crt")]


# ---------------------------------------------------------------- at the practice org


def test_at_the_practice_org_the_whole_drill_runs(practising: Workspace) -> None:
    renewal = renew(practising, [], None)
    assert ["done"] * len(STEPS) == states(renewal)


def test_after_the_drill_the_running_session_presents_the_new_leaf(
    practising: Workspace, own_practice: PracticeOrg
) -> None:
    session = practising.signed_in()
    renewal = renew(practising, [], None)
    session.get_user_info()
    assert renewal.new is not None
    assert calls_seen(own_practice)[-1] == fingerprint(renewal.new.leaf).hex()


def test_after_the_drill_the_old_certificate_is_refused(practising: Workspace) -> None:
    renewal = renew(practising, [], None)
    with pytest.raises(MutualAuthenticationFault):
        practising.soap("getUserInfo", identity=renewal.old)


def test_the_new_files_are_for_their_owner_alone(practising: Workspace, own_practice: PracticeOrg) -> None:
    renew(practising, [], "new")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (own_practice.directory / "new").iterdir()}
    assert modes == dict.fromkeys(["client.key", "client.csr", "client.crt", "fullcert.pem", "upload.crt"], 0o600)


def test_a_second_renewal_takes_a_new_folder(practising: Workspace, own_practice: PracticeOrg) -> None:
    first, second = renew(practising, [], None), renew(practising, [], None)
    assert second.old == first.new
    assert all((own_practice.directory / name / "client.key").exists() for name in ("renewal-1", "renewal-2"))


def test_the_new_key_is_encrypted_as_the_old_one_was(
    practising: Workspace, own_practice: PracticeOrg, here: Path
) -> None:
    encrypted = here / "old.p12"
    client_of(own_practice).write_pkcs12(encrypted, "correct horse")
    practising.present(ClientIdentity.load(encrypted, password="correct horse"))
    renew(practising, [], "new")
    key = (own_practice.directory / "new" / "client.key").read_bytes()
    assert load_pem_private_key(key, b"correct horse").key_size == 2048  # type: ignore[union-attr]  # it is RSA
    with pytest.raises(TypeError):
        load_pem_private_key(key, None)


def test_files_that_are_there_already_stay_as_they_are(practising: Workspace, own_practice: PracticeOrg) -> None:
    renew(practising, [], "new")
    key = (own_practice.directory / "new" / "client.key").read_bytes()
    with pytest.raises(IdentityError, match="exists already"):
        renew(practising, [], "new")
    assert key == (own_practice.directory / "new" / "client.key").read_bytes()


def test_a_user_whose_calls_prove_nothing_is_told_before_anything_is_written(
    practising: Workspace, own_practice: PracticeOrg
) -> None:
    practising.sign_in("standard")
    with pytest.raises(SfmtlsError, match="proves no certificate"):
        renew(practising, [], "new")
    assert not (own_practice.directory / "new").exists()


def test_the_magic_returns_the_renewal_and_shows_its_steps(signed_in: InteractiveShell) -> None:
    renewal = signed_in.run_line_magic("sf_identity", "--renew")
    shown, _ = signed_in.display_formatter.format(renewal)  # type: ignore[union-attr]  # a shell has one
    assert all(name in shown[form] for name in STEPS for form in ("text/plain", "text/html"))


def test_what_is_shown_holds_no_key(practising: Workspace, own_practice: PracticeOrg) -> None:
    renewal = renew(practising, [], "new")
    key = (own_practice.directory / "new" / "client.key").read_text().splitlines()[1]
    assert all(key not in shown for shown in (repr(renewal), renewal_text(renewal), renewal_html(renewal)))


# ---------------------------------------------------------------- on an org of one's own


def test_the_first_line_writes_key_and_request_and_sends_nothing(
    working: Workspace, own_practice: PracticeOrg, here: Path
) -> None:
    before = len(own_practice.events)
    renewal = renew(working, [], None)
    assert states(renewal) == ["done", *["open"] * 5]
    assert {path.name for path in (here / "renewal-1").iterdir()} == {"client.key", "client.csr"}
    assert before == len(own_practice.events)


def test_the_first_line_needs_no_sign_in(working: Workspace) -> None:
    working.session = None
    assert renew(working, [], None).command.startswith("%sf_identity --renew renewal-1/client.key")


def test_the_second_line_needs_one(working: Workspace, own_practice: PracticeOrg, here: Path) -> None:
    renew(working, [], None)
    working.session = None
    with pytest.raises(SfmtlsError, match="not signed in"):
        renew(working, answered(own_practice, here / "renewal-1"), None)


def test_before_the_upload_the_session_stays_on_the_old_certificate(
    working: Workspace, own_practice: PracticeOrg, here: Path
) -> None:
    old = working.identity
    renew(working, [], None)
    with pytest.raises(IdentityError, match="stays on the old one") as caught:
        renew(working, answered(own_practice, here / "renewal-1"), "renewal-1")
    assert "renewal-1/upload.crt" in caught.value.next_step
    assert isinstance(caught.value.__cause__, MutualAuthenticationFault)
    assert working.identity is old
    assert working.soap("getUserInfo").text(".//userName") == "enforced@practice.example"


@pytest.mark.usefixtures("signed_in")
def test_what_was_reached_before_the_upload_is_shown(
    working: Workspace,
    own_practice: PracticeOrg,
    here: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    renew(working, [], None)
    with pytest.raises(IdentityError):
        renew(working, answered(own_practice, here / "renewal-1"), None)
    assert "✖ 3. upload beside the old one: failed" in capsys.readouterr().out


def test_after_the_upload_the_same_line_switches_and_leaves_the_old_one_in_setup(
    working: Workspace, own_practice: PracticeOrg, here: Path
) -> None:
    renew(working, [], None)
    files = answered(own_practice, here / "renewal-1")
    own_practice.state.upload_certificate(Path(files[1]).read_bytes())
    renewal = renew(working, files, None)
    assert states(renewal) == [*["done"] * 5, "open"]
    assert working.identity is renewal.new
    assert renewal.old.leaf in own_practice.state.uploaded_leaves


def test_a_chain_that_the_org_refuses_stays_at_home(own_practice: PracticeOrg) -> None:
    working = at_own_org(own_practice, replace(Org(**own_practice.endpoints), accepted_roots=None))
    old = working.identity
    with pytest.raises(IdentityError, match="stays on the old one") as caught:
        renew(working, [str(path) for path in own_practice.identity("root-not-accepted").all], None)
    assert isinstance(caught.value.__cause__, CertificatePageError)
    assert working.identity is old


def test_what_the_check_finds_is_not_tried(working: Workspace, own_practice: PracticeOrg) -> None:
    made = [str(path) for path in own_practice.identity("expired").all]
    with pytest.raises(IdentityError, match="expired"):
        renew(working, made, None)
    assert set(calls_seen(own_practice)) == {""}  # the one that went without a certificate


def test_the_files_that_are_presented_already_are_no_renewal(working: Workspace, own_practice: PracticeOrg) -> None:
    with pytest.raises(IdentityError, match="presented already"):
        renew(working, [str(own_practice.client.fullcert)], None)


def test_without_a_certificate_there_is_nothing_to_renew(working: Workspace) -> None:
    working.present(None)
    with pytest.raises(IdentityError, match="nothing to renew"):
        renew(working, [], None)


# ---------------------------------------------------------------- a running session


@contextmanager
def calling(session: Session, done: list[int]) -> Iterator[None]:
    """Each thread makes its share of `CALLS`, and counts those that are done; all of them have to succeed."""

    def calls(thread: int) -> None:
        for _ in range(CALLS // THREADS):
            session.get_user_info()
            done[thread] += 1

    with ThreadPoolExecutor(THREADS) as pool:
        running = [pool.submit(calls, thread) for thread in range(THREADS)]
        yield
        for each in running:
            each.result()


@pytest.mark.slow
@pytest.mark.parametrize("tls", ["1.2", "1.3"])
def test_a_thousand_calls_over_the_switch_all_succeed(tls: Literal["1.2", "1.3"]) -> None:
    with PracticeOrg(tls=tls) as practice:
        old = client_of(practice)
        new = issued_for(practice, old)
        practice.state.upload_certificate(new.leaf.public_bytes(Encoding.PEM))
        done = [0] * THREADS
        signed_in = login(Org(**practice.endpoints), PasswordLogin(*practice.user("enforced")), old)
        with signed_in as session, calling(session, done):
            until(lambda: sum(done) >= CALLS // 2)
            session.present(new)
            # A thread that has finished a call since then begins no more with the old one.
            then = [*done]
            until(lambda: all(now > at or now == CALLS // THREADS for now, at in zip(done, then, strict=True)))
            practice.state.remove_certificate(old.leaf)
        seen = Counter(calls_seen(practice))
        assert (sum(seen.values()), set(seen)) == (CALLS, {fingerprint(each.leaf).hex() for each in (old, new)})


def test_who_removes_the_old_leaf_before_the_switch_loses_calls(own_practice: PracticeOrg) -> None:
    old = client_of(own_practice)
    new = issued_for(own_practice, old)
    own_practice.state.upload_certificate(new.leaf.public_bytes(Encoding.PEM))
    with login(Org(**own_practice.endpoints), PasswordLogin(*own_practice.user("enforced")), old) as session:
        session.get_user_info()
        own_practice.state.remove_certificate(old.leaf)
        with pytest.raises(MutualAuthenticationFault):
            session.get_user_info()
        session.present(new)
        assert session.get_user_info().text(".//userName") == "enforced@practice.example"
