"""The metadata API at /services/Soap/m/NN.0, for one type: InboundCertificate, a Mutual Authentication Certificate.

An administrator's tools read there what is uploaded in Setup. The type and its fields are documented, and so is that it
exists from API 49.0 on, and only where mutual authentication is enabled. The words of the refusals are told by users.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cryptography import x509
from lxml import etree
from lxml.builder import ElementMaker

from sfmtls_nb.practice.api.call import Api, ApiCall
from sfmtls_nb.practice.api.envelope import ENV, Envelope, no_operation, read_envelope
from sfmtls_nb.practice.api.fault import fault_answer, wrong_method
from sfmtls_nb.practice.api.queries import text_of
from sfmtls_nb.practice.api.xml import legal, serialize
from sfmtls_nb.practice.data import eighteen, serial
from sfmtls_nb.practice.mutual import name_of
from sfmtls_nb.practice.refusal import RefusedError
from sfmtls_nb.practice.request import Answer, Request
from sfmtls_nb.practice.state import OrgState, User

NAMESPACE: Final = "http://soap.sforce.com/2006/04/metadata"
_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_PATH: Final = re.compile(r"/services/Soap/m/(\d{1,3})\.0(?:/\w*)?/?")
_TYPE: Final = "InboundCertificate"
_FIRST_VERSION: Final = 49
#: Queries of a listMetadata, and names of a readMetadata.
_MOST_QUERIES, _MOST_NAMES = 3, 10

_element: Final = ElementMaker(namespace=NAMESPACE, nsmap={None: NAMESPACE, "soapenv": ENV, "xsi": _XSI})


@dataclass(frozen=True, kw_only=True)
class MetadataCall(ApiCall):
    """A call, with its message."""

    envelope: Envelope

    def texts(self, path: str) -> list[str]:
        """Texts of the operation's elements of a path."""
        steps = "/".join(f"{{{NAMESPACE}}}{step}" for step in path.split("/"))
        return [(element.text or "").strip() for element in self.envelope.operation.iterfind(steps)]

    @property
    def as_of(self) -> float:
        """Version whose types are asked for: the message's own, or the one in the path."""
        try:
            return float(*self.texts("asOfVersion"))
        except (TypeError, ValueError):
            return float(self.version)


