"""Curl: the command that does the same as a call, run by a real bash with a real curl against the practice org."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from sfmtls_nb import (
    ClientIdentity,
    Exchange,
    Org,
    PasswordLogin,
    Request,
    RestFault,
    Secret,
    Session,
    SfmtlsError,
    curl_command,
    login,
)
from sfmtls_nb.api import PARTNER, build_element, build_envelope, serialize, to_json
from sfmtls_nb.connection import Transport
from sfmtls_nb.practice import PracticeOrg

needs_curl = pytest.mark.skipif(
    not all(map(shutil.which, ("bash", "curl", "xmllint"))), reason="bash, curl or xmllint is not installed"
)

# What a shell, or a here-document in it, could take for its own.
SHELL = [
    "$HOME",
    "${HOME}",
    "$(echo spilled)",
    "`echo spilled`",
    "\\",
    "\\\\",
    "\\$",
    "'",
    '"',
    "!!",
    "\n",
    "\\\n",
    "\t",
    ";",
    "|",
]
shell_text = st.lists(
    st.sampled_from([*SHELL, "END_OF_BODY", "\nEND_OF_BODY\n", "a", " ", "ü", "<", "&", "${SF_SESSION_ID}"])
)


def bash(command: str, variables: Mapping[str, str] | None = None) -> str:
    """What a shell prints that has only these variables and the path."""
    run = subprocess.run(
        ["bash", "--norc", "-c", command],
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **(variables or {})},
        capture_output=True,
        timeout=30,
        check=False,
    )
    return run.stdout.decode()


@pytest.fixture
def exchanges(monkeypatch: pytest.MonkeyPatch) -> list[Exchange]:
    """Every exchange that comes to an answer, in their order."""
    seen: list[Exchange] = []
    send = Transport.send

    def spy(transport: Transport, request: Request) -> Exchange:
        seen.append(send(transport, request))
        return seen[-1]

    monkeypatch.setattr(Transport, "send", spy)
    return seen


def signed_in(session: Session) -> Exchange:
    """The exchange of a session's sign-in."""
    assert session.exchange
    return session.exchange


def sent(call: etree._Element, session_id: Secret | None = None) -> Request:
    """A request that was never sent, with this body."""
    return Request("POST", "https://h/", {}, serialize(build_envelope(call, session_id)))


def here_document(exchange: Request, variables: Mapping[str, str] | None = None) -> str:
    """The body that the command hands to curl, as bash makes it: with cat in the place of curl."""
    body = curl_command(exchange).partition("--data-binary @- ")[2].replace(" | xmllint --format -", "", 1)
    return bash(f"cat {body}", variables)


@pytest.fixture
def variables(session: Session) -> dict[str, str]:
    return {"SF_SESSION_ID": session.session_id.reveal()}


# ---------------------------------------------------------------- the command runs


@needs_curl
@pytest.mark.parametrize("options", [{}, {"port": 443}, {"certificate": False}])
def test_the_command_gets_the_answer_that_the_call_got(
    options: dict[str, object],
    session: Session,
    variables: dict[str, str],
    identity: ClientIdentity,
    tmp_path: Path,
    exchanges: list[Exchange],
) -> None:
    pem = identity.write_pem(tmp_path / "full cert's:2026.pem")
    with suppress(SfmtlsError):
        session.soap("getUserInfo", **options)  # type: ignore[arg-type]  # one or the other
    answer = exchanges[-1].response_body
    printed = bash(curl_command(exchanges[-1], pem), variables)
    assert normal(answer) == normal(printed.encode())


