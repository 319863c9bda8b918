"""SoqlForm, driven as the front end drives it: by its widgets' values and clicks."""

from __future__ import annotations

import pandas as pd
import pytest
from driving import run, shown_code
from IPython.core.interactiveshell import InteractiveShell
from pandas.testing import assert_frame_equal

from sfmtls_nb.notebook.forms.soql import SoqlForm


@pytest.fixture
def form(signed_in: InteractiveShell) -> SoqlForm:
    made = signed_in.run_line_magic("sf_soql", "")
    assert isinstance(made, SoqlForm)
    return made


def picks(form: SoqlForm) -> tuple[str, tuple[str, ...], str, str]:
    return form.sobject.value, form.fields.value, form.where.value, form.limit.value


def test_opened_it_offers_the_orgs_sobjects_and_a_query_that_runs(form: SoqlForm) -> None:
    assert ("Contact" in form.sobject.options, form.soql.value) == (
        True,
        "SELECT Id, Name FROM Account LIMIT 200",
    )


def test_opened_asking_for_them_is_not_the_last_call(form: SoqlForm) -> None:
    assert "<urn:username>" in form._workspace.curl()


def test_opened_without_a_session_it_offers_nothing_and_says_what_to_do(shell: InteractiveShell) -> None:
    form = shell.run_line_magic("sf_soql", "")
    assert (form.sobject.options, "%sf_login" in form._note.value, form.result.value) == ((), True, "")


def test_opened_without_a_session_refreshing_names_the_next_step(shell: InteractiveShell) -> None:
    form = shell.run_line_magic("sf_soql", "")
    form.refresh.click()
    assert ("✖ error" in form.result.value, "%sf_login does that" in form.result.value) == (True, True)


def test_opened_refreshing_after_signing_in_brings_them(shell: InteractiveShell) -> None:
    form = shell.run_line_magic("sf_soql", "")
    form.refresh.click()
    shell.run_line_magic("sf_login", "standard")
    form.refresh.click()
    assert (form.sobject.value, "✖" in form.result.value) == ("Account", False)


def test_opened_refreshing_reads_what_was_typed_before(shell: InteractiveShell) -> None:
    form = shell.run_line_magic("sf_soql", "")
    form.soql.value = "SELECT Email FROM Contact"
    shell.run_line_magic("sf_login", "standard")
    form.refresh.click()
    assert (picks(form), form.soql.value) == (("Contact", ("Email",), "", ""), "SELECT Email FROM Contact")


def test_picking_fields_are_written_into_the_query(form: SoqlForm) -> None:
    form.fields.value = ("Name", "Phone")
    assert form.soql.value == "SELECT Name, Phone FROM Account LIMIT 200"


def test_picking_another_sobject_brings_its_fields(form: SoqlForm) -> None:
    form.sobject.value = "Case"
    assert (form.soql.value, ("Subject (string)", "Subject") in form.fields.options) == (
        "SELECT Id FROM Case LIMIT 200",
        True,
    )


def test_picking_condition_and_limit_are_written_into_the_query(form: SoqlForm) -> None:
    form.where.value, form.limit.value = "Name LIKE 'A%'", ""
    assert form.soql.value == "SELECT Id, Name FROM Account WHERE Name LIKE 'A%'"


def test_picking_no_field_is_no_query(form: SoqlForm) -> None:
    before = form.soql.value
    form.fields.value = ()
    assert (form.soql.value, "at least one field" in form._note.value) == (before, True)


def test_typing_moves_the_picks(form: SoqlForm) -> None:
    typed = "select email, Id\nfrom contact where Email != null limit 5"
    form.soql.value = typed
    assert (picks(form), form.soql.value) == (("Contact", ("Email", "Id"), "Email != null", "5"), typed)


@pytest.mark.parametrize(
    "typed",
    [
        "SELECT Account.Name FROM Contact",
        "SELECT COUNT() FROM Account",
        "SELECT Id, (SELECT Id FROM Contacts) FROM Account",
        "SELECT Id FROM Account ORDER BY Name",
        "SELECT Id FROM Nothing",
        "SELECT Nothing FROM Account",
        "nonsense",
    ],
)
def test_typing_what_the_lists_cannot_say_is_ones_own(form: SoqlForm, typed: str) -> None:
    form.soql.value = typed
    form.fields.value = ("Phone",)
    form.sobject.value = "Case"
    assert (form.soql.value, "your own" in form._note.value, form.rewrite.disabled) == (typed, True, False)


