"""What the Tab key offers, as a frontend sees it: through a real kernel's complete_request, with Jedi and without."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

BEGIN = """import os, warnings
import pandas as pd
%load_ext sfmtls_nb
from sfmtls_nb.notebook.workspace import Workspace
from sfmtls_nb import Org, Secret, Session
from sfmtls_nb.access import Access
from sfmtls_nb.connection import Transport
magics = lambda: get_ipython().magics_manager.registry["SfMagics"]
surname, df = "Smith", pd.DataFrame({"colour": [1]})"""
CHAIN = "client.key client.crt intermediate1.crt intermediate2.crt"
# An org that takes connections and never says a word.
SILENT = """import socket, threading
silent = socket.create_server(("127.0.0.1", 0))
url = f"https://127.0.0.1:{silent.getsockname()[1]}"
calls = []
threading.Thread(target=lambda: [calls.append(silent.accept()) for _ in range(9)], daemon=True).start()
magics().workspace.org = Org(url)
magics().workspace.session = Session(Transport(Org(url)), Access(Secret("x"), f"{url}/services/Soap/u/64.0"))"""


class Kernel:
    """A kernel that runs cells and completes them; ``|`` in a cell is the cursor."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self._client = client

    def run(self, *cells: str) -> list[str]:
        """The cells; what they showed as text. They all have to succeed."""
        shown: list[dict[str, Any]] = []
        for cell in cells:
            hook = lambda message: shown.append(message["content"])  # noqa: E731
            reply = self._client.execute_interactive(cell, allow_stdin=False, timeout=30, output_hook=hook)
            assert reply["content"]["status"] == "ok", shown
        texts = [content.get("text") or content.get("data", {}).get("text/plain") for content in shown]
        return [text for text in texts if text]

    def value(self, expression: str) -> Any:
        return ast.literal_eval(self.run(expression)[-1])

    def offered(self, cell: str) -> list[str]:
        """The matches."""
        return [str(match) for match in self._completed(cell)["matches"]]

    def results(self, cell: str) -> list[str]:
        """The cell after each of the matches has been put in."""
        reply, code = self._completed(cell), cell.replace("|", "", 1)
        return [code[: reply["cursor_start"]] + match + code[reply["cursor_end"] :] for match in reply["matches"]]

    def _completed(self, cell: str) -> dict[str, Any]:
        reply = self._client.complete(cell.replace("|", "", 1), cell.index("|"), reply=True, timeout=30)
        content: dict[str, Any] = reply["content"]
        assert content["status"] == "ok"
        return content


@pytest.fixture(scope="module")
def one_kernel() -> Iterator[Kernel]:
    manager, client = start_new_kernel(kernel_name="python3")
    kernel = Kernel(client)
    kernel.run(BEGIN)
    yield kernel
    manager.shutdown_kernel()
    client.stop_channels()


@pytest.fixture(params=[True, False], ids=["jedi", "no jedi"])
def kernel(one_kernel: Kernel, request: pytest.FixtureRequest) -> Kernel:
    """Nobody is signed in, and no org is chosen."""
    one_kernel.run(f"%config IPCompleter.use_jedi = {request.param}", "magics().workspace = Workspace()")
    one_kernel.run("os.environ.pop('SFMTLS_NB_PROFILES', None);")
    return one_kernel