@needs_curl
def test_the_command_passes_a_proxy_where_the_call_passed_it(
    session: Session,
    variables: dict[str, str],
    identity: ClientIdentity,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    exchanges: list[Exchange],
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # where nobody is
    pem = identity.write_pem(tmp_path / "fullcert.pem")
    session.get_user_info()
    printed = bash(curl_command(exchanges[-1], pem), {**variables, "HTTPS_PROXY": os.environ["HTTPS_PROXY"]})
    assert normal(exchanges[-1].response_body) == normal(printed.encode())


@pytest.mark.parametrize(
    ("url", "proxy", "passed"),
    [
        ("https://localhost:8443/", "http://127.0.0.1:9", True),
        ("https://localhost:8443/", "", False),
        ("https://acme.my.salesforce.com/", "http://127.0.0.1:9", False),
    ],
)
def test_the_command_names_no_proxy_that_it_need_not_pass(
    url: str, proxy: str, passed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    assert passed == ("--noproxy" in curl_command(Request("GET", url, {})))


def normal(answer: bytes) -> bytes:
    """An answer without what changes from call to call, and without indentation."""
    if b"<html" in answer:
        return answer
    root = etree.fromstring(answer, etree.XMLParser(remove_blank_text=True))
    for current in root.iter(f"{{{PARTNER}}}current"):
        current.text = "the number of calls"
    return etree.tostring(root)


@needs_curl
def test_the_login_command_signs_in(practice: PracticeOrg, org: Org) -> None:
    username, password = practice.user("standard")
    command = curl_command(signed_in(login(org, PasswordLogin(username, password))))
    assert "<sessionId>00D" in bash(command, {"SF_PASSWORD": password})


@needs_curl
def test_the_login_command_with_another_password_does_not(practice: PracticeOrg, org: Org) -> None:
    command = curl_command(signed_in(login(org, PasswordLogin(*practice.user("standard")))))
    assert "INVALID_LOGIN" in bash(command, {"SF_PASSWORD": "wrong"})


@needs_curl
@pytest.mark.parametrize(
    "username", [*SHELL, "".join(SHELL), "x\nEND_OF_BODY\ntouch spilled\n", "<&>\"' ü 日本", "\r\n"]
)
def test_a_username_with_shell_characters_arrives_as_it_was_typed(
    username: str, practice: PracticeOrg, org: Org, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = replace(practice.state.users[0], username=username)
    monkeypatch.setattr(practice.state, "users", [user])
    command = curl_command(signed_in(login(org, PasswordLogin(username, user.password))))
    assert "<sessionId>00D" in bash(f"cd {shlex.quote(str(tmp_path))}; {command}", {"SF_PASSWORD": user.password})
    assert list(tmp_path.iterdir()) == []


@needs_curl
@settings(max_examples=60)
@given(shell_text.map("".join))
def test_any_text_goes_through_the_here_document_as_it_is(text: str) -> None:
    made = here_document(sent(build_element("query", {"queryString": text})), {"SF_SESSION_ID": "spilled"})
    assert text == (etree.fromstring(made.encode()).findtext(f".//{{{PARTNER}}}queryString") or "")


@needs_curl
@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("sessionId", "SF_SESSION_ID"),
        ("password", "SF_PASSWORD"),
        ("oldPassword", "SF_OLD_PASSWORD"),
        ("newPassword", "SF_NEW_PASSWORD"),
    ],
)
def test_a_secret_is_a_variable_that_the_shell_fills_in(name: str, variable: str) -> None:
    made = here_document(sent(build_element("x", {name: Secret("p455w0rd")})), {variable: "$(another) `one` \\!"})
    assert etree.fromstring(made.encode()).findtext(f".//{{{PARTNER}}}{name}") == "$(another) `one` \\!"


@needs_curl
@pytest.mark.parametrize(
    "call",
    [
        {"path": "sobjects/Contact/describe"},
        {"path": "query?q=SELECT Id FROM Contact WHERE Name LIKE '[{$a}]%'"},
        {"path": "limits", "port": 443},
        {"path": "limits", "certificate": False},
    ],
)
def test_the_command_of_a_get_gets_the_answer_that_the_call_got(
    call: dict[str, Any],
    session: Session,
    variables: dict[str, str],
    identity: ClientIdentity,
    tmp_path: Path,
    exchanges: list[Exchange],
) -> None:
    pem = identity.write_pem(tmp_path / "full cert.pem")
    with suppress(SfmtlsError):
        session.rest(**call)
    printed = bash(curl_command(exchanges[-1], pem), variables)
    assert without_counts(exchanges[-1].response_body.decode()) == without_counts(printed)


@needs_curl
def test_the_commands_of_a_patch_and_a_delete_end_a_bulk_job(
    session: Session, variables: dict[str, str], identity: ClientIdentity, tmp_path: Path
) -> None:
    pem = identity.write_pem(tmp_path / "me.pem")
    job = session.rest("jobs/query", body={"operation": "query", "query": "SELECT Id FROM Contact"})["id"]
    abort = session.prepare_rest(f"jobs/query/{job}", method="PATCH", body={"state": "Aborted"})
    assert '"state":"Aborted"' in bash(curl_command(abort, pem), variables)
    assert "" == bash(curl_command(session.prepare_rest(f"jobs/query/{job}", method="DELETE"), pem), variables)
    with pytest.raises(RestFault, match="NOT_FOUND"):
        session.rest(f"jobs/query/{job}")


def without_counts(answer: str) -> str:
    """An answer without how many calls are left."""
    return re.sub(r'"Remaining": \d+', "", answer)


@needs_curl
def test_the_command_of_a_get_without_the_session_id_is_refused(
    session: Session, identity: ClientIdentity, tmp_path: Path, exchanges: list[Exchange]
) -> None:
    session.rest("limits")
    printed = bash(curl_command(exchanges[-1], identity.write_pem(tmp_path / "me.pem")), {"SF_SESSION_ID": "wrong"})
    assert "INVALID_SESSION_ID" in printed


# ---------------------------------------------------------------- what stands in it


def test_the_token_of_a_get_is_a_variable_in_double_quotes(session: Session, exchanges: list[Exchange]) -> None:
    session.rest("limits")
    command = curl_command(exchanges[-1])
    assert ('-H "Authorization: Bearer ${SF_SESSION_ID}"' in command, "--data" in command) == (True, False)
    assert session.session_id.reveal()[16:] not in command


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("Authorization", "OAuth p455w0rd", '"Authorization: OAuth ${SF_SESSION_ID}"'),
        ("authorization", "p455w0rd", '"authorization: ${SF_SESSION_ID}"'),
        ("X-SFDC-Session", "p455w0rd", '"X-SFDC-Session: ${SF_SESSION_ID}"'),
        ("Authorization", "$(x) p455w0rd", '"Authorization: \\$(x) ${SF_SESSION_ID}"'),
        ("X-Other", "$HOME", "'X-Other: $HOME'"),
    ],
)
def test_a_header_with_a_secret_in_it_has_the_variable_and_no_other_has(name: str, value: str, word: str) -> None:
    exchange = Request("GET", "https://h/", {name: value})
    assert f"curl -sS https://h/ \\\n    -H {word}" == curl_command(exchange)


