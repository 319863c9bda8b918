"""The only SSLContext of the client. Verification is on, and nothing here turns it off."""

from __future__ import annotations

import secrets
import ssl
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from certifi import where as public_roots

from sfmtls_nb.certificates import ClientIdentity
from sfmtls_nb.connection.ca_file import trusted
from sfmtls_nb.errors import IdentityError, OrgError
from sfmtls_nb.files import shown
from sfmtls_nb.secret import Secret

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

# How long to wait for the alert of a server that hung up while we were still writing; seconds.
_ALERT_WAIT = 1.0


def client_context(ca_file: str | Path | bytes | None = None, identity: ClientIdentity | None = None) -> ssl.SSLContext:
    """A context that verifies the server against ``ca_file`` (None: the public roots) and presents ``identity``.

    Raises OrgError if the CA file cannot be used, IdentityError if OpenSSL refuses the key or a certificate.
    """
    roots = trusted(ca_file or public_roots())
    try:
        context = ssl.create_default_context(cafile=roots.get("cafile"), cadata=roots.get("cadata"))
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError; ValueError: a null byte in the name
        raise OrgError(
            f"the CA file {shown(roots.get('cafile', 'that is given as content'))} cannot be used",
            str(getattr(error, "strerror", None) or error),
            "name a PEM file that holds the root certificate of the server's authority",
        ) from error
    context.sslsocket_class = _AlertReadingSocket
    if identity:
        _load(context, identity)
    return context


def _load(context: ssl.SSLContext, identity: ClientIdentity) -> None:
    """OpenSSL reads a key from a file only: it gets one encrypted with a passphrase that lives as long as this call."""
    one_time = Secret(secrets.token_urlsafe(32))
    with tempfile.TemporaryDirectory(prefix="sfmtls-") as folder:
        pem = Path(folder, "identity.pem")
        pem.write_bytes(identity.pem(passphrase=one_time))
        try:
            context.load_cert_chain(pem, password=one_time.reveal)
        except ssl.SSLError as error:
            raise IdentityError(
                "OpenSSL refuses the key or one of the certificates",
                error.reason or str(error),
                "an RSA key needs 2048 bits or more, and the certificates a SHA-2 signature",
            ) from error


class _AlertReadingSocket(ssl.SSLSocket):
    """Reads the alert of a server that refused our certificate while we were already sending.

    Under TLS 1.3 the client's handshake is over before the server has judged its certificate (RFC 8446, 2 and 4.4.2.4),
    so the refusal can meet a request on its way: writing then fails with a broken pipe, and the alert that says why
    lies unread in the receive buffer.
    """

    def send(self, data: ReadableBuffer, flags: int = 0) -> int:
        try:
            return super().send(data, flags)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError) as cut:
            self.settimeout(_ALERT_WAIT)
            try:
                self.recv(1)
            except ssl.SSLEOFError:
                pass
            except ssl.SSLError as alert:
                raise alert from cut
            except OSError:
                pass
            raise
