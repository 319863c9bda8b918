"""Surroundings: what stands between this process and the world: proxies, Binder, roots that are public."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from certifi import where as public_roots
from cryptography import x509

from sfmtls_nb.certificates import name_words
from sfmtls_nb.connection.transport import environment_proxies

_SALESFORCE: Final = (".salesforce.com", ".force.com", ".salesforce.mil", ".sfcrmproducts.cn")
#: Variables that only Binder sets: they name the repository, and who launched it.
_BINDER: Final = ("BINDER_REPO_URL", "BINDER_LAUNCH_HOST", "BINDER_REF_URL", "BINDER_SERVICE_HOST")


def is_salesforce(host: str) -> bool:
    """True for a host of Salesforce's own."""
    return f".{host}".endswith(_SALESFORCE)


def on_binder(environ: Mapping[str, str]) -> str:
    """The variable that says so; empty elsewhere."""
    return next((name for name in _BINDER if environ.get(name)), "")


def proxy_for(url: str) -> str:
    """HOST:PORT of the proxy that calls to a URL go through; empty if they go straight. A password in it is not shown."""
    proxies = environment_proxies(url)
    named = proxies.get("https") or proxies.get("all") or ""
    try:
        parts = urlsplit(named if "://" in named else f"http://{named}")
        port = parts.port or 80
    except ValueError:
        return "an address that is none"
    return f"{parts.hostname}:{port}" if parts.hostname else ""


def public_names(chain: Sequence[x509.Certificate]) -> str:
    """The public root that vouches for a chain by name; empty if none does."""
    roots = _public_names()
    names = [name_words(name) for each in chain for name in (each.issuer, each.subject) if name.public_bytes() in roots]
    return next(iter(names), "")


@cache
def _public_names() -> frozenset[bytes]:
    roots = x509.load_pem_x509_certificates(Path(public_roots()).read_bytes())
    return frozenset(root.subject.public_bytes() for root in roots)