@pytest.fixture
def signed_in(kernel: Kernel) -> Iterator[Kernel]:
    """The practice org's user without a certificate is signed in."""
    kernel.run("practice = %sf_practice", "%sf_login standard")
    yield kernel
    kernel.run("practice.stop();")


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("%sf_soap getUserInfo --po|", "%sf_soap getUserInfo --port"),
        ("%sf_soap getUserInfo --port |", "%sf_soap getUserInfo --port 8443"),
        ("%sf_soap getUserInfo --port=8|", "%sf_soap getUserInfo --port=8443"),
        ("%sf_soap getUserInfo --as f|", "%sf_soap getUserInfo --as frame"),
        ("%sf_soap --no-cert getU| --port 443", "%sf_soap --no-cert getUserInfo --port 443"),
        ("%sf_soap who << getU|", "%sf_soap who << getUserInfo"),
        ("%sf_soap getuser|", "%sf_soap getUserInfo"),
        ("x = 1\n  made = %sf_soap getU|\nprint(x)", "x = 1\n  made = %sf_soap getUserInfo\nprint(x)"),
        ("%sf_soap getUserInfo \\\n  --dry|", "%sf_soap getUserInfo \\\n  --dry-run"),
        ("%%sf_soap --po|\n<getUserInfo/>", "%%sf_soap --port\n<getUserInfo/>"),
        ("%%sf_soql --api |\nSELECT Id FROM User", "%%sf_soql --api rest\nSELECT Id FROM User"),
        ("%sf_practice st|", "%sf_practice start"),
        ("%sf_practice --scenario exp|", "%sf_practice --scenario expired"),
        ("%sf_practice --scenario st|", "%sf_practice --scenario stall"),
        ("%sf_practice --scenario no|", "%sf_practice --scenario none"),
        ("%sf_soap getUserInfo --expect pa|", "%sf_soap getUserInfo --expect page"),
        ("%sf_soap getUserInfo --expect MUT|", "%sf_soap getUserInfo --expect MUTUAL_AUTHENTICATION_FAILED"),
        ("%sf_soap getUserInfo --expect Certif|", "%sf_soap getUserInfo --expect CertificatePageError"),
        ("%sf_org pra|", "%sf_org practice"),
        ("%sf_login --way cli|", "%sf_login --way client-credentials"),
        ("%sf_login --secret-f|", "%sf_login --secret-from"),
        ("%sf_lesson the|", "%sf_lesson the_basics"),
        ("%sf_glossary mutual|", "%sf_glossary 'mutual TLS'"),
        ("%sf_soap $sur|", "%sf_soap $surname"),
        ("%sf_soql $sur|", "%sf_soql $surname"),
        ("%sf_soql SELECT Id FROM User --del|", "%sf_soql SELECT Id FROM User --deleted"),
    ],
)
def test_on_a_line_flags_and_values_complete_also_when_nobody_is_signed_in(
    kernel: Kernel, cell: str, expected: str
) -> None:
    assert expected in kernel.results(cell)


def test_on_a_line_a_flag_that_is_there_is_not_offered_again(kernel: Kernel) -> None:
    assert "--no-cert" in kernel.offered("%sf_soap getUserInfo --port 443 --|")
    assert "--no-cert" not in kernel.offered("%sf_soap getUserInfo --no-cert --|")


@pytest.mark.parametrize(
    "cell",
    [
        "%sf_soap getUserInfo --nope|",
        "%sf_soap getUserInfo --port 9|",
        "%sf_soap getUserInfo --path su|",
        "%sf_curl su|",
        "%sf_login |",
        "%sf_practice --scenario surn|",
    ],
)
def test_on_a_line_what_is_not_known_is_not_made_up_and_python_is_not_mixed_in(kernel: Kernel, cell: str) -> None:
    assert [] == [match for match in kernel.offered(cell) if not match.startswith("--")]


def test_on_a_line_users_complete_where_they_are_known(signed_in: Kernel) -> None:
    assert ["enforced", "enforced@practice.example"] == signed_in.offered("%sf_login en|")


def test_on_a_line_an_envelope_with_a_name_completes(signed_in: Kernel) -> None:
    assert [] == signed_in.offered("%sf_soap whoAm|")
    signed_in.run("%%sf_soap --save whoAmI\n<getUserInfo/>")
    assert ["%sf_soap whoAmI --port 443"] == signed_in.results("%sf_soap whoA| --port 443")


def test_on_a_line_profiles_complete_and_a_broken_file_has_none(kernel: Kernel, tmp_path: Path) -> None:
    file = tmp_path / "profiles.toml"
    file.write_text('[acme]\nmy_domain = "acme"\n')
    kernel.run(f"os.environ['SFMTLS_NB_PROFILES'] = {str(file)!r}")
    assert ["%sf_org acme"] == kernel.results("%sf_org ac|")
    file.write_text("[acme")
    assert [[], ["practice"]] == [kernel.offered("%sf_org ac|"), kernel.offered("%sf_org p|")]


