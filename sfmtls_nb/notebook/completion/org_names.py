"""Names that an org knows: its sObjects, and the fields at a path in a query. Asked for quickly, or not at all."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from sfmtls_nb.connection import Transport
from sfmtls_nb.errors import ApiFault, SfmtlsError
from sfmtls_nb.notebook.completion.cursor import Draft
from sfmtls_nb.query import DescribeSObjectResult
from sfmtls_nb.session import Session
from sfmtls_nb.values import spelled

if TYPE_CHECKING:
    from sfmtls_nb.notebook.workspace import Workspace

#: Seconds: how long an answer is waited for, and how long the org is left in peace where none came.
_PATIENCE: Final = 2.0
_PEACE: Final = 30.0


class OrgNames:
    """The names that the org of a workspace gives. If nobody is signed in, or it refuses or is slow, there are none."""

    def __init__(self, workspace: Callable[[], Workspace | None]) -> None:
        self._workspace = workspace
        self._told: dict[tuple[str, ...], Any] = {}
        self._peace: tuple[Transport | None, float] = (None, 0.0)

    def sobjects(self) -> Sequence[str]:
        """The names of all sObjects."""

        def ask(session: Session) -> list[str]:
            described = session.soap("describeGlobal").results[0].iterfind("{*}sobjects")
            return [each.findtext("{*}name") or "" for each in described]

        return self._ask("", ask) or ()

    def describe(self, sobject: str) -> DescribeSObjectResult | None:
        """An sObject; None if there is none of that name."""
        found: DescribeSObjectResult | None = None
        if sobject:
            found = self._ask(sobject.casefold(), lambda session: session.describe(sobject))
        return found

    def fields(self, query: Draft, steps: Sequence[str]) -> Iterator[str]:
        """The fields and parents at a path in a query: of ``Account.Owner`` all that a User or a Group has."""
        source = self._source(query)
        known = [source] if source else []
        if source and steps and steps[0].casefold() in (query.alias, query.source.casefold()):
            steps = steps if spelled(steps[0], source.parents) in source.parents else steps[1:]
        for step in steps:
            ways = chain.from_iterable(each.parents.get(spelled(step, each.parents), ()) for each in known)
            known = [each for each in map(self.describe, dict.fromkeys(ways)) if each]
        yield from chain.from_iterable(each.fields for each in known)
        yield from chain.from_iterable(each.parents for each in known)

    def children(self, query: Draft) -> Iterable[str]:
        """The child relationships of the sObject in a query's FROM."""
        source = self._source(query)
        return source.children if source else ()

    def _source(self, query: Draft) -> DescribeSObjectResult | None:
        if query.outer is None or not query.is_child:
            return self.describe(query.source)
        outer = self._source(query.outer)
        return self.describe(outer.children.get(spelled(query.source, outer.children), "")) if outer else None

    def _ask(self, what: str, ask: Callable[[Session], Any]) -> Any:
        """Ask the org once, and keep its answer. The session is one of our own, so that the last call stays the user's."""
        workspace = self._workspace()
        session = workspace.session if workspace else None
        practice = workspace.at_practice() if workspace else None
        if session is None or (practice and practice.armed):  # that is meant for the user's call
            return None
        key = (session.server_url, session.user_id, what)
        if key not in self._told and (self._peace[0] is not session.transport or time.monotonic() > self._peace[1]):
            org = replace(session.org, connect_timeout=_PATIENCE, read_timeout=_PATIENCE)
            try:
                with Transport(org, session.transport.identity) as transport:
                    self._told[key] = ask(session.over(transport))
            except SfmtlsError as error:
                if isinstance(error, ApiFault) and error.code == "INVALID_TYPE":
                    self._told[key] = None
                else:
                    self._peace = (session.transport, time.monotonic() + _PEACE)
        return self._told.get(key)
