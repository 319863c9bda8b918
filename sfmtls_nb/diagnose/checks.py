"""Checks: the steps on the way to an org, each a small function of one shape: what was found on a visit -> its outcome."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Literal, NamedTuple

from sfmtls_nb.certificates import common_name, name_words, renewal_due
from sfmtls_nb.diagnose.diagnosis import Cause, why
from sfmtls_nb.diagnose.evidence import serial_words
from sfmtls_nb.diagnose.failure import FAILURES, advice
from sfmtls_nb.diagnose.surroundings import on_binder
from sfmtls_nb.diagnose.uploaded import read_uploaded
from sfmtls_nb.diagnose.visit import Attempt, Visit
from sfmtls_nb.errors import (
    ApiFault,
    CertificatePageError,
    HandshakeError,
    IdentityError,
    MutualAuthenticationFault,
    OrgError,
    SfmtlsError,
)
from sfmtls_nb.org import LAST_VERSION_WITH_LOGIN
from sfmtls_nb.session import Session

Status = Literal["pass", "fail", "not reached", "skipped"]


class Outcome(NamedTuple):
    """What a check found: what shows it, the next step, and the name of the failure, which is that of its page."""

    status: Status
    evidence: str
    do: str = ""
    failure: str = ""


class Check(NamedTuple):
    """One step. needs: names of the checks without which there is nothing to look at here."""

    name: str
    title: str
    run: Callable[[Visit], Outcome]
    needs: tuple[str, ...] = ()


def _passed(evidence: str, do: str = "") -> Outcome:
    return Outcome("pass", evidence, do)


def _skipped(evidence: str, do: str = "") -> Outcome:
    return Outcome("skipped", evidence, do)


def _failed(error: SfmtlsError | None, evidence: str = "") -> Outcome:
    """A failure, with its first cause."""
    cause: Cause | None = next(iter(why(error)), None) if error else None
    if cause:
        return Outcome("fail", f"{cause.title}: {cause.evidence}", cause.do, cause.name)
    return Outcome("fail", evidence or (error.what if error else ""), error.next_step if error else "")


def _is(name: str, evidence: str, do: str = "") -> Outcome:
    """A failure by its name."""
    return Outcome("fail", evidence, do or advice(name), name)


def _shown_in(attempt: Attempt, name: str) -> Outcome:
    """A failure that the evidence of a call shows, whatever else it shows."""
    subject = attempt.error or attempt.exchange
    cause = next(cause for cause in (why(subject) if subject else ()) if cause.name == name)
    return Outcome("fail", cause.evidence, cause.do, cause.name)


#: What to do for a check that wants a certificate, or a session: in a notebook, in Python, in a shell.
_IDENTITY: Final = "name its files: %sf_identity FILES, doctor(org, ClientIdentity.load(…)), or sfmtls-nb doctor FILES"
_SESSION: Final = "sign in first: %sf_login, or doctor(org, identity, credentials=…) or session=…"

#: Failures that show before there is TLS.
_NO_CONNECTION: Final = (
    "no-such-host",
    "port-filtered",
    "port-closed",
    "unreachable",
    "proxy-refused",
    "proxy-unusable",
)


# ---------------------------------------------------------------- the way there


def _name(visit: Visit) -> Outcome:
    if visit.proxy:
        return _skipped(f"the proxy {visit.proxy} looks names up")
    words = "; ".join(f"{host}: {found.lstrip('!')}" for host, found in visit.addresses.items())
    if any(found.startswith("!") for found in visit.addresses.values()):
        return _is("no-such-host", words)
    return _passed(words)


def _proxy(visit: Visit) -> Outcome:
    binder = on_binder(visit.environ)
    note = (
        f"this is Binder ({binder} is set), which lets out a few ports, and 8443 is not one of them" if binder else ""
    )
    if not visit.proxy:
        return _passed(note or "none on the way, by the environment")
    for attempt in visit.attempts:
        if attempt.error and attempt.error.failure.startswith("proxy-"):
            return _failed(attempt.error)
    return _passed(f"calls go through {visit.proxy}, and it lets them through")


def _port(visit: Visit) -> Outcome:
    return _reached(visit.plain, visit.plain_url)


def _mutual_port(visit: Visit) -> Outcome:
    if not visit.mutual_url:
        return _skipped(
            f"{visit.plain_url} has no 8443, and the org's host is known after the sign-in",
            "give the org's My Domain, or a session",
        )
    return _reached(visit.asked, visit.mutual_url)


def _reached(attempt: Attempt, url: str) -> Outcome:
    if attempt.error and (attempt.error.failure in _NO_CONNECTION or isinstance(attempt.error, OrgError)):
        return _failed(attempt.error)
    return _passed(f"{url.removeprefix('https://')} took the connection")


# ---------------------------------------------------------------- TLS


def _tls(visit: Visit) -> Outcome:
    if visit.proxy:
        handshake = visit.nearest.evidence.handshake
        return _skipped(
            f"through a proxy only what was agreed on shows: {handshake.version if handshake else 'nothing'}"
        )
    spoken = [version for version, reason in visit.versions.items() if not reason]
    refused = "; ".join(f"not {version}: {reason}" for version, reason in visit.versions.items() if reason)
    if spoken:
        return _passed("TLS " + " and ".join(spoken) + (f"; {refused}" if refused else ""))
    error = visit.nearest.error
    return _failed(error, refused) if error else Outcome("fail", refused)


def _server(visit: Visit) -> Outcome:
    evidence = visit.nearest.evidence
    if not evidence.server:
        return (
            _failed(evidence.error) if evidence.error else _skipped("its certificates were not recorded by this Python")
        )
    leaf = evidence.server[0]
    shown = f"{common_name(leaf)}, issued by {name_words(leaf.issuer)}, valid until {leaf.not_valid_after_utc:%Y-%m-%d}"
    if evidence.failure.startswith("server-"):
        outcome = _failed(evidence.error)
        return outcome._replace(evidence=f"{outcome.evidence}; it is {shown}")
    if evidence.foreign_issuer:
        return _shown_in(visit.nearest, "resigning-proxy")
    return _passed(shown)


def _asked(visit: Visit) -> Outcome:
    handshake = visit.asked.evidence.handshake
    if not handshake or not handshake.messages:
        return _skipped("the messages were not recorded by this Python")
    request = handshake.first("CertificateRequest")
    if request:
        return _passed(f"CertificateRequest: {request.meaning}" if request.meaning else "CertificateRequest")
    return _is("not-asked", str(handshake.verdict))


def _sent(visit: Visit) -> Outcome:
    if not visit.identity and _refused(visit.mutual):
        return _failed(visit.mutual.error)
    if not visit.identity:
        return _skipped("no certificate was given", _IDENTITY)
    handshake = visit.mutual.evidence.handshake
    if not handshake or not handshake.messages:
        return (
            _failed(visit.mutual.error)
            if isinstance(visit.mutual.error, IdentityError)
            else _skipped("the messages were not recorded by this Python")
        )
    chain = handshake.chain("client")
    if chain:
        return _passed(
            f"{len(chain)} certificate{'' if len(chain) == 1 else 's'}, {common_name(visit.identity.leaf)} first"
        )
    if handshake.verdict.kind == "ended":
        return Outcome("not reached", str(handshake.verdict))
    return _is("certificate-dropped", str(handshake.verdict))


def _refused(attempt: Attempt) -> bool:
    """True if TLS failed, or the answer is a page about the certificate, or about there being none."""
    return isinstance(attempt.error, HandshakeError) or bool(attempt.evidence.above)


def _accepted(visit: Visit) -> Outcome:
    if not visit.identity:
        return _skipped("no certificate was given")
    error, verdict = visit.mutual.error, visit.mutual.evidence.verdict
    if _refused(visit.mutual) or (error and error.failure):
        return _failed(error)
    return _passed(str(verdict or "an answer came, and no page “Certificate Error”"))


# ---------------------------------------------------------------- this end


def _clock(visit: Visit) -> Outcome:
    attempt = next((each for each in visit.attempts if each.exchange and each.exchange.server_date), None)
    if attempt is None or attempt.exchange is None or (there := attempt.exchange.server_date) is None:
        return Outcome("not reached", "no answer with a Date came")
    apart = abs(attempt.exchange.at - there).total_seconds()
    if attempt.evidence.skew:
        return _shown_in(attempt, "clock-skew")
    return _passed(f"within {max(apart, 1):.0f} s of the server's")


def _findings(visit: Visit) -> Outcome:
    if not visit.identity:
        return _skipped("no certificate was given")
    found = visit.identity.findings(visit.org)
    errors = [each for each in found if each.severity == "error"]
    if errors:
        first = errors[0]
        words = "; ".join(f"{each.code}: {each.subject}: {each.evidence}" for each in errors)
        return _is(first.code, words, first.advice)
    warnings = [each for each in found if each.severity == "warning"]
    words = "; ".join(f"{each.code}: {each.evidence}" for each in warnings)
    return _passed(
        f"works, and: {words}" if words else f"nothing is wrong with {common_name(visit.identity.leaf)}",
        warnings[0].advice if warnings else "",
    )


# ---------------------------------------------------------------- the org


def _version(visit: Visit) -> Outcome:
    for attempt in visit.attempts:
        if isinstance(attempt.content, list):
            served = [str(each.get("version")) for each in attempt.content if isinstance(each, dict)]
            words = (
                f"{visit.org.api_version}; the org serves {served[0]} to {served[-1]}"
                if served
                else "the org lists none"
            )
            if visit.org.api_version in served:
                gone = float(visit.org.api_version) > float(LAST_VERSION_WITH_LOGIN)
                return _passed(words + ("; SOAP login() is not among its calls" if gone else ""))
            return _is("version-not-served", words, "choose a version that it serves: Org(api_version=…)")
    # Of refusals the steps before have told.
    errors = [attempt.error for attempt in visit.attempts if attempt.error and not _refused(attempt)]
    return _failed(errors[0]) if errors else Outcome("not reached", "no answer of the API came")


def _way_in(visit: Visit) -> Outcome:
    session = visit.signed_in
    if session is None:
        return _skipped("nothing to sign in with was given", _SESSION)
    if isinstance(session, SfmtlsError):
        return _failed(session)
    return _passed(
        f"{type(visit.credentials).__name__}: {session}" if visit.given is None else f"signed in already: {session}"
    )


def _enforced(visit: Visit) -> Outcome:
    if visit.signed_in is None:
        return _skipped("nobody has signed in")
    attempt = visit.call(443)
    if isinstance(attempt.error, MutualAuthenticationFault):
        return _passed("this user is enforced: 443 refuses the session, as it should")
    if attempt.error:
        return _failed(attempt.error)
    return _passed(
        "this user is not enforced: 443 lets the session in without a certificate",
        "to enforce it: Enforce SSL/TLS Mutual Authentication, in a permission set or profile of an API Only User",
    )


def _call(visit: Visit) -> Outcome:
    if visit.signed_in is None:
        return _skipped("nobody has signed in")
    attempt = visit.call(8443)
    return _failed(attempt.error) if attempt.error else _passed("getUserInfo on 8443 was answered")


def _uploaded(visit: Visit) -> Outcome:
    session, here = visit.signed_in, visit.identity.leaf if visit.identity else None
    if not isinstance(session, Session):
        return _skipped("nobody has signed in", f"{_SESSION}; an administrator's session can read what is uploaded")
    try:
        there = read_uploaded(session)
    except SfmtlsError as error:
        return _unread(error, presented=here is not None)
    listed = "; ".join(map(str, there)) or "none"
    if here is None:
        return _passed(f"uploaded: {listed}")
    found = next((each for each in there if each.is_of(here)), None)
    if found is None:
        words = f"this leaf is not uploaded: {common_name(here)}, {serial_words(here)}; uploaded: {listed}"
        return _is("not-uploaded", words)
    return _passed(
        f"it is: {found}",
        "renew it now: %sf_identity --renew leads through it" if renewal_due(here) <= datetime.now(UTC) else "",
    )


def _unread(error: SfmtlsError, *, presented: bool) -> Outcome:
    """Why what is uploaded cannot be read."""
    if isinstance(error, ApiFault) and error.code == "INVALID_TYPE":
        return _is("feature-hidden", f"{FAILURES['feature-hidden'].title}: {error.what}")
    if not presented and isinstance(error, CertificatePageError | HandshakeError):
        return _skipped("it cannot be read without a certificate: this user is enforced", _IDENTITY)
    return _skipped(
        f"it cannot be read: {_failed(error).evidence}",
        "an administrator's session can read it: sign in as one, or doctor(…, session=…)",
    )


#: In their order. One more is one more row.
CHECKS: Final = (
    Check("name", "the name resolves", _name),
    Check("proxy", "proxy", _proxy),
    Check("port", "443 answers", _port, ("name",)),
    Check("mutual-port", "8443 answers", _mutual_port, ("name",)),
    Check("tls", "TLS versions", _tls, ("name", "port or mutual-port")),
    Check("server", "the server's certificate", _server, ("tls",)),
    Check("clock", "clock", _clock, ("tls",)),
    Check("findings", "the certificate and its chain", _findings),
    Check("asked", "a certificate is asked for", _asked, ("mutual-port", "tls", "server")),
    Check("sent", "the certificate is sent", _sent, ("mutual-port", "asked")),
    Check("accepted", "the certificate is accepted", _accepted, ("mutual-port", "sent")),
    Check("version", "API version", _version, ("tls", "server")),
    Check("way-in", "way in", _way_in, ("tls", "server")),
    Check("uploaded", "the leaf is uploaded in Setup", _uploaded, ("way-in",)),
    Check("enforced", "enforced or not", _enforced, ("port", "way-in")),
    Check("call", "a call on 8443", _call, ("mutual-port", "way-in")),
)  # fmt: skip
