"""Planting: a failure that can be planted, and how; each with what shows it, and where one would have looked first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Final, Literal, NamedTuple

from sfmtls_nb.diagnose import FAILURES
from sfmtls_nb.notebook.drill import conduct, material
from sfmtls_nb.notebook.drill.material import scenario
from sfmtls_nb.notebook.drill.stage import Stage

#: More of the evidence, in the order from near to far.
Look = Literal["reply", "handshake", "files", "org"]
LOOKS: Final[tuple[Look, ...]] = ("reply", "handshake", "files", "org")

#: The commands that show it outside of a drill, by the look that shows it in one; and of some by name.
_COMMANDS: Final[Mapping[str, str]] = {
    "first": "%sf_why",
    "reply": "%sf_why",
    "handshake": "%sf_handshake",
    "files": "%sf_identity client.pem",
    "org": "%sf_why",
    "port-closed": "%sf_doctor",
    "not-uploaded": "%sf_doctor",
    "root-not-accepted": "%sf_identity client.pem",
}


class Planting(NamedTuple):
    """A failure that can be planted. sign: what shows it, and nothing else.

    look: the one that would show it first; "first" where it shows before any look.
    """

    name: str
    kind: str
    plant: Callable[[Stage], None]
    look: Look | Literal["first"]
    sign: str

    @property
    def title(self) -> str:
        """What is wrong, in a sentence."""
        return FAILURES[self.name].title

    @property
    def command(self) -> str:
        """The command that shows it on an org of one's own."""
        return _COMMANDS.get(self.name) or _COMMANDS[self.look]


_FILES: Final = "nothing is sent: the client’s file"
_WAY: Final = "on the way to the server, and its own certificate"
_MUTUAL: Final = "the client’s certificate is refused, or missing"
_SIGN_IN: Final = "the sign-in is refused"
_CALL: Final = "the call is refused"
_ANSWER: Final = "the answer cannot be used, or does not come"
_WORKS: Final = "the call works, and something is odd"

