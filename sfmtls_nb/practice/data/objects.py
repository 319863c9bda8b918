"""Objects: the sObjects that the practice org has.

Names, types, lengths and key prefixes of the standard objects are Salesforce's; Shipment__c is made up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from sfmtls_nb.practice.data.schema import ChildRelationship, Field, FieldType, SObject


def sobject(name: str) -> SObject | None:
    """Return the sObject of a name, whatever its case; None if there is none."""
    return _BY_LOWER_NAME.get(name.lower())


# ---------------------------------------------------------------- short forms for the table below


def _text(name: str, label: str, length: int, *, required: bool = False) -> Field:
    return Field(name, "string", label, length, nillable=not required)


def _name(name: str, label: str, length: int, *, auto_number: bool = False) -> Field:
    """Make the field that names a record: Name, and for a Case its number."""
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


def _profile(name: str, label: str, relationship: str, children: str) -> Field:
    return replace(_lookup(name, label, "Profile", relationship, children), nillable=False)


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


_ACCURACIES: Final = "Address; NearAddress; Block; Street; ExtendedZip; Zip; Neighborhood; City; County; State; Unknown"

_STATE_CODES: Final = "14; BY; CO; JA; NSW; OH; OR; SP; TX; VT"
_COUNTRY_CODES: Final = "AU; BR; DE; DK; FR; GB; IE; JP; MX; PL; US"


def _coordinate(name: str, label: str) -> Field:
    return _number("double", name, label, 18, 15)


def _address(prefix: str) -> tuple[Field, ...]:
    """Make an address and its parts, with the codes of an org that has state and country picklists."""
    parts = (
        _typed("textarea", f"{prefix}Street", f"{prefix} Street", 255),
        _text(f"{prefix}City", f"{prefix} City", 40),
        _text(f"{prefix}State", f"{prefix} State/Province", 80),
        _text(f"{prefix}PostalCode", f"{prefix} Zip/Postal Code", 20),
        _text(f"{prefix}Country", f"{prefix} Country", 80),
        _pick(f"{prefix}StateCode", f"{prefix} State/Province Code", _STATE_CODES),
        _pick(f"{prefix}CountryCode", f"{prefix} Country Code", _COUNTRY_CODES),
        _coordinate(f"{prefix}Latitude", f"{prefix} Latitude"),
        _coordinate(f"{prefix}Longitude", f"{prefix} Longitude"),
        _pick(f"{prefix}GeocodeAccuracy", f"{prefix} Geocode Accuracy", _ACCURACIES),
    )
    whole = f"{prefix}Address"
    names = sorted(part.name for part in parts)
    inner = {f"{name.removeprefix(prefix)[0].lower()}{name.removeprefix(prefix)[1:]}": name for name in names}
    return (
        *(replace(part, compound=whole) for part in parts),
        Field(whole, "address", f"{prefix} Address", parts=inner),
    )


def _location(name: str, label: str) -> tuple[Field, ...]:
    """Make a custom geolocation, Destination__c, and its parts, Destination__Latitude__s and the other."""
    stem, whole = name.removesuffix("__c"), name
    inner = {part.lower(): f"{stem}__{part}__s" for part in ("Latitude", "Longitude")}
    parts = (_coordinate(inner[part.lower()], f"{label} ({part})") for part in ("Latitude", "Longitude"))
    return (*(replace(part, compound=whole) for part in parts), Field(whole, "location", label, parts=inner))


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
            _profile("ProfileId", "Profile ID", "Profile", "Users"),
            _pick("UserType", "User Type", "Standard"),
            _lookup("ManagerId", "Manager ID", "User", "Manager"),
            _typed("datetime", "LastLoginDate", "Last Login"),
            *_AUDIT,
        ),
    ),
    SObject(
        "Organization",
        "Organization",
        "Organizations",
        "00D",
        (
            _ID,
            _name("Name", "Name", 80),
            _text("InstanceName", "Instance Name", 5),
            _flag("IsSandbox", "Is Sandbox"),
            _typed("datetime", "TrialExpirationDate", "Trial Expiration Date"),
            _text("NamespacePrefix", "Namespace Prefix", 15),
            _pick("OrganizationType", "Edition", "Developer Edition"),
            _pick("DefaultLocaleSidKey", "Locale", "en_US", required=True),
            _pick("LanguageLocaleKey", "Language", "en_US", required=True),
            _pick("TimeZoneSidKey", "Time Zone", "America/Los_Angeles", required=True),
            *_AUDIT,
        ),
    ),
    SObject(
        "Profile",
        "Profile",
        "Profile",
        "00e",
        (
            _ID,
            _name("Name", "Name", 255),
            _pick("UserType", "User Type", "Standard"),
            _text("Description", "Description", 255),
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
            *_location("Destination__c", "Destination"),
        ),
    ),
)


def _child_relationships(parent: str) -> Iterator[ChildRelationship]:
    for child in _ALL:
        for each in child.fields:
            if parent in each.reference_to:
                yield ChildRelationship(each.children_name, child.name, each.name)


#: The sObjects by name, in the order of a describeGlobal answer.
SCHEMA: Final[Mapping[str, SObject]] = {
    each.name: replace(each, child_relationships=tuple(_child_relationships(each.name)))
    for each in sorted(_ALL, key=lambda each: each.name)
}
_BY_LOWER_NAME: Final = {name.lower(): each for name, each in SCHEMA.items()}
