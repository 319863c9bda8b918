"""SoapForm, driven as the front end drives it: by its widgets' values and clicks."""

from __future__ import annotations

import getpass
import json

import pytest
from driving import run, shown_code
from IPython.core.interactiveshell import InteractiveShell
from ipywidgets import Widget

from sfmtls_nb import CertificatePageError, MutualAuthenticationFault, SfmtlsError, SoapFault
from sfmtls_nb.notebook.forms.secret_fields import SecretField
from sfmtls_nb.notebook.forms.soap import SoapForm
from sfmtls_nb.notebook.operations import OPERATIONS

SECRET = "sesame-7731-open"


@pytest.fixture
def form(signed_in: InteractiveShell) -> SoapForm:
    made = signed_in.run_line_magic("sf_soap", "")
    assert isinstance(made, SoapForm)
    return made


def send(form: SoapForm, operation: str, **values: str) -> None:
    form.operation.value = operation
    for name, value in values.items():
        form.inputs[name].value = value
    form.button.click()


def test_the_reply_is_shown_and_kept(form: SoapForm) -> None:
    send(form, "getUserInfo")
    assert form.reply is not None
    assert (form.reply.text(".//userName"), "userName" in form.result.value) == ("enforced@practice.example", True)


def test_the_call_is_the_last_one_of_the_notebook(form: SoapForm) -> None:
    send(form, "getUserInfo")
    assert "getUserInfo" in form._workspace.curl()


def test_an_operation_brings_its_fields(form: SoapForm) -> None:
    form.operation.value = "retrieve"
    assert [each.description for each in form._fields.children] == ["fieldList", "sObjectType", "ids"]


def test_what_was_typed_stays_in_a_field_of_the_same_name(form: SoapForm) -> None:
    form.operation.value = "describeSObject"
    form.inputs["sObjectType"].value = "Contact"
    form.operation.value = "getUpdated"
    assert [each.value for each in form.inputs.values()] == ["Contact", "", ""]


def test_values_are_sent_as_they_were_typed(form: SoapForm) -> None:
    send(form, "query", queryString="SELECT Name FROM Account WHERE Name < 'C' LIMIT 1")
    assert form.reply is not None
    assert form.reply.text(".//size") == "1"


def test_several_values_have_commas_between_them(form: SoapForm) -> None:
    send(form, "describeSObjects", sObjectType="Account, Contact")
    assert form.reply is not None
    assert [each.findtext("{*}name") for each in form.reply.results] == ["Account", "Contact"]


def test_a_field_that_is_needed_is_asked_for_and_nothing_is_sent(form: SoapForm) -> None:
    before = form._workspace.last
    send(form, "query")
    assert ("queryString is empty" in form.result.value, form._workspace.last) == (True, before)


@pytest.mark.parametrize(
    ("port", "certificate", "error"),
    [(443, True, MutualAuthenticationFault), (8443, False, CertificatePageError)],
)
def test_without_the_certificate_the_refusal_is_explained(
    form: SoapForm, port: int, certificate: bool, error: type[SfmtlsError]
) -> None:
    form.port.value, form.certificate.value = port, certificate
    send(form, "getUserInfo")
    assert (f"✖ error: {error.__name__}" in form.result.value, form.reply) == (True, None)


def test_a_failure_takes_the_reply_before_away(form: SoapForm) -> None:
    send(form, "getUserInfo")
    send(form, "describeSObject", sObjectType="Nothing")
    assert ("INVALID_TYPE" in form.result.value, form.reply) == (True, None)


def test_without_a_session_the_next_step_is_named(shell: InteractiveShell) -> None:
    form = shell.run_line_magic("sf_soap", "")
    form.button.click()
    assert ("✖ error" in form.result.value, "%sf_login does that" in form.result.value) == (True, True)


def test_without_an_identity_443_is_the_port(shell: InteractiveShell) -> None:
    assert shell.run_line_magic("sf_soap", "").port.value == 443