class MetadataApi(Api[MetadataCall]):
    """The API, on the state of the org."""

    def __init__(self, state: OrgState) -> None:
        super().__init__(state)
        self._operations: Mapping[str, Callable[[MetadataCall], Iterator[etree._Element]]] = {
            "describeMetadata": self._describe,
            "listMetadata": self._list,
            "readMetadata": self._read,
        }

    def serves(self, request: Request) -> bool:
        return request.path.startswith("/services/Soap/m/")

    def understand(self, request: Request) -> MetadataCall:
        if request.method != "POST":
            raise RefusedError("Client", "HTTP method not supported; use POST")
        envelope = read_envelope(request, _PATH, NAMESPACE)
        if not envelope.name:
            raise no_operation(envelope)
        if envelope.name not in self._operations:
            # [simulated] words
            raise RefusedError("INVALID_OPERATION", f"{envelope.name} is not simulated in this practice org")
        return MetadataCall(
            request=request,
            operation=envelope.name,
            version=envelope.version,
            session_id=envelope.header("SessionHeader/sessionId"),
            envelope=envelope,
        )

    def perform(self, call: MetadataCall, user: User | None) -> Answer:
        if user and not user.profile.modify_metadata:
            raise RefusedError(
                "INSUFFICIENT_ACCESS",
                "use of the Metadata API requires a user with the ModifyAllData or ModifyMetadata permissions",
            )
        answer = _element(f"{call.operation}Response", *self._operations[call.operation](call))
        env = ElementMaker(namespace=ENV, nsmap={"soapenv": ENV, None: NAMESPACE, "xsi": _XSI})
        return Answer(200, "text/xml; charset=utf-8", serialize(env.Envelope(env.Body(answer))))

    def refuse(self, refusal: RefusedError, request: Request, call: MetadataCall | None) -> Answer:
        if request.method != "POST":
            return wrong_method(refusal)
        return fault_answer(refusal, call.session_id if call else "", NAMESPACE)

    # ------------------------------------------------------------ operations: each gives the results

    def _describe(self, call: MetadataCall) -> Iterator[etree._Element]:
        kinds = []
        if self._state.feature_enabled and call.as_of >= _FIRST_VERSION:
            kinds.append(
                _described(
                    "metadataObjects",
                    directoryName="inboundCertificates",
                    inFolder=False,
                    metaFile=False,
                    suffix="inboundCertificate",
                    xmlName=_TYPE,
                )
            )
        rest = _described("result", organizationNamespace="", partialSaveAllowed=True, testRequired=False)
        yield _element.result(*kinds, *rest)

    def _list(self, call: MetadataCall) -> Iterator[etree._Element]:
        kinds = call.texts("queries/type")
        if len(kinds) > _MOST_QUERIES:
            raise RefusedError("LIMIT_EXCEEDED", f"at most {_MOST_QUERIES} queries")  # [simulated]
        for kind in kinds:
            _known(kind)
            if call.as_of < _FIRST_VERSION:
                raise RefusedError("INVALID_TYPE", f"Cannot use: {kind} in this version")
            if not self._state.feature_enabled:
                raise RefusedError("INVALID_TYPE", f"Cannot use: {kind} in this organization")
        for number, leaf in enumerate(self._state.uploaded_leaves if kinds else (), 1):
            yield self._properties(leaf, number)

    def _read(self, call: MetadataCall) -> Iterator[etree._Element]:
        names = call.texts("fullNames")
        if len(names) > _MOST_NAMES:
            raise RefusedError("LIMIT_EXCEEDED", f"at most {_MOST_NAMES} full names")  # [simulated]
        _known(*call.texts("type")[:1])
        if not self._state.feature_enabled or call.version < _FIRST_VERSION:
            raise RefusedError("INVALID_TYPE", "This type of metadata is not available for this organization")
        uploaded = {_full_name(leaf): leaf for leaf in self._state.uploaded_leaves}
        yield _element.result(*(_record(uploaded.get(name)) for name in names))

    def _properties(self, leaf: x509.Certificate, number: int) -> etree._Element:
        """Write FileProperties. [simulated]: who uploaded it, and when, for which its first day stands."""
        user, name = self._state.users[-1], _full_name(leaf)
        at: datetime = min(leaf.not_valid_before_utc, self._state.clock())
        return _described(
            "result",
            createdById=user.user_id,
            createdByName=user.full_name,
            createdDate=at,
            fileName=f"inboundCertificates/{name}.inboundCertificate",
            fullName=name,
            id=eighteen(f"0QS5f000000{serial(number)}"),
            lastModifiedById=user.user_id,
            lastModifiedByName=user.full_name,
            lastModifiedDate=at,
            type=_TYPE,
        )


def _known(kind: str = "") -> None:
    if kind != _TYPE:
        # What stands in brackets is [simulated]: Salesforce has hundreds of types.
        raise RefusedError("INVALID_TYPE", f"Unknown type:{kind} (this practice org has {_TYPE} alone)")


def _full_name(leaf: x509.Certificate) -> str:
    """Return a name that no other leaf has. [simulated]: in Setup one chooses it."""
    words = re.sub("[^A-Za-z0-9]+", "_", name_of(leaf)).strip("_")
    return f"{words[:30]}_{leaf.serial_number % 16**6:06x}"


def _record(leaf: x509.Certificate | None) -> etree._Element:
    """Write an InboundCertificate; nil where there is none. [simulated]: the forms of issuer, label and serial number."""
    if leaf is None:
        return _element.records({f"{{{_XSI}}}nil": "true"})
    record = _described(
        "records",
        fullName=_full_name(leaf),
        expirationDate=leaf.not_valid_after_utc.date(),
        issuer=leaf.issuer.rfc4514_string(),
        masterLabel=name_of(leaf)[:64],
        serialId=str(leaf.serial_number),
    )
    record.set(f"{{{_XSI}}}type", _TYPE)
    return record


def _described(name: str, **values: Any) -> etree._Element:
    return _element(name, *(_element(key, legal(text_of(value))) for key, value in values.items()))
