"""Schema: the sObjects of the practice org and their fields, as plain values.

Names, types, lengths and key prefixes of the standard objects are Salesforce's; Shipment__c is made up. A describe
call and SOQL both answer from here, so that they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, get_args

FieldType = Literal[
    "id",
    "string",
    "boolean",
    "int",
    "double",
    "currency",
    "percent",
    "date",
    "datetime",
    "picklist",
    "reference",
    "email",
    "phone",
    "url",
    "textarea",
]
FIELD_TYPES: Final[tuple[FieldType, ...]] = get_args(FieldType)

#: Types whose values are text, compared without case.
TEXT_TYPES: Final = frozenset({"string", "picklist", "email", "phone", "url", "textarea"})
#: Types whose values are ids, compared with case.
ID_TYPES: Final = frozenset({"id", "reference"})
#: Types one can add up.
NUMBER_TYPES: Final = frozenset({"int", "double", "currency", "percent"})

_SOAP_TYPES: Final[Mapping[FieldType, str]] = MappingProxyType(
    {
        "id": "tns:ID",
        "reference": "tns:ID",
        "boolean": "xsd:boolean",
        "int": "xsd:int",
        "double": "xsd:double",
        "currency": "xsd:double",
        "percent": "xsd:double",
        "date": "xsd:date",
        "datetime": "xsd:dateTime",
    }
)
#: A textarea beyond this is a long one: it can be selected, but neither filtered nor sorted nor grouped.
_LONG: Final = 255


@dataclass(frozen=True)
class Field:
    """A field of an sObject, with what a describe call says of it.

    length: of text, in characters. digits: of an int; precision and scale: of the other numbers. For a reference:
    ``reference_to`` names the parents' objects, ``relationship_name`` is the way to the parent (``Account``), and
    ``children_name`` the parent's way back (``Contacts``), None where there is none.
    """

    name: str
    type: FieldType
    label: str
    length: int = 0
    nillable: bool = True
    picklist: tuple[str, ...] = ()
    digits: int = 0
    precision: int = 0
    scale: int = 0
    reference_to: tuple[str, ...] = ()
    relationship_name: str | None = None
    children_name: str | None = None
    name_field: bool = False
    auto_number: bool = False

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    @property
    def soap_type(self) -> str:
        return _SOAP_TYPES.get(self.type, "xsd:string")

    @property
    def byte_length(self) -> int:
        """Three bytes a character, as Salesforce reports it; ids are plain ASCII."""
        return self.length if self.type in ID_TYPES else self.length * 3

    @property
    def filterable(self) -> bool:
        return not (self.type == "textarea" and self.length > _LONG)

    @property
    def sortable(self) -> bool:
        return self.filterable

    @property
    def groupable(self) -> bool:
        # The object reference, under each standard field's "Properties": no Group for datetimes and decimals.
        return self.filterable and self.type not in {"datetime", "double", "currency", "percent"}

    @property
    def aggregatable(self) -> bool:
        return self.filterable and self.type != "boolean"


@dataclass(frozen=True)
class ChildRelationship:
    """The way from a parent to its children. name: None where SOQL cannot go it."""

    name: str | None
    sobject: str
    field: str


@dataclass(frozen=True)
class SObject:
    """An sObject type. Lookups by name ignore case, as Salesforce does, and answer None for what is not there."""

    name: str
    label: str
    label_plural: str
    key_prefix: str
    fields: tuple[Field, ...]

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    @property
    def child_relationships(self) -> tuple[ChildRelationship, ...]:
        return _CHILDREN[self.name]

    def field(self, name: str) -> Field | None:
        return _FIELDS[self.name].get(name.lower())

    def parent(self, relationship: str) -> Field | None:
        """The reference field behind a relationship such as ``Account``."""
        return _PARENTS[self.name].get(relationship.lower())

    def children(self, relationship: str) -> ChildRelationship | None:
        """The child relationship of a name such as ``Contacts``."""
        wanted = relationship.lower()
        return next((each for each in self.child_relationships if each.name and each.name.lower() == wanted), None)


def sobject(name: str) -> SObject | None:
    """The sObject of a name, whatever its case; None if there is none."""
    return _SOBJECTS.get(name.lower())


# ---------------------------------------------------------------- short forms for the tables below


def _text(name: str, label: str, length: int, *, required: bool = False) -> Field:
    return Field(name, "string", label, length, nillable=not required)


def _name(name: str, label: str, length: int, *, auto_number: bool = False) -> Field:
    """The field that names a record: Name, and for a Case its number."""
    return Field(name, "string", label, length, nillable=False, name_field=True, auto_number=auto_number)


def _long(name: str, label: str, length: int = 32_000) -> Field:
    return Field(name, "textarea", label, length)


def _pick(name: str, label: str, values: str, *, required: bool = False) -> Field:
    return Field(name, "picklist", label, 255, nillable=not required, picklist=tuple(values.split("; ")))


def _typed(kind: FieldType, name: str, label: str, length: int = 0, *, required: bool = False) -> Field:
    return Field(name, kind, label, length, nillable=not required)


def _flag(name: str, label: str) -> Field:
    return Field(name, "boolean", label, nillable=False)


def _number(kind: FieldType, name: str, label: str, precision: int, scale: int = 0) -> Field:
    return Field(name, kind, label, precision=precision, scale=scale)


def _int(name: str, label: str, digits: int) -> Field:
    return Field(name, "int", label, digits=digits)


def _lookup(name: str, label: str, to: str, relationship: str, children: str | None = None) -> Field:
    return Field(
        name, "reference", label, 18, reference_to=(to,), relationship_name=relationship, children_name=children
    )


def _user_lookup(name: str, label: str) -> Field:
    return Field(
        f"{name}Id",
        "reference",
        label,
        18,
        nillable=False,
        reference_to=("User",),
        relationship_name=name,
    )


_ID: Final = Field("Id", "id", "ID", 18, nillable=False)
_DELETED: Final = _flag("IsDeleted", "Deleted")
_OWNER: Final = _user_lookup("Owner", "Owner ID")
_AUDIT: Final = (
    Field("CreatedDate", "datetime", "Created Date", nillable=False),
    _user_lookup("CreatedBy", "Created By ID"),
    Field("LastModifiedDate", "datetime", "Last Modified Date", nillable=False),
    _user_lookup("LastModifiedBy", "Last Modified By ID"),
    Field("SystemModstamp", "datetime", "System Modstamp", nillable=False),
)
_LEAD_SOURCES: Final = "Web; Phone Inquiry; Partner Referral; Purchased List; Other"


def _address(prefix: str) -> tuple[Field, ...]:
    return (
        _typed("textarea", f"{prefix}Street", f"{prefix} Street", 255),
        _text(f"{prefix}City", f"{prefix} City", 40),
        _text(f"{prefix}State", f"{prefix} State/Province", 80),
        _text(f"{prefix}PostalCode", f"{prefix} Zip/Postal Code", 20),
        _text(f"{prefix}Country", f"{prefix} Country", 80),
    )


# ---------------------------------------------------------------- the objects

_ALL: Final = (
    SObject(
        "Account",
        "Account",
        "Accounts",
        "001",
        (
            _ID,
            _DELETED,
            _name("Name", "Account Name", 255),
            _pick("Type", "Account Type", "Prospect; Customer - Direct; Customer - Channel; Technology Partner; Other"),
            _lookup("ParentId", "Parent Account ID", "Account", "Parent", "ChildAccounts"),
            *_address("Billing"),
            _typed("phone", "Phone", "Account Phone", 40),
            _typed("phone", "Fax", "Account Fax", 40),
            _text("AccountNumber", "Account Number", 40),
            _typed("url", "Website", "Website", 255),
            _pick(
                "Industry",
                "Industry",
                "Agriculture; Apparel; Banking; Biotechnology; Construction; Consulting; Education; Electronics; "
                "Energy; Engineering; Food & Beverage; Healthcare; Hospitality; Insurance; Machinery; Retail; "
                "Shipping; Technology; Transportation; Utilities",
            ),
            _number("currency", "AnnualRevenue", "Annual Revenue", 18),
            _int("NumberOfEmployees", "Employees", 8),
            _long("Description", "Account Description"),
            _OWNER,
            *_AUDIT,
        ),
    ),
    SObject(
        "Contact",
        "Contact",
        "Contacts",
        "003",
        (
            _ID,
            _DELETED,
            _lookup("AccountId", "Account ID", "Account", "Account", "Contacts"),
            _text("LastName", "Last Name", 80, required=True),
            _text("FirstName", "First Name", 40),
            _pick("Salutation", "Salutation", "Mr.; Ms.; Mrs.; Dr.; Prof.; Mx."),
            _name("Name", "Full Name", 121),
            *_address("Mailing"),
            _typed("phone", "Phone", "Business Phone", 40),
            _typed("phone", "MobilePhone", "Mobile Phone", 40),
            _lookup("ReportsToId", "Reports To ID", "Contact", "ReportsTo"),
            _typed("email", "Email", "Email", 80),
            _text("Title", "Title", 128),
            _text("Department", "Department", 80),
            _pick("LeadSource", "Lead Source", _LEAD_SOURCES),
            _typed("date", "Birthdate", "Birthdate"),
            _long("Description", "Contact Description"),
            _flag("HasOptedOutOfEmail", "Email Opt Out"),
            _OWNER,
            *_AUDIT,
        ),
    ),
    SObject(
        "Opportunity",
        "Opportunity",
        "Opportunities",
        "006",
        (
            _ID,
            _DELETED,
            _lookup("AccountId", "Account ID", "Account", "Account", "Opportunities"),
            _name("Name", "Name", 120),
            _long("Description", "Description"),
            _pick(
                "StageName",
                "Stage",
                "Prospecting; Qualification; Proposal/Price Quote; Negotiation/Review; Closed Won; Closed Lost",
                required=True,
            ),
            _number("currency", "Amount", "Amount", 18, 2),
            _number("percent", "Probability", "Probability (%)", 3),
            _typed("date", "CloseDate", "Close Date", required=True),
            _pick("Type", "Opportunity Type", "Existing Business; New Business"),
            _text("NextStep", "Next Step", 255),
            _pick("LeadSource", "Lead Source", _LEAD_SOURCES),
            _flag("IsClosed", "Closed"),
            _flag("IsWon", "Won"),
            _OWNER,
            *_AUDIT,
        ),
    ),
    SObject(
        "Case",
        "Case",
        "Cases",
        "500",
        (
            _ID,
            _DELETED,
            _name("CaseNumber", "Case Number", 30, auto_number=True),
            _lookup("ContactId", "Contact ID", "Contact", "Contact", "Cases"),
            _lookup("AccountId", "Account ID", "Account", "Account", "Cases"),
            _pick("Type", "Case Type", "Mechanical; Electrical; Electronic; Structural; Other"),
            _pick("Status", "Status", "New; Working; Escalated; Closed", required=True),
            _pick("Reason", "Case Reason", "Installation; Equipment Complexity; Performance; Breakdown; Other"),
            _pick("Origin", "Case Origin", "Phone; Email; Web"),
            _text("Subject", "Subject", 255),
            _pick("Priority", "Priority", "High; Medium; Low"),
            _long("Description", "Description"),
            _flag("IsClosed", "Closed"),
            _typed("datetime", "ClosedDate", "Closed Date"),
            _OWNER,
            *_AUDIT,
        ),
    ),
    SObject(
        "User",
        "User",
        "Users",
        "005",
        (
            _ID,
            _text("Username", "Username", 80, required=True),
            _text("LastName", "Last Name", 80, required=True),
            _text("FirstName", "First Name", 40),
            _name("Name", "Full Name", 121),
            _text("CompanyName", "Company Name", 80),
            _text("Title", "Title", 80),
            _text("Department", "Department", 80),
            _typed("email", "Email", "Email", 128, required=True),
            _typed("phone", "Phone", "Phone", 40),
            _text("Alias", "Alias", 8, required=True),
            _flag("IsActive", "Active"),
            _pick("TimeZoneSidKey", "Time Zone", "America/Los_Angeles; Europe/Paris; Asia/Tokyo; GMT", required=True),
            _pick("LocaleSidKey", "Locale", "en_US; fr_FR; ja_JP", required=True),
            _pick("LanguageLocaleKey", "Language", "en_US; fr; ja", required=True),
            # No relationship: this org has no Profile object to go to.
            Field("ProfileId", "reference", "Profile ID", 18, nillable=False, reference_to=("Profile",)),
            _pick("UserType", "User Type", "Standard"),
            _lookup("ManagerId", "Manager ID", "User", "Manager"),
            _typed("datetime", "LastLoginDate", "Last Login"),
            *_AUDIT,
        ),
    ),
    SObject(
        "Shipment__c",
        "Shipment",
        "Shipments",
        "a00",
        (
            _ID,
            _OWNER,
            _DELETED,
            _name("Name", "Shipment Number", 80, auto_number=True),
            *_AUDIT,
            _lookup("Account__c", "Account", "Account", "Account__r", "Shipments__r"),
            _text("Carrier__c", "Carrier", 80),
            _number("double", "Pieces__c", "Pieces", 6),
            _number("double", "Weight__c", "Weight (kg)", 10, 3),
            _number("currency", "Value__c", "Declared Value", 18, 2),
            _flag("Insured__c", "Insured"),
            _typed("date", "Shipped_On__c", "Shipped On"),
            _typed("datetime", "Delivered_At__c", "Delivered At"),
            _pick("Status__c", "Status", "Draft; Packed; In Transit; Delivered; Lost"),
            _typed("url", "Tracking__c", "Tracking", 255),
        ),
    ),
)


def _child_relationships(parent: str) -> Iterable[ChildRelationship]:
    for child in _ALL:
        for each in child.fields:
            if parent in each.reference_to:
                yield ChildRelationship(each.children_name, child.name, each.name)


#: The sObjects by name, in the order of a describeGlobal answer.
SCHEMA: Final[Mapping[str, SObject]] = MappingProxyType(
    {each.name: each for each in sorted(_ALL, key=lambda s: s.name)}
)

_SOBJECTS: Final = {name.lower(): each for name, each in SCHEMA.items()}
_FIELDS: Final = {each.name: {field.name.lower(): field for field in each.fields} for each in _ALL}
_PARENTS: Final = {
    each.name: {field.relationship_name.lower(): field for field in each.fields if field.relationship_name}
    for each in _ALL
}
_CHILDREN: Final = {each.name: tuple(_child_relationships(each.name)) for each in _ALL}
