"""Recipes for records, as SQL over their number n, so that SQLite alone can make a million of them.

Nothing is random: `_dice` is arithmetic on the record's number and the seed, so contact 4,711 has the same name alone
or among a million, on every machine. Telephone numbers are the 555-01xx that nobody has; hosts are under .example
(RFC 2606).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from sfmtls_nb.practice.data.ids import ORGANIZATION_ID, eighteen
from sfmtls_nb.practice.data.invented import POOLS, PROFILES
from sfmtls_nb.practice.data.objects import SCHEMA

#: Invented users; the org's own are added to them.
INVENTED_USERS: Final = 12

_BASE_62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECKS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
#: First number in ids, so that they look like a grown org's: G3k00, below the PRACn of the org's own users.
_FIRST_ID: Final = 16 * 62**4 + 3 * 62**3 + 46 * 62**2
_PRIME: Final = 2**31 - 1
_THREE_YEARS: Final = 3 * 365 * 86_400


@dataclass(frozen=True)
class Recipe:
    """The SQL that makes the records of one object.

    lets: by name, values over r.n that several fields need. joins: by alias, the pool or object to look into, and the
    number of the row. fields: a field that is not there is null. Parameters: ``:seed`` of this object and ``:shared``
    by all; ``:now`` in seconds since 1970; ``:today`` as `date.toordinal` counts days; ``:live``, ``:accounts``,
    ``:contacts``, ``:users``: how many records of this object and of those are not deleted; the others come last.
    """

    fields: Mapping[str, str]
    lets: Mapping[str, str] = field(default_factory=dict)
    joins: Mapping[str, tuple[str, str]] = field(default_factory=dict)


# ---------------------------------------------------------------- SQL for one value


def _mixed(salt: str, of: str = "r.n", seed: str = ":seed") -> str:
    """Return SQL for a number from 0 to 2^31 - 2 that looks random, the same for the same record, salt and seed."""
    factor, shift = zlib.crc32(salt.encode()) | 1, zlib.crc32(salt[::-1].encode()) & 0xFFFFFF
    linear = f"(({of} * {factor} + {seed} * {shift}) % {_PRIME})"
    # Multiplied by a part of itself, or neighbours would all differ by the same step.
    return f"({linear} * ({linear} % 46337 + 7) % {_PRIME})"


def _dice(salt: str, sides: int | str) -> str:
    """Return SQL for a number from 0 to sides - 1; null where sides is 0."""
    return f"({_mixed(salt)} % {sides})"


def _share(salt: str) -> str:
    """Return SQL for a number from 0 to 1, the 1 excluded."""
    return f"({_mixed(salt)} * 1.0 / {_PRIME})"


def _pick(pool: str, salt: str = "") -> str:
    """Return SQL for a text from a pool."""
    number = _dice(f"{pool} {salt}", len(POOLS[pool]))
    return f'(SELECT pool.text FROM "{pool}" AS pool WHERE pool.n = {number})'  # noqa: S608  # of our own constants


def _mostly(percent: int, sql: str, salt: str) -> str:
    """Return SQL for a value in so many of a hundred records, and null in the rest."""
    return f"CASE WHEN {_dice(salt, 100)} < {percent} THEN {sql} END"


def _phone(salt: str) -> str:
    return f"printf('(%03d) 555-01%02d', 201 + {_dice(salt + 'area', 700)}, {_dice(salt + 'line', 100)})"


def id_of(sobject: str, n: str) -> str:
    """Return SQL for the 18-character id of record n of an object: `ids.eighteen`, in SQL.

    Prefix and instance are the same for all, so the checksum's first two characters are too.
    """
    start = f"{SCHEMA[sobject].key_prefix}5f00000"
    digits = [f"(({n} + {_FIRST_ID}) / {62**place} % 62)" for place in (4, 3, 2, 1, 0)]
    letters = " || ".join(f"substr('{_BASE_62}', {digit} + 1, 1)" for digit in digits)
    capitals = " + ".join(f"{1 << bit} * ({digit} BETWEEN 10 AND 35)" for bit, digit in enumerate(digits))
    return f"'{start}' || {letters} || '{eighteen(f'{start}00000')[15:17]}' || substr('{_CHECKS}', {capitals} + 1, 1)"


def _account_of(contact: str) -> str:
    """Return SQL for the number of a contact's account: four in a row share one; one group in nine has none."""
    group = f"(({contact} - 1) / 4)"
    return f"CASE WHEN {group} % 9 <> 5 THEN 1 + {_mixed('account', group, ':shared')} % :accounts END"


