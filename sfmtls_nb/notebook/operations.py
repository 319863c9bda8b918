"""Operations: those of the partner API that can be called by hand, and their fields.

Names, types and order are those of the partner WSDL (64.0). What takes sObjects or other structures (create, update,
upsert, merge, process …) is left to XML, and so is login, which `sfmtls_nb.login` does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from lxml import etree

from sfmtls_nb.api import build_element
from sfmtls_nb.secret import Secret
from sfmtls_nb.xml import SECRET_ELEMENTS


class Field(NamedTuple):
    """A field of an operation. repeats: once for each value. optional: may be left out."""

    name: str
    type: str
    repeats: bool = False
    optional: bool = False

    @property
    def secret(self) -> bool:
        """True if its value is never shown: a password, a session id."""
        return self.name in SECRET_ELEMENTS or self.name == "sessionIds"


_SOBJECT: Final = Field("sObjectType", "string")
_SOBJECTS: Final = Field("sObjectType", "string", repeats=True, optional=True)
_SOQL: Final = Field("queryString", "string")
_USER: Final = Field("userId", "ID")
_IDS: Final = Field("ids", "ID", repeats=True)
_ANY_IDS: Final = Field("ids", "ID", repeats=True, optional=True)
_SPAN: Final = (_SOBJECT, Field("startDate", "dateTime"), Field("endDate", "dateTime"))

_TABLE: Final[tuple[tuple[str, str, tuple[Field, ...]], ...]] = (
    ("getUserInfo", "who the org thinks we are", ()),
    ("getServerTimestamp", "the org's clock", ()),
    ("describeGlobal", "which sObjects there are", ()),
    ("describeSObject", "the fields, parents and children of an sObject", (_SOBJECT,)),
    ("describeSObjects", "the same of up to 100 sObjects", (_SOBJECTS,)),
    ("describeTabs", "the apps of the user, and the tabs in them", ()),
    ("query", "the records that a SOQL query finds: the first page", (_SOQL,)),
    ("queryAll", "the same, deleted and archived records too", (_SOQL,)),
    ("queryMore", "the next page of a query", (Field("queryLocator", "QueryLocator"),)),
    ("search", "the records that a SOSL search finds", (Field("searchString", "string"),)),
    ("retrieve", "records by their ids", (Field("fieldList", "string"), _SOBJECT, _ANY_IDS)),
    ("getUpdated", "the ids of what was changed between two moments", _SPAN),
    ("getDeleted", "the ids of what was deleted between two moments", _SPAN),
    ("delete", "put records into the recycle bin", (_ANY_IDS,)),
    ("undelete", "take records out of the recycle bin", (_IDS,)),
    ("emptyRecycleBin", "delete records in the recycle bin for good", (_IDS,)),
    ("setPassword", "give a user this password", (_USER, Field("password", "string"))),
    (
        "changeOwnPassword",
        "change the password of who is signed in",
        (Field("oldPassword", "string"), Field("newPassword", "string")),
    ),
    ("resetPassword", "give a user a new, random password", (_USER,)),
    ("invalidateSessions", "end sessions by their ids", (Field("sessionIds", "string", repeats=True, optional=True),)),
    ("logout", "end this session", ()),
)

#: The fields of each operation, in the order of the WSDL.
OPERATIONS: Final[Mapping[str, tuple[Field, ...]]] = MappingProxyType({name: fields for name, _, fields in _TABLE})
#: The purpose of each operation, in a few words.
WHAT: Final[Mapping[str, str]] = MappingProxyType({name: what for name, what, _ in _TABLE})


def body_of(name: str, values: Mapping[str, Sequence[str | Secret]]) -> etree._Element:
    """The body of a call: an element for each value of each field. Raises NotSoapError for what is no XML."""
    body = build_element(name)
    for field, texts in values.items():
        for text in texts:
            body.append(build_element(name, {field: text})[0])
    return body
