"""The sObjects of the practice org: what describe calls and SOQL both answer from."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from sfmtls_nb.practice.data import SCHEMA, Field, FieldType, SObject, sobject

OBJECTS = list(SCHEMA.values())
FIELDS = [(each, field) for each in OBJECTS for field in each.fields]
REFERENCES = [(each, field) for each, field in FIELDS if field.type == "reference"]

PARENTS = {
    ("Account", "Owner"): "User",
    ("Account", "Parent"): "Account",
    ("Contact", "Account"): "Account",
    ("Contact", "Owner"): "User",
    ("Contact", "ReportsTo"): "Contact",
    ("Contact", "CreatedBy"): "User",
    ("Opportunity", "Account"): "Account",
    ("Case", "Account"): "Account",
    ("Case", "Contact"): "Contact",
    ("Shipment__c", "Account__r"): "Account",
    ("User", "Manager"): "User",
}
CHILDREN = {
    ("Account", "Contacts"): ("Contact", "AccountId"),
    ("Account", "Opportunities"): ("Opportunity", "AccountId"),
    ("Account", "Cases"): ("Case", "AccountId"),
    ("Account", "ChildAccounts"): ("Account", "ParentId"),
    ("Account", "Shipments__r"): ("Shipment__c", "Account__c"),
    ("Contact", "Cases"): ("Case", "ContactId"),
}


def ids_of(pairs: list[tuple[SObject, Field]]) -> list[str]:
    return [f"{each.name}.{field.name}" for each, field in pairs]


def field(name: str) -> Field:
    owner, _, wanted = name.partition(".")
    found = SCHEMA[owner].field(wanted)
    assert found
    return found


def test_the_objects_are_the_standard_ones_of_the_lessons_and_one_custom_one() -> None:
    expected = ["Account", "Case", "Contact", "Opportunity", "Organization", "Profile", "Shipment__c", "User"]
    assert expected == list(SCHEMA)


def test_only_the_made_up_object_is_custom() -> None:
    assert ["Shipment__c"] == [each.name for each in OBJECTS if each.custom]


@pytest.mark.parametrize("each", OBJECTS, ids=lambda each: each.name)
def test_every_object_has_an_id_and_says_who_changed_it_and_when(each: SObject) -> None:
    names = {"Id", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp"}
    assert names <= {field.name for field in each.fields}


@pytest.mark.parametrize("name", ["OwnerId", "IsDeleted"])
def test_every_object_of_data_has_an_owner_and_can_be_deleted(name: str) -> None:
    assert ["Organization", "Profile", "User"] == [each.name for each in OBJECTS if not each.field(name)]


@pytest.mark.parametrize("each", OBJECTS, ids=lambda each: each.name)
def test_one_field_names_a_record(each: SObject) -> None:
    expected = "CaseNumber" if each.name == "Case" else "Name"
    assert [expected] == [field.name for field in each.fields if field.name_field]


@pytest.mark.parametrize("each", OBJECTS, ids=lambda each: each.name)
def test_no_field_comes_twice_whatever_its_case(each: SObject) -> None:
    names = [field.name.lower() for field in each.fields]
    assert sorted(set(names)) == sorted(names)


def test_key_prefixes_are_three_characters_and_tell_the_objects_apart() -> None:
    prefixes = {each.key_prefix for each in OBJECTS if re.fullmatch("[0-9a-zA-Z]{3}", each.key_prefix)}
    assert len(OBJECTS) == len(prefixes)


def test_every_type_of_field_occurs() -> None:
    assert set(get_args(FieldType)) == {field.type for _, field in FIELDS}


def test_the_custom_object_has_a_field_of_each_kind_one_can_make() -> None:
    kinds = {"string", "double", "currency", "boolean", "date", "datetime", "picklist", "url", "reference", "location"}
    assert kinds == {field.type for field in SCHEMA["Shipment__c"].fields if field.custom}


@pytest.mark.parametrize(("each", "reference"), REFERENCES, ids=ids_of(REFERENCES))
def test_a_reference_with_a_relationship_goes_to_an_object_that_is_there(each: SObject, reference: Field) -> None:
    there = all(name in SCHEMA for name in reference.reference_to)
    assert bool(reference.relationship_name) == there, each.name


@pytest.mark.parametrize(("way", "parent"), PARENTS.items(), ids=".".join)
def test_a_relationship_leads_to_its_parent(way: tuple[str, str], parent: str) -> None:
    reference = SCHEMA[way[0]].parent(way[1])
    assert (parent,) == (reference.reference_to if reference else None)


@pytest.mark.parametrize("name", ["AccountId", "Accounts", "Contacts", "", "Profile"])
def test_what_is_no_relationship_to_a_parent_leads_nowhere(name: str) -> None:
    assert SCHEMA["Contact"].parent(name) is None


@pytest.mark.parametrize(("way", "child"), CHILDREN.items(), ids=".".join)
def test_a_child_relationship_leads_to_the_field_that_refers_back(way: tuple[str, str], child: tuple[str, str]) -> None:
    relationship = SCHEMA[way[0]].children(way[1])
    assert child == ((relationship.sobject, relationship.field) if relationship else None)


@pytest.mark.parametrize("name", ["Contact", "Owner", "None", ""])
def test_what_is_no_child_relationship_leads_nowhere(name: str) -> None:
    assert SCHEMA["Account"].children(name) is None


def test_a_parent_knows_its_children_even_where_soql_has_no_name_for_the_way() -> None:
    unnamed = {(child.sobject, child.field) for child in SCHEMA["User"].child_relationships if child.name is None}
    assert {("Contact", "OwnerId"), ("Account", "CreatedById")} <= unnamed


@pytest.mark.parametrize("name", ["contact", "CONTACT", "Contact"])
def test_an_object_is_found_whatever_the_case_of_its_name(name: str) -> None:
    assert sobject(name) is SCHEMA["Contact"]


@pytest.mark.parametrize("name", ["Contacts", "Shipment", "", "Lead"])
def test_an_object_that_is_not_there_is_not_found(name: str) -> None:
    assert sobject(name) is None


@pytest.mark.parametrize("name", ["lastname", "LASTNAME"])
def test_a_field_is_found_whatever_the_case_of_its_name(name: str) -> None:
    assert SCHEMA["Contact"].field(name) is field("Contact.LastName")


def test_a_field_that_is_not_there_is_not_found() -> None:
    assert SCHEMA["Contact"].field("LastName__c") is None


@pytest.mark.parametrize("name", ["Contact.Description", "Account.Description"])
def test_a_long_text_can_be_neither_filtered_nor_sorted_nor_grouped(name: str) -> None:
    long = field(name)
    assert (False, False, False, False) == (long.filterable, long.sortable, long.groupable, long.aggregatable)


@pytest.mark.parametrize("name", ["Contact.MailingStreet", "Contact.LastName"])
def test_a_short_text_can_be_filtered_sorted_and_grouped(name: str) -> None:
    short = field(name)
    assert (True, True, True, True) == (short.filterable, short.sortable, short.groupable, short.aggregatable)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Contact.Id", "tns:ID"),
        ("Contact.AccountId", "tns:ID"),
        ("Contact.Email", "xsd:string"),
        ("Contact.LeadSource", "xsd:string"),
        ("Contact.Birthdate", "xsd:date"),
        ("Contact.CreatedDate", "xsd:dateTime"),
        ("Contact.IsDeleted", "xsd:boolean"),
        ("Account.NumberOfEmployees", "xsd:int"),
        ("Opportunity.Amount", "xsd:double"),
    ],
)
def test_a_field_has_the_soap_type_of_its_type(name: str, expected: str) -> None:
    assert expected == field(name).soap_type


def test_text_has_a_length_and_takes_three_bytes_a_character() -> None:
    last_name = field("Contact.LastName")
    assert (80, 240) == (last_name.length, last_name.byte_length)


def test_an_id_takes_a_byte_a_character() -> None:
    assert field("Contact.Id").byte_length == 18


def test_picklists_have_values_and_nothing_else_has() -> None:
    picklists = {f"{each.name}.{field.name}" for each, field in FIELDS if field.type == "picklist"}
    assert picklists == {f"{each.name}.{field.name}" for each, field in FIELDS if field.picklist}
