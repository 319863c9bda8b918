"""Evidence: all that is known of a call that failed, or did not, as the causes are looked for in it."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509

from sfmtls_nb.certificates import ClientIdentity, Finding, common_name, name_words
from sfmtls_nb.certificates.findings import Case, examine
from sfmtls_nb.connection import Exchange
from sfmtls_nb.connection.failures import causes_of
from sfmtls_nb.diagnose.surroundings import is_public, is_salesforce
from sfmtls_nb.errors import ApiFault, CertificatePageError, IdentityError, SfmtlsError
from sfmtls_nb.handshake import Handshake, Verdict, judge

#: Clocks that differ by less explain nothing: it is what Kerberos tolerates.
_SKEW: Final = timedelta(minutes=5)
#: The words of nginx's own pages: for a certificate that it refuses, and for one that it misses.
NGINX_REFUSED: Final = "The SSL certificate error"
NGINX_NONE_SENT: Final = "No required SSL certificate was sent"


@dataclass(frozen=True)
class Evidence:
    """An error, the exchange it came of, or both; what else is known is found from them."""

    error: SfmtlsError | None
    exchange: Exchange | None
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    # ------------------------------------------------------------ where it went

    @cached_property
    def host(self) -> str:
        return (self.exchange and urlsplit(self.exchange.request.url).hostname) or ""

    @cached_property
    def port(self) -> int:
        """The port that was called; 0 where nothing was."""
        return (urlsplit(self.exchange.request.url).port or 443) if self.exchange else 0

    @property
    def where(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def identity(self) -> ClientIdentity | None:
        """The certificate that the connection was to present."""
        return self.exchange.request.identity if self.exchange else None

    @property
    def leaf_name(self) -> str:
        return common_name(self.identity.leaf) if self.identity else ""

    @property
    def root_name(self) -> str:
        """The root that the presented chain leads to, if it is among the files."""
        root = self.identity.root if self.identity else None
        return common_name(root) if root else ""

    # ------------------------------------------------------------ what was said

    @property
    def failure(self) -> str:
        """The name that the error has for itself."""
        return self.error.failure if self.error else ""

    @property
    def code(self) -> str:
        return self.error.code if isinstance(self.error, ApiFault) else ""

    @property
    def message(self) -> str:
        return self.error.message if isinstance(self.error, ApiFault) else ""

    @property
    def page(self) -> str:
        """The reason on the page “Certificate Error”."""
        return self.error.reason if isinstance(self.error, CertificatePageError) else ""

    @property
    def signing_in(self) -> bool:
        """True if the call was SOAP login()."""
        return bool(self.exchange and self.exchange.request.headers.get("SOAPAction") == "login")

    @cached_property
    def tls_reason(self) -> str:
        """OpenSSL's name for what went wrong, such as ``TLSV1_ALERT_UNKNOWN_CA``; an alert in it is the other end's."""
        found = (
            (cause.reason for cause in causes_of(self.error) if isinstance(cause, ssl.SSLError)) if self.error else ()
        )
        return next((reason for reason in found if reason), "")

    @cached_property
    def alert(self) -> str:
        """The other end's alert as TLS names it, such as ``unknown_ca``."""
        if self.tls_reason or not self.handshake or self.error is None:
            return self.tls_reason.partition("_ALERT_")[2].lower()
        alerts = [each for each in self.handshake.messages if each.name == "Alert" and each.sender == "server"]
        name = alerts[-1].meaning.rpartition(": ")[2] if alerts else ""
        return "" if name == "close_notify" else name

    @property
    def words(self) -> str:
        """The error's own evidence."""
        return (self.error.evidence or self.error.what) if self.error else ""

    # ------------------------------------------------------------ the handshake

    @property
    def handshake(self) -> Handshake | None:
        return self.exchange.handshake if self.exchange else None

    @cached_property
    def verdict(self) -> Verdict | None:
        """What became of the client's certificate; None where no TLS was spoken, or nothing of it is known."""
        if not self.handshake or not self.handshake.messages:
            return None
        messages = self.handshake.messages
        if self.failure == "cut" and messages[-1].name == "Alert" and messages[-1].sender == "client":
            messages = messages[:-1]  # OpenSSL's complaint of the end, to nobody: it is no opinion of the server
        return judge(messages, answered=self.handshake.answered, above=self.above)

    @property
    def above(self) -> str:
        """What a page says against the certificate, or against there being none: Salesforce's page, or nginx's."""
        said = (words for words in (NGINX_REFUSED, NGINX_NONE_SENT) if words in self.words)
        return self.page or next(said, "")

    @cached_property
    def server(self) -> tuple[x509.Certificate, ...]:
        """The certificates that the other end showed, as far as they can be read, leaf first."""
        shown = self.handshake.chain("server") if self.handshake else ()
        return tuple(certificate for der in shown if (certificate := _read(der)))

    @cached_property
    def foreign_issuer(self) -> str:
        """The issuer of the certificate shown in the name of a host of Salesforce's, if no public root vouches for it."""
        if not self.server or not is_salesforce(self.host):
            return ""
        return "" if is_public(self.server) else name_words(self.server[-1].issuer)

    # ------------------------------------------------------------ the certificate and the clock

    @cached_property
    def skew(self) -> timedelta:
        """The clock of this machine less the other end's, if that matters; nothing where the other end's is not known."""
        if not self.exchange or not (there := self.exchange.server_date):
            return timedelta()
        began, ended = self.exchange.at, self.exchange.at + timedelta(seconds=self.exchange.elapsed)
        if began <= there <= ended or abs(began - there) <= _SKEW:
            return timedelta()
        return began - there

    @property
    def skew_words(self) -> str:
        minutes = abs(self.skew).total_seconds() / 60
        apart = f"{minutes:.0f} minutes" if minutes < 119 else f"{minutes / 60:.0f} hours"
        way = "ahead of" if self.skew > timedelta() else "behind"
        return f"this machine's clock is {apart} {way} the one at {self.where}"

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """All that is found about the chain as it was presented, by the clock of the end that judges it; or about the files."""
        if isinstance(self.error, IdentityError):
            return self.error.findings
        if not self.identity or not self.exchange:
            return ()
        return self._findings_at(self.exchange.server_date or self.exchange.at)

    def found_by_own_clock(self, codes: tuple[str, ...]) -> bool:
        """True if one of these is found by the clock of this machine too."""
        found = self._findings_at(self.exchange.at) if self.exchange else ()
        return any(each.code in codes for each in found)

    def _findings_at(self, moment: datetime) -> tuple[Finding, ...]:
        if not self.identity or not self.exchange:
            return ()
        return tuple(examine(Case(self.identity.chain, self.identity.bag, moment, None)))


def serial_words(leaf: x509.Certificate) -> str:
    """A serial number in both of its forms: tools differ in which they show."""
    return f"serial number {leaf.serial_number} (hexadecimal {leaf.serial_number:X})"


def _read(der: bytes) -> x509.Certificate | None:
    try:
        certificate = x509.load_der_x509_certificate(der)
        certificate.issuer, certificate.subject, certificate.not_valid_after_utc  # noqa: B018  # read when asked for
    except ValueError:
        return None
    return certificate