def test_no_secret_stands_in_the_command(
    practice: PracticeOrg, org: Org, identity: ClientIdentity, exchanges: list[Exchange]
) -> None:
    username, password = practice.user("enforced")
    with login(org, PasswordLogin(username, password), identity) as session:
        commands = curl_command(exchanges[-1])
        session.get_user_info()
        commands += curl_command(exchanges[-1])
    spilled = [secret for secret in (password, session.session_id.reveal()[16:]) if secret in commands]
    assert (spilled, "PRIVATE KEY" in commands) == ([], False)


@pytest.mark.parametrize("body", ["<a>{}</a>", "<a b='{}'/>", "<a><!--{}--></a>", "<a><![CDATA[{}]]></a>"])
def test_no_session_id_stands_in_the_body_wherever_it_was(body: str) -> None:
    sent = body.format("00D36000000bLGT!AQsecret").encode()
    command = curl_command(Request("POST", "https://h/", {}, sent))
    assert ("00D36000000bLGT!••••" in command, "AQsecret" in command) == (True, False)


@pytest.mark.parametrize(
    ("certificate", "option"), [(True, "-E me.pem"), (False, "getUserInfo")], ids=["presented", "left at home"]
)
def test_the_certificate_is_named_only_where_it_was_presented(
    certificate: bool,  # a row of a table
    option: str,
    session: Session,
    exchanges: list[Exchange],
) -> None:
    with suppress(SfmtlsError):
        session.soap("getUserInfo", certificate=certificate)
    command = curl_command(exchanges[-1], "me.pem")
    assert (certificate, True) == ("-E" in command, option in command)


@pytest.mark.parametrize("ca_file", [None, "server ca.pem"])
def test_the_ca_file_is_named_where_there_is_one_and_verification_is_never_off(ca_file: str | None) -> None:
    words = shlex.split(curl_command(replace(sent(build_element("x")), ca_file=ca_file)).partition("<<")[0])
    assert (ca_file, False) == (
        words[words.index("--cacert") + 1] if "--cacert" in words else None,
        bool({"-k", "--insecure"} & {*words}),
    )


def test_the_headers_of_the_call_are_those_of_the_command(session: Session, exchanges: list[Exchange]) -> None:
    session.get_user_info()
    words = shlex.split(curl_command(exchanges[-1]).partition("<<")[0].replace("\\\n", ""))
    headers = [words[number + 1] for number, word in enumerate(words) if word == "-H"]
    assert headers == ["Content-Type: text/xml; charset=UTF-8", 'SOAPAction: ""']


@pytest.mark.parametrize(("answer", "piped"), [(b"<html>", False), (b"<a/>", True), (b"", True)])
def test_an_html_answer_is_not_piped_through_xmllint(answer: bytes, piped: bool) -> None:  # a row of a table
    command = curl_command(Exchange(sent(build_element("x")), response_body=answer))
    assert piped == ("| xmllint" in command)


@pytest.mark.parametrize(
    "url", ["https://h/a;touch spilled", "https://h/$(touch spilled)", "https://h/'`touch spilled`'", "https://h/a b"]
)
def test_a_url_is_one_word_whatever_is_in_it(url: str) -> None:
    words = shlex.split(curl_command(replace(sent(build_element("x")), url=url)).partition("<<")[0])
    assert words[:3] == ["curl", "-sS", url]


def test_a_session_id_in_a_url_is_masked() -> None:
    exchange = Request("GET", "https://h/x?sid=00D36000000bLGT!AQQAQMlp30Zpiy6", {})
    assert "AQQAQMlp30Zpiy6" not in curl_command(exchange)


def test_a_password_in_json_is_a_variable_and_the_rest_stays() -> None:
    body = to_json({"NewPassword": "hunter2", "Name": "é", "in": [{"password": "hunter3"}]})
    json_type = {"Content-Type": "application/json"}
    command = curl_command(Request("POST", "https://h/services/data", json_type, body))
    assert (
        '{"NewPassword": "${SF_NEW_PASSWORD}", "Name": "\\\\u00e9", "in": [{"password": "${SF_PASSWORD}"}]}' in command
    )


def test_the_end_of_the_here_document_is_no_line_of_the_body() -> None:
    text = "\nEND_OF_BODY\nEND_OF_BODY_\n"
    assert curl_command(sent(build_element("x", {"a": text}))).endswith("\nEND_OF_BODY__")
