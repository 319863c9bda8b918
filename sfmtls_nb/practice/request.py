"""Request and Answer: what the practice org's decisions take and give. Plain values; no socket is near them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import urlsplit

from cryptography import x509


class Listener(Enum):
    """The three doors: stand-ins for 443 and 8443, and one that refuses inside TLS."""

    API = "api"
    MUTUAL = "mutual"
    STRICT = "strict"


@dataclass(frozen=True)
class Request:
    """An HTTP request, and the chain that the client presented before it (leaf first; empty: none)."""

    listener: Listener
    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def path(self) -> str:
        try:
            return urlsplit(self.target).path
        except ValueError:  # such as //[ : no path of ours
            return self.target


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
