"""Gate: who may make a call. The two layers of mutual authentication (Salesforce KB 000383575), then session and limit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from sfmtls_nb.practice.refusal import CertificatePageRefusal, RefusedError
from sfmtls_nb.practice.request import Listener
from sfmtls_nb.practice.state import OrgState, User

#: The words of the page for an enforced user's call without a certificate (captured traffic).
NO_CERTIFICATE: Final = "No client certificate provided."


class Verdict(Enum):
    """What becomes of a call."""

    PASS = "pass"  # noqa: S105  # no password
    PAGE = "the HTML page Certificate Error"
    FAULT = "MUTUAL_AUTHENTICATION_FAILED"


@dataclass(frozen=True)
class Presented:
    """What the connection shows of its client.

    flaw: why its chain is not valid, in OpenSSL's words; None if it is valid, or if none was presented.
    """

    certificate: bool
    flaw: str | None
    uploaded: bool


def judge(listener: Listener, presented: Presented, *, enforced: bool | None) -> tuple[Verdict, str]:
    """Verdict, and for a page the reason on it. A pure function.

    enforced: whether the session's user has Enforce SSL/TLS Mutual Authentication; None where there is no session
    (login, an unknown session id), so that only the chain is judged.
    """
    if listener is Listener.API:
        # Nobody was asked for a certificate here.
        return (Verdict.FAULT if enforced else Verdict.PASS), ""
    # Layer 1, for everyone who presents a certificate.
    if presented.flaw:
        return Verdict.PAGE, presented.flaw
    if not enforced:
        return Verdict.PASS, ""
    # Layer 2, for enforced users: the leaf must be one that was uploaded.
    if not presented.certificate:
        return Verdict.PAGE, NO_CERTIFICATE
    # [simulated] Which answer an unknown leaf gets was not found.
    return (Verdict.PASS if presented.uploaded else Verdict.FAULT), ""


def admit(listener: Listener, presented: Presented, session_id: str, state: OrgState) -> User:
    """The user whose API call this is, counted against the limit.

    Raises CertificatePageRefusal, or RefusedError with MUTUAL_AUTHENTICATION_FAILED, INVALID_SESSION_ID,
    INVALID_OPERATION_WITH_EXPIRED_PASSWORD or REQUEST_LIMIT_EXCEEDED.
    """
    user = state.session_user(session_id)
    verdict, reason = judge(listener, presented, enforced=user.enforced if user else None)
    if verdict is Verdict.PAGE:
        raise CertificatePageRefusal(reason)
    if verdict is Verdict.FAULT:
        raise RefusedError("MUTUAL_AUTHENTICATION_FAILED")
    if user is None:
        raise RefusedError("INVALID_SESSION_ID")
    if user.password_expired:
        raise RefusedError("INVALID_OPERATION_WITH_EXPIRED_PASSWORD", "The users password has expired")
    if not state.count_call():
        raise RefusedError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    return user


def certificate_page(reason: str) -> bytes:
    """The page, to the letter as captured, with a reason on it."""
    return (
        "<html><head><title>Certificate Error</title></head><body bgcolor=#ffffff text=#3198d8><center>"
        '<img src="http://www.sfdcstatic.com/common/assets/img/logo-company.png"><p>'
        f"<h3>Client certificate error:<i>{reason}</i></h3></center></body></html>"
    ).encode()
