"""BothEnds: a handshake as the client recorded it and, at the practice org, as the org noted it."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from IPython.display import display

from sfmtls_nb.certificates import ClientIdentity
from sfmtls_nb.connection import Exchange, Transport
from sfmtls_nb.connection.context import Version
from sfmtls_nb.diagnose import verdict_on
from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.handshake import Handshake, Verdict
from sfmtls_nb.notebook.identities import ask_openly
from sfmtls_nb.notebook.views.sequence import OrgsEnd
from sfmtls_nb.notebook.workspace import Workspace
from sfmtls_nb.org import Org, checked_url
from sfmtls_nb.practice import LOOPBACK, PracticeOrg

#: Seconds that the practice org gets to note how a connection ended.
_PATIENCE: Final = 2


@dataclass(frozen=True)
class BothEnds:
    """A handshake from both ends. verdict: what became of the client's certificate, in TLS and above it.

    org: what the org noted; None of an org that does not tell. upto: how many messages are shown; None shows all.
    beside: another one, to be shown to its left, such as of the other version of TLS.
    """

    handshake: Handshake
    verdict: Verdict
    org: OrgsEnd | None = None
    upto: int | None = None
    beside: BothEnds | None = None


def of_last_call(workspace: Workspace) -> BothEnds:
    """The handshake of the connection that the last call went over. Raises SfmtlsError if there is none."""
    last = workspace.last
    if last is None:
        raise SfmtlsError(
            "no call has been made yet", next_step="%sf_login makes the first; or %sf_handshake HOST:PORT"
        )
    return _of(last, workspace.at_practice())


def connected(workspace: Workspace, place: str, *, certificate: bool = True, tls: Version | None = None) -> BothEnds:
    """The handshake of a new connection to ``HOST:PORT``, which the identity is presented to, and no session id.

    What answers there may be no org. tls: offer that version alone. Raises SfmtlsError if no TLS was spoken there, or
    none can be.
    """
    with workspace.calling():
        return _connected(workspace, place, workspace.identity if certificate else None, tls)


def _connected(workspace: Workspace, place: str, identity: ClientIdentity | None, tls: Version | None) -> BothEnds:
    parts = urlsplit(checked_url(place if "://" in place else f"https://{place}"))
    here, practice, chosen = f"https://{parts.netloc}", workspace.at_practice(), workspace.org
    # The roots of the org that is chosen vouch for its own hosts, and for no others.
    own = chosen and (
        parts.hostname == urlsplit(chosen.login_url).hostname or (practice and parts.hostname in LOOPBACK)
    )
    org = replace(chosen if chosen and own else Org(), login_url=here, mutual_port=parts.port or 443)
    with Transport(org, identity, tls) as transport:
        try:
            exchange = transport.send(transport.prepare("GET", f"{here}/", {}))
        except SfmtlsError as error:
            if error.exchange is None or error.exchange.handshake is None:
                raise
            workspace.failed, exchange = error, error.exchange
    workspace.last = exchange
    return _of(exchange, practice)


def stepwise(seen: BothEnds) -> None:
    """Show one message after the other, and ask before each what it will be; at last the whole."""
    count = len(seen.handshake.messages)
    for number in range(1, count):
        display(replace(seen, upto=number))
        if ask_openly(f"{number} of {count}. What comes next, and from whom? (Enter shows it, q ends) ").strip() == "q":
            break
    display(seen)


def _of(exchange: Exchange, practice: PracticeOrg | None) -> BothEnds:
    handshake = exchange.handshake
    if handshake is None:
        raise SfmtlsError(
            "that call spoke no TLS", f"{exchange!r}", "make another call; %sf_doctor checks the way there step by step"
        )
    return BothEnds(handshake, verdict_on(exchange) or handshake.verdict, _orgs_end(exchange, handshake, practice))


def _orgs_end(exchange: Exchange, handshake: Handshake, practice: PracticeOrg | None) -> OrgsEnd | None:
    """What the practice org noted of this connection. It may take a moment longer than the client to know how it ended."""
    if practice is None or handshake.local is None:
        return None
    doors = {urlsplit(url).port for url in (practice.api_url, practice.mutual_url, practice.strict_url)}
    if urlsplit(exchange.request.url).port not in doors:
        return None
    until = time.monotonic() + _PATIENCE
    while not (noted := practice.events.where(kind="connection", peer=handshake.local)) and time.monotonic() < until:
        time.sleep(0.01)
    end = noted[-1].orgs_end if noted else None
    if end is None:
        return None
    steps = (
        (step.after, f"{step.direction} {step.message}" + (f": {step.alert}" if step.alert else ""))
        for step in end.steps
    )
    return OrgsEnd(tuple(steps), end.conclusion)