def test_on_a_line_files_complete_here_and_in_the_practice_orgs_folder(signed_in: Kernel, tmp_path: Path) -> None:
    (tmp_path / "my own.key").touch()
    (tmp_path / ".hidden").touch()
    assert [f"%sf_identity '{tmp_path}/my own.key'"] == signed_in.results(f"%sf_identity {tmp_path}/|")
    assert [f"%sf_identity '{tmp_path}/my own.key"] == signed_in.results(f"%sf_identity '{tmp_path}/my o|")
    assert ["%sf_identity client.key client.crt"] == signed_in.results("%sf_identity client.key client.c|")


def test_on_a_line_files_of_a_folder_that_is_not_there_are_none(kernel: Kernel) -> None:
    assert [] == kernel.offered("%sf_identity nowhere/cl|")


def test_on_a_line_an_identity_is_a_variable_a_scenario_or_a_file(signed_in: Kernel) -> None:
    signed_in.run(f"usual = %sf_identity {CHAIN}")
    offered = signed_in.offered("%sf_soap getUserInfo --identity |")
    assert {"usual", "self-signed", "client.key"} <= set(offered)
    assert "surname" not in offered


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("%%sf_soap\n<query><queryString>{{sur|", "%%sf_soap\n<query><queryString>{{surname"),
        ("%%sf_soap\n<a>{{ sur| }}</a>\n", "%%sf_soap\n<a>{{ surname }}</a>\n"),
        (
            "%%sf_soql\nSELECT Id FROM User\nWHERE Name = {{sur|}}",
            "%%sf_soql\nSELECT Id FROM User\nWHERE Name = {{surname}}",
        ),
        ("%%sf_soql\nSELECT {{surname}} FROM {{df.colo|", "%%sf_soql\nSELECT {{surname}} FROM {{df.colour"),
        (
            "%sf_soql SELECT Id FROM User WHERE Name = '{{sur|}}'",
            "%sf_soql SELECT Id FROM User WHERE Name = '{{surname}}'",
        ),
        (
            "%sf_soql SELECT Id FROM User WHERE X = {{df['col|']}}",
            "%sf_soql SELECT Id FROM User WHERE X = {{df['colour']}}",
        ),
        ("%sf_rest sobjects/{{surn|}}/describe", "%sf_rest sobjects/{{surname}}/describe"),
        ('%%sf_rest x\n{"a": {{len(surn|)}}}', '%%sf_rest x\n{"a": {{len(surname)}}}'),
    ],
)
def test_in_an_expression_python_completes(kernel: Kernel, cell: str, expected: str) -> None:
    assert expected in kernel.results(cell)


@pytest.mark.parametrize(
    "cell",
    ["%%sf_soap\n<a>{{surname}}sur|", "%%sf_soql\nsur|", '%%sf_rest x\n{"a": sur|', "%%sf_soap\n<a>sur|</a>"],
)
def test_in_an_expression_python_completes_nowhere_else(kernel: Kernel, cell: str) -> None:
    assert [] == kernel.offered(cell)


@pytest.mark.parametrize("cell", ["%%sf_soap\n{{sf_so|", "%%sf_soap\n{{|", "%%sf_soap\n{{no_such_thing.a|"])
def test_in_an_expression_no_magic_and_no_error_comes_out_of_it(kernel: Kernel, cell: str) -> None:
    assert [] == [match for match in kernel.offered(cell) if match.startswith("%")]