def test_typing_what_is_ones_own_is_written_anew_when_asked(form: SoqlForm) -> None:
    form.soql.value = "nonsense"
    form.fields.value = ("Phone",)
    form.rewrite.click()
    form.fields.value = ("Fax",)
    assert (form.soql.value, form.rewrite.disabled) == ("SELECT Fax FROM Account LIMIT 200", True)


def test_typing_what_can_be_read_again_is_in_step_again(form: SoqlForm) -> None:
    form.soql.value = "nonsense"
    form.soql.value = "SELECT Id FROM Account"
    form.fields.value = ("Fax",)
    assert form.soql.value == "SELECT Fax FROM Account"


def test_typing_without_a_session_is_no_error(shell: InteractiveShell) -> None:
    form = shell.run_line_magic("sf_soql", "")
    form.soql.value = "SELECT Id FROM Account"
    assert ("your own" in form._note.value, form.result.value) == (True, "")


def test_running_gives_a_frame_and_shows_its_first_rows(form: SoqlForm) -> None:
    form.button.click()
    assert isinstance(form.frame, pd.DataFrame)
    assert (len(form.frame), "80 records, 2 columns; the first 20 are shown" in form.result.value) == (80, True)


def test_running_shows_one_record_as_one(form: SoqlForm) -> None:
    form.fields.value, form.limit.value = ("Name",), "1"
    form.button.click()
    assert ("✔ 1 record, 1 column<" in form.result.value, "are shown" in form.result.value) == (True, False)


def test_running_nothing_found_has_its_columns(form: SoqlForm) -> None:
    form.where.value = "Name = 'nobody'"
    form.button.click()
    assert "✔ 0 records, 2 columns" in form.result.value


def test_running_a_query_that_the_org_refuses_is_explained_and_leaves_no_frame(form: SoqlForm) -> None:
    form.button.click()
    form.soql.value = "SELECT Nothing FROM Account"
    form.button.click()
    assert ("✖ error: SoapFault" in form.result.value, form.frame) == (True, None)


def test_running_no_query_is_an_error_in_words(form: SoqlForm) -> None:
    form.soql.value = ""
    form.button.click()
    assert "there is no query" in form.result.value


def test_running_without_a_session_the_next_step_is_named(shell: InteractiveShell) -> None:
    form = shell.run_line_magic("sf_soql", "")
    form.button.click()
    assert "%sf_login does that" in form.result.value


def test_running_markup_in_a_record_is_shown_as_text(form: SoqlForm, monkeypatch: pytest.MonkeyPatch) -> None:
    found = pd.DataFrame({"Name": ["<img src=x onerror=alert(1)>"]})
    monkeypatch.setattr(form._workspace, "query", lambda _: found)
    form.button.click()
    assert "<img" not in form.result.value


def test_running_the_session_id_is_not_shown(form: SoqlForm) -> None:
    form.button.click()
    session = form._workspace.signed_in()
    assert session.session_id.reveal() not in form.result.value


@pytest.mark.parametrize("kind", ["a magic", "Python"])
@pytest.mark.parametrize(
    "soql",
    [
        "SELECT Id, Name FROM Account LIMIT 3",
        "SELECT Name,\n  Phone\nFROM Account WHERE Name != '{{x}} {login} \"\\\\' LIMIT 3",
        "SELECT Name\nFROM Account\nWHERE Name != 'it\\'s' LIMIT 3",
        "SELECT Name\nFROM Account LIMIT 2",
    ],
)
def test_running_the_code_shown_finds_the_same(
    signed_in: InteractiveShell, form: SoqlForm, kind: str, soql: str
) -> None:
    form.soql.value = soql
    form.button.click()
    assert form.frame is not None
    assert_frame_equal(form.frame, run(signed_in, shown_code(form, kind)))
