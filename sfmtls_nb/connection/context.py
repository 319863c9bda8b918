"""The only SSLContext of the client. Verification is on, and nothing here turns it off."""

from __future__ import annotations

import os
import secrets
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Literal

from certifi import where as public_roots

from sfmtls_nb.certificates import ClientIdentity
from sfmtls_nb.connection.bounds import BoundedTLS
from sfmtls_nb.connection.ca_file import trusted
from sfmtls_nb.connection.recording import record
from sfmtls_nb.errors import IdentityError, OrgError
from sfmtls_nb.files import shown
from sfmtls_nb.org import Trust
from sfmtls_nb.secret import Secret

Version = Literal["1.2", "1.3"]
VERSIONS: Final[Mapping[Version, ssl.TLSVersion]] = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def client_context(
    ca_file: str | Path | bytes | None = None,
    identity: ClientIdentity | None = None,
    trust: Trust = "public",
    tls: Version | None = None,
) -> ssl.SSLContext:
    """A context that presents ``identity``, and verifies the server against ``ca_file`` or else the roots of ``trust``.

    tls: offer that version alone.
    Raises OrgError if the CA file or the file that SSLKEYLOGFILE names cannot be used, IdentityError if OpenSSL refuses the
    key or a certificate.
    """
    context = _system_context() if trust == "system" else _context(trusted(ca_file or public_roots()))
    # truststore's context keeps a context of its own, whose sockets ask the operating system about the server.
    inner: Any = getattr(context, "_ctx", context)
    inner.sslsocket_class = type("BoundedTLS", (BoundedTLS, inner.sslsocket_class), {})
    record(inner)
    if tls:
        context.minimum_version = context.maximum_version = VERSIONS[tls]
    if identity:
        _load(context, identity)
    return context


def _context(roots: dict[str, str]) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=roots.get("cafile"), cadata=roots.get("cadata"))
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError; ValueError: a null byte in the name
        if _names_key_log(error):
            raise _no_key_log(error) from error
        raise OrgError(
            f"the CA file {shown(roots.get('cafile', 'that is given as content'))} cannot be used",
            str(getattr(error, "strerror", None) or error),
            "name a PEM file that holds the root certificate of the server's authority",
        ) from error


def _system_context() -> ssl.SSLContext:
    import truststore  # noqa: PLC0415  # for those who ask for it

    context: ssl.SSLContext = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if log := os.environ.get("SSLKEYLOGFILE"):  # as ssl.create_default_context does
            context.keylog_filename = log
    except OSError as error:
        raise _no_key_log(error) from error
    return context


def _names_key_log(error: Exception) -> bool:
    """True if it is about the file for the session keys: of the CA file, ssl does not tell the name."""
    return isinstance(error, OSError) and error.filename is not None


def _no_key_log(error: Exception) -> OrgError:
    return OrgError(
        "the file for the TLS session keys cannot be written",
        f"SSLKEYLOGFILE is {os.environ.get('SSLKEYLOGFILE')!r}: {getattr(error, 'strerror', None) or error}",
        "let SSLKEYLOGFILE name a file that you may write to; or unset it, unless you mean to read the traffic",
    )


def _load(context: ssl.SSLContext, identity: ClientIdentity) -> None:
    """OpenSSL reads a key from a file only: it gets one encrypted with a passphrase that lives as long as this call."""
    one_time = Secret(secrets.token_urlsafe(32))
    with _private_file(identity.pem(passphrase=one_time)) as pem:
        try:
            context.load_cert_chain(pem, password=one_time.reveal)
        except ssl.SSLError as error:
            raise IdentityError(
                "OpenSSL refuses the key or one of the certificates",
                error.reason or str(error),
                "an RSA key needs 2048 bits or more, and the certificates a SHA-2 signature",
            ) from error


@contextmanager
def _private_file(content: bytes) -> Iterator[str]:
    """The path of a file that lies in memory where the system can do that, as Linux can: it is gone with its process, even
    with one that is killed. Elsewhere it lies in a private folder.
    """
    with ExitStack() as opened:
        path = _in_memory(opened) or Path(
            opened.enter_context(tempfile.TemporaryDirectory(prefix="sfmtls-")), "identity.pem"
        )
        path.write_bytes(content)
        yield str(path)


def _in_memory(opened: ExitStack) -> Path | None:
    """A file in memory, as long as it is open; None where the system has none, forbids it, or shows no /proc."""
    if hasattr(os, "memfd_create"):
        with suppress(OSError):
            path = Path(f"/proc/self/fd/{opened.enter_context(os.fdopen(os.memfd_create('identity'), 'wb')).fileno()}")
            return path if path.exists() else None
    return None
