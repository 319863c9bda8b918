"""What the flags of the calling magics do, in a shell: no kernel is needed to see that."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pandas as pd
import pytest
from IPython.core.error import StdinNotImplementedError, UsageError
from IPython.core.interactiveshell import InteractiveShell

from sfmtls_nb import (
    CertificatePageError,
    ClientIdentity,
    ExpectationError,
    IdentityError,
    MutualAuthenticationFault,
    Reply,
    Secret,
    SfmtlsError,
)
from sfmtls_nb.api import Part
from sfmtls_nb.columns import Columns
from sfmtls_nb.query import QueryResult

USER_ID = "0055f00000PRAC1AAP"


class Cells:
    """Runs cells as a notebook does; what one raises is raised."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell

    def __call__(self, *cells: str) -> Any:
        for cell in cells:
            ran: Any = self.shell.run_cell(cell)  # type: ignore[no-untyped-call]
            ran.raise_error()
        return ran.result

    def __getitem__(self, name: str) -> Any:
        return self.shell.user_ns[name]

    def __setitem__(self, name: str, value: object) -> None:
        self.shell.user_ns[name] = value

    @property
    def calls(self) -> int:
        """How many requests the practice org has seen."""
        return len(self("%sf_practice show").events)


@pytest.fixture
def cells(shell: InteractiveShell) -> Cells:
    """Signed in, with the certificate."""
    ready = Cells(shell)
    ready("%sf_login", "%sf_identity fullcert.pem")
    return ready


def test_the_result_is_the_value_of_the_cell(cells: Cells) -> None:
    assert isinstance(cells("%sf_soap getUserInfo"), Reply)


def test_the_result_is_the_last_value_as_any_is(cells: Cells) -> None:
    result = cells("%sf_soap getUserInfo")
    assert cells("_") is result


@pytest.mark.parametrize("cell", ["%sf_soap r << getUserInfo", "%%sf_soap r <<\n<getUserInfo/>"])
def test_the_result_with_an_arrow_is_kept_and_not_shown(cells: Cells, cell: str) -> None:
    assert (None, USER_ID) == (cells(cell), cells["r"].text(".//userId"))


def test_the_result_with_out_is_kept_and_shown(cells: Cells) -> None:
    assert cells("%sf_soap getUserInfo --out r") is cells["r"]


def test_the_result_of_a_query_goes_by_the_same_arrow(cells: Cells) -> None:
    cells("%%sf_soql users <<\nSELECT Id FROM User")
    assert isinstance(cells["users"], pd.DataFrame)


@pytest.mark.parametrize("cell", ["%sf_soap getUserInfo --out r;", "%%sf_soap --out r ;\n<getUserInfo/>"])
def test_the_result_with_a_semicolon_is_not_shown(cells: Cells, cell: str) -> None:
    assert (None, USER_ID) == (cells(cell), cells["r"].text(".//userId"))


def test_the_result_that_fails_is_kept_nowhere(cells: Cells) -> None:
    with pytest.raises(MutualAuthenticationFault):
        cells("%sf_soap r << getUserInfo --port 443")
    assert "r" not in cells.shell.user_ns


def test_the_result_that_was_predicted_is_kept(cells: Cells) -> None:
    cells("%sf_soap r << getUserInfo --no-cert --expect page")
    assert isinstance(cells["r"], CertificatePageError)


def test_the_form_is_the_whole_reply_if_nothing_is_said(cells: Cells) -> None:
    assert "getUserInfoResponse" == cells("%sf_soap getUserInfo").operation


def test_the_form_is_a_part_of_it_with_a_path(cells: Cells) -> None:
    part = cells("%sf_soap getUserInfo --path .//userId")
    assert f'<userId xmlns="urn:partner.soap.sforce.com">{USER_ID}</userId>' == str(part)


def test_the_form_is_an_empty_part_where_there_is_nothing(cells: Cells) -> None:
    part = cells("%sf_soap getUserInfo --path .//nothing")
    assert (True, 0) == (isinstance(part, Part), len(part))


