"""TLS of the practice org, which accepts any client certificate and judges it later, or refuses it inside TLS.

The standard library cannot accept a certificate it cannot verify; pyOpenSSL can, so the TLS here is pyOpenSSL's.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, cast

from cryptography import x509
from OpenSSL import SSL, crypto
from tornado.iostream import BaseIOStream

from sfmtls_nb.practice.mutual.authority import Issued
from sfmtls_nb.practice.mutual.orgs_end import Recording
from sfmtls_nb.practice.request import Listener

_VERSIONS: Final[dict[str | None, int]] = {"1.2": SSL.TLS1_2_VERSION, "1.3": SSL.TLS1_3_VERSION}


def server_context(
    listener: Listener, server: Issued, accepted_roots: Sequence[x509.Certificate], version: str | None = None
) -> SSL.Context:
    """Return the TLS settings of one listener.

    443 asks for no certificate; 8443 asks and takes any, or none, naming no authorities, as Salesforce does; the
    strict one demands a certificate that verifies, and refuses inside TLS. version: "1.2" or "1.3" alone.
    A connection's app data is the `Recording` of its handshake, or None.
    """
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(_VERSIONS.get(version, SSL.TLS1_2_VERSION))
    context.set_max_proto_version(_VERSIONS.get(version, 0))
    # On a resumed session the server sees no chain, and would wrongly say that an intermediate is missing.
    context.set_options(SSL.OP_NO_TICKET)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.use_privatekey(server.key)
    context.use_certificate(server.certificate)
    context.set_info_callback(_note_state)
    if listener is Listener.MUTUAL:
        context.set_verify(SSL.VERIFY_PEER, lambda *judged_later: True)
    elif listener is Listener.STRICT:
        store = cast("crypto.X509Store", context.get_cert_store())
        for root in accepted_roots:
            store.add_cert(crypto.X509.from_cryptography(root))
        context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, _note_verdict)
    return context


def _note_state(connection: SSL.Connection, where: int, value: int) -> None:
    recording = cast("Recording | None", connection.get_app_data())
    if recording is not None:  # the handshake is not over yet
        recording.state(connection, where, value)


def _note_verdict(connection: SSL.Connection, judged: crypto.X509, error: int, depth: int, accepted: int) -> bool:  # noqa: ARG001
    recording = cast("Recording | None", connection.get_app_data())
    if recording is not None:
        recording.verdict(judged.to_cryptography(), error)
    return bool(accepted)


def presented_chain(connection: SSL.Connection) -> tuple[x509.Certificate, ...]:
    """Return the chain that the client sent, leaf first; empty if it sent no certificate."""
    leaf = connection.get_peer_certificate(as_cryptography=True)
    if leaf is None:
        return ()
    # On the server's side OpenSSL leaves the leaf out of the chain.
    others = connection.get_peer_cert_chain(as_cryptography=True) or []
    return (leaf, *(certificate for certificate in others if certificate != leaf))


class TLSStream(BaseIOStream):
    """A tornado stream over a pyOpenSSL connection whose handshake is over."""

    def __init__(self, connection: SSL.Connection) -> None:
        self._connection = connection
        # pyOpenSSL makes a buffer of that size for each read, and no TLS record holds more (RFC 8446, 5.1).
        super().__init__(read_chunk_size=16_384)

    def fileno(self) -> int:
        return int(self._connection.fileno())  # pyOpenSSL does not say what it returns

    def close_fd(self) -> None:
        # Without close_notify some clients count the request as failed.
        with suppress(SSL.Error, OSError):  # the peer may be gone already
            self._connection.shutdown()
        self._connection.close()

    def write_to_fd(self, data: memoryview) -> int:
        try:
            return self._connection.send(data)
        except (SSL.WantWriteError, SSL.WantReadError):
            return 0
        except SSL.Error as error:
            raise ConnectionResetError(errno.ECONNRESET, str(error)) from error
        finally:
            del data  # tornado's buffer cannot shrink while a view of it lives

    def read_from_fd(self, buf: bytearray | memoryview) -> int | None:
        try:
            return self._connection.recv_into(buf)
        except (SSL.WantReadError, SSL.WantWriteError):
            return None
        except SSL.ZeroReturnError:
            return 0
        except SSL.SysCallError as error:
            if error.args == (-1, "Unexpected EOF"):  # closed without close_notify: many clients do
                return 0
            raise ConnectionResetError(errno.ECONNRESET, str(error)) from error
        except SSL.Error as error:
            raise ConnectionResetError(errno.ECONNRESET, str(error)) from error
        finally:
            del buf
