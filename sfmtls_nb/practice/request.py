"""Request and Answer: plain values that the practice org's decisions take and give; no socket is near them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from functools import cached_property
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from cryptography import x509

JSON: Final = "application/json;charset=UTF-8"


class Listener(Enum):
    """The three doors: stand-ins for 443 and 8443, and one that refuses inside TLS."""

    API = "api"
    MUTUAL = "mutual"
    STRICT = "strict"


@dataclass(frozen=True)
class Request:
    """An HTTP request, and the chain that the client presented (leaf first; empty: none).

    server: scheme and host (and port) as the client sees them, for the URLs in the answer.
    addresses: all that the org has, in lower case: those of its names and ports. peer: the client's host and port.
    """

    listener: Listener
    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    chain: tuple[x509.Certificate, ...] = ()
    server: str = ""
    addresses: frozenset[str] = frozenset()
    peer: tuple[str, int] = ("", 0)

    @cached_property
    def path(self) -> str:
        try:
            # The sf CLI doubles the first slash; urlsplit would take what follows for a host.
            return urlsplit(re.sub("^//+", "/", self.target)).path
        except ValueError:  # such as http://[ : no path of ours
            return self.target

    @property
    def query(self) -> dict[str, str]:
        """Parameters behind the "?"; the last value of one that occurs twice."""
        try:
            return dict(parse_qsl(urlsplit(self.target.lstrip("/")).query, keep_blank_values=True, max_num_fields=100))
        except ValueError:
            return {}


@dataclass(frozen=True)
class Answer:
    """An HTTP answer, and the failures on its way to the client.

    body: bytes, or an iterable of them, which is sent in chunks as it comes.
    delay: seconds before it is sent. cut_after: bytes of the body after which sending ends. stall: the connection stays
    open then. missing: bytes that Content-Length promises and that never come. clock_offset: of the Date header.
    operation, user, app, code, layer_2: for the event log, as `events.Event` has them.
    """

    status: int
    content_type: str
    body: bytes | Iterable[bytes]
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut_after: int | None = None
    stall: bool = False
    missing: int = 0
    clock_offset: timedelta = timedelta()
    operation: str = ""
    user: str = ""
    app: str = ""
    code: str = ""
    layer_2: str = ""

    @property
    def whole_body(self) -> bytes:
        """Body as bytes."""
        return self.body if isinstance(self.body, bytes) else b"".join(self.body)


def json_answer(
    status: int, content: Any, headers: Mapping[str, str] | None = None, *, indent: int | None = None
) -> Answer:
    """Write JSON in UTF-8, compact unless indented."""
    separators = None if indent else (",", ":")
    body = json.dumps(content, ensure_ascii=False, indent=indent, separators=separators).encode("utf-8", "replace")
    return Answer(status, JSON, body, headers or {})
