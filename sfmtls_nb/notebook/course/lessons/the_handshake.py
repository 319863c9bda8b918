"""The exercises of “The handshake”, and the four recordings that one of them reads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final, cast
from urllib.parse import urlsplit

from cryptography.x509 import load_der_x509_certificate
from cryptography.x509.oid import ExtendedKeyUsageOID

from sfmtls_nb.api import Reply
from sfmtls_nb.certificates import ClientIdentity, common_name
from sfmtls_nb.connection import Transport
from sfmtls_nb.errors import HandshakeError
from sfmtls_nb.handshake import Handshake, Message
from sfmtls_nb.notebook.both_ends import BothEnds
from sfmtls_nb.notebook.course.exercises import Exercise, Point, Work, is_text
from sfmtls_nb.org import Org
from sfmtls_nb.practice import PracticeOrg

_FATES: Final = ("accepted", "not asked", "not sent", "refused")


def recorded(practice: PracticeOrg) -> dict[str, Handshake]:
    """The handshakes of four programs with the practice org, by letter: each certificate has another fate."""
    mutual, api, strict = practice.mutual_url, practice.api_url, practice.strict_url
    return {
        "a": _recorded(practice, mutual, None),
        "b": _recorded(practice, strict, _program(practice, "payroll", days=-2)),
        "c": _recorded(practice, mutual, _program(practice, "reports", days=90)),
        "d": _recorded(practice, api, _program(practice, "billing", days=90)),
    }


def _program(practice: PracticeOrg, name: str, days: int) -> ClientIdentity:
    """A program's identity, whose leaf ends in so many days."""
    host = f"{name}.practice.example"
    issuing, policy = practice.authority.client.intermediates
    leaf = practice.authority.issue(
        host, issuing, names=[host], purposes=[ExtendedKeyUsageOID.CLIENT_AUTH], starts=timedelta(days=-30), days=days
    )
    return ClientIdentity.load(leaf.key_pem, *(each.certificate_pem for each in (leaf, issuing, policy)))


def _recorded(practice: PracticeOrg, door: str, identity: ClientIdentity | None) -> Handshake:
    org = Org(**practice.endpoints | {"mutual_port": urlsplit(door).port})
    with Transport(org, identity) as transport:
        request = transport.prepare("GET", f"{door}/services/data", {})
        try:
            exchange = transport.send(request)
        except HandshakeError as error:
            exchange = cast("Any", error.exchange)
    return cast("Handshake", exchange.handshake)


# ---------------------------------------------------------------- the exercises


def _handshake_in(value: object) -> Handshake | None:
    """The handshake in whatever a learner keeps of a connection."""
    if isinstance(value, Reply):
        return value.exchange.handshake
    return value.handshake if isinstance(value, BothEnds) else value if isinstance(value, Handshake) else None


def _the_question(work: Work) -> Iterator[Point]:
    handshake = _handshake_in(work.value("mine"))
    asked = handshake.first("CertificateRequest") if handshake else None
    yield Point(
        asked is not None,
        "mine has a handshake in which a certificate is asked for",
        "mine is not there yet, or is no reply: --out mine keeps one"
        if handshake is None
        else "nobody asks for a certificate in mine: the call has to go to 8443, with a certificate chosen",
    )
    if handshake is None or asked is None:
        return
    number = work.value("number")
    right = handshake.messages.index(asked) + 1
    yield Point(
        isinstance(number, int) and number == right,
        f"number: message {right} asks",
        "number is not set yet" if number is None else f"number: that is not the message that asks in mine: {number!r}",
    )
    wire = work.value("wire")
    yield Point(
        isinstance(wire, bytes) and wire == asked.raw,
        f"wire: its {len(asked.raw)} bytes, the first of them 0d",
        "wire is not set yet" if wire is None else "wire: those are not the bytes of that message",
    )


def _four_recordings(work: Work) -> Iterator[Point]:
    recordings = cast("dict[str, Handshake]", work.named("recordings", dict) or {})
    yield Point(
        bool(recordings), "the recordings are there", "run the first cell of the exercise: it makes the recordings"
    )
    fate = cast("dict[str, Any]", work.named("fate", dict) or {})
    for letter, recording in recordings.items():
        said = fate.get(letter)
        yield Point(
            is_text(said, recording.verdict.kind),
            f"{letter}: {recording.verdict.text}",
            f'{letter}: fate["{letter}"] is missing'
            if said is None
            else f"{letter}: it was not {said!r}"
            if said in _FATES
            else f"{letter}: it is to be one of {', '.join(_FATES)}",
        )
    whose = work.value("whose")
    refused = [_shown_by(each) for each in recordings.values() if each.verdict.kind == "refused"]
    yield Point(
        any(is_text(whose, name) for name in refused),
        f"and the one that was refused is {whose}",
        "whose: the name of the one that was refused is missing"
        if whose is None
        else "whose: that is not the name on the leaf that was refused",
    )


def _shown_by(handshake: Handshake) -> str:
    """The name on the leaf that the client sent."""
    return common_name(load_der_x509_certificate(handshake.chain("client")[0]))


def _overheard(work: Work) -> Iterator[Point]:
    for name, readable in (("overheard", True), ("hidden", False)):
        handshake = _handshake_in(work.value(name))
        sent = _sent(handshake)
        yield Point(
            sent is not None and sent.encrypted is not readable,
            f"{name}: in {handshake.version} your Certificate is {'readable' if readable else 'encrypted'}"
            if handshake
            else "",
            f"{name} is not there yet, or is no handshake: --out {name} keeps one"
            if handshake is None
            else f"{name}: no certificate was sent in it"
            if sent is None
            else f"{name}: there your Certificate is {'encrypted' if readable else 'readable for anyone'}",
        )


def _sent(handshake: Handshake | None) -> Message | None:
    """The message with the client's certificate, if there is one in it."""
    return handshake.first("Certificate", "client") if handshake and handshake.chain("client") else None


EXERCISES: Final[tuple[Exercise, ...]] = (
    Exercise(
        "the question on the wire",
        _the_question,
        (
            "The handshake of a reply is reply.exchange.handshake; its messages are a tuple, and each has a name.",
            'handshake.first("CertificateRequest") is the message; messages.index(…) counts from 0; raw has the bytes.',
            "%sf_soap getUserInfo --out mine, then number = mine.exchange.handshake.messages.index(asked) + 1, wire = asked.raw",
        ),
    ),
    Exercise(
        "four recordings",
        _four_recordings,
        (
            "Look at the violet lines of each: is there a CertificateRequest, what follows it, is there an alert?",
            "The verdict of a handshake has a kind. The one with the alert was refused; open its client's Certificate.",
            "fate = {letter: each.verdict.kind for letter, each in recordings.items()}; "
            'recordings["b"].first("Certificate", "client").meaning has the name.',
        ),
    ),
    Exercise(
        "what can be overheard",
        _overheard,
        (
            "Section 4: in which version does the line of your Certificate have one stroke, and in which two?",
            "%sf_handshake {practice.mutual_url} --tls 1.2 --out overheard; and the certificate has to be chosen: %sf_identity.",
            "The same with --tls 1.3 --out hidden.",
        ),
    ),
)
