"""Every form, filled in and sent as a person would; and the error that ends a cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final, Literal, NamedTuple

import pytest
from by_hand import Box, Output, encrypted, made_for, secrets_of, widgets_in
from lab import Lab, Notebook
from pictures import Picture
from playwright.sync_api import Locator, expect
from traces import found_in

pytest_plugins = ["lab_fixtures"]

START = """
%load_ext sfmtls_nb
practice = %sf_practice
practice.state.token_required = False
identity = %sf_identity client.key client.crt intermediate1.crt intermediate2.crt
session = %sf_login
"""
USER = "enforced@practice.example"
PASSPHRASE, WRONG, WRONG_TOKEN, NEW_PASSWORD = "sesame-5518", "wrong-4471", "token-9083", "renewed-6620"


class Kind(NamedTuple):
    """A form: what shows it, the button that sends it, and its controls as they are read."""

    magic: str
    button: str
    controls: tuple[str, ...]


FORMS: Final = {
    "sign-in-form": Kind(
        "%sf_login --form",
        "Sign in",
        (
            'combobox "Way in"',
            'combobox "Practice user"',
            'textbox "Username"',
            'textbox "Password"',
            'textbox "Security token"',
            'button "Sign in"',
        ),
    ),
    "identity-form": Kind(
        "%sf_identity",
        "Assemble",
        (
            'listbox "Files here"',
            'button "Choose files (0)"',
            'textbox "Other files"',
            'textbox "Passphrase"',
            'textbox "Write into"',
            'button "Assemble"',
        ),
    ),
    "soap-form": Kind(
        "%sf_soap",
        "Send",
        (
            'combobox "Operation"',
            'radio "port 8443, for mutual TLS"',
            'radio "port 443, for everyone"',
            'checkbox "with the certificate"',
            'button "Send"',
        ),
    ),
    "soql-form": Kind(
        "%sf_soql",
        "Run",
        (
            'combobox "sObject"',
            'listbox "Fields"',
            'textbox "WHERE"',
            'textbox "LIMIT"',
            'textbox "Query"',
            'button "Run"',
            'button "Refresh"',
        ),
    ),
}
NAMES = list(FORMS)
ERROR = len(FORMS) + 1
ROLES: Final[tuple[Literal["alert"], Literal["status"]]] = ("alert", "status")


class Seen(NamedTuple):
    """What there was after a form had been used, in a window as usual; too_wide: in one 800 pixels wide."""

    alert: str
    status: str
    headers: list[str]
    place: Box
    unnamed: list[str]
    too_wide: list[str]
    saved: str


class Desk:
    """A notebook with all the forms, files to upload, and where the buttons were before anything was done."""

    def __init__(self, notebook: Notebook, files: list[Path]) -> None:
        self.notebook, self.files = notebook, files
        self.places = {name: self.form(name).place(kind.button) for name, kind in FORMS.items()}
        self._seen: dict[Use, Seen] = {}

    def form(self, name: str) -> Output:
        return Output(self.notebook, NAMES.index(name) + 1)

    def after(self, use: Use) -> Seen:
        """Use a form, if that is not done yet; what goes well comes after what did not."""
        if use not in self._seen:
            name = next(name for name in FORMS if use in USES[name])
            for earlier in USES[name][: USES[name].index(use)]:
                self.after(earlier)
            use(self)
            self._seen[use] = self._look(name)
        return self._seen[use]

    def _look(self, name: str) -> Seen:
        form = self.form(name)
        saved, place, unnamed = self.notebook.save(), form.place(FORMS[name].button), form.unnamed()
        with form.narrow():
            too_wide = form.too_wide()
        alert, status = (" ".join(form.area.get_by_role(role).all_inner_texts()) for role in ROLES)
        return Seen(alert, status, form.area.locator("thead th").all_inner_texts(), place, unnamed, too_wide, saved)

    def secrets(self) -> list[str | bytes]:
        typed = [PASSPHRASE, WRONG, WRONG_TOKEN, NEW_PASSWORD]
        return [*typed, self.files[0].read_bytes(), *secrets_of(self.notebook)]


Use = Callable[[Desk], None]


@pytest.fixture(scope="module")
def desk(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    mine = tmp_path_factory.mktemp("mine")
    magics = [kind.magic for kind in FORMS.values()]
    with lab.open(START, *magics, "%sf_soap getUserInfo --no-cert") as notebook:
        notebook.run_all(failing=True)
        made = made_for(notebook)
        key = encrypted(made / "client.key", PASSPHRASE, mine)
        certificates = [made / name for name in ("client.crt", "intermediate1.crt", "intermediate2.crt")]
        yield Desk(notebook, [key, *certificates])


# ---------------------------------------------------------------- what is done with them


def sign_in(desk: Desk, password: str, token: str) -> None:
    form = desk.form("sign-in-form")
    form.type("Username", USER)
    form.type("Password", password)
    form.type("Security token", token)
    form.press("Sign in")


def signed_in(desk: Desk) -> None:
    """With the right password, at an org that asks for the token too."""
    asked = f"user = next(user for user in practice.state.users if user.username == {USER!r})"
    asked += "; practice.state.token_required = True; print(user.password, user.security_token)"
    sign_in(desk, *desk.notebook.ask(asked).split())
    desk.notebook.ask("practice.state.token_required = False")


def refused(desk: Desk) -> None:
    sign_in(desk, WRONG, WRONG_TOKEN)


def assemble(desk: Desk, passphrase: str) -> None:
    form = desk.form("identity-form")
    form.upload("Choose files", *desk.files)
    form.type("Passphrase", passphrase)
    form.press("Assemble")


def assembled(desk: Desk) -> None:
    assemble(desk, PASSPHRASE)


def not_assembled(desk: Desk) -> None:
    assemble(desk, WRONG)


def soap(desk: Desk, operation: str, port: str, **fields: str) -> None:
    form = desk.form("soap-form")
    form.field("Operation").select_option(operation)
    desk.notebook.wait_until_idle()
    form.field(port).check()
    for label, text in fields.items():
        form.type(label, text)
    form.press("Send")


def called(desk: Desk) -> None:
    soap(desk, "getUserInfo", "port 8443, for mutual TLS")


def called_on_443(desk: Desk) -> None:
    soap(desk, "getUserInfo", "port 443, for everyone")


def queried(desk: Desk) -> None:
    soql = "SELECT Name FROM Account WHERE Name LIKE 'A%'"
    soap(desk, "query", "port 8443, for mutual TLS", queryString=soql)


def password_sent(desk: Desk) -> None:
    """What the org says to it is its own business; the form has held a password."""
    soap(desk, "setPassword", "port 8443, for mutual TLS", userId="0055f00000PRAC1AAA", password=NEW_PASSWORD)


def picked(desk: Desk) -> None:
    form = desk.form("soql-form")
    if form.button("Write the query").is_enabled():  # the text is somebody's own until then
        form.press("Write the query")
    form.field("sObject").select_option("Contact")
    expect(form.field("Fields")).to_contain_text("FirstName")
    form.field("Fields").select_option(["FirstName (string)", "Email (email)"])
    form.type("WHERE", "Email != null")
    form.type("LIMIT", "3")
    form.press("Run")


def edited(desk: Desk) -> None:
    form = desk.form("soql-form")
    form.type("Query", "SELECT COUNT(Id) number FROM Account")
    form.press("Run")


def wrong_query(desk: Desk) -> None:
    form = desk.form("soql-form")
    form.type("Query", "SELECT Nonsense FROM Account")
    form.press("Run")


#: By form: what goes wrong first, and then what goes well.
USES: Final[dict[str, list[Use]]] = {
    "sign-in-form": [refused, signed_in],
    "identity-form": [not_assembled, assembled],
    "soap-form": [called_on_443, called, queried, password_sent],
    "soql-form": [wrong_query, picked, edited],
}
WRONG_USES = [uses[0] for uses in USES.values()]
GOOD_USES = [uses[1] for uses in USES.values()]
EVERY_USE = [use for uses in USES.values() for use in uses]
each = partial(pytest.mark.parametrize, "use", ids=lambda use: use.__name__)


# ---------------------------------------------------------------- what comes of it


@each(WRONG_USES)
def test_an_error_is_announced_and_says_that_it_is_one(desk: Desk, use: Use) -> None:
    assert desk.after(use).alert.startswith("✖ error: ")


@each(GOOD_USES)
def test_what_goes_well_after_an_error_takes_it_away(desk: Desk, use: Use) -> None:
    assert desk.after(use).alert == ""


def test_password_and_token_sign_in(desk: Desk) -> None:
    assert desk.after(signed_in).status == f"✔ signed in as {USER}"


def test_files_and_a_passphrase_become_an_identity(desk: Desk) -> None:
    assert desk.after(assembled).status == "✔ assembled; later calls present it"


def test_getuserinfo_with_the_certificate_is_answered(desk: Desk) -> None:
    assert desk.after(called).status == "✔ getUserInfoResponse"


def test_on_443_the_fault_is_shown_that_asks_for_a_certificate(desk: Desk) -> None:
    assert "MUTUAL_AUTHENTICATION_FAILED" in desk.after(called_on_443).alert


def test_an_operation_is_sent_with_what_its_field_says(desk: Desk) -> None:
    assert desk.after(queried).status == "✔ queryResponse"


def test_what_is_picked_is_found_as_a_table(desk: Desk) -> None:
    assert desk.after(picked).headers == ["FirstName", "Email"]


def test_what_is_typed_as_a_query_is_run(desk: Desk) -> None:
    assert desk.after(edited).headers == ["number"]


@each(EVERY_USE)
def test_no_secret_is_saved(desk: Desk, use: Use) -> None:
    assert found_in(desk.after(use).saved, *desk.secrets()) == []


def test_the_widgets_are_saved_with_the_notebook(desk: Desk) -> None:
    assert {"PasswordModel", "FileUploadModel"} <= widgets_in(desk.after(signed_in).saved)


# ---------------------------------------------------------------- how it is used, and how it looks


@pytest.mark.parametrize("name", FORMS)
def test_tab_goes_through_a_form_as_it_is_read_and_all_of_it_has_a_name(desk: Desk, name: str) -> None:
    USES[name][1](desk)
    expected = FORMS[name].controls
    assert desk.form(name).tabbed(len(expected)) == list(expected)


@each(EVERY_USE)
def test_all_that_comes_with_a_result_has_a_name(desk: Desk, use: Use) -> None:
    assert desk.after(use).unnamed == []


@pytest.mark.parametrize("name", FORMS)
def test_all_fields_have_a_label_to_see(desk: Desk, name: str) -> None:
    assert desk.form(name).without_visible_label() == []


@each(EVERY_USE)
def test_the_button_stays_in_its_place(desk: Desk, use: Use) -> None:
    name = next(name for name in FORMS if use in USES[name])
    assert desk.after(use).place == desk.places[name]


@each(EVERY_USE)
def test_nothing_sticks_out_in_a_window_800_pixels_wide(desk: Desk, use: Use) -> None:
    assert desk.after(use).too_wide == []


@pytest.fixture(scope="module")
def pictures(desk: Desk) -> dict[str, Picture]:
    """The same each time they are taken: without the places where files and the practice org are."""
    desk.notebook.ask("practice.state.calls = 0")
    for use in (refused, called, picked):
        use(desk)
    desk.notebook.output(ERROR).locator("details").evaluate("it => { it.open = true }")
    traceback = desk.notebook.output(ERROR).locator("pre").last
    traceback.evaluate("""it => { it.textContent = it.textContent.replace(/"[/][^"]*[/]/g, '"…/') }""")
    cells = {"sign-in-refused": "sign-in-form", "soap-form": "soap-form", "soql-form": "soql-form"}
    return desk.notebook.pictures(
        {name: desk.form(form).cell for name, form in cells.items()} | {"error-opened": ERROR}
    )


@pytest.mark.parametrize("name", ["sign-in-refused", "soap-form", "soql-form", "error-opened"])
def test_there_is_something_to_see_in_either_theme(pictures: dict[str, Picture], name: str) -> None:
    taken = [pictures[f"{name}-{theme}"] for theme in ("light", "dark")]
    assert [(picture.blank, picture.dark) for picture in taken] == [(False, False), (False, True)]


# ---------------------------------------------------------------- an error that ends a cell


@pytest.fixture
def traceback(desk: Desk) -> Locator:
    """What is folded below the error."""
    fold = desk.notebook.output(ERROR).locator("details")
    fold.evaluate("it => { it.open = false }")
    return fold


def test_an_error_that_ends_a_cell_is_three_lines_and_one_more_about_the_certificate(desk: Desk) -> None:
    shown = desk.notebook.output(ERROR).locator("[data-mime-type='application/vnd.jupyter.stderr']").inner_text()
    begin = [line.split(":")[0] for line in shown.splitlines() if line]
    assert begin == ["CertificatePageError", "  evidence", "  in TLS", "  next"]


@pytest.mark.parametrize("pressed", ["Enter", "Space"])
def test_a_key_unfolds_the_whole_traceback(desk: Desk, traceback: Locator, pressed: str) -> None:
    traceback.locator("summary").focus()
    desk.notebook.page.keyboard.press(pressed)
    expect(traceback.locator("pre")).to_contain_text("Traceback (most recent call last)")


def test_tab_gets_to_the_whole_traceback(desk: Desk) -> None:
    assert Output(desk.notebook, ERROR).tabbed(1) == ['DisclosureTriangle "the whole traceback"']
