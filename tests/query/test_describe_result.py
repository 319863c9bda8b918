"""sObjects: types and the values of texts; SOAP's text and REST's JSON become one and the same value."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from sfmtls_nb import Session, SoapFault
from sfmtls_nb.values import Kind, kind_of, value_of


@pytest.mark.parametrize(
    ("kind", "given", "value"),
    [
        ("string", "a", "a"),
        ("int", "7", 7),
        ("int", 7, 7),
        ("double", "7", 7.0),
        ("double", 7, 7.0),
        ("boolean", "true", True),
        ("boolean", False, False),
        ("boolean", "false", False),
        ("date", "4000-12-31", date(4000, 12, 31)),
        ("datetime", "2026-11-23T10:00:00.000Z", datetime(2026, 11, 23, 10, tzinfo=UTC)),
        ("datetime", "2026-11-23T10:00:00.000+0000", datetime(2026, 11, 23, 10, tzinfo=UTC)),
        ("datetime", "2026-11-23T11:00:00.000+01:00", datetime(2026, 11, 23, 10, tzinfo=UTC)),
        (None, "7", "7"),
    ],
)
def test_a_value_is_what_its_type_says(kind: Kind | None, given: object, value: object) -> None:
    made = value_of(kind, given)
    assert (type(value), value) == (type(made), made)


@pytest.mark.parametrize("kind", ["int", "double", "date", "datetime"])
@pytest.mark.parametrize("given", ["", "?", "2026-99-99"])
def test_what_does_not_fit_its_type_stays_as_it_came(kind: Kind, given: str) -> None:
    assert given == value_of(kind, given)


@pytest.mark.parametrize("kind", ["string", "int", "double", "boolean", "date", "datetime", None])
def test_nothing_is_nothing_in_every_type(kind: Kind | None) -> None:
    assert None is value_of(kind, None)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("currency", "double"), ("xsd:dateTime", "datetime"), ("picklist", "string"), ("address", None), ("long", "int")],
)
def test_a_type_of_salesforce_is_one_of_python(name: str, kind: Kind | None) -> None:
    assert kind == kind_of(name)


def test_an_sobject_has_fields_parents_and_children(session: Session) -> None:
    described = session.describe("account")
    assert ("Account", "datetime", ("User",), "Contact") == (
        described.name,
        described.fields["CreatedDate"],
        described.parents["Owner"],
        described.children["Contacts"],
    )


def test_an_sobject_that_is_not_there_is_a_fault(session: Session) -> None:
    with pytest.raises(SoapFault) as caught:
        session.describe("NoSuch")
    assert "INVALID_TYPE" == caught.value.code