_ROWS: Final = (
    # Nothing is sent.
    (_FILES, "no-key", scenario("no-key"), "files", "the file has certificates, and no PRIVATE KEY"),
    (_FILES, "no-leaf", scenario("no-leaf"), "files", "every certificate in the file is an authority’s (CA: yes)"),
    (_FILES, "key-mismatch", scenario("key-mismatch"), "files", "the public half of the key is that of none of the certificates"),
    (_FILES, "several-identities", material.several_identities, "files", "there are two keys in the file, each with a certificate of its own"),
    (_FILES, "passphrase", material.passphrase, "files", "the file begins with ENCRYPTED PRIVATE KEY"),
    (_FILES, "weak-key", scenario("weak-key"), "files", "the leaf’s key has 1,024 bits (OpenSSL: EE_KEY_TOO_SMALL)"),
    (_FILES, "weak-signature", scenario("weak-signature"), "files", "the leaf is signed with SHA-1 (OpenSSL: CA_MD_TOO_WEAK)"),
    # The way.
    (_WAY, "port-closed", conduct.port_closed, "first", "the connection is refused at once"),
    (_WAY, "silent", conduct.silent, "handshake", "the connection is taken, a ClientHello goes out, and no byte comes back"),
    (_WAY, "not-tls", conduct.not_tls, "handshake", "what comes back to the ClientHello is no TLS (OpenSSL: WRONG_VERSION_NUMBER)"),
    (_WAY, "cut", conduct.cut, "handshake", "after the ClientHello the connection ends, without an alert"),
    (_WAY, "server-untrusted", conduct.server_untrusted, "handshake", "this end refuses the server: it finds no root for its certificate among those in ca.pem"),
    (_WAY, "server-wrong-name", conduct.server_wrong_name, "handshake", "this end refuses the server: the host that is called is not among the names of its certificate"),
    (_WAY, "server-expired", conduct.server_expired, "handshake", "this end refuses the server: by this clock its certificate has expired"),
    # The certificate.
    (_MUTUAL, "no-certificate", material.no_certificate, "handshake", "a certificate is asked for, and the client’s Certificate is empty"),
    (_MUTUAL, "session-on-443", material.session_on_443, "handshake", "MUTUAL_AUTHENTICATION_FAILED from the door where there is no CertificateRequest"),
    (_MUTUAL, "not-uploaded", material.not_uploaded, "org", "MUTUAL_AUTHENTICATION_FAILED after a certificate that TLS and layer 1 took; its serial number is not in Setup"),
    (_MUTUAL, "expired", scenario("expired"), "files", "“certificate has expired”, or that alert, and the leaf’s last day is over"),
    (_MUTUAL, "not-yet-valid", scenario("not-yet-valid"), "files", "“certificate is not yet valid”, or the alert bad_certificate, and the leaf’s first day is to come"),
    (_MUTUAL, "intermediate-expired", scenario("intermediate-expired"), "files", "the same words as for a leaf that has expired, and it is the last day of the leaf’s issuer that is over"),
    (_MUTUAL, "self-signed", scenario("self-signed"), "files", "subject and issuer of the leaf are the same name"),
    (_MUTUAL, "intermediate-missing", scenario("intermediate-missing"), "files", "the issuer is not found, and is not in the file: the leaf stands alone"),
    (_MUTUAL, "root-not-accepted", scenario("root-not-accepted"), "org", "the issuer is not found, the chain in the file is whole, and its root is not on the org’s list"),
    (_MUTUAL, "ca-as-leaf", scenario("ca-as-leaf"), "files", "“unsuitable certificate purpose”, or that alert, and the first certificate is an authority’s (CA: yes)"),
    (_MUTUAL, "any-purpose", scenario("any-purpose"), "files", "“unsuitable certificate purpose”, or that alert, and the purpose is anyExtendedKeyUsage"),
    (_MUTUAL, "server-auth-only", scenario("server-auth-only"), "files", "“unsuitable certificate purpose”, or that alert, and the purpose is serverAuth"),
    (_MUTUAL, "client-auth-missing", scenario("client-auth-missing", "8443"), "files", "“unsuitable certificate purpose”, and the leaf names no purpose at all"),
    (_MUTUAL, "no-digital-signature", scenario("no-digital-signature"), "files", "“unsuitable certificate purpose”, or that alert, and the key usage lacks digitalSignature"),
    (_MUTUAL, "revoked", material.revoked, "org", "“certificate revoked”, and the serial number is on the authority’s list"),
    # The sign-in.
    (_SIGN_IN, "invalid-login", conduct.invalid_login, "org", "INVALID_LOGIN, and Setup shows a user who is not locked"),
    (_SIGN_IN, "security-token-missing", conduct.security_token_missing, "first", "LOGIN_MUST_USE_SECURITY_TOKEN"),
    (_SIGN_IN, "password-expired", conduct.password_expired, "first", "passwordExpired is true in an answer that is HTTP 200"),
    (_SIGN_IN, "soap-login-off", conduct.soap_login_off, "first", "INVALID_OPERATION at login(), for everyone"),
    (_SIGN_IN, "any-api-auth-missing", conduct.any_api_auth_missing, "org", "INSUFFICIENT_ACCESS at login(), for this user"),
    (_SIGN_IN, "consumer-key-wrong", conduct.consumer_key_wrong, "org", "“not installed in this org”, or “client identifier invalid”"),
    (_SIGN_IN, "consumer-secret-wrong", conduct.consumer_secret_wrong, "first", "invalid_client from the client credentials flow"),
    (_SIGN_IN, "no-run-as-user", conduct.no_run_as_user, "org", "“no client credentials user enabled”, and Run As names nobody in the app"),
    (_SIGN_IN, "flow-off", conduct.flow_off, "org", "unauthorized_client, and the flow is not among the app’s"),
    (_SIGN_IN, "app-wants-certificate", conduct.app_wants_certificate, "first", "invalid_client, with words about a certificate"),
    (_SIGN_IN, "address-restricted", conduct.address_restricted, "first", "“ip restricted or invalid login hours”"),
    (_SIGN_IN, "user-not-approved", conduct.user_not_approved, "org", "“not admin approved”, and the user is not among the app’s approved ones"),
    (_SIGN_IN, "locked-out", conduct.locked_out, "org", "“authentication failure”, and Setup shows the user locked"),
    (_SIGN_IN, "assertion-wrong", conduct.assertion_wrong, "first", "“invalid assertion”: the signature was not made with the key whose certificate the app has"),
    (_SIGN_IN, "audience-wrong", conduct.audience_wrong, "first", "“audience is invalid”"),
    # The call.
    (_CALL, "session-ended", conduct.session_ended, "first", "INVALID_SESSION_ID"),
    (_CALL, "limit-exceeded", conduct.limit_exceeded, "first", "REQUEST_LIMIT_EXCEEDED, and Setup shows all requests used"),
    (_CALL, "version-not-served", conduct.version_not_served, "first", "UNSUPPORTED_API_VERSION, and the version stands in the address"),
    (_CALL, "query-wrong", conduct.query_wrong, "first", "MALFORMED_QUERY, INVALID_FIELD or INVALID_TYPE, with the place in the query"),
    (_CALL, "locator-expired", conduct.locator_expired, "first", "INVALID_QUERY_LOCATOR, at a further page of a query"),
    (_CALL, "job-failed", conduct.job_failed, "first", "the job’s state is Failed or Aborted"),
    (_CALL, "message-not-understood", conduct.message_not_understood, "first", "a fault with the code Client: the address takes no such message"),
    # The answer.
    (_ANSWER, "answer-stalled", conduct.armed("stall", read_timeout=1.0), "handshake", "TLS is agreed on, and the answer stops half-way"),
    (_ANSWER, "call-timeout", conduct.armed("delay", call_timeout=1.0), "first", "nothing is wrong but the time: the call is not over within its limit"),
    (_ANSWER, "answer-cut", conduct.answer_cut, "first", "the connection ends, and fewer bytes have come than were announced"),
    (_ANSWER, "document-cut", conduct.armed("truncated"), "first", "HTTP is whole, and the document in it ends in the middle"),
    (_ANSWER, "answer-too-large", conduct.answer_too_large, "first", "more bytes come than the client takes"),
    (_ANSWER, "unavailable", conduct.unavailable, "first", "HTTP 500 or 503, with a page"),
    (_ANSWER, "page-instead", conduct.armed("html-for-xml"), "first", "HTTP 200, and a page where XML or JSON should be"),
    # It works today.
    (_WORKS, "dual-use", scenario("dual-use"), "files", "the leaf has both purposes, serverAuth and clientAuth"),
    (_WORKS, "expires-soon", scenario("expires-soon"), "files", "the leaf’s last day is a few days away"),
    (_WORKS, "wrong-order", scenario("wrong-order"), "files", "an authority stands before the one that it has certified"),
    (_WORKS, "root-included", scenario("root-included"), "files", "the last certificate in the file has issued itself"),
    (_WORKS, "clock-skew", material.clock_skew, "reply", "the answer’s Date is hours away from when the call was made by this clock"),
    (_WORKS, "rsa-pss", scenario("rsa-pss"), "files", "the leaf’s signature is RSA-PSS"),
)  # fmt: skip

#: All that can be planted, by name.
PLANTINGS: Final[Mapping[str, Planting]] = {
    name: Planting(name, kind, plant, look, sign)  # type: ignore[arg-type]  # a table's rows have wide types
    for kind, name, plant, look, sign in _ROWS
}
#: Their names by kind, in the order of the table.
KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    kind: tuple(each.name for each in PLANTINGS.values() if each.kind == kind)
    for kind in dict.fromkeys(each.kind for each in PLANTINGS.values())
}


#: The numbers of incidents are below this: they stand in the names of marks.
NUMBERS: Final = 10_000


def drawn(number: int) -> tuple[Planting, Random]:
    """The planting that an incident of this number is, and what is left to chance in it: always the same."""
    rng = Random(number)  # noqa: S311  # a drill, and no secret
    return PLANTINGS[rng.choice(list(PLANTINGS))], rng