@pytest.mark.parametrize("magic", ["sf_soap", "sf_soql", "sf_rest x"])
def test_in_an_expression_a_variable_completes_behind_a_dollar(kernel: Kernel, magic: str) -> None:
    assert [f"%%{magic}\n$surname"] == kernel.results(f"%%{magic}\n$surn|")


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("<getU|", "<getUserInfo"),
        ("<getU|/>", "<getUserInfo/>"),
        ("getU|", "getUserInfo"),
        ("<urn:getU|", "<urn:getUserInfo"),
        ("<query>\n  <que|", "<query>\n  <queryString"),
        ("<query>\n  <que|\n</query>", "<query>\n  <queryString\n</query>"),
        ('<u:query xmlns:u="urn:x">\n<|', '<u:query xmlns:u="urn:x">\n<u:queryString'),
        ('<u:query xmlns:u="urn:x">\n<u:que|', '<u:query xmlns:u="urn:x">\n<u:queryString'),
        ("<query><queryString>a</|", "<query><queryString>a</queryString"),
        ("<query><queryString>a</queryString></q|", "<query><queryString>a</queryString></query"),
        ("<!-- <logout> --><query a='>'><|", "<!-- <logout> --><query a='>'><queryString"),
        ("<s:Envelope><s:Header/><|", "<s:Envelope><s:Header/><s:Body"),
        ("<s:Envelope><s:Header/><s:Body><logo|", "<s:Envelope><s:Header/><s:Body><logout"),
        ("<retrieve><fieldList>Id</fieldList><sO|", "<retrieve><fieldList>Id</fieldList><sObjectType"),
    ],
)
def test_in_xml_elements_complete_where_they_belong(kernel: Kernel, cell: str, expected: str) -> None:
    assert f"%%sf_soap\n{expected}" in kernel.results(f"%%sf_soap\n{cell}")


@pytest.mark.parametrize(
    "cell",
    ["<query><get|", "<que><|", "<!-- <get|", "<query x|", "<query a='<get|", "</|", "<query/></|", "a < get|"],
)
def test_in_xml_nothing_is_offered_where_nothing_belongs(kernel: Kernel, cell: str) -> None:
    assert [] == kernel.offered(f"%%sf_soap\n{cell}")


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("<describeSObject><sObjectType>con|</sObjectType>", "<describeSObject><sObjectType>Contact</sObjectType>"),
        ("<query><queryString>SELECT lastn| FROM Contact<", "<query><queryString>SELECT LastName FROM Contact<"),
        ("<query><queryString><![CDATA[SELECT Id FROM Con|", "<query><queryString><![CDATA[SELECT Id FROM Contact"),
        ("<create><sObjects><type>Contact</type><LastN|", "<create><sObjects><type>Contact</type><LastName"),
    ],
)
def test_in_xml_what_the_org_knows_completes_in_it(signed_in: Kernel, cell: str, expected: str) -> None:
    assert [f"%%sf_soap\n{expected}"] == signed_in.results(f"%%sf_soap\n{cell}")[:1]


FIELDS = [
    ("SELECT Id, LastN| FROM Contact", "SELECT Id, LastName FROM Contact"),
    ("select id, lastn|\nfrom contact", "select id, LastName\nfrom contact"),
    ("SELECT Account.Na| FROM Contact", "SELECT Account.Name FROM Contact"),
    ("SELECT account.owner.userna| FROM Contact", "SELECT account.owner.Username FROM Contact"),
    ("SELECT c.LastN| FROM Contact c", "SELECT c.LastName FROM Contact c"),
    ("SELECT Contact.Account.Na| FROM Contact", "SELECT Contact.Account.Name FROM Contact"),
    ("SELECT Acc| FROM Contact", "SELECT AccountId FROM Contact"),
    ("SELECT Acc| FROM Contact", "SELECT Account FROM Contact"),
    ("SELECT COUNT(LastN|) FROM Contact", "SELECT COUNT(LastName) FROM Contact"),
    ("SELECT Id FROM Contact WHERE (Id = '1' OR LastN|", "SELECT Id FROM Contact WHERE (Id = '1' OR LastName"),
    ("SELECT Id FROM Contact WHERE Name LIKE 'FROM User' AND LastN|", "SELECT Id FROM Contact WHERE Name LIKE 'FROM User' AND LastName"),
    ("SELECT Id FROM Contact WHERE Name = 'US$' AND LastN|", "SELECT Id FROM Contact WHERE Name = 'US$' AND LastName"),
    ("SELECT Id FROM Contact ORDER BY LastN| LIMIT 1", "SELECT Id FROM Contact ORDER BY LastName LIMIT 1"),
    ("SELECT (SELECT LastN| FROM Contacts) FROM Account", "SELECT (SELECT LastName FROM Contacts) FROM Account"),
    ("SELECT (SELECT Id FROM Conta|) FROM Account", "SELECT (SELECT Id FROM Contacts) FROM Account"),
    ("SELECT Id FROM Account WHERE Id IN (SELECT Acc| FROM Contact)", "SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Contact)"),
    ("SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Cont|", "SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Contact"),
    ("SELECT Id FROM cont|", "SELECT Id FROM Contact"),
    ("SELECT Id FROM Ship|", "SELECT Id FROM Shipment__c"),
    ("SELECT Id FROM Contact WHERE X = {{df}} AND LastN|", "SELECT Id FROM Contact WHERE X = {{df}} AND LastName"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "expected"), FIELDS)
