"""Verdict: what became of the client's certificate, in one line, with the message that proves it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from sfmtls_nb.handshake.kinds import ALERT
from sfmtls_nb.handshake.message import Message, Sender, starts
from sfmtls_nb.handshake.names import TLS_1_3

Kind = Literal["accepted", "refused", "unanswered", "not sent", "not asked", "ended", "unknown"]

#: What an alert says of the certificate that was sent (RFC 8446, 6.2).
_REFUSALS: Final = {
    "certificate_expired": "expired",
    "certificate_revoked": "revoked",
    "unknown_ca": "its chain leads to no root that the org accepts",
    "bad_certificate": "not acceptable, perhaps not valid yet",
    "unsupported_certificate": "not made for client authentication",
    "certificate_unknown": "the org does not say why",
    "handshake_failure": "the org does not say why",
    "access_denied": "valid, and not welcome",
    "decrypt_error": "the signature does not fit the certificate",
}
# close_notify, user_canceled and no_renegotiation end or refuse something else.
_NO_ERRORS: Final = frozenset({0, 90, 100})


@dataclass(frozen=True)
class Verdict:
    """What became of the client's certificate. proof: the message that shows it; None where that is a message that is missing."""

    kind: Kind
    text: str
    proof: Message | None = None

    def __str__(self) -> str:
        return self.text


def judge(messages: Sequence[Message], *, answered: bool = False, above: str = "") -> Verdict:
    """The verdict on a handshake, as far as it was recorded.

    answered: whether the server has sent data of the application. above: why the certificate, or that there was none, was
    refused in such data, as by the page "Certificate Error"; empty where it was not.
    """
    renewed = _renewed(messages)
    heard = _Heard(renewed or messages, answered and not any(map(_is_error, renewed)))
    if not messages:
        return Verdict("unknown", "the messages of this handshake were not recorded")
    if heard.ours and _alert(heard.ours) == "decode_error":  # as OpenSSL says too where the server hangs up
        return Verdict(
            "ended", "the handshake broke off: the client could not read what came, or nothing came", heard.ours
        )
    if heard.ours:
        return Verdict("ended", f"the client refused the org: {_alert(heard.ours)}; no certificate counts", heard.ours)
    if heard.asked is None:
        return _never_asked(heard)
    if heard.certificate is None and not heard.over:
        return Verdict(
            "ended",
            f"a certificate was asked for, and {_end(heard)} before one could be sent",
            heard.alert or heard.asked,
        )
    return _sent(heard, above) if heard.sent else _not_sent(heard, above)


def _renewed(messages: Sequence[Message]) -> Sequence[Message]:
    """The handshake that was made anew to ask for a certificate, as some servers do in TLS 1.2, once they know what is wanted."""
    again = (messages[start:] for start in reversed(starts(messages)[1:]))
    return next((each for each in again if any(message.name == "CertificateRequest" for message in each)), ())


class _Heard:
    """The messages that a verdict turns on; None for those that were not heard."""

    def __init__(self, messages: Sequence[Message], answered: bool) -> None:  # noqa: FBT001
        self.messages, self.answered = messages, answered
        self.asked = self.first("server", "CertificateRequest")
        self.certificate = self.first("client", "Certificate") or self.first("client", "CompressedCertificate")
        self.proven = self.first("client", "CertificateVerify")
        self.finished = self.first("client", "Finished")
        #: The server's word that it accepts what the client said, where there is one: in TLS 1.2 its Finished comes last.
        self.accepted = self._accepted()
        self.over = answered or self.accepted is not None
        alerts = [] if self.over else [message for message in messages if _is_error(message)]
        self.alert = next((message for message in alerts if message.sender == "server"), None)
        self.ours = next((message for message in alerts if message.sender == "client"), None)

    def first(self, sender: Sender, name: str) -> Message | None:
        found = (message for message in self.messages if message.sender == sender and message.name == name)
        return next(found, None)

    def _accepted(self) -> Message | None:
        if self.finished is None:
            return None
        later = self.messages[self.messages.index(self.finished) :]
        name = "NewSessionTicket" if self.finished.agreed.version == TLS_1_3 else "Finished"
        return next((message for message in later if message.sender == "server" and message.name == name), None)

    @property
    def sent(self) -> bool:
        """True if there is a certificate in the client's Certificate. In one that is compressed there is."""
        return self.certificate is not None and (
            self.certificate.name == "CompressedCertificate" or self.certificate.find("cert_data") is not None
        )


def _is_error(message: Message) -> bool:
    """In TLS 1.3 every alert is fatal but for a few, whatever its level says (RFC 8446, 6.2)."""
    if message.content_type != ALERT or len(message.raw) < 2:
        return False
    return message.raw[1] not in _NO_ERRORS and (message.raw[0] == 2 or message.agreed.version == TLS_1_3)


def _alert(message: Message) -> str:
    return message.meaning.rpartition(": ")[2]


def _end(heard: _Heard) -> str:
    return f"the org ended the handshake with {_alert(heard.alert)}" if heard.alert else "the connection ended"


def _never_asked(heard: _Heard) -> Verdict:
    turn = heard.first("server", "ServerHelloDone") or heard.first("server", "Finished")
    if heard.alert or turn is None:
        return Verdict("ended", f"{_end(heard)} before a certificate was asked for", heard.alert)
    return Verdict("not asked", "a certificate was not asked for", turn)


def _not_sent(heard: _Heard, above: str) -> Verdict:
    asked = "a certificate was asked for and not sent"
    if heard.alert:
        return Verdict("not sent", f"{asked}, and the org refused: {_alert(heard.alert)}", heard.alert)
    if above:
        return Verdict(
            "not sent", f"{asked}; TLS went on without it, and then the org refused: {above}", heard.certificate
        )
    return Verdict("not sent", f"{asked}{'; the org went on without it' if heard.over else ''}", heard.certificate)


def _sent(heard: _Heard, above: str) -> Verdict:
    sent = "your certificate was sent"
    if heard.alert:
        name = _alert(heard.alert)
        why = f"{_REFUSALS[name]} ({name})" if name in _REFUSALS else name
        return Verdict("refused", f"{sent}, and refused: {why}", heard.alert)
    if heard.proven is None:
        return Verdict("ended", f"{sent}, and {_end(heard)} before it was proven", heard.certificate)
    if above:
        return Verdict("refused", f"{sent} and proven, taken by TLS, and then refused: {above}", heard.proven)
    if heard.over:
        return Verdict("accepted", f"{sent}, proven, and accepted", heard.accepted or heard.proven)
    return Verdict("unanswered", f"{sent} and proven; the org has not said whether it accepts it", heard.proven)
