"""What describe calls say: the schema's facts, in the order and with the types of the partner WSDL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sfmtls_nb.practice.api.describe import describe_briefly, describe_field, describe_global, describe_sobject
from sfmtls_nb.practice.api.wsdl import NILLABLE, NOT_IN_SOAP
from sfmtls_nb.practice.data import SCHEMA, SObject

SOBJECTS = list(SCHEMA.values())
PLAIN = (str, int, bool, type(None))


def mappings(value: Any) -> Iterator[dict[str, Any]]:
    """Every dict in it."""
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from mappings(each)
    elif isinstance(value, list):
        for each in value:
            yield from mappings(each)


def named(sobject: str, field: str) -> dict[str, Any]:
    found = SCHEMA[sobject].field(field)
    assert found is not None
    return describe_field(found)


def test_the_global_description_has_every_object_by_name() -> None:
    described = describe_global()
    assert ("UTF-8", 200, sorted(SCHEMA)) == (
        described["encoding"],
        described["maxBatchSize"],
        [each["name"] for each in described["sobjects"]],
    )


@pytest.mark.parametrize("sobject", SOBJECTS, ids=lambda each: each.name)
def test_every_key_is_in_the_order_of_the_wsdl(sobject: SObject) -> None:
    for mapping in mappings(describe_sobject(sobject)):
        assert sorted(mapping) == list(mapping)


@pytest.mark.parametrize("sobject", SOBJECTS, ids=lambda each: each.name)
def test_descriptions_are_plain_values(sobject: SObject) -> None:
    for mapping in mappings(describe_sobject(sobject)):
        for value in mapping.values():
            assert isinstance(value, (dict, list, *PLAIN))


@pytest.mark.parametrize("sobject", SOBJECTS, ids=lambda each: each.name)
def test_nothing_in_a_read_only_org_can_be_changed(sobject: SObject) -> None:
    described = describe_sobject(sobject)
    changeable = [described[key] for key in ("createable", "deletable", "mergeable", "undeletable", "updateable")]
    changeable += [field[key] for field in described["fields"] for key in ("createable", "updateable")]
    assert {False} == set(changeable)


@pytest.mark.parametrize("sobject", SOBJECTS, ids=lambda each: each.name)
def test_the_brief_description_agrees_with_the_full_one(sobject: SObject) -> None:
    full = describe_sobject(sobject)
    brief = describe_briefly(sobject)
    assert brief == {key: full[key] for key in brief}


@pytest.mark.parametrize("sobject", SOBJECTS, ids=lambda each: each.name)
def test_what_the_wsdl_wants_nil_is_of_the_object_itself(sobject: SObject) -> None:
    nil = {key for key, value in describe_sobject(sobject).items() if value is None}
    assert nil <= NILLABLE | NOT_IN_SOAP


def test_a_reference_says_where_it_leads() -> None:
    field = named("Contact", "AccountId")
    assert ("reference", "tns:ID", ["Account"], "Account", 18) == (
        field["type"],
        field["soapType"],
        field["referenceTo"],
        field["relationshipName"],
        field["length"],
    )


def test_a_parent_says_who_its_children_are() -> None:
    children = {each["relationshipName"]: each for each in describe_sobject(SCHEMA["Account"])["childRelationships"]}
    assert ("Contact", "AccountId") == (children["Contacts"]["childSObject"], children["Contacts"]["field"])


def test_a_picklist_lists_its_values() -> None:
    values = named("Case", "Priority")["picklistValues"]
    assert [("High", "High", True), ("Medium", "Medium", True), ("Low", "Low", True)] == [
        (each["label"], each["value"], each["active"]) for each in values
    ]


def test_a_long_text_can_be_neither_filtered_nor_sorted() -> None:
    field = named("Account", "Description")
    assert (False, False, False) == (field["filterable"], field["sortable"], field["groupable"])


def test_a_custom_object_says_that_it_is_one() -> None:
    assert [True, False] == [describe_sobject(SCHEMA[name])["custom"] for name in ("Shipment__c", "Account")]


def test_one_field_names_a_record() -> None:
    names = [field["name"] for field in describe_sobject(SCHEMA["Case"])["fields"] if field["nameField"]]
    assert ["CaseNumber"] == names