def test_the_form_is_an_error_for_what_is_no_path(cells: Cells) -> None:
    with pytest.raises(SfmtlsError, match="is not a path"):
        cells("%sf_soap getUserInfo --path .//[")


def test_the_form_is_an_error_that_says_where_a_name_alone_is(cells: Cells) -> None:
    with pytest.raises(SfmtlsError, match=r"write \.//userId$"):
        cells("%sf_soap getUserInfo --path userId")


def test_the_form_is_a_frame_with_a_row_a_record(cells: Cells) -> None:
    query = "<query><queryString>SELECT Name FROM Contact LIMIT 3</queryString></query>"
    assert 3 == len(cells(f"%%sf_soap --as frame\n{query}")["Name"])


@pytest.mark.parametrize("path", ["", "--path .//result"])
def test_the_form_is_a_frame_when_asked(cells: Cells, path: str) -> None:
    assert [USER_ID] == list(cells(f"%sf_soap getUserInfo --as frame {path}")["userId"])


def test_the_form_is_text_when_asked(cells: Cells) -> None:
    text = cells("%sf_soap getUserInfo --as xml")
    assert repr(text).startswith('<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope')


@pytest.mark.parametrize("flag", ["--dry-run", "--curl"])
def test_a_call_that_is_not_made_reaches_nobody(cells: Cells, flag: str) -> None:
    before = cells.calls
    cells(f"%sf_soap getUserInfo {flag}")
    assert before == cells.calls


def test_a_call_that_is_not_made_shows_its_envelope_with_the_session_id_masked(cells: Cells) -> None:
    text = cells("%sf_soap getUserInfo --dry-run")
    assert (True, True) == ("<urn:getUserInfo/>" in text, "<urn:sessionId>00D5f000000PRAC!••••<" in text)


def test_a_call_that_is_not_made_shows_as_curl_where_it_would_go_and_with_what(cells: Cells) -> None:
    practice = cells("%sf_practice show")
    text = cells("%sf_soap getUserInfo --curl")
    pem = shlex.quote(str(practice.directory / "fullcert.pem"))
    assert (True, True) == (f"curl -sS {practice.mutual_url}" in text, f"-E {pem}" in text)


@pytest.mark.parametrize("name", ["good", "expires-soon", "server-auth-only"])
def test_a_call_that_is_not_made_shows_as_curl_the_file_of_the_certificate_that_it_would_present(
    cells: Cells, name: str
) -> None:
    own = cells("%sf_practice show").identity(name).key.with_name("fullcert.pem")
    assert f"-E {shlex.quote(str(own))}" in cells(f"%sf_soap getUserInfo --curl --identity {name}")


def test_a_call_that_is_not_made_says_where_there_is_no_such_file(cells: Cells) -> None:
    # What is in its file is in no order that a client may send: it is presented in another.
    said = cells("%sf_soap getUserInfo --curl --identity wrong-order")
    assert (True, True) == (said.startswith("# its certificate is in no file for curl yet"), "fullcert.pem" in said)


def test_a_call_that_is_not_made_without_a_certificate_names_no_file(cells: Cells) -> None:
    text = cells("%sf_soap getUserInfo --curl --no-cert")
    assert (True, False) == (text.startswith("curl"), "-E " in text)


def test_a_call_that_is_not_made_without_a_certificate_goes_where_one_is_asked_for(shell: InteractiveShell) -> None:
    cells = Cells(shell)
    cells("%sf_login")
    assert cells("%sf_practice show").mutual_url in cells("%sf_soap getUserInfo --curl --no-cert")


@pytest.mark.parametrize("flag", ["--dry-run", "--curl"])
def test_a_call_that_is_not_made_shows_no_secret(cells: Cells, flag: str) -> None:
    text = cells(f"%sf_soap getUserInfo {flag}")
    assert [] == [each for each in cells("%sf_practice show").state.sessions if each in text]