@pytest.mark.parametrize("kind", ["a magic", "Python"])
@pytest.mark.parametrize(
    ("operation", "values"),
    [
        ("getUserInfo", {}),
        ("query", {"queryString": "SELECT Name FROM Account WHERE Name < 'C' OR Name = '{{x}} & \"y\"\\\\' LIMIT 3"}),
        ("describeSObjects", {"sObjectType": "Account, Contact"}),
    ],
)
def test_the_code_shown_gives_the_same_reply(
    signed_in: InteractiveShell, form: SoapForm, kind: str, operation: str, values: dict[str, str]
) -> None:
    send(form, operation, **values)
    assert form.reply is not None
    again = run(signed_in, shown_code(form, kind))
    assert [str(each.text) for each in form.reply.results[0].iter()] == [str(e.text) for e in again.results[0].iter()]


@pytest.mark.parametrize("kind", ["a magic", "Python"])
@pytest.mark.parametrize(("port", "certificate"), [(443, True), (8443, False)])
def test_the_code_shown_fails_the_same_way(
    signed_in: InteractiveShell, form: SoapForm, kind: str, port: int, certificate: bool
) -> None:
    form.port.value, form.certificate.value = port, certificate
    send(form, "getUserInfo")
    with pytest.raises((MutualAuthenticationFault, CertificatePageError)) as caught:
        run(signed_in, shown_code(form, kind))
    assert type(caught.value).__name__ in form.result.value


@pytest.mark.parametrize(
    ("operation", "values"),
    [
        ("setPassword", {"userId": "0055f00000PRAC1AAP", "password": SECRET}),
        ("changeOwnPassword", {"oldPassword": "x", "newPassword": SECRET}),
        ("invalidateSessions", {"sessionIds": f"{SECRET}, {SECRET}2"}),
    ],
)
def test_no_secret_stays_in_any_widget_nor_in_the_code(form: SoapForm, operation: str, values: dict[str, str]) -> None:
    send(form, operation, **values)
    assert (SECRET in json.dumps(Widget.get_manager_state(), default=repr), "getpass" in form.result.value) == (
        False,
        True,
    )


def test_a_secret_is_typed_unseen_and_gone_with_its_field(form: SoapForm) -> None:
    form.operation.value = "setPassword"
    field = form.inputs["password"]
    field.value = SECRET
    form.operation.value = "getUserInfo"
    assert (type(field), SECRET in json.dumps(Widget.get_manager_state(), default=repr)) == (SecretField, False)


def test_the_widgets_are_empty_before_anything_is_sent(form: SoapForm, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def spy(*_: object, **__: object) -> None:
        seen.append(form.inputs["password"].value)
        raise ZeroDivisionError

    monkeypatch.setattr(form._workspace, "soap", spy)
    form.operation.value = "setPassword"
    form.inputs["userId"].value, form.inputs["password"].value = "0055f00000PRAC1AAP", SECRET
    with pytest.raises(ZeroDivisionError):
        form._clicked(form.button)
    assert (seen, form.button.disabled) == ([""], False)


@pytest.mark.parametrize("kind", ["a magic", "Python"])
def test_the_code_shown_asks_for_a_secret(
    signed_in: InteractiveShell, form: SoapForm, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    asked: list[str] = []

    def answer(prompt: str) -> str:
        asked.append(prompt)
        return SECRET

    monkeypatch.setattr(getpass, "getpass", answer)
    send(form, "setPassword", userId="0055f00000PRAC1AAP", password=SECRET)
    with pytest.raises(SoapFault, match="read-only"):
        run(signed_in, shown_code(form, kind))
    assert asked == ["password: "]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_can_be_chosen_and_has_its_fields(form: SoapForm, operation: str) -> None:
    form.operation.value = operation
    assert [*form.inputs] == [field.name for field in OPERATIONS[operation]]
