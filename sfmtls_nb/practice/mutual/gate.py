"""Gate: who may make a call. The two layers of mutual authentication (Salesforce KB 000383575), then session and limit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from sfmtls_nb.practice.refusal import RefusedError
from sfmtls_nb.practice.request import Answer, Listener

if TYPE_CHECKING:  # the state judges uploads by this folder
    from sfmtls_nb.practice.state import OrgState, User

#: The words of the page for an enforced user's call without a certificate (captured traffic).
NO_CERTIFICATE: Final = "No client certificate provided."


class Verdict(Enum):
    """The outcome of mutual authentication: the call goes on, gets the page "Certificate Error", or gets a fault."""

    PASS = "pass"  # noqa: S105  # no password
    PAGE = "page"
    FAULT = "MUTUAL_AUTHENTICATION_FAILED"


@dataclass(frozen=True)
class Presented:
    """The certificate that the client of a connection presented.

    flaw: why its chain is not valid, in OpenSSL's words; None if it is valid, or if none was presented.
    uploaded: whether its leaf is among the org's Mutual Authentication Certificates.
    """

    certificate: bool
    flaw: str | None
    uploaded: bool


def judge(listener: Listener, presented: Presented, *, enforced: bool | None) -> tuple[Verdict, str]:
    """Return the verdict, and for a page the reason to print on it. A pure function.

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
    # [simulated] The answer to a leaf that was not uploaded is not documented.
    return (Verdict.PASS if presented.uploaded else Verdict.FAULT), ""


def admit(verdict: Verdict, user: User | None, state: OrgState) -> User:
    """Return the user whose API call this is, and count it against the limit.

    Raises RefusedError with MUTUAL_AUTHENTICATION_FAILED, INVALID_SESSION_ID, INVALID_OPERATION_WITH_EXPIRED_PASSWORD
    or REQUEST_LIMIT_EXCEEDED.
    """
    if verdict is Verdict.FAULT:
        raise RefusedError("MUTUAL_AUTHENTICATION_FAILED")
    if user is None:
        raise RefusedError("INVALID_SESSION_ID")
    if user.password_expired:
        raise RefusedError("INVALID_OPERATION_WITH_EXPIRED_PASSWORD", "The users password has expired")
    if state.failures.use("limit-exceeded") or not state.count_call():
        raise RefusedError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    return user


def certificate_page(reason: str) -> Answer:
    """Return the page "Certificate Error" with a reason on it; its text is captured, its status of 403 [simulated]."""
    page = (
        "<html><head><title>Certificate Error</title></head><body bgcolor=#ffffff text=#3198d8><center>"
        '<img src="http://www.sfdcstatic.com/common/assets/img/logo-company.png"><p>'
        f"<h3>Client certificate error:<i>{reason}</i></h3></center></body></html>"
    )
    return Answer(403, "text/html; charset=UTF-8", page.encode())