def test_in_soql_what_the_org_knows_completes_in_a_cell(signed_in: Kernel, query: str, expected: str) -> None:
    assert f"%%sf_soql\n{expected}" in signed_in.results(f"%%sf_soql\n{query}")


@pytest.mark.parametrize(("query", "expected"), [pair for pair in FIELDS if "\n" not in pair[0]])
def test_in_soql_what_the_org_knows_completes_on_a_line(signed_in: Kernel, query: str, expected: str) -> None:
    line = "x = 1\n  frame = %sf_soql --api rest {} --deleted\ny = 2"
    assert line.format(expected) in signed_in.results(line.format(query))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("|", ["SELECT"]),
        ("sel|", ["SELECT"]),
        ("SELECT Id FR|", ["FROM"]),
        ("SELECT Id FROM Contact W|", ["WHERE", "WITH"]),
        ("SELECT Id FROM Contact WHERE Name L|", ["LIKE"]),
        ("SELECT Id FROM Contact ORDER |", ["BY"]),
    ],
)
def test_in_soql_keywords_complete_also_when_nobody_is_signed_in(
    kernel: Kernel, query: str, expected: list[str]
) -> None:
    assert expected == kernel.offered(f"%%sf_soql\n{query}")[: len(expected)]


def test_in_soql_fields_come_first_and_keywords_behind_them(signed_in: Kernel) -> None:
    offered = signed_in.offered("%%sf_soql\nSELECT | FROM Contact")
    assert offered.index("Id") < offered.index("LastName") < offered.index("Account") < offered.index("COUNT")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT LastN|",
        "SELECT LastN| FROM Account",
        "SELECT LastN| FROM Nonsense",
        "SELECT Owner.Nonsense.Na| FROM Contact",
        "SELECT Id FROM Contact WHERE Name = 'LastN|'",
        r"SELECT Id FROM Contact WHERE Name = 'it\' LastN|",
        "SELECT (SELECT StageN| FROM Contacts) FROM Account",
        "SELECT (SELECT Id FROM Opp| FROM Contact",
        "SELECT Id FROM Contact LIMIT 1|",
    ],
)
def test_in_soql_no_field_is_offered_that_the_object_does_not_have(signed_in: Kernel, query: str) -> None:
    assert [] == signed_in.offered(f"%%sf_soql\n{query}")


def test_in_soql_the_children_to_explode_are_those_of_the_query(signed_in: Kernel) -> None:
    cell = "%%sf_soql --explode Cont|\nSELECT Id, (SELECT Id FROM Contacts) FROM Account"
    assert [cell.replace("Cont|", "Contacts")] == signed_in.results(cell)


CELL = "%%sf_soql\nSELECT Id, LastN| FROM Contact"


def test_the_org_is_not_asked_when_nobody_is_signed_in(kernel: Kernel) -> None:
    assert [] == kernel.offered(CELL)


