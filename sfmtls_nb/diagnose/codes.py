"""Codes: what the org says no with, by SOAP, by REST and at the token endpoint, and the failure of each, in tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sfmtls_nb.diagnose.evidence import Evidence
from sfmtls_nb.diagnose.failure import Layer, Shown
from sfmtls_nb.errors import ApiFault, LoginFault

#: It says that the connection is not mutually authenticated, and not why: the handshake does.
NOT_MUTUAL: Final = "MUTUAL_AUTHENTICATION_FAILED"
#: Code (empty: any), words of the message (empty: any), failure, layer. The first row that fits applies.
_CODES: Final[tuple[tuple[str, str, str, Layer], ...]] = (
    ("INVALID_LOGIN", "", "invalid-login", "SOAP/REST"),
    ("LOGIN_MUST_USE_SECURITY_TOKEN", "", "security-token-missing", "org policy"),
    ("PASSWORD_LOCKOUT", "", "locked-out", "org policy"),
    ("INVALID_OPERATION_WITH_EXPIRED_PASSWORD", "", "password-expired", "org policy"),
    ("INVALID_OPERATION", "login", "soap-login-off", "org policy"),
    ("INVALID_SESSION_ID", "", "session-ended", "SOAP/REST"),
    ("UNSUPPORTED_API_VERSION", "", "version-not-served", "SOAP/REST"),
    ("REQUEST_LIMIT_EXCEEDED", "", "limit-exceeded", "org policy"),
    ("INVALID_FIELD", "", "query-wrong", "SOAP/REST"),
    ("INVALID_TYPE", "", "query-wrong", "SOAP/REST"),
    ("MALFORMED_QUERY", "", "query-wrong", "SOAP/REST"),
    ("INVALID_QUERY_LOCATOR", "", "locator-expired", "SOAP/REST"),
    ("INVALIDLOCATOR", "", "locator-expired", "SOAP/REST"),
    ("Client", "", "message-not-understood", "SOAP/REST"),
)  # fmt: skip
#: The same of the token endpoint.
_OAUTH: Final[tuple[tuple[str, str, str, Layer], ...]] = (
    ("", "not installed in this org", "consumer-key-wrong", "SOAP/REST"),
    ("OAUTH_EC_APP_NOT_FOUND", "", "consumer-key-wrong", "SOAP/REST"),
    ("", "approved this consumer", "user-not-approved", "org policy"),
    ("", "admin approved", "user-not-approved", "org policy"),
    ("OAUTH_APP_ACCESS_DENIED", "", "user-not-approved", "org policy"),
    ("", "audience", "audience-wrong", "SOAP/REST"),
    ("", "assertion", "assertion-wrong", "SOAP/REST"),
    ("", "certificate", "app-wants-certificate", "org policy"),
    ("", "client credentials user", "no-run-as-user", "org policy"),
    ("invalid_client_id", "", "consumer-key-wrong", "SOAP/REST"),
    ("invalid_client", "", "consumer-secret-wrong", "SOAP/REST"),
    ("", "not supported on this domain", "my-domain-needed", "org policy"),
    ("", "token request", "my-domain-needed", "org policy"),
    ("", "ip restricted", "address-restricted", "org policy"),
    ("", "authorization code", "code-used", "SOAP/REST"),
    ("", "code verifier", "code-used", "SOAP/REST"),
    ("", "access/refresh token", "token-ended", "SOAP/REST"),
    ("", "inactive", "user-inactive", "org policy"),
    ("", "authentication failure", "locked-out", "org policy"),
    ("", "password", "password-expired", "org policy"),
    ("unauthorized_client", "", "flow-off", "org policy"),
    ("unsupported_grant_type", "", "flow-off", "org policy"),
    ("redirect_uri_mismatch", "", "redirect-uri-mismatch", "SOAP/REST"),
    ("OAUTH_APP_BLOCKED", "", "access-denied", "org policy"),
    ("access_denied", "", "access-denied", "org policy"),
    ("invalid_scope", "", "scope-missing", "org policy"),
    ("unsupported_token_type", "", "token-ended", "SOAP/REST"),
    ("invalid_token", "", "token-ended", "SOAP/REST"),
    ("", "", "sign-in-refused", "org policy"),
)  # fmt: skip


def by_code(evidence: Evidence) -> Iterator[Shown]:
    """The failure that a fault's code and words stand for."""
    if not isinstance(evidence.error, ApiFault) or evidence.code == NOT_MUTUAL:
        return
    words, text = f"{evidence.code}: {evidence.message}", evidence.message.casefold()
    at_login = isinstance(evidence.error, LoginFault)
    for code, part, name, layer in (*_CODES, *(_OAUTH if at_login else ())):
        if code in ("", evidence.code) and part in text:
            yield Shown(name, layer, words)
            return
    if not evidence.failure and not (evidence.code == "INSUFFICIENT_ACCESS" and evidence.signing_in):
        yield Shown("call-refused", "SOAP/REST", words)
