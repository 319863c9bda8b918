"""Layouts and tabs, as far as a client wants to see one: an object's fields in a single column. [simulated] throughout."""

from __future__ import annotations

from typing import Any, Final

from sfmtls_nb.practice.data import SCHEMA, SObject, eighteen

#: The master record type, which every object without record types has.
MASTER: Final = "012000000000000AAA"


def describe_layout(sobject: SObject) -> dict[str, Any]:
    """Return a DescribeLayoutResult: one layout, of one section, for the master record type."""
    layout_id = eighteen(f"00h5f00000PRAC{list(SCHEMA).index(sobject.name) + 1}")
    section = {
        "collapsed": False,
        "columns": 1,
        "heading": f"{sobject.label} Information",
        "layoutRows": [
            {"layoutItems": [_item(number, field.name, field.label)], "numItems": 1}
            for number, field in enumerate(sobject.fields, 1)
        ],
        "layoutSectionId": None,
        "parentLayoutId": layout_id,
        "rows": len(sobject.fields),
        "tabOrder": "LeftToRight",
        "useCollapsibleSection": False,
        "useHeading": True,
    }
    mapping = {
        "active": True,
        "available": True,
        "defaultRecordTypeMapping": True,
        "developerName": "Master",
        "layoutId": layout_id,
        "master": True,
        "name": "Master",
        "picklistsForRecordType": [
            {"picklistName": field.name, "picklistValues": [_picklist_entry(value) for value in field.picklist]}
            for field in sobject.fields
            if field.picklist
        ],
        "recordTypeId": MASTER,
    }
    return {
        "layouts": [{"detailLayoutSections": [section], "id": layout_id}],
        "recordTypeMappings": [mapping],
        "recordTypeSelectorRequired": False,
    }


def describe_tabs(server: str) -> dict[str, Any]:
    """Return a DescribeTabSetResult: one app, with a tab for each object. server: scheme and host of the org."""
    return {
        "description": "",
        "label": "Practice",
        "logoUrl": f"{server}/img/practice.png",
        "selected": True,
        "tabSetId": eighteen("02u5f00000PRAC1"),
        "tabs": [_tab(server, each) for each in SCHEMA.values()],
    }


def _tab(server: str, sobject: SObject) -> dict[str, Any]:
    return {
        "custom": sobject.custom,
        "iconUrl": f"{server}/img/icon/32.png",
        "label": sobject.label_plural,
        "miniIconUrl": f"{server}/img/icon/16.png",
        "name": f"standard-{sobject.name}" if not sobject.custom else sobject.name,
        "sobjectName": sobject.name,
        "url": f"{server}/{sobject.key_prefix}/o",
    }


def _item(number: int, name: str, label: str) -> dict[str, Any]:
    component = {"displayLines": 1, "tabOrder": number, "type": "Field", "value": name}
    return {
        "editableForNew": False,
        "editableForUpdate": False,
        "label": label,
        "layoutComponents": [component],
        "placeholder": False,
        "required": False,
    }


def _picklist_entry(value: str) -> dict[str, Any]:
    return {"active": True, "defaultValue": False, "label": value, "validFor": None, "value": value}