# ---------------------------------------------------------------- what all objects have in common

_LETS: Final = {"age": _share("age"), "change": _share("change")}
#: Cubed: most of it is recent, so that TODAY, YESTERDAY and LAST_N_DAYS:30 find something among few records.
_CREATED: Final = f"CAST(:now - {_THREE_YEARS} * r.age * r.age * r.age AS INTEGER)"
_MODIFIED: Final = f"CAST(:now - {_THREE_YEARS} * r.age * r.age * r.age * r.change AS INTEGER)"
_AUDIT: Final = {
    "CreatedDate": _CREATED,
    "CreatedById": "owner.Id",
    "LastModifiedDate": _MODIFIED,
    "LastModifiedById": "owner.Id",
    "SystemModstamp": _MODIFIED,
}
_COMMON: Final = {"IsDeleted": "r.n > :live", "OwnerId": "owner.Id", **_AUDIT}
_OWNER: Final = {"owner": ("User", f"1 + {_dice('owner', ':users')}")}
_PERSON: Final = {
    "first": ("first", _dice("first", len(POOLS["first"]))),
    "last": ("last", _dice("last", len(POOLS["last"]))),
}
_FULL_NAME: Final = "coalesce(first.text || ' ', '') || last.text"

#: Made and changed by the first user.
_BY_THE_FIRST: Final = {**_AUDIT, "CreatedById": id_of("User", "1"), "LastModifiedById": id_of("User", "1")}


def _each(values: Iterable[str]) -> str:
    """Return SQL for the nth of some texts, which have no quotes."""
    cases = (f"WHEN {number} THEN '{value}'" for number, value in enumerate(values, 1))
    return f"CASE r.n {' '.join(cases)} END"


#: The parts of an address.
_ADDRESS: Final = tuple(each.name for each in SCHEMA["Account"].fields if each.compound == "BillingAddress")