@pytest.mark.parametrize("line", ["--dry-run --expect page", "--curl --as xml", "--curl --path .", "--curl --dry-run"])
def test_a_call_that_is_not_made_has_no_answer_to_look_at(cells: Cells, line: str) -> None:
    with pytest.raises(UsageError, match=r"no answer|one of the two"):
        cells(f"%sf_soap getUserInfo {line}")


def test_a_call_that_is_not_made_shows_no_line_on_a_connection_that_was_not_made(
    cells: Cells, capsys: pytest.CaptureFixture[str]
) -> None:
    cells("%config SfMagics.show_handshake = True", "%sf_soap r << getUserInfo --dry-run")
    assert "TLS" not in capsys.readouterr().out


def test_a_call_that_is_not_made_leaves_the_last_call_as_it_was(cells: Cells) -> None:
    workspace = cells.shell.magics_manager.registry["SfMagics"].workspace
    last = workspace.last
    cells("%sf_soap getUserInfo --curl")
    assert last is workspace.last


@pytest.mark.parametrize(
    "cell",
    [
        "%%sf_soap\ngetUserInfo",
        "%%sf_soap\n<getUserInfo/>",
        "%sf_soap $xml",
        "%%sf_soap\n$xml",
        "%sf_soap {{xml|raw}}",
        "%%sf_soap\n{{xml|raw}}",
        "%sf_soap $element",
    ],
)
def test_the_body_may_be_typed_or_a_variable(cells: Cells, cell: str) -> None:
    cells(
        "from sfmtls_nb.api import build_element",
        "element = build_element('getUserInfo')",
        "xml = '<getUserInfo/>'",
    )
    assert USER_ID == cells(cell).text(".//userId")


def test_the_body_of_a_variable_that_is_not_there_is_refused(cells: Cells) -> None:
    with pytest.raises(UsageError, match="there is no variable nothing"):
        cells("%sf_soap $nothing")


def test_the_body_takes_values_as_text(cells: Cells) -> None:
    cells["name"] = "<O'Brien> & sons"
    sent = cells("%%sf_soap --dry-run\n<search><searchString>{{name}}</searchString></search>")
    assert "<urn:searchString>&lt;O'Brien&gt; &amp; sons</urn:searchString>" in sent.replace("ns0:", "urn:")


def test_the_body_sees_the_variables_of_the_function_it_is_called_in(cells: Cells) -> None:
    cells("def ask(what):\n    return get_ipython().run_line_magic('sf_soap', what)")
    cells("def call():\n    chosen = 'getUserInfo'\n    %sf_soap r << {{chosen|raw}}\n    return r")
    assert USER_ID == cells("call()").text(".//userId")


def test_the_body_shows_what_is_wrong_with_an_expression(cells: Cells) -> None:
    with pytest.raises(SfmtlsError, match=r"\{\{nothing}} cannot be evaluated"):
        cells("%%sf_soap\n<query><queryString>{{nothing}}</queryString></query>")


def test_the_body_takes_a_secret_only_where_it_stays_one(cells: Cells) -> None:
    cells["word"] = Secret("p455w0rd!")
    with pytest.raises(SfmtlsError) as refused:
        cells("%%sf_soap --dry-run\n<search><searchString>{{word}}</searchString></search>")
    sent = cells("%%sf_soap --dry-run\n<setPassword><password>{{word}}</password></setPassword>")
    assert (False, False) == ("p455w0rd" in str(refused.value), "p455w0rd" in sent)


def test_the_body_that_is_a_whole_envelope_keeps_its_session_header(cells: Cells) -> None:
    envelope = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header>'
        '<SessionHeader xmlns="urn:partner.soap.sforce.com"><sessionId>mine</sessionId></SessionHeader></e:Header>'
        '<e:Body><getUserInfo xmlns="urn:partner.soap.sforce.com"/></e:Body></e:Envelope>'
    )
    with pytest.raises(SfmtlsError, match="INVALID_SESSION_ID"):
        cells(f"%%sf_soap\n{envelope}")


