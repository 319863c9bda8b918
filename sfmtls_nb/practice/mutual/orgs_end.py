"""OrgsEnd: the org's own end of a TLS handshake, step by step, and what it concluded from it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from OpenSSL import SSL

from sfmtls_nb.practice.request import Listener

#: OpenSSL's word for a client that was to show a certificate, and showed none.
_NONE_SHOWN: Final = "peer did not return a certificate"
#: Characters kept of a name, which the client has chosen.
_MOST_OF_A_NAME: Final = 200


class Step(NamedTuple):
    """One message that the org read or wrote. after: milliseconds since the connection was accepted.

    message: as RFC 8446 and RFC 5246 name it, such as ``CertificateRequest``. alert: what an ``Alert`` says, such as
    ``certificate_expired``.
    """

    after: float
    direction: Literal["read", "wrote"]
    message: str
    alert: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.direction, self.message, self.alert)))


class Shown(NamedTuple):
    """A certificate that the client presented: its common name, and its SHA-256 as hex."""

    name: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class OrgsEnd:
    """The org's end of a handshake. It holds no secret. Whose certificate it is, is judged with each call: see its events.

    began: when the connection was accepted, in UTC.
    version, suite: as OpenSSL names them; empty where none was agreed on. certificates: those presented, leaf first; of
    a chain that the strict listener refused, the one that OpenSSL stopped at, since it gives no other.
    conclusion: ``accepted``; ``no certificate asked for`` (443); ``no certificate presented``; ``refused: REASON`` inside
    TLS; ``refused in HTTP: REASON``, by the page; ``ended by the client: ALERT``; or ``failed: REASON``. The reasons are
    OpenSSL's words.
    """

    began: datetime
    steps: tuple[Step, ...]
    version: str
    suite: str
    certificates: tuple[Shown, ...]
    conclusion: str

    def __str__(self) -> str:
        lines = [f"{step.after:8.2f} ms  {step}" for step in self.steps]
        return "\n".join([f"{self.version or 'no version'} {self.suite}".strip(), *lines, self.conclusion])


class Recording:
    """The recording of one connection's handshake, while it goes on: OpenSSL's callbacks write into it.

    peer: the client's host and port. error: why the handshake failed; "" if it did not. chain: what the client sent.
    """

    def __init__(self, listener: Listener, peer: tuple[str, int]) -> None:
        self.listener, self.peer = listener, peer
        self.chain: tuple[x509.Certificate, ...] = ()
        self.error = ""
        self._began, self._clock = datetime.now(UTC), time.perf_counter()
        self._steps: list[Step] = []
        self._version = self._suite = self._refusal = ""

    def state(self, connection: SSL.Connection, where: int, value: int) -> None:
        """Note a change of OpenSSL's state machine, or an alert."""
        if where & SSL.SSL_CB_ALERT:
            direction: Literal["read", "wrote"] = "read" if where & SSL.SSL_CB_READ else "wrote"
            number = value & 0xFF  # above it stands the level
            self._note(direction, "Alert", _ALERTS.get(number, f"alert {number}"))
        elif where & SSL.SSL_CB_LOOP and (step := _STATES.get(connection.get_state_string())):
            self._note(*step)

    def verdict(self, certificate: x509.Certificate, error: int) -> None:
        """Note OpenSSL's verdict on one certificate of a chain: the number of the error, or 0."""
        self._note("read", "Certificate")  # where it is refused, no state says so
        if error and not self._refusal:
            self._refusal, self.chain = _FLAWS.get(error, f"verification error {error}"), (certificate,)

    def end(self, connection: SSL.Connection, chain: Sequence[x509.Certificate] = (), error: str = "") -> None:
        """End the recording: the handshake is over, or has failed. What comes later is not noted."""
        connection.set_app_data(None)
        self.error = error
        if not error:
            self.chain = tuple(chain)
        # Before the ServerHello OpenSSL names the newest version that it has.
        if any(step.message == "ServerHello" for step in self._steps):
            self._version, self._suite = connection.get_protocol_version_name(), connection.get_cipher_name() or ""

    def orgs_end(self, flaw: str | None) -> OrgsEnd:
        """Return what was recorded. flaw: why the chain is not valid, as HTTP will judge it; None if it is."""
        certificates = tuple(Shown(name_of(each), each.fingerprint(hashes.SHA256()).hex()) for each in self.chain)
        return OrgsEnd(
            self._began, tuple(self._named()), self._version, self._suite, certificates, self._conclusion(flaw)
        )

    def _note(self, direction: Literal["read", "wrote"], message: str, alert: str = "") -> None:
        # OpenSSL names a state again when it turns from writing to reading. Tickets are really two.
        again = self._steps and self._steps[-1][1:] == (direction, message, alert) and message != "NewSessionTicket"
        if not again:
            self._steps.append(Step((time.perf_counter() - self._clock) * 1000, direction, message, alert))

    def _named(self) -> list[Step]:
        """Return the steps; a ServerHello that a second ClientHello answers is a HelloRetryRequest (RFC 8446, 4.1.4)."""
        hellos = [number for number, step in enumerate(self._steps) if step.message.endswith("Hello")]
        steps = list(self._steps)
        if len(hellos) > 2:
            steps[hellos[1]] = steps[hellos[1]]._replace(message="HelloRetryRequest")
        return steps

    def _conclusion(self, flaw: str | None) -> str:
        if self._refusal:
            return f"refused: {self._refusal}"
        if self.error == _NONE_SHOWN:
            return "refused: no certificate presented"
        if self.error:
            read = [step.alert for step in self._steps if (step.direction, step.message) == ("read", "Alert")]
            return f"ended by the client: {read[-1]}" if read else f"failed: {self.error}"
        if self.listener is Listener.API:
            return "no certificate asked for"
        if not self.chain:
            return "no certificate presented"
        return f"refused in HTTP: {flaw}" if flaw else "accepted"