RECIPES: Final[Mapping[str, Recipe]] = {
    "User": Recipe(
        joins=_PERSON,
        lets=_LETS,
        fields={
            "Id": id_of("User", "r.n"),
            "Username": "first.plain || '.' || last.plain || '.' || r.n || '@practice.example'",
            "LastName": "last.text",
            "FirstName": "first.text",
            "Name": _FULL_NAME,
            "CompanyName": "'Practice Org (simulated)'",
            "Title": _mostly(80, _pick("title"), "no title"),
            "Department": _mostly(70, _pick("department"), "no department"),
            "Email": "first.plain || '.' || last.plain || '@practice.example'",
            "Phone": _mostly(60, _phone("user"), "no phone"),
            "Alias": "substr(first.plain, 1, 1) || substr(last.plain, 1, 5) || (r.n % 100)",
            "IsActive": "r.n % 6 <> 0",
            "TimeZoneSidKey": "'America/Los_Angeles'",
            "LocaleSidKey": "'en_US'",
            "LanguageLocaleKey": "'en_US'",
            "ProfileId": f"'{eighteen('00e5f00000PRAC2')}'",
            "UserType": "'Standard'",
            # The first user is the manager and the creator of all others.
            "ManagerId": f"CASE WHEN r.n > 1 THEN {id_of('User', '1')} END",
            "LastLoginDate": _mostly(90, _MODIFIED, "no login"),
            **_BY_THE_FIRST,
        },
    ),
    "Organization": Recipe(
        lets=_LETS,
        fields={
            "Id": f"'{eighteen(ORGANIZATION_ID)}'",
            "Name": "'Practice Org (simulated)'",
            "InstanceName": "'PRAC'",
            "IsSandbox": "0",
            "OrganizationType": "'Developer Edition'",
            "DefaultLocaleSidKey": "'en_US'",
            "LanguageLocaleKey": "'en_US'",
            "TimeZoneSidKey": "'America/Los_Angeles'",
            **_BY_THE_FIRST,
        },
    ),
    "Profile": Recipe(
        lets=_LETS,
        fields={
            "Id": _each(eighteen(f"00e5f00000PRAC{number}") for number in range(1, len(PROFILES) + 1)),
            "Name": _each(PROFILES),
            "UserType": "'Standard'",
            **_BY_THE_FIRST,
        },
    ),
    "Account": Recipe(
        lets=_LETS,
        joins={
            **_OWNER,
            # In turn, not at random: no company comes twice before all have come once.
            "company": ("company", f"(r.n * 20 + :seed) % {len(POOLS['company'])}"),
            "city": ("city", _dice("city", len(POOLS["city"]))),
        },
        fields={
            **_COMMON,
            "Id": id_of("Account", "r.n"),
            "Name": f"company.text || ' ' || {_pick('business')}",
            "Type": _mostly(85, _pick("Account.Type"), "no type"),
            # A tenth have one of the first as their parent.
            "ParentId": f"CASE WHEN r.n % 10 = 0 THEN {id_of('Account', '(r.n / 10)')} END",
            "BillingStreet": f"({_dice('house', 400)} + 1) || ' ' || {_pick('street')} || "
            f"CASE WHEN r.n % 4 = 0 THEN char(10) || 'Suite ' || (100 + {_dice('suite', 400)}) ELSE '' END",
            "BillingCity": "city.text",
            "BillingState": "city.state",
            "BillingPostalCode": "city.postal",
            "BillingCountry": "city.country",
            "BillingStateCode": "city.state_code",
            "BillingCountryCode": "city.country_code",
            "BillingLatitude": "city.lat",
            "BillingLongitude": "city.lon",
            "BillingGeocodeAccuracy": "CASE WHEN city.lat IS NOT NULL THEN 'City' END",
            "Phone": _phone("account"),
            "Fax": _mostly(20, _phone("fax"), "no fax"),
            "AccountNumber": "printf('AC-%06d', r.n)",
            "Website": "'https://' || company.plain || '.example'",
            "Industry": _mostly(90, _pick("Account.Industry"), "no industry"),
            "AnnualRevenue": _mostly(80, f"({_dice('revenue', 9_900)} + 100) * 10000.0", "no revenue"),
            "NumberOfEmployees": _mostly(85, f"{_dice('staff', 90)} * {_dice('size', 90)} + 1", "no staff"),
            "Description": _mostly(40, _pick("description"), "no description"),
        },
    ),
    "Contact": Recipe(
        lets={**_LETS, "account_n": _account_of("r.n")},
        joins={
            **_PERSON,
            **_OWNER,
            "account": ("Account", "r.account_n"),
            # A few have no first name.
            "first": ("first", f"CASE WHEN r.n % 31 <> 17 THEN {_dice('first', len(POOLS['first']))} END"),
        },
        fields={
            **_COMMON,
            "Id": id_of("Contact", "r.n"),
            "AccountId": "account.Id",
            "LastName": "last.text",
            "FirstName": "first.text",
            "Salutation": _mostly(60, _pick("Contact.Salutation"), "no salutation"),
            "Name": _FULL_NAME,
            **{name.replace("Billing", "Mailing"): f"account.{name}" for name in _ADDRESS},
            "Phone": _mostly(80, _phone("contact"), "no phone"),
            "MobilePhone": _mostly(50, _phone("mobile"), "no mobile"),
            # The first of the four with one account is the others' manager.
            "ReportsToId": "CASE WHEN r.n % 4 <> 1 AND r.account_n IS NOT NULL "
            f"THEN {id_of('Contact', '(r.n - (r.n - 1) % 4)')} END",
            "Email": _mostly(
                88,
                "coalesce(first.plain || '.', '') || last.plain || '@' || "
                "coalesce(substr(account.Website, 9), 'post.example')",
                "no email",
            ),
            "Title": _mostly(85, _pick("title"), "no title"),
            "Department": _mostly(70, _pick("department"), "no department"),
            "LeadSource": _mostly(75, _pick("Contact.LeadSource"), "no source"),
            "Birthdate": _mostly(55, f":today - 20 * 365 - {_dice('born', 16_000)}", "no birthdate"),
            "Description": _mostly(25, _pick("description"), "no description"),
            "HasOptedOutOfEmail": f"{_dice('opted out', 12)} = 0",
        },
    ),
    "Opportunity": Recipe(
        # About half are still open; three in five of the others are won.
        lets={**_LETS, "days": f"{_dice('close', 360)} - 200", "won": f"{_dice('won', 5)} < 3"},
        joins={
            **_OWNER,
            "account": ("Account", f"1 + {_dice('buyer', ':accounts')}"),
            "stage": ("Opportunity.StageName", f"CASE WHEN r.days < 0 THEN 5 - r.won ELSE {_dice('stage', 4)} END"),
        },
        fields={
            **_COMMON,
            "Id": id_of("Opportunity", "r.n"),
            "AccountId": _mostly(94, "account.Id", "no account"),
            "Name": f"account.Name || ' - ' || {_pick('deal')}",
            "Description": _mostly(20, _pick("description"), "no description"),
            "StageName": "stage.text",
            "Amount": _mostly(90, f"{_dice('amount', 25_000_000)} / 100.0", "no amount"),
            "Probability": "CASE stage.n WHEN 4 THEN 100.0 WHEN 5 THEN 0.0 ELSE (stage.n + 1) * 20.0 END",
            "CloseDate": ":today + r.days",
            "Type": _mostly(80, _pick("Opportunity.Type"), "no type"),
            "NextStep": _mostly(30, "'Call ' || account.Name", "no step"),
            "LeadSource": _mostly(70, _pick("Opportunity.LeadSource"), "no source"),
            "IsClosed": "stage.n >= 4",
            "IsWon": "stage.n = 4",
        },
    ),
    "Case": Recipe(
        lets={**_LETS, "contact_n": f"1 + {_dice('reporter', ':contacts')}"},
        joins={
            **_OWNER,
            "account": ("Account", _account_of("r.contact_n")),
            "status": ("Case.Status", _dice("status", 4)),
        },
        fields={
            **_COMMON,
            "Id": id_of("Case", "r.n"),
            "CaseNumber": "printf('%08d', 1000 + r.n)",
            "ContactId": id_of("Contact", "r.contact_n"),
            "AccountId": "account.Id",
            "Type": _mostly(70, _pick("Case.Type"), "no type"),
            "Status": "status.text",
            "Reason": _mostly(60, _pick("Case.Reason"), "no reason"),
            "Origin": _pick("Case.Origin"),
            "Subject": _mostly(96, _pick("subject"), "no subject"),
            "Priority": _pick("Case.Priority"),
            "Description": _mostly(60, _pick("description"), "no description"),
            "IsClosed": "status.n = 3",
            "ClosedDate": f"CASE status.n WHEN 3 THEN {_MODIFIED} END",
        },
    ),
    "Shipment__c": Recipe(
        lets=_LETS,
        joins={
            **_OWNER,
            "account": ("Account", f"1 + {_dice('receiver', ':accounts')}"),
            "status": ("Shipment__c.Status__c", _dice("status", 5)),
        },
        fields={
            **_COMMON,
            "Id": id_of("Shipment__c", "r.n"),
            "Name": "printf('SH-%06d', r.n)",
            "Destination__Latitude__s": "account.BillingLatitude",
            "Destination__Longitude__s": "account.BillingLongitude",
            "Account__c": _mostly(95, "account.Id", "no account"),
            "Carrier__c": _mostly(90, _pick("carrier"), "no carrier"),
            "Pieces__c": f"{_dice('pieces', 40)} + 1.0",
            "Weight__c": _mostly(92, f"({_dice('weight', 900_000)} + 50) / 1000.0", "no weight"),
            "Value__c": _mostly(85, f"{_dice('value', 4_000_000)} / 100.0", "no value"),
            "Insured__c": f"{_dice('insured', 3)} = 0",
            "Shipped_On__c": f"CASE WHEN status.n >= 2 THEN {_CREATED} / 86400 + 719163 END",
            "Delivered_At__c": f"CASE status.n WHEN 3 THEN {_MODIFIED} END",
            "Status__c": "status.text",
            "Tracking__c": "CASE WHEN status.n >= 2 THEN 'https://track.example/?id=' || r.n || '&lang=en' END",
        },
    ),
}