def test_the_org_is_asked_once(signed_in: Kernel) -> None:
    cells = [CELL, "%sf_soql SELECT Id FROM Con|"]
    before = signed_in.value("practice.state.calls")
    first = [signed_in.offered(cell) for cell in cells]
    asked = signed_in.value("practice.state.calls")
    assert first == [signed_in.offered(cell) for cell in cells] == [["LastName"], ["Contact"]]
    assert (before + 2, asked) == (asked, signed_in.value("practice.state.calls"))


def test_the_org_of_another_session_tells_nothing(signed_in: Kernel) -> None:
    assert ["LastName"] == signed_in.offered(CELL)
    signed_in.run("%sf_org acme")
    assert [] == signed_in.offered(CELL)


def test_the_org_that_refuses_tells_nothing_until_the_certificate_is_shown(signed_in: Kernel) -> None:
    signed_in.run("%sf_login enforced")
    assert [] == signed_in.offered(CELL)
    signed_in.run(f"%sf_identity {CHAIN}")
    assert ["LastName"] == signed_in.offered(CELL)


def test_the_org_that_is_gone_tells_nothing(signed_in: Kernel) -> None:
    signed_in.run("practice.stop()")
    assert [] == signed_in.offered(CELL)


def test_the_org_that_is_silent_is_waited_for_once_and_shortly(kernel: Kernel) -> None:
    kernel.run(SILENT)
    assert [[], []] == [kernel.offered(CELL) for _ in range(2)]
    assert 1 == kernel.value("len(calls)")
    kernel.run("silent.close()")


@pytest.mark.parametrize("cell", [CELL, "%sf_soql SELECT Id FROM Con|", "%%sf_soql\nSELECT N| FROM Nonsense"])
def test_the_org_keeps_its_last_call(signed_in: Kernel, cell: str) -> None:
    signed_in.run("%sf_soap getServerTimestamp", "last = magics().workspace.last")
    signed_in.offered(cell)
    assert True is signed_in.value("last is magics().workspace.last")


def test_the_org_keeps_the_failure_that_was_asked_for(signed_in: Kernel) -> None:
    signed_in.run("%sf_practice --scenario error-503")
    assert [] == signed_in.offered(CELL)
    signed_in.run("%sf_soap getUserInfo --expect NotSoapError")
    assert ["LastName"] == signed_in.offered(CELL)


@pytest.mark.parametrize(
    "cell", ["sur|", "%sf_soap getUserInfo\nsur|", "%time sur|", "print(sur|)", "x = 1 % sur|", "# %sf_soap\nsur|"]
)
def test_elsewhere_python_completes_as_ever(kernel: Kernel, cell: str) -> None:
    with_ours = kernel.results(cell)
    kernel.run("%config IPCompleter.disable_matchers = ['sfmtls_nb']")
    without = kernel.results(cell)
    kernel.run("%config IPCompleter.disable_matchers = []")
    assert with_ours == without
    assert cell.replace("sur|", "surname") in with_ours or cell.startswith("%time")


@pytest.mark.parametrize("cell", ["getUserI|", "x = '%sf_'; getUserI|", "%sf_soap getUserInfo\n--po|", "%time --po|"])
def test_elsewhere_nothing_of_ours_is_offered(kernel: Kernel, cell: str) -> None:
    assert [] == [match for match in kernel.offered(cell) if match in {"getUserInfo", "--port"}]


def test_elsewhere_the_names_of_the_magics_complete_as_ever(kernel: Kernel) -> None:
    assert {"%sf_soap", "%%sf_soap"} <= set(kernel.offered("%sf_so|"))


@pytest.mark.parametrize("again", ["%load_ext sfmtls_nb", "%reload_ext sfmtls_nb"])
def test_loaded_again_it_answers_once_and_knows_the_same(signed_in: Kernel, again: str) -> None:
    signed_in.run(again)
    assert 1 == signed_in.value("len(get_ipython().Completer.custom_matchers)")
    assert ["LastName"] == signed_in.offered(CELL)
