"""Describe: the schema in the words of describeGlobal and describeSObject, as plain values.

SOAP and REST answer the same values, as far as their version has them (`wsdl`). Keys are in the order of the partner
WSDL, which is the order of ASCII. A key whose value is None is nil in XML if it is `NILLABLE` there, and left out otherwise;
REST writes null.
"""

from __future__ import annotations

from typing import Any, Final

from sfmtls_nb.practice.api.layouts import MASTER
from sfmtls_nb.practice.data import COMPOUND_TYPES, ID_TYPES, SCHEMA, TEXT_TYPES, ChildRelationship, Field, SObject

Described = dict[str, Any]

_ENCODING: Final = "UTF-8"
_MAX_BATCH_SIZE: Final = 200
#: Types of the fields by which a record can be found (``idLookup``).
_ID_LOOKUPS: Final = frozenset({"id", "email"})


def describe_global() -> Described:
    """Return a DescribeGlobalResult: every sObject, without its fields."""
    return {
        "encoding": _ENCODING,
        "maxBatchSize": _MAX_BATCH_SIZE,
        "sobjects": [describe_briefly(each) for each in SCHEMA.values()],
    }


def describe_briefly(sobject: SObject) -> Described:
    """Return a DescribeGlobalSObjectResult: one sObject without its fields. In a read-only org nothing is updateable."""
    return {
        "activateable": False,
        "associateEntityType": None,
        "associateParentEntity": None,
        "createable": False,
        "custom": sobject.custom,
        "customSetting": False,
        "deepCloneable": False,
        "deletable": False,
        "deprecatedAndHidden": False,
        "feedEnabled": False,
        "hasSubtypes": False,
        "idEnabled": False,
        "isInterface": False,
        "isSubtype": False,
        "keyPrefix": sobject.key_prefix,
        "label": sobject.label,
        "labelPlural": sobject.label_plural,
        "layoutable": True,
        "mergeable": False,
        "mruEnabled": False,
        "name": sobject.name,
        "queryable": True,
        "replicateable": True,
        "retrieveable": True,
        "searchable": False,
        "triggerable": False,
        "undeletable": False,
        "updateable": False,
    }


def describe_sobject(sobject: SObject) -> Described:
    """Return a DescribeSObjectResult: one sObject with its fields and child relationships."""
    described = describe_briefly(sobject) | {
        "childRelationships": [_child_relationship(each) for each in sobject.child_relationships],
        "compactLayoutable": False,
        "defaultImplementation": None,
        "extendedBy": None,
        "extendsInterfaces": None,
        "fields": [describe_field(each) for each in sobject.fields],
        "implementedBy": None,
        "implementsInterfaces": None,
        "networkScopeFieldName": None,
        "recordTypeInfos": [
            {
                "active": True,
                "available": True,
                "defaultRecordTypeMapping": True,
                "developerName": "Master",
                "master": True,
                "name": "Master",
                "recordTypeId": MASTER,
            }
        ],
        "searchLayoutable": False,
        "supportedScopes": [{"label": f"All {sobject.label_plural.lower()}", "name": "everything"}],
        # [simulated] This org has no pages.
        "urlDetail": None,
        "urlEdit": None,
        "urlNew": None,
    }
    return dict(sorted(described.items()))


def describe_field(field: Field) -> Described:
    """Return one field of a DescribeSObjectResult."""
    return {
        "aggregatable": field.aggregatable,
        "aiPredictionField": False,
        "autoNumber": field.auto_number,
        "byteLength": field.byte_length,
        "calculated": False,
        "calculatedFormula": None,
        "cascadeDelete": False,
        "caseSensitive": False,
        "compoundFieldName": field.compound,
        "controllerName": None,
        "createable": False,
        "custom": field.custom,
        "defaultValue": None,
        "defaultValueFormula": None,
        "defaultedOnCreate": field.type in {"id", "boolean"} or field.auto_number,
        "dependentPicklist": False,
        "deprecatedAndHidden": False,
        "digits": field.digits,
        "externalId": False,
        "filterable": field.filterable,
        "groupable": field.groupable,
        "htmlFormatted": False,
        "idLookup": field.type in _ID_LOOKUPS or field.auto_number,
        "inlineHelpText": None,
        "label": field.label,
        "length": field.length,
        "name": field.name,
        "nameField": field.name_field,
        "namePointing": False,
        "nillable": field.nillable,
        "permissionable": field.nillable and field.type not in ID_TYPES and not field.compound,
        "picklistValues": [
            {"active": True, "defaultValue": False, "label": value, "validFor": None, "value": value}
            for value in field.picklist
        ],
        "polymorphicForeignKey": False,
        "precision": field.precision,
        "queryByDistance": field.type in COMPOUND_TYPES,
        "referenceTargetField": None,
        "referenceTo": list(field.reference_to),
        "relationshipName": field.relationship_name,
        "relationshipOrder": None,
        "restrictedDelete": False,
        "restrictedPicklist": False,
        "scale": field.scale,
        "searchPrefilterable": field.type in TEXT_TYPES and field.name_field,
        "soapType": field.soap_type,
        "sortable": field.sortable,
        "type": field.type,
        "unique": False,
        "updateable": False,
    }


def _child_relationship(relationship: ChildRelationship) -> Described:
    return {
        "cascadeDelete": False,
        "childSObject": relationship.sobject,
        "deprecatedAndHidden": False,
        "field": relationship.field,
        "junctionIdListNames": [],
        "junctionReferenceTo": [],
        "relationshipName": relationship.name,
        "restrictedDelete": False,
    }