def test_a_saved_envelope_is_sent_again_by_its_name(cells: Cells) -> None:
    cells("%%sf_soap --save me\n<getUserInfo/>")
    assert USER_ID == cells("%sf_soap me").text(".//userId")


def test_a_saved_envelope_is_filled_in_anew_each_time(cells: Cells) -> None:
    cells("n = 1", "%%sf_soap --save some\n<query><queryString>SELECT Id FROM User LIMIT {{n}}</queryString></query>")
    assert "1" == cells("%sf_soap some").text(".//size")
    assert "2" == cells("n = 2", "%sf_soap some").text(".//size")


@pytest.mark.parametrize("name", ["'my call'", "''"])
def test_a_saved_envelope_needs_a_name_that_can_be_typed(cells: Cells, name: str) -> None:
    with pytest.raises(UsageError, match="--save takes a name"):
        cells(f"%%sf_soap --save {name}\n<getUserInfo/>")


def test_a_saved_envelope_takes_no_operation_s_place(cells: Cells) -> None:
    with pytest.raises(UsageError, match="getUserInfo is an operation"):
        cells("%%sf_soap --save getUserInfo\n<logout/>")
    assert USER_ID == cells("%sf_soap getUserInfo").text(".//userId")


def test_a_saved_envelope_is_not_replaced_by_one_that_cannot_be_read(cells: Cells) -> None:
    cells("%%sf_soap --save me\n<getUserInfo/>")
    with pytest.raises(SfmtlsError, match="cut off"):
        cells("%%sf_soap --save me\n<getUserInfo")
    assert USER_ID == cells("%sf_soap me").text(".//userId")


@pytest.mark.parametrize(
    "name", ["good", "fullcert.pem", "'client.key client.crt intermediate1.crt intermediate2.crt'"]
)
def test_another_identity_may_be_a_scenario_or_files(cells: Cells, name: str) -> None:
    assert USER_ID == cells(f"%sf_soap getUserInfo --identity {name}").text(".//userId")


@pytest.mark.parametrize("flag", ["--as 'frame'", '--as "frame"', "--as frame --port '8443'"])
def test_another_identity_and_other_flags_may_have_their_values_in_quotes(cells: Cells, flag: str) -> None:
    assert [USER_ID] == list(cells(f"%sf_soap getUserInfo --identity 'good' {flag}")["userId"])


@pytest.mark.parametrize("name", ["me", "$me"])
def test_another_identity_may_be_a_variable(cells: Cells, name: str) -> None:
    cells("me = %sf_identity fullcert.pem")
    assert isinstance(cells["me"], ClientIdentity)
    assert USER_ID == cells(f"%sf_soap getUserInfo --identity {name}").text(".//userId")


def test_another_identity_is_not_named_and_left_at_home_at_once(cells: Cells) -> None:
    with pytest.raises(UsageError, match="one of the two"):
        cells("%sf_soap getUserInfo --identity good --no-cert")


def test_another_identity_is_what_the_org_sees(cells: Cells) -> None:
    page = cells("%sf_soap getUserInfo --identity expired --expect page")
    assert "certificate has expired" == page.reason


def test_another_identity_is_for_one_call_alone(cells: Cells) -> None:
    cells("%sf_soap getUserInfo --identity expired --expect page")
    assert USER_ID == cells("%sf_soap getUserInfo").text(".//userId")


def test_another_identity_that_cannot_be_assembled_may_be_predicted(cells: Cells) -> None:
    refused = cells("%sf_soap getUserInfo --identity no-key --expect IdentityError")
    assert isinstance(refused, IdentityError)


