"""Fields for secrets: what arrives in them is out of the widget before anyone has pressed a button."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from ipywidgets import FileUpload, Password, Widget

from sfmtls_nb.notebook.forms.secret_fields import SecretField, UploadField

SECRET = "sesame-7731-open"


def saved() -> str:
    """What would be saved with the notebook."""
    return json.dumps(Widget.get_manager_state(), default=lambda value: bytes(value).decode())


def chosen(field: FileUpload, *contents: bytes) -> None:
    """What the browser sends when files are chosen."""
    when = datetime.now(UTC)
    field.value = tuple(
        {"name": f"{n}.key", "type": "", "size": len(each), "content": memoryview(each), "last_modified": when}
        for n, each in enumerate(contents)
    )


@pytest.fixture
def field() -> SecretField:
    return SecretField(placeholder="if it is encrypted")


def test_what_is_typed_is_not_in_the_widget(field: SecretField) -> None:
    field.value = SECRET
    assert ("", False) == (field.value, SECRET in saved())


def test_what_is_typed_stays_in_an_ordinary_password_field() -> None:
    ordinary = Password(value=SECRET)
    assert (True, True) == (SECRET in saved(), ordinary.value == SECRET)
    ordinary.close()


def test_what_is_typed_is_kept_for_who_takes_it(field: SecretField) -> None:
    field.value = SECRET
    assert SECRET == field.taken().reveal()


def test_what_was_typed_last_counts(field: SecretField) -> None:
    field.value = "wrong"
    field.value = SECRET
    assert SECRET == field.taken().reveal()


def test_what_was_taken_is_kept_no_longer(field: SecretField) -> None:
    field.value = SECRET
    field.taken()
    assert "" == field.taken().reveal()


def test_the_field_says_that_it_keeps_something(field: SecretField) -> None:
    before = field.placeholder
    field.value = SECRET
    assert "kept in memory" in field.placeholder
    field.taken()
    assert before == field.placeholder


def test_the_contents_of_files_are_not_in_the_widget_and_their_names_are() -> None:
    field = UploadField(multiple=True)
    chosen(field, SECRET.encode(), b"another")
    assert (False, ["0.key", "1.key"]) == (SECRET in saved(), [file["name"] for file in field.value])


def test_the_contents_of_files_are_kept_for_who_takes_them() -> None:
    field = UploadField(multiple=True)
    chosen(field, SECRET.encode())
    taken: list[Any] = [field.taken(), field.value, field.taken()]
    assert [[("0.key", SECRET.encode())], (), []] == taken


def test_no_secret_is_in_the_repr_of_a_field(field: SecretField) -> None:
    field.value = SECRET
    assert SECRET not in repr(field)
