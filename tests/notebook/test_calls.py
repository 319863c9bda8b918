"""What the flags of the calling magics do, in a shell: no kernel is needed to see that."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from sfmtls_nb import CertificatePageError, ClientIdentity, MutualAuthenticationFault, Reply, Secret, SfmtlsError
from sfmtls_nb.soap import Part

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


class TestTheResult:
    def test_is_the_value_of_the_cell(self, cells: Cells) -> None:
        assert isinstance(cells("%sf_soap getUserInfo"), Reply)

    def test_is_the_last_value_as_any_is(self, cells: Cells) -> None:
        result = cells("%sf_soap getUserInfo")
        assert cells("_") is result

    @pytest.mark.parametrize("cell", ["%sf_soap r << getUserInfo", "%%sf_soap r <<\n<getUserInfo/>"])
    def test_with_an_arrow_is_kept_and_not_shown(self, cells: Cells, cell: str) -> None:
        assert (None, USER_ID) == (cells(cell), cells["r"].text(".//userId"))

    def test_with_out_is_kept_and_shown(self, cells: Cells) -> None:
        assert cells("%sf_soap getUserInfo --out r") is cells["r"]

    def test_of_a_query_goes_by_the_same_arrow(self, cells: Cells) -> None:
        cells("%%sf_soql users <<\nSELECT Id FROM User")
        assert isinstance(cells["users"], pd.DataFrame)

    def test_that_fails_is_kept_nowhere(self, cells: Cells) -> None:
        with pytest.raises(MutualAuthenticationFault):
            cells("%sf_soap r << getUserInfo --port 443")
        assert "r" not in cells.shell.user_ns

    def test_that_was_predicted_is_kept(self, cells: Cells) -> None:
        cells("%sf_soap r << getUserInfo --no-cert --expect page")
        assert isinstance(cells["r"], CertificatePageError)


class TestTheForm:
    def test_is_the_whole_reply_if_nothing_is_said(self, cells: Cells) -> None:
        assert "getUserInfoResponse" == cells("%sf_soap getUserInfo").operation

    def test_is_a_part_of_it_with_xpath(self, cells: Cells) -> None:
        part = cells("%sf_soap getUserInfo --xpath .//userId")
        assert f'<userId xmlns="urn:partner.soap.sforce.com">{USER_ID}</userId>' == str(part)

    def test_is_an_empty_part_where_there_is_nothing(self, cells: Cells) -> None:
        part = cells("%sf_soap getUserInfo --xpath .//nothing")
        assert (True, 0) == (isinstance(part, Part), len(part))

    def test_is_an_error_for_what_is_no_path(self, cells: Cells) -> None:
        with pytest.raises(SfmtlsError, match="is not a path"):
            cells("%sf_soap getUserInfo --xpath .//[")

    @pytest.mark.parametrize("path", ["", "--xpath .//result"])
    def test_is_a_frame_when_asked(self, cells: Cells, path: str) -> None:
        assert [USER_ID] == list(cells(f"%sf_soap getUserInfo --as frame {path}")["userId"])

    def test_is_text_when_asked(self, cells: Cells) -> None:
        text = cells("%sf_soap getUserInfo --as xml")
        assert repr(text).startswith('<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope')


class TestACallThatIsNotMade:
    @pytest.mark.parametrize("flag", ["--dry-run", "--curl"])
    def test_reaches_nobody(self, cells: Cells, flag: str) -> None:
        before = cells.calls
        cells(f"%sf_soap getUserInfo {flag}")
        assert before == cells.calls

    def test_shows_its_envelope_with_the_session_id_masked(self, cells: Cells) -> None:
        text = cells("%sf_soap getUserInfo --dry-run")
        assert (True, True) == ("<urn:getUserInfo/>" in text, "<urn:sessionId>00D5f000000PRAC!••••<" in text)

    def test_shows_as_curl_where_it_would_go_and_with_what(self, cells: Cells) -> None:
        practice = cells("%sf_practice show")
        text = cells("%sf_soap getUserInfo --curl")
        assert (True, True) == (f"curl -s {practice.mutual_url}" in text, "-E fullcert.pem" in text)

    @pytest.mark.parametrize("flag", ["--dry-run", "--curl"])
    def test_shows_no_secret(self, cells: Cells, flag: str) -> None:
        text = cells(f"%sf_soap getUserInfo {flag}")
        assert [] == [each for each in cells("%sf_practice show").state.sessions if each in text]

    def test_leaves_the_last_call_as_it_was(self, cells: Cells) -> None:
        workspace = cells.shell.magics_manager.registry["SfMagics"].workspace
        last = workspace.last
        cells("%sf_soap getUserInfo --curl")
        assert last is workspace.last


class TestTheBody:
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
    def test_may_be_typed_or_a_variable(self, cells: Cells, cell: str) -> None:
        cells("from sfmtls_nb.soap import operation", "element = operation('getUserInfo')", "xml = '<getUserInfo/>'")
        assert USER_ID == cells(cell).text(".//userId")

    def test_of_a_variable_that_is_not_there_is_refused(self, cells: Cells) -> None:
        with pytest.raises(UsageError, match="there is no variable nothing"):
            cells("%sf_soap $nothing")

    def test_takes_values_as_text(self, cells: Cells) -> None:
        cells["name"] = "<O'Brien> & sons"
        sent = cells("%%sf_soap --dry-run\n<search><searchString>{{name}}</searchString></search>")
        assert "<urn:searchString>&lt;O'Brien&gt; &amp; sons</urn:searchString>" in sent.replace("ns0:", "urn:")

    def test_sees_the_variables_of_the_function_it_is_called_in(self, cells: Cells) -> None:
        cells("def ask(what):\n    return get_ipython().run_line_magic('sf_soap', what)")
        cells("def call():\n    chosen = 'getUserInfo'\n    %sf_soap r << {{chosen|raw}}\n    return r")
        assert USER_ID == cells("call()").text(".//userId")

    def test_shows_what_is_wrong_with_an_expression(self, cells: Cells) -> None:
        with pytest.raises(SfmtlsError, match=r"\{\{nothing}} cannot be evaluated"):
            cells("%%sf_soap\n<query><queryString>{{nothing}}</queryString></query>")

    def test_takes_a_secret_only_where_it_stays_one(self, cells: Cells) -> None:
        cells["word"] = Secret("p455w0rd!")
        with pytest.raises(SfmtlsError) as refused:
            cells("%%sf_soap --dry-run\n<search><searchString>{{word}}</searchString></search>")
        sent = cells("%%sf_soap --dry-run\n<setPassword><password>{{word}}</password></setPassword>")
        assert (False, False) == ("p455w0rd" in str(refused.value), "p455w0rd" in sent)

    def test_that_is_a_whole_envelope_keeps_its_session_header(self, cells: Cells) -> None:
        envelope = (
            '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header>'
            '<SessionHeader xmlns="urn:partner.soap.sforce.com"><sessionId>mine</sessionId></SessionHeader></e:Header>'
            '<e:Body><getUserInfo xmlns="urn:partner.soap.sforce.com"/></e:Body></e:Envelope>'
        )
        with pytest.raises(SfmtlsError, match="INVALID_SESSION_ID"):
            cells(f"%%sf_soap\n{envelope}")


class TestASavedEnvelope:
    def test_is_sent_again_by_its_name(self, cells: Cells) -> None:
        cells("%%sf_soap --save me\n<getUserInfo/>")
        assert USER_ID == cells("%sf_soap me").text(".//userId")

    def test_is_filled_in_anew_each_time(self, cells: Cells) -> None:
        cells(
            "n = 1", "%%sf_soap --save some\n<query><queryString>SELECT Id FROM User LIMIT {{n}}</queryString></query>"
        )
        assert "1" == cells("%sf_soap some").text(".//size")
        assert "2" == cells("n = 2", "%sf_soap some").text(".//size")

    def test_needs_a_name_that_can_be_typed(self, cells: Cells) -> None:
        with pytest.raises(UsageError, match="--save takes a name"):
            cells("%%sf_soap --save 'my call'\n<getUserInfo/>")


class TestAnotherIdentity:
    @pytest.mark.parametrize(
        "name", ["good", "fullcert.pem", "'client.key client.crt intermediate1.crt intermediate2.crt'"]
    )
    def test_may_be_a_scenario_or_files(self, cells: Cells, name: str) -> None:
        assert USER_ID == cells(f"%sf_soap getUserInfo --identity {name}").text(".//userId")

    def test_may_be_a_variable(self, cells: Cells) -> None:
        cells("me = %sf_identity fullcert.pem")
        assert isinstance(cells["me"], ClientIdentity)
        assert USER_ID == cells("%sf_soap getUserInfo --identity me").text(".//userId")

    def test_is_what_the_org_sees(self, cells: Cells) -> None:
        page = cells("%sf_soap getUserInfo --identity expired --expect page")
        assert "certificate has expired" == page.reason

    def test_is_for_one_call_alone(self, cells: Cells) -> None:
        cells("%sf_soap getUserInfo --identity expired --expect page")
        assert USER_ID == cells("%sf_soap getUserInfo").text(".//userId")

    def test_that_is_nowhere_is_an_error(self, cells: Cells) -> None:
        with pytest.raises(SfmtlsError, match="cannot be read"):
            cells("%sf_soap getUserInfo --identity nobody")


class TestAScenario:
    def test_of_an_identity_is_presented_until_it_is_taken_back(self, cells: Cells) -> None:
        cells("%sf_practice --scenario expired", "%sf_soap getUserInfo --expect page", "%sf_practice --scenario none")
        assert USER_ID == cells("%sf_soap getUserInfo").text(".//userId")

    def test_of_the_org_meets_the_next_call(self, cells: Cells) -> None:
        cells("%sf_practice --scenario error-503", "%sf_soap getUserInfo --expect NotSoapError")
        assert USER_ID == cells("%sf_soap getUserInfo").text(".//userId")

    def test_says_what_happens(self, cells: Cells, capsys: pytest.CaptureFixture[str]) -> None:
        cells("%sf_practice --scenario intermediate-missing")
        assert "presented from now on: the leaf is sent alone" in capsys.readouterr().out

    def test_that_is_unknown_is_an_error(self, cells: Cells) -> None:
        with pytest.raises(SfmtlsError, match="no failure 'expird'"):
            cells("%sf_practice --scenario expird")


class TestAQuery:
    def test_on_a_line_keeps_its_quotes(self, cells: Cells) -> None:
        found = cells("%sf_soql SELECT Name FROM User WHERE Username = 'enforced@practice.example' --api rest")
        assert ["Erin Enforced"] == list(found["Name"])

    def test_takes_values_as_literals(self, cells: Cells) -> None:
        cells("names = ['Erin Enforced', \"O'Brien\"]")
        assert ["Erin Enforced"] == list(cells("%sf_soql SELECT Name FROM User WHERE Name IN {{names}}")["Name"])

    def test_may_be_a_variable(self, cells: Cells) -> None:
        cells["soql"] = "SELECT Name FROM User LIMIT 2"
        assert 2 == len(cells("%sf_soql $soql"))

    def test_that_fails_may_be_predicted(self, cells: Cells) -> None:
        assert "INVALID_FIELD" == cells("%sf_soql SELECT Nonsense FROM User --expect INVALID_FIELD").code

    def test_goes_by_the_api_that_is_configured(self, cells: Cells) -> None:
        cells('%config SfMagics.api = "rest"', "%sf_soql SELECT Id FROM User")
        assert "/query" in cells.shell.magics_manager.registry["SfMagics"].workspace.last.url


class TestAPost:
    def test_sends_the_cell_as_json(self, cells: Cells) -> None:
        job = cells('%%sf_rest jobs/query\n{"operation": "query", "query": "SELECT Id FROM User"}')
        assert "UploadComplete" == job["state"]

    def test_sends_a_variable_as_json(self, cells: Cells) -> None:
        cells["job"] = {"operation": "query", "query": "SELECT Id FROM User"}
        assert "UploadComplete" == cells("%%sf_rest jobs/query\n$job")["state"]

    def test_of_what_is_not_json_is_an_error(self, cells: Cells) -> None:
        with pytest.raises(SfmtlsError, match="the cell is not JSON"):
            cells("%%sf_rest jobs/query\n{operation: query}")

    def test_shows_as_curl(self, cells: Cells, capsys: pytest.CaptureFixture[str]) -> None:
        cells('%%sf_rest jobs/query\n{"operation": "query", "query": "SELECT Id FROM User"}', "%sf_curl")
        shown = capsys.readouterr().out
        assert '{"operation": "query", "query": "SELECT Id FROM User"}' in shown


class TestConfiguration:
    def test_of_timeouts_holds_for_the_session_there_is(self, cells: Cells) -> None:
        cells("%config SfMagics.read_timeout = 0.5", "%sf_practice --scenario delay")
        with pytest.raises(SfmtlsError, match="said nothing in time"):
            cells("%sf_soap getUserInfo")

    def test_of_timeouts_holds_for_the_next_org(self, cells: Cells) -> None:
        assert 7.0 == cells("%config SfMagics.connect_timeout = 7.0", "%sf_org acme").connect_timeout

    def test_of_the_handshake_shows_a_line_a_call(self, cells: Cells, capsys: pytest.CaptureFixture[str]) -> None:
        cells("%config SfMagics.show_handshake = True", "%sf_soap r << getUserInfo")
        assert "TLSv1.3" in capsys.readouterr().out
        cells("%config SfMagics.show_handshake = False", "%sf_soap r << getUserInfo")
        assert "TLS" not in capsys.readouterr().out

    def test_of_rows_is_pandas_own(self, cells: Cells) -> None:
        before = pd.get_option("display.max_rows")
        cells("%config SfMagics.display_rows = 3")
        assert 3 == pd.get_option("display.max_rows")
        cells("%config SfMagics.display_rows = None")
        assert before == pd.get_option("display.max_rows")

    def test_that_makes_no_sense_is_refused(self, cells: Cells) -> None:
        cells('%config SfMagics.api = "bulk"')  # IPython logs the refusal
        assert "soap" == cells("%config SfMagics.api")


def test_the_whole_traceback_is_printed_when_asked(cells: Cells, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(MutualAuthenticationFault):
        cells("%sf_soap getUserInfo --port 443 --traceback")
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_the_whole_traceback_is_not_printed_unasked(cells: Cells, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(MutualAuthenticationFault):
        cells("%sf_soap getUserInfo --port 443")
    assert "Traceback" not in "".join(capsys.readouterr())


def test_reloading_the_extension_keeps_what_the_cells_share(cells: Cells) -> None:
    assert USER_ID == cells("%reload_ext sfmtls_nb", "%sf_soap getUserInfo").text(".//userId")