@pytest.mark.parametrize("name", ["nobody", "~no-such-user/me.pem", "a" * 5000, "''"])
def test_another_identity_that_is_nowhere_is_an_error(cells: Cells, name: str) -> None:
    with pytest.raises(SfmtlsError, match=r"there is no file|cannot be read|in no known home"):
        cells(f"%sf_soap getUserInfo --identity {name}")


def test_another_identity_that_is_nearly_a_scenario_is_told_so(cells: Cells) -> None:
    with pytest.raises(IdentityError, match=r"did you mean expired\?"):
        cells("%sf_soap getUserInfo --identity expird")


def test_a_scenario_of_an_identity_is_presented_until_it_is_taken_back(cells: Cells) -> None:
    cells("%sf_practice --scenario expired", "%sf_soap getUserInfo --expect page", "%sf_practice --scenario none")
    assert USER_ID == cells("%sf_soap getUserInfo").text(".//userId")


def test_a_scenario_of_the_org_meets_the_next_call(cells: Cells) -> None:
    cells("%sf_practice --scenario error-503", "%sf_soap getUserInfo --expect NotSoapError")
    assert USER_ID == cells("%sf_soap getUserInfo").text(".//userId")


def test_a_scenario_says_what_happens(cells: Cells, capsys: pytest.CaptureFixture[str]) -> None:
    cells("%sf_practice --scenario intermediate-missing")
    assert "presented from now on: the leaf is sent alone" in capsys.readouterr().out


def test_a_scenario_that_is_unknown_is_an_error(cells: Cells) -> None:
    with pytest.raises(SfmtlsError, match="no failure 'expird'\n  next: did you mean expired"):
        cells("%sf_practice --scenario expird")


def test_a_scenario_leaves_no_certificate_where_there_was_none(shell: InteractiveShell) -> None:
    cells = Cells(shell)
    cells("%sf_practice --scenario expired", "%sf_practice --scenario none", "%sf_login standard")
    assert "getUserInfoResponse" == cells("%sf_soap getUserInfo").operation


def test_a_scenario_is_over_when_another_certificate_is_chosen(cells: Cells) -> None:
    cells("%sf_practice --scenario expired", "%sf_identity client.key client.crt", "%sf_practice --scenario none")
    page = cells("%sf_soap getUserInfo --expect page")  # the one that was chosen has no intermediates
    assert "unable to get local issuer certificate" == page.reason


def test_a_scenario_that_is_taken_back_leaves_the_file_that_was_written(
    cells: Cells, capsys: pytest.CaptureFixture[str]
) -> None:
    cells("%sf_identity fullcert.pem --write mine", "%sf_practice --scenario expired", "%sf_practice --scenario none")
    cells("%sf_soap r << getUserInfo", "%sf_curl")
    assert "/mine/fullcert.pem" in capsys.readouterr().out.rpartition("curl")[2]


@pytest.mark.parametrize("line", ["%sf_curl", "%sf_soap getUserInfo --curl"])
def test_a_curl_command_is_text_that_a_click_selects_whole(cells: Cells, line: str) -> None:
    command = cells("%sf_soap r << getUserInfo", line)
    shown, _ = cells.shell.display_formatter.format(command)  # type: ignore[union-attr]
    assert (str(command), "user-select:all" in shown["text/html"]) == (shown["text/plain"], True)
    assert "<script" not in shown["text/html"]


def test_a_query_on_a_line_keeps_its_quotes(cells: Cells) -> None:
    found = cells("%sf_soql SELECT Name FROM User WHERE Username = 'enforced@practice.example' --api rest")
    assert ["Erin Enforced"] == list(found["Name"])


@pytest.mark.parametrize("query", ["'SELECT Id FROM User LIMIT 2'", '"SELECT Id FROM User LIMIT 2"'])
def test_a_query_on_a_line_may_stand_in_quotes(cells: Cells, query: str) -> None:
    assert 2 == len(cells(f"%sf_soql {query}"))


def test_a_query_in_quotes_may_have_the_other_ones(cells: Cells) -> None:
    assert [USER_ID] == list(cells("%sf_soql \"SELECT Id FROM User WHERE Name = 'Erin Enforced'\"")["Id"])


