"""The exercises of “Start here”."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sfmtls_nb.notebook.course.exercises import Exercise, Point, Work
from sfmtls_nb.notebook.course.glossary import Entries
from sfmtls_nb.practice.events import Event
from sfmtls_nb.practice.request import Listener


def _the_time(work: Work) -> Iterator[Point]:
    calls = work.requests(operation="getServerTimestamp")
    yield Point(
        bool(calls),
        "the practice org was asked for getServerTimestamp",
        f"the practice org has not been asked for getServerTimestamp yet{_asked_instead(work)}",
    )
    yield Point(
        any(call.listener is Listener.MUTUAL and call.chain and call.status == 200 for call in calls),
        "it came to 8443 with your certificate, and was answered",
        _refused(calls[-1]) if calls else "no such call with a certificate has been answered on 8443 yet",
    )


def _asked_instead(work: Work) -> str:
    last = next((call for call in reversed(work.requests()) if call.operation not in ("", "login", "logout")), None)
    return f"; the last call that it saw is {last.operation}" if last else ""


def _refused(call: Event) -> str:
    """What became of a call that was not answered on 8443 with a certificate."""
    if call.listener is not Listener.MUTUAL:
        return "the last such call came to 443, where nobody asks for a certificate: leave --port away"
    if not call.chain:
        return "the last such call came to 8443 without a certificate: leave --no-cert away, or choose one with %sf_identity"
    why = call.layer_1 or call.code or f"HTTP {call.status}"
    return f"the last such call came to 8443 with a certificate, and was refused: {why}"


def _a_result_kept(work: Work) -> Iterator[Point]:
    term = work.named("term", Entries)
    yield Point(
        term is not None,
        "term holds what the glossary says",
        "there is no variable term that holds an answer of %sf_glossary",
    )
    if term is not None:
        yield Point(
            list(term) == ["private key"],
            "and it is about the private key",
            f"the term to look up is: private key; this is about {len(term)} terms"
            if len(term) > 1
            else f"the term to look up is: private key; this is about {', '.join(term)}",
        )


EXERCISES: Final = (
    Exercise(
        "ask for the time",
        _the_time,
        (
            "It is one line, and it looks much like the call that asked who you are.",
            "%sf_soap takes the name of an operation; the certificate and the door are chosen already.",
            "%sf_soap getServerTimestamp; if the certificate is not chosen, run the cell with %sf_identity again.",
        ),
    ),
    Exercise(
        "keep a result",
        _a_result_kept,
        (
            "Look it up as the cell above looks up mutual TLS.",
            "What --out NAME does, it does for every magic; here the name is term.",
            "%sf_glossary private key --out term",
        ),
        anywhere=True,
    ),
)
