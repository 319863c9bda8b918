"""SfCli: the real `sf`, signed in to the practice org; and stand-ins for the answers that it does not give here."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from node_peers import needed, run_sf, sf_environment
from tracebacks import shown_with_locals

from sfmtls_nb import ClientIdentity, Org, OrgError, SfCli, SfmtlsError, SignInError, login
from sfmtls_nb.practice import PracticeOrg

TOKEN = "00D36000000bLGT!AQsf-token"
ACME = "https://acme.my.salesforce.com"


@pytest.fixture
def answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A stand-in for sf: what it answers to a command, by its words. A text is printed as it is."""
    given: dict[str, Any] = {}
    program = tmp_path / "sf"
    program.write_text(
        "#!/usr/bin/env python3\nimport json, os, pathlib, sys\n"
        "answers = json.loads(pathlib.Path(os.environ['SF_ANSWERS']).read_text())\n"
        "words = ' '.join(w for w in sys.argv[1:] if w not in ('--json', '--target-org', 'acme'))\n"
        "answer = answers.get(words, '')\n"
        "print(answer if isinstance(answer, str) else json.dumps(answer))\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("SF_ANSWERS", str(tmp_path / "answers.json"))

    class Written(dict[str, Any]):
        def __setitem__(self, key: str, value: Any) -> None:
            super().__setitem__(key, value)
            (tmp_path / "answers.json").write_text(json.dumps(self))

    given = Written()
    given["version"] = ""
    return given


def displayed(**changed: Any) -> dict[str, Any]:
    return {
        "status": 0,
        "result": {"accessToken": TOKEN, "instanceUrl": ACME, "username": "me@acme.example", **changed},
    }


@needed
@pytest.mark.slow
@pytest.mark.timeout(240)
def test_the_org_that_sf_is_signed_in_to_is_called_with_the_certificate(
    practice: PracticeOrg, org: Org, identity: ClientIdentity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    oauth = practice.description()["oauth"]
    app = ("--client-id", oauth["consumer_key"], "--jwt-key-file", oauth["jwt_key"])
    who = ("--username", practice.user("enforced").username, "--alias", "mutual", "--instance-url", practice.api_url)
    run_sf(practice, tmp_path, "org", "login", "jwt", *app, *who)
    for name, value in sf_environment(practice, tmp_path).items():
        monkeypatch.setenv(name, value)
    with login(org, SfCli("mutual"), identity) as session:
        assert session.get_user_info().text(".//userName") == "enforced@practice.example"
    practice.state.sessions.clear()
    session.get_user_info()  # sf has another token, and the session takes it
    with pytest.raises(SignInError, match=r"NamedOrgNotFoundError"):
        login(org, SfCli("nobody"))


def test_an_older_sf_that_shows_the_token_is_taken_at_its_word(answers: dict[str, Any]) -> None:
    answers["org display"] = displayed()
    assert TOKEN == login(Org.my_domain("acme"), SfCli("acme")).session_id.reveal()


def test_a_newer_sf_is_asked_for_the_token_by_its_own_command(answers: dict[str, Any]) -> None:
    answers["org display"] = displayed(accessToken="[REDACTED] Use 'sf org auth show-access-token' to view")
    answers["org auth show-access-token"] = {"status": 0, "result": {"accessToken": TOKEN}}
    assert TOKEN == login(Org.my_domain("acme"), SfCli("acme")).session_id.reveal()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("", "something else than JSON"),
        ("sf: SoundFont player 1.2", "something else than JSON"),
        ([1], "something else than JSON"),
        ({"status": 0}, "failed"),
        ({"status": 1, "name": "NamedOrgNotFoundError", "message": "No authorization found"}, "NamedOrgNotFoundError"),
        ({"status": 0, "result": {"instanceUrl": ACME}}, "something else than JSON"),  # nor has it the second command
        (displayed(instanceUrl=None), "sf gives no access token"),
    ],
)
def test_another_answer_is_named_with_the_next_step(answer: Any, words: str, answers: dict[str, Any]) -> None:
    answers["org display"] = answer
    with pytest.raises(SignInError, match=words) as caught:
        login(Org.my_domain("acme"), SfCli("acme"))
    assert caught.value.next_step


@pytest.mark.parametrize("instance", ["https://evil.example", "http://acme.my.salesforce.com"])
def test_an_instance_that_is_not_salesforces_gets_no_token(instance: str, answers: dict[str, Any]) -> None:
    answers["org display"] = displayed(instanceUrl=instance)
    with pytest.raises(OrgError):
        login(Org.my_domain("acme"), SfCli("acme"))


def test_an_alias_of_another_org_is_noticed(answers: dict[str, Any]) -> None:
    answers["org display"] = displayed(instanceUrl="https://acme--uat.sandbox.my.salesforce.com")
    with pytest.raises(OrgError, match="signed in to another org than https://acme"):
        login(Org.my_domain("acme"), SfCli("acme"))


def test_where_there_is_no_sf_the_other_ways_are_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SignInError, match="there is no command sf here"):
        login(Org.my_domain("acme"), SfCli())


@pytest.mark.usefixtures("answers")
def test_what_does_not_run_is_named(tmp_path: Path) -> None:
    (tmp_path / "sf").write_bytes(b"\x7fELF and no more")
    with pytest.raises(SignInError, match="sf org display does not run"):
        login(Org.my_domain("acme"), SfCli())


def test_the_token_shows_in_no_error(answers: dict[str, Any]) -> None:
    answers["org display"] = displayed(instanceUrl="https://evil.example")
    errors: list[SfmtlsError] = []
    for answer in (displayed(instanceUrl=None), {"status": 1, "message": f"bad {TOKEN}"}, f"see {TOKEN}", displayed()):
        answers["org display"] = answer
        try:
            login(Org.my_domain("beta"), SfCli("acme"))
        except SfmtlsError as error:
            errors.append(error)
    assert 4 == len(errors)
    inside = [error.with_traceback(error.__traceback__ and error.__traceback__.tb_next) for error in errors]
    assert [] == [shown for error in inside if "AQsf-token" in (shown := shown_with_locals(error))]
