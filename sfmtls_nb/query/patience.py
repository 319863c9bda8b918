"""Patience: a call that is made again, with growing pauses, where the way or the org failed it for the moment."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Final, TypeVar

from sfmtls_nb.errors import AnswerLimitError, ApiFault, ConnectError, HandshakeError, SfmtlsError

_T = TypeVar("_T")

#: Seconds between the attempts: a minute and a half of them in all.
_PAUSES: tuple[float, ...] = (0.5, 1, 2, 4, 8, 16, 30, 30)
#: Seconds before the next attempt where there was a connection, and it ended too early: no longer, as the org is there.
_AFTER_CUT = 0.5
_CUT: Final = ("cut", "answer-cut", "document-cut")
#: What the org says where it may say another thing the next time, written as both kinds of its codes are. Not that a locator
#: has expired: it does not come back.
_PASSING_CODES: Final = frozenset({"SERVERUNAVAILABLE", "UNABLETOLOCKROW"})
_LONGEST_RETRY_AFTER: Final = 60


def insistently(call: Callable[[], _T], stopped: Event | None = None, *, cuts: int = 0) -> _T:
    """What a call gives, tried again for as long as what it raises may pass. stopped: ends the pauses.

    cuts: so many more attempts, after short pauses, where the connection ended too early: for answers that are large, and
    that nothing comes of twice. Raises what the last attempt raised.
    """
    stopped, cut, failed = stopped or Event(), 0, 0
    while True:
        try:
            return call()
        except SfmtlsError as error:
            if cut < cuts and error.failure in _CUT:
                cut, pause = cut + 1, _AFTER_CUT
            elif failed < len(_PAUSES) and may_pass(error):
                failed, pause = failed + 1, max(_PAUSES[failed], _retry_after(error))
            else:
                if cut or failed:
                    error.evidence = f"{error.evidence}; this was attempt {cut + failed + 1}".lstrip("; ")
                raise
            if stopped.wait(pause):
                raise


def may_pass(error: SfmtlsError) -> bool:
    """True of a connection that was cut or is slow, of an org that cannot answer at the moment, and of half a document."""
    if isinstance(error, ConnectError):
        return not isinstance(error, HandshakeError | AnswerLimitError)
    if isinstance(error, ApiFault) and error.code.upper().replace("_", "") in _PASSING_CODES:
        return True
    status = (error.exchange and error.exchange.status) or 0
    return status >= 500 or status == 429 or error.failure == "document-cut"


def _retry_after(error: SfmtlsError) -> float:
    """The seconds that an answer asks for: Retry-After, up to a minute."""
    said = error.exchange.response_headers.get("Retry-After", "") if error.exchange else ""
    return min(int(said), _LONGEST_RETRY_AFTER) if said.isdecimal() and len(said) < 9 else 0
