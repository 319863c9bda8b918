"""Handing over: a session as a client of another library asks it, whose id and renewal are the test's."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import BuiltinFunctionType, FrameType, FunctionType, ModuleType

from sfmtls_nb import Secret, Session
from sfmtls_nb.connection import Transport


@dataclass
class HandedOver:
    """A Source. ids: what it gets by renewing, one after the other; refused: the ids that it was asked to renew."""

    transport: Transport
    server_url: str
    session_id: Secret
    ids: Iterator[Secret] = field(default_factory=lambda: iter(()))
    refused: list[Secret] = field(default_factory=list)

    def renewal(self) -> Callable[[Secret], Secret | None]:
        def renewed(refused: Secret) -> Secret | None:
            self.refused.append(refused)
            self.session_id = next(self.ids, refused)
            return self.session_id if self.session_id != refused else None

        return renewed


def ended(session: Session, *ids: Secret) -> HandedOver:
    """A session whose id the org does not know any more, and the ids that its renewals give."""
    gone = Secret(session.session_id.reveal()[:-4] + "gone")
    return HandedOver(session.transport, session.server_url, gone, iter(ids))


_CODE = (type, ModuleType, FunctionType, BuiltinFunctionType, FrameType)


def texts_in(thing: object, *, but: object) -> str:
    """All text that an object holds, however deep, but for Secrets and for what is held by one other object."""
    seen, found, pending = {id(but)}, [], [thing]
    while pending:
        each = pending.pop()
        if id(each) in seen or isinstance(each, (*_CODE, Secret)):
            continue
        seen.add(id(each))
        if isinstance(each, str):
            found.append(each)
        elif isinstance(each, bytes | bytearray):
            found.append(each.decode("latin-1"))
        else:
            pending += gc.get_referents(each)
    return "\n".join(found)