def name_of(certificate: x509.Certificate) -> str:
    """Return the subject's common name, or the whole subject where there is none; of what is very long, the beginning."""
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return (str(names[0].value) if names else certificate.subject.rfc4514_string())[:_MOST_OF_A_NAME]


#: OpenSSL's names of a server's states, as the messages that they stand for.
_STATES: Final[dict[bytes, tuple[Literal["read", "wrote"], str]]] = {
    b"SSLv3/TLS read client hello": ("read", "ClientHello"),
    b"SSLv3/TLS write server hello": ("wrote", "ServerHello"),
    b"SSLv3/TLS write change cipher spec": ("wrote", "ChangeCipherSpec"),
    b"TLSv1.3 write encrypted extensions": ("wrote", "EncryptedExtensions"),
    b"SSLv3/TLS write certificate request": ("wrote", "CertificateRequest"),
    b"SSLv3/TLS write certificate": ("wrote", "Certificate"),
    b"TLSv1.3 write server certificate verify": ("wrote", "CertificateVerify"),
    b"SSLv3/TLS write key exchange": ("wrote", "ServerKeyExchange"),
    b"SSLv3/TLS write server done": ("wrote", "ServerHelloDone"),
    b"SSLv3/TLS read client certificate": ("read", "Certificate"),
    b"SSLv3/TLS read client key exchange": ("read", "ClientKeyExchange"),
    b"SSLv3/TLS read certificate verify": ("read", "CertificateVerify"),
    b"SSLv3/TLS read change cipher spec": ("read", "ChangeCipherSpec"),
    b"SSLv3/TLS read finished": ("read", "Finished"),
    b"SSLv3/TLS write finished": ("wrote", "Finished"),
    b"SSLv3/TLS write session ticket": ("wrote", "NewSessionTicket"),
}

#: RFC 8446, 6; RFC 5246, 7.2.
_ALERTS: Final = {
    0: "close_notify",
    10: "unexpected_message",
    20: "bad_record_mac",
    22: "record_overflow",
    40: "handshake_failure",
    42: "bad_certificate",
    43: "unsupported_certificate",
    44: "certificate_revoked",
    45: "certificate_expired",
    46: "certificate_unknown",
    47: "illegal_parameter",
    48: "unknown_ca",
    49: "access_denied",
    50: "decode_error",
    51: "decrypt_error",
    70: "protocol_version",
    71: "insufficient_security",
    80: "internal_error",
    86: "inappropriate_fallback",
    90: "user_canceled",
    109: "missing_extension",
    110: "unsupported_extension",
    112: "unrecognized_name",
    113: "bad_certificate_status_response",
    115: "unknown_psk_identity",
    116: "certificate_required",
    120: "no_application_protocol",
}

#: OpenSSL's errors of verification, in its own words (X509_verify_cert_error_string, which pyOpenSSL has not).
_FLAWS: Final = {
    2: "unable to get issuer certificate",
    7: "certificate signature failure",
    9: "certificate is not yet valid",
    10: "certificate has expired",
    18: "self-signed certificate",
    19: "self-signed certificate in certificate chain",
    20: "unable to get local issuer certificate",
    21: "unable to verify the first certificate",
    23: "certificate revoked",
    25: "path length constraint exceeded",
    26: "unsuitable certificate purpose",
    66: "EE certificate key too weak",
    67: "CA certificate key too weak",
    68: "CA signature digest algorithm too weak",
    79: "invalid CA certificate",
}
