"""Sequence: a handshake as it is drawn: its messages in their order, what each does, and what the two ends concluded."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

from sfmtls_nb.handshake import Handshake, Message, Verdict
from sfmtls_nb.handshake.kinds import ALERT

#: What makes it mutual. White text on this and on the following can be read, and a line of it seen in either theme.
MUTUAL: Final = "#7c3aed"
_GREEN, _RED, _AMBER, _GREY = "#1a7f37", "#c62828", "#9a6700", "#656d76"
#: Kind of a verdict -> its sign and colour.
_TONES: Final = {
    "accepted": ("✔", _GREEN),
    "refused": ("✖", _RED),
    "not sent": ("▲", _AMBER),
    "not asked": ("●", _GREY),
    "unanswered": ("●", _GREY),
    "ended": ("✖", _RED),
    "unknown": ("●", _GREY),
}
#: What the messages of the mutual part do, in the words of the story that they tell together.
_ACTS: Final = {
    ("server", "CertificateRequest"): "the org asks who you are",
    ("client", "Certificate"): "you say who you are",
    ("client", "CompressedCertificate"): "you say who you are",
    ("client", "CertificateVerify"): "you prove it",
}


class OrgsEnd(NamedTuple):
    """What the org noted of its own end. noted: milliseconds since the connection came, and what it did or saw then."""

    noted: tuple[tuple[float, str], ...]
    concluded: str


@dataclass(frozen=True)
class Step:
    """A message as a row of the picture.

    act, colour: what it does in the mutual part, and how that is marked; empty for what every handshake has. proof: whether
    it proves the verdict.
    """

    number: int
    message: Message
    act: str
    colour: str
    proof: bool

    @property
    def by_client(self) -> bool:
        return self.message.sender == "client"

    @property
    def at(self) -> str:
        return _ms(self.message.at)

    @property
    def size(self) -> str:
        return f"{len(self.message.raw):,} B"

    @property
    def words(self) -> str:
        """The arrow in words: who to whom, and whether anyone can read it."""
        way = "client to org" if self.by_client else "org to client"
        return f"{way}, {'encrypted' if self.message.encrypted else 'readable for anyone'}"


@dataclass(frozen=True)
class Sequence:
    """A handshake as it is drawn. verdict: None for the handshake's own. org: what the org noted, where that is known."""

    handshake: Handshake
    verdict: Verdict
    orgs_end: OrgsEnd | None = None

    @property
    def sign(self) -> str:
        return _TONES[self.verdict.kind][0]

    @property
    def colour(self) -> str:
        """The colour of the verdict."""
        return _TONES[self.verdict.kind][1]

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The rows, one for each message."""
        return tuple(self._step(number, message) for number, message in enumerate(self.handshake.messages, 1))

    def _step(self, number: int, message: Message) -> Step:
        proof = message is self.verdict.proof
        act, colour = _act(message) if proof or message in self.handshake.mutual else ("", "")
        return Step(number, message, act, colour, proof)

    @property
    def title(self) -> str:
        """Version, how much there was of it, which message proves the verdict, and the suite."""
        count, last = len(self.steps), self.handshake.messages[-1:]
        told = f"{count} messages in {_ms(last[0].at)}" if last else ""
        proof = next((f"proof: {step.number}, {step.message.name}" for step in self.steps if step.proof), "")
        return " · ".join(filter(None, (self.handshake.version, told, proof, self.handshake.suite)))

    @property
    def host(self) -> str:
        """The host that the client asked for; empty if it named none."""
        hello = self.handshake.first("ClientHello", "client")
        name = hello and hello.find("server_name")
        return name.meaning if name else ""

    @property
    def client(self) -> str:
        """What the client concluded."""
        alert = self._alert
        if alert and alert.sender == "client":
            return f"refused the org, after {_ms(alert.at)}: {_reason(alert)}"
        ours, theirs = (self.handshake.first("Finished", sender) for sender in ("client", "server"))
        return f"finished, after {_ms(max(ours.at, theirs.at))}" if ours and theirs else "did not finish"

    @property
    def org(self) -> str:
        """What the org concluded: as it noted that, or as far as it can be told from here."""
        alert = self._alert
        if self.orgs_end:
            return self.orgs_end.concluded
        if alert:
            return f"refused, after {_ms(alert.at)}: {_reason(alert)}" if alert.sender == "server" else "was refused"
        return {
            "accepted": "accepted your certificate",
            "refused": "finished, and then refused your certificate",
            "not sent": "went on without a certificate",
            "not asked": "asked for no certificate",
        }.get(self.verdict.kind, "nothing was heard of what it concluded")

    @property
    def _alert(self) -> Message | None:
        proof = self.verdict.proof
        return proof if proof and proof.content_type == ALERT else None


def sequence(handshake: Handshake, org: OrgsEnd | None = None, verdict: Verdict | None = None) -> Sequence:
    """The sequence of a handshake. verdict: where it is another than the handshake's own."""
    return Sequence(handshake, verdict or handshake.verdict, org)


def _act(message: Message) -> tuple[str, str]:
    if message.content_type == ALERT:
        return "the org says no" if message.sender == "server" else "you say no", _RED
    act = _ACTS.get((message.sender, message.name), "")
    if (message.sender, message.name) == ("client", "Certificate") and message.find("cert_data") is None:
        act = "you show nothing"
    return act, MUTUAL if act else ""


def _ms(seconds: float) -> str:
    return f"{1_000 * seconds:,.1f} ms"


def _reason(alert: Message) -> str:
    return alert.meaning.rpartition(": ")[2].replace("_", " ")
