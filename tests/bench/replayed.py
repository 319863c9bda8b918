"""Replayed: a session whose calls are answered from memory, so that nothing is measured but what becomes of the bytes."""

from __future__ import annotations

from urllib.parse import urlsplit

from recorded import Recording

from sfmtls_nb import Exchange, ExistingSession, Org, Request, Session
from sfmtls_nb.connection import Transport

_HOST = "https://recorded.my.salesforce.com"


class Replayed(Transport):
    """A Transport that sends nothing."""

    def __init__(self, recording: Recording) -> None:
        super().__init__(Org(_HOST))
        self._recording = recording

    def send(self, request: Request) -> Exchange:
        parts = urlsplit(request.url)
        kind, headers, body = self._recording.answer(f"{parts.path}?{parts.query}", request.body)
        return Exchange(request, 200, {"Content-Type": kind, **headers}, body)


def replayed(recording: Recording) -> Session:
    """A session of the recording."""
    transport = Replayed(recording)
    return Session(transport, ExistingSession("00D5f000000PRAC!recorded", _HOST).sign_in(transport))
