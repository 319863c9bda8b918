"""API calls: every API understands a request, asks the gate, and performs it or refuses it in its own format."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Final, Generic, TypeVar

from sfmtls_nb.errors import PracticeError
from sfmtls_nb.practice.mutual import Presented, Verdict, admit, certificate_page, judge
from sfmtls_nb.practice.refusal import RefusedError
from sfmtls_nb.practice.request import Answer, Request
from sfmtls_nb.practice.state import OrgState, User

OLDEST_VERSION: Final = 31
#: Winter '27.
NEWEST_VERSION: Final = 68
#: Bytes of a body. A tree takes thirty times as much memory as its text, and this org has no use for a longer one.
MOST_BYTES: Final = 1_000_000
READ_ONLY: Final = "This practice org is read-only: nothing in it can be created, updated or deleted."


@dataclass(frozen=True, kw_only=True)
class ApiCall:
    """A request as an API understands it.

    operation: its name in the event log. session_id: "" if the request has none. needs_session: False for login and
    the list of versions. next_page: the call asks for further records of a query.
    """

    request: Request
    operation: str
    version: int = 0
    session_id: str = ""
    needs_session: bool = True
    next_page: bool = False


C = TypeVar("C", bound=ApiCall)


def org_trouble(error: PracticeError) -> RefusedError:
    """Return the refusal for trouble of the org's own, such as a full disk. [simulated]: its code."""
    return RefusedError("UNKNOWN_EXCEPTION", str(error))


class Api(ABC, Generic[C]):
    """An interface of the org whose calls need a session."""

    def __init__(self, state: OrgState) -> None:
        self._state = state

    @abstractmethod
    def serves(self, request: Request) -> bool:
        """Return whether the request is for this API."""

    def is_quick(self, request: Request) -> bool:  # noqa: ARG002
        """Return whether a request of this API is surely answered in less than a millisecond: without any records."""
        return False

    @abstractmethod
    def understand(self, request: Request) -> C:
        """Read a request. Raises RefusedError where it is no call of this API."""

    @abstractmethod
    def perform(self, call: C, user: User | None) -> Answer:
        """Answer a call. user: None where the call needs no session. Raises RefusedError."""

    @abstractmethod
    def refuse(self, refusal: RefusedError, request: Request, call: C | None) -> Answer:
        """Write a refusal in the format of this API. call: None for a request that was not understood."""

    def answer(self, request: Request, presented: Presented) -> Answer:
        """Answer a request: the answer tells its operation, user, code and verdict."""
        state = self._state
        try:
            call = self.understand(request)
        except RefusedError as refusal:
            verdict, reason = judge(request.listener, presented, enforced=None)
            return certificate_page(reason) if verdict is Verdict.PAGE else self.refuse(refusal, request, None)
        if call.next_page and state.failures.use("session-expires"):
            state.sessions.clear()
        user = state.session_user(call.session_id)
        verdict, reason = judge(request.listener, presented, enforced=user.enforced if user else None)
        if verdict is Verdict.PAGE:
            answer = certificate_page(reason)
        else:
            try:
                answer = self.perform(call, admit(verdict, user, state) if call.needs_session else None)
            except RefusedError as refusal:
                answer = self.refuse(refusal, request, call)
            except PracticeError as error:
                answer = self.refuse(org_trouble(error), request, call)
            if call.needs_session:
                answer = state.failures.spoil(answer)
        return replace(
            answer,
            operation=call.operation,
            user=user.username if user else "",
            layer_2=verdict.value if user and not presented.flaw else "",
        )
