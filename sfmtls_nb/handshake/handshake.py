"""Handshake: all that two ends said to each other until they trusted each other, or until they did not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sfmtls_nb.handshake.diagram import diagram
from sfmtls_nb.handshake.message import Event, Message, Sender, messages_of
from sfmtls_nb.handshake.names import suite_name, version_name
from sfmtls_nb.handshake.transcript import Signed, signed_by
from sfmtls_nb.handshake.verdict import Verdict, judge


@dataclass(frozen=True)
class Handshake:
    """The handshake of a connection, and what its ends said in TLS after it.

    began: when the first message was sent, in UTC; None where that is not known. answered: whether the server has sent data
    of the application. version, suite: as IANA or OpenSSL names them; empty where they are not known. missing: what could
    not be recorded, and why. peer: the server's certificates where its messages were not recorded, as DER, leaf first.
    local: this end's host and port, by which the other end knows the connection; None through a proxy.
    """

    messages: tuple[Message, ...] = ()
    began: datetime | None = None
    answered: bool = False
    version: str = ""
    suite: str = ""
    missing: str = ""
    peer: tuple[bytes, ...] = ()
    local: tuple[str, int] | None = None

    @classmethod
    def heard(
        cls,
        events: Iterable[Event],
        *,
        began: datetime | None = None,
        answered: bool = False,
        missing: str = "",
        local: tuple[str, int] | None = None,
    ) -> Handshake:
        """The handshake in which these messages were heard, in their order."""
        messages = messages_of(events)
        version, suite = messages[0].agreed if messages else (0, 0)
        names = (version_name(version), suite_name(suite)) if version else ("", "")
        return cls(messages, began, answered, *names, missing, local=local)

    @cached_property
    def verdict(self) -> Verdict:
        """What became of the client's certificate."""
        return judge(self.messages, answered=self.answered)

    @property
    def mutual(self) -> tuple[Message, ...]:
        """The messages that there are only because the client is asked who it is, and the alert that refuses what it said."""
        refusal = self.verdict.proof if self.verdict.kind in {"refused", "not sent"} else None
        return tuple(message for message in self.messages if _is_mutual(message) or (message is refusal))

    def first(self, name: str, sender: Sender | None = None) -> Message | None:
        """The first message of a kind, such as ``CertificateRequest``; None if there is none."""
        found = (message for message in self.messages if message.name == name and sender in {None, message.sender})
        return next(found, None)

    def chain(self, sender: Sender) -> tuple[bytes, ...]:
        """The certificates that one end has shown, as DER, in the order sent; none if it has shown none."""
        shown = self.first("Certificate", sender)
        if shown is None:
            return self.peer if sender == "server" else ()
        fields = (field for _, field in shown.fields.walk())
        return tuple(shown.bytes_of(field) for field in fields if field.name == "certificate")

    def signed_by(self, verify: Message) -> Signed | None:
        """What a CertificateVerify of this handshake signs; None where that cannot be told."""
        return signed_by(self.messages, verify)

    def told(self, verdict: Verdict) -> str:
        """The handshake as text. verdict: where more is known than it shows itself, as after the page "Certificate Error"."""
        proof = verdict.proof
        proven = f"\n  proof: message {self.messages.index(proof) + 1}, {proof.name}" if proof else ""
        return "\n".join(filter(None, (self._title, f"{verdict.text}{proven}", self._shown, self.missing)))

    def __str__(self) -> str:
        return self.told(self.verdict)

    @property
    def _title(self) -> str:
        return ", ".join(filter(None, (self.version, self.suite))) or "nothing was agreed on"

    @property
    def _shown(self) -> str:
        return f"\n{diagram(self.messages, self.mutual)}" if self.messages else ""

    def __repr__(self) -> str:
        return f"Handshake({self.version or 'no version'}, {len(self.messages)} messages: {self.verdict.text})"


def _is_mutual(message: Message) -> bool:
    if message.sender == "server":
        return message.name == "CertificateRequest"
    return message.name in {"Certificate", "CompressedCertificate", "CertificateVerify"}
