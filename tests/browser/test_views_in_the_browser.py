"""What is shown, as it is looked at, and as it is read with a keyboard and without eyes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lab import Lab, Notebook
from pictures import Picture
from playwright.sync_api import Locator

pytest_plugins = ["lab_fixtures"]

CELLS = {
    "identity-form": "%sf_identity",
    "setup": "%sf_practice setup",
    "identity": "%sf_identity client.key client.crt intermediate1.crt intermediate2.crt",
    "sign-in": "%sf_login",
    "reply-tree": "%sf_soap getUserInfo",
    "dataframe": "%sf_soql SELECT Name, Industry, NumberOfEmployees FROM Account LIMIT 5",
    "accounts": "%sf_soql accounts << SELECT Name, NumberOfEmployees FROM Account",
    "chart": 'accounts.nlargest(8, "NumberOfEmployees").set_index("Name").NumberOfEmployees[::-1].plot.barh('
    'title="Employees", xlabel="", ylabel="", figsize=(7, 3), color="#0b5cab");',
    "expected-failure": "%sf_soap getUserInfo --no-cert --expect page",
    "curl": "%sf_curl",
    "renewal": "%sf_identity --renew",
    "error": "%sf_soap getUserInfo --no-cert",
}
NUMBERS = {name: number for number, name in enumerate(CELLS, 1)}
# Not what says where the practice org is: it is elsewhere each time; nor a chart, which is white in either theme.
SHOWN = [name for name in CELLS if name not in ("sign-in", "accounts", "chart", "curl")]


@pytest.fixture(scope="module")
def notebook(lab: Lab) -> Iterator[Notebook]:
    with lab.open("%load_ext sfmtls_nb\npractice = %sf_practice", *CELLS.values(), theme="dark") as opened:
        opened.run_all(failing=True)
        yield opened


@pytest.fixture(scope="module")
def pictures(notebook: Notebook) -> dict[str, Picture]:
    return notebook.pictures({name: NUMBERS[name] for name in [*SHOWN, "chart"]})


@pytest.fixture
def fold(notebook: Notebook) -> Locator:
    """An element of the reply that is open at first."""
    return notebook.output(NUMBERS["reply-tree"]).locator("summary", has_text="soapenv:Body").locator("xpath=..")


def test_a_notebook_opens_in_the_theme_that_was_asked_for(notebook: Notebook) -> None:
    assert notebook.picture(NUMBERS["reply-tree"]).dark


@pytest.mark.parametrize("name", SHOWN)
def test_there_is_something_to_see_in_either_theme(pictures: dict[str, Picture], name: str) -> None:
    taken = [pictures[f"{name}-{theme}"] for theme in ("light", "dark")]
    assert [(picture.blank, picture.dark) for picture in taken] == [(False, False), (False, True)]


def test_two_lines_of_pandas_draw_a_chart(pictures: dict[str, Picture]) -> None:
    assert not pictures["chart-light"].blank


def test_a_click_selects_the_whole_curl_command(notebook: Notebook) -> None:
    command = notebook.output(NUMBERS["curl"]).locator("pre[role=region]")
    command.click()
    selected = notebook.page.evaluate("getSelection().toString()")
    assert (command.inner_text(), "curl -sS ") == (selected.rstrip("\n"), selected[:9])


@pytest.mark.parametrize("pressed", ["Enter", "Space"])
def test_a_key_folds_a_reply_and_unfolds_it(notebook: Notebook, fold: Locator, pressed: str) -> None:
    fold.locator("summary").first.focus()
    opened = []
    for _ in range(2):
        notebook.page.keyboard.press(pressed)
        opened.append(fold.evaluate("it => it.open"))
    assert opened == [False, True]


def element(name: str) -> str:
    """The first word of a name, without what a line has while the focus is on it: its path."""
    return name.split('"', 2)[1].split(maxsplit=1)[0]


def test_tab_goes_from_one_element_that_folds_to_the_next(notebook: Notebook) -> None:
    summaries = notebook.output(NUMBERS["reply-tree"]).locator("summary").filter(visible=True)
    names = [element(name) for name in notebook.names(summaries)]
    summaries.first.focus()
    assert [element(name) for name in [notebook.focused(), *notebook.tab(len(names) - 1)]] == names


def test_what_folds_is_named_for_its_element(notebook: Notebook) -> None:
    names = notebook.controls(NUMBERS["reply-tree"])
    assert 'DisclosureTriangle "getUserInfoResponse"' in names


def test_a_reply_is_read_as_elements_and_their_texts(notebook: Notebook) -> None:
    assert "userName = enforced@practice.example" in notebook.aria(NUMBERS["reply-tree"])


def test_an_error_is_read_with_what_to_do_next(notebook: Notebook) -> None:
    read = notebook.aria(NUMBERS["error"])
    assert [words for words in ("CertificatePageError", "evidence", "next") if words not in read] == []


def test_all_of_the_identity_form_has_a_name(notebook: Notebook) -> None:
    assert [name for name in notebook.controls(NUMBERS["identity-form"]) if name.endswith(' ""')] == []


def test_tab_goes_through_the_identity_form_from_top_to_bottom(notebook: Notebook) -> None:
    names = notebook.controls(NUMBERS["identity-form"])
    notebook.output(NUMBERS["identity-form"]).locator("select").focus()
    assert [notebook.focused(), *notebook.tab(len(names) - 1)] == names