def test_a_query_by_rest_may_stand_in_quotes_and_have_the_other_ones(cells: Cells) -> None:
    found = cells("%sf_rest \"query?q=SELECT Id FROM User WHERE Name = 'Erin Enforced'\"")
    assert [USER_ID] == [record["Id"] for record in found["records"]]


def test_a_query_takes_values_as_literals(cells: Cells) -> None:
    cells("names = ['Erin Enforced', \"O'Brien\"]")
    assert ["Erin Enforced"] == list(cells("%sf_soql SELECT Name FROM User WHERE Name IN {{names}}")["Name"])


def test_a_query_may_be_a_variable(cells: Cells) -> None:
    cells["soql"] = "SELECT Name FROM User LIMIT 2"
    assert 2 == len(cells("%sf_soql $soql"))


def test_a_query_that_fails_may_be_predicted(cells: Cells) -> None:
    assert "INVALID_FIELD" == cells("%sf_soql SELECT Nonsense FROM User --expect INVALID_FIELD").code


def test_a_query_goes_by_the_api_that_is_configured(cells: Cells) -> None:
    cells('%config SfMagics.api = "rest"', "%sf_soql SELECT Id FROM User")
    assert "/query" in cells.shell.magics_manager.registry["SfMagics"].workspace.last.request.url


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page of a query takes a while."""
    once = QueryResult.pages

    def slowly(result: QueryResult) -> Iterator[Columns]:
        for page in once(result):
            time.sleep(0.6)
            yield page

    monkeypatch.setattr(QueryResult, "pages", slowly)


@pytest.mark.usefixtures("slow")
def test_progress_of_a_long_query_is_shown(cells: Cells, capsys: pytest.CaptureFixture[str]) -> None:
    cells("%sf_soql found << SELECT Id FROM Contact LIMIT 5")
    assert "/5" in capsys.readouterr().err


def test_progress_of_a_short_query_is_not_shown(cells: Cells, capsys: pytest.CaptureFixture[str]) -> None:
    cells("%sf_soql found << SELECT Id FROM Contact LIMIT 5")
    assert "" == capsys.readouterr().err


def test_a_post_sends_the_cell_as_json(cells: Cells) -> None:
    job = cells('%%sf_rest jobs/query\n{"operation": "query", "query": "SELECT Id FROM User"}')
    assert "UploadComplete" == job["state"]


def test_a_post_sends_a_variable_as_json(cells: Cells) -> None:
    cells["job"] = {"operation": "query", "query": "SELECT Id FROM User"}
    assert "UploadComplete" == cells("%%sf_rest jobs/query\n$job")["state"]


def test_a_post_fills_nothing_in_and_says_so(cells: Cells) -> None:
    cells["soql"] = "SELECT Id FROM User"
    with pytest.raises(SfmtlsError, match=r"nothing is filled in.*\n.*POST \$body"):
        cells('%%sf_rest jobs/query\n{"operation": "query", "query": "{{soql}}"}')


def test_a_post_of_what_is_not_json_is_an_error(cells: Cells) -> None:
    with pytest.raises(SfmtlsError, match="the cell is not JSON"):
        cells("%%sf_rest jobs/query\n{operation: query}")


def test_a_post_shows_as_curl(cells: Cells, capsys: pytest.CaptureFixture[str]) -> None:
    cells('%%sf_rest jobs/query\n{"operation": "query", "query": "SELECT Id FROM User"}', "%sf_curl")
    shown = capsys.readouterr().out
    assert '{"operation": "query", "query": "SELECT Id FROM User"}' in shown


def test_configuration_of_timeouts_holds_for_the_session_there_is(cells: Cells) -> None:
    cells("%config SfMagics.read_timeout = 0.5", "%sf_practice --scenario delay")
    with pytest.raises(SfmtlsError, match="said nothing in time"):
        cells("%sf_soap getUserInfo")


def test_configuration_of_timeouts_holds_for_the_next_org(cells: Cells) -> None:
    assert 7.0 == cells("%config SfMagics.connect_timeout = 7.0", "%sf_org acme").connect_timeout


def test_configuration_of_the_handshake_shows_a_line_a_call(cells: Cells, capsys: pytest.CaptureFixture[str]) -> None:
    cells("%config SfMagics.show_handshake = True", "%sf_soap r << getUserInfo")
    assert (
        "TLSv1.3, TLS_AES_256_GCM_SHA384 · your certificate was sent, proven, and accepted" in capsys.readouterr().out
    )
    cells("%sf_soap getUserInfo --no-cert --expect page")
    without = "not sent; TLS went on without it, and then the org refused: No client certificate provided. · HTTP 403"
    assert without in capsys.readouterr().out
    with pytest.raises(CertificatePageError):
        cells("%sf_soap getUserInfo --no-cert")
    assert without in capsys.readouterr().out
    cells("%config SfMagics.show_handshake = False", "%sf_soap r << getUserInfo")
    assert "TLS" not in capsys.readouterr().out


def test_configuration_of_rows_is_pandas_own(cells: Cells) -> None:
    before = pd.get_option("display.max_rows")
    cells("%config SfMagics.display_rows = 3")
    assert 3 == pd.get_option("display.max_rows")
    cells("%config SfMagics.display_rows = None")
    assert before == pd.get_option("display.max_rows")


def test_configuration_of_the_version_holds_for_the_practice_org_too(cells: Cells) -> None:
    cells("%sf_practice stop", '%config SfMagics.api_version = "60.0"', "%sf_practice")
    assert "/u/60.0/" in cells("%sf_login").server_url


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("api", '"pigeon"', "soap"),
        ("read_timeout", "-1", 60.0),
        ("connect_timeout", 'float("inf")', 10.0),
        ("display_rows", "-3", None),
        ("api_version", '"banana"', "64.0"),
    ],
)
def test_configuration_that_makes_no_sense_is_refused(cells: Cells, name: str, value: str, kept: object) -> None:
    cells(f"%config SfMagics.{name} = {value}")  # IPython logs the refusal
    assert kept == cells(f"%config SfMagics.{name}")
    assert USER_ID == cells("%reload_ext sfmtls_nb", "%sf_soap getUserInfo").text(".//userId")


def test_the_whole_traceback_is_printed_when_asked(cells: Cells, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(MutualAuthenticationFault):
        cells("%sf_soap getUserInfo --port 443 --traceback")
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_the_whole_traceback_is_not_printed_unasked(cells: Cells, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(MutualAuthenticationFault):
        cells("%sf_soap getUserInfo --port 443")
    assert "Traceback" not in "".join(capsys.readouterr())


@pytest.fixture
def interrupted(cells: Cells, monkeypatch: pytest.MonkeyPatch) -> Cells:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    cells("%xmode Verbose")
    monkeypatch.setattr(HTTPConnection, "getresponse", interrupt)
    return cells


@pytest.mark.parametrize(
    "cell",
    [
        "%sf_login",
        "%sf_soap getUserInfo",
        "%sf_rest limits",
        '%%sf_rest jobs/query\n{"a": "b"}',
        "%sf_soql SELECT Id FROM User",
    ],
)
def test_an_interrupt_shows_no_secret(interrupted: Cells, capsys: pytest.CaptureFixture[str], cell: str) -> None:
    state = interrupted("%sf_practice show").state
    capsys.readouterr()
    with pytest.raises(KeyboardInterrupt):
        interrupted(cell)
    shown = "".join(capsys.readouterr())
    assert (
        "KeyboardInterrupt" in shown,
        [each for each in (*state.sessions, *(user.password for user in state.users)) if each in shown],
    ) == (True, [])


def test_an_interrupt_shows_no_variable_and_is_short(interrupted: Cells, capsys: pytest.CaptureFixture[str]) -> None:
    interrupted["hunter"] = "hunter2"
    with pytest.raises(KeyboardInterrupt):
        interrupted("%sf_soap getUserInfo")
    assert "KeyboardInterrupt: stopped; session and org are as they were\n" == capsys.readouterr().out


def test_an_interrupt_of_a_login_leaves_who_was_signed_in(interrupted: Cells, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupted("%sf_login standard")
    monkeypatch.undo()
    assert USER_ID == interrupted("%sf_soap getUserInfo").text(".//userId")


def test_a_mistake_of_ours_shows_its_places_and_no_variables(
    cells: Cells, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sfmtls_nb.notebook.calls.soap_call", lambda *_: 1 / 0)
    cells["hunter"] = "hunter2"
    cells("%xmode Verbose")
    with pytest.raises(ZeroDivisionError):
        cells("%sf_soap getUserInfo")
    shown = capsys.readouterr().out
    assert (True, False) == ("magics.py" in shown, "hunter2" in shown)


def test_a_certificate_goes_with_the_practice_org_it_was_for(cells: Cells) -> None:
    cells("%sf_practice stop", "%sf_practice", "%sf_login standard")
    assert "standard@practice.example" == cells("%sf_soap getUserInfo").text(".//userName")


def test_a_practice_org_of_another_size_takes_the_place_of_the_one_that_runs(cells: Cells) -> None:
    before = cells("%sf_practice show")
    cells("%sf_practice --records 900", "%sf_login standard")
    assert (False, 900) == (before.running, cells("%sf_practice show").records)
    assert 900 == cells("%sf_soql SELECT COUNT() FROM Contact")["COUNT()"][0]


@pytest.mark.parametrize("line", ["%sf_practice --records 400", "%sf_practice"])
def test_a_practice_org_of_the_size_that_is_asked_for_goes_on(cells: Cells, line: str) -> None:
    before = cells("%sf_practice show")
    assert cells(line) is before
    assert "enforced@practice.example" == cells("%sf_soap getUserInfo").text(".//userName")


def test_a_practice_org_of_an_impossible_size_leaves_the_one_that_runs_alone(cells: Cells) -> None:
    with pytest.raises(SfmtlsError, match="cannot have -1 contacts"):
        cells("%sf_practice --records -1")
    assert "enforced@practice.example" == cells("%sf_soap getUserInfo").text(".//userName")


@pytest.mark.parametrize(
    ("line", "missing"),
    [("sf_org acme\n%sf_login nobody@acme.example", "Password"), ("sf_org acme\n%sf_login", "Username")],
)
def test_what_nobody_can_be_asked_for_is_an_error_of_ours(
    cells: Cells, monkeypatch: pytest.MonkeyPatch, line: str, missing: str
) -> None:
    def refuse(_: str) -> str:
        raise StdinNotImplementedError  # as a kernel does whose cells nobody runs by hand

    monkeypatch.setattr("getpass.getpass", refuse)
    monkeypatch.setattr("builtins.input", refuse)
    with pytest.raises(SfmtlsError, match=f"nobody can be asked for: {missing}"):
        cells(f"%{line}")


def test_a_prediction_that_fails_says_so_in_three_lines(cells: Cells) -> None:
    with pytest.raises(ExpectationError) as failed:
        cells("%sf_soql SELECT Id FROM User --expect INVALID_FIELD")
    assert 3 == len(str(failed.value).splitlines())


def test_reloading_the_extension_keeps_the_lesson_that_is_open(cells: Cells) -> None:
    cells("%sf_lesson the_basics", "%reload_ext sfmtls_nb")
    assert not cells("%sf_check 1").passed


def test_reloading_the_extension_keeps_what_the_cells_share(cells: Cells) -> None:
    assert USER_ID == cells("%reload_ext sfmtls_nb", "%sf_soap getUserInfo").text(".//userId")
