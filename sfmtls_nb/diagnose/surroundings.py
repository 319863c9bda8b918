"""Surroundings: what stands between this process and the world: proxies, Binder, roots that are public."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final
from urllib.parse import urlsplit

from certifi import where as public_roots
from cryptography import x509

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


def is_public(chain: Sequence[x509.Certificate]) -> bool:
    """True if a chain leads to a public root, by name: no more is asked than who claims to have issued it."""
    return any(_named(name) in _public_names() for each in chain for name in (each.issuer, each.subject))


def _named(name: x509.Name) -> tuple[str, str]:
    parts = ((part.oid, str(part.value)) for part in name)
    found = dict(reversed(list(parts)))
    return found.get(x509.NameOID.ORGANIZATION_NAME, ""), found.get(x509.NameOID.COMMON_NAME, "")


@cache
def _public_names() -> frozenset[tuple[str, str]]:
    """Organization and common name of each public root. OpenSSL reads them: some have flaws that cryptography warns of."""
    context = ssl.create_default_context(cafile=public_roots())
    found = set()
    for root in context.get_ca_certs():
        parts = {key: value for rdn in reversed(root["subject"]) for key, value in rdn}
        found.add((parts.get("organizationName", ""), parts.get("commonName", "")))
    return frozenset(each for each in found if each[1])
