"""Faults: Salesforce's error codes, the class of each and the next step, in one table for SOAP and REST."""

from __future__ import annotations

import re
from typing import Final

from sfmtls_nb.errors import LoginFault, MutualAuthenticationFault, RestFault, SessionFault, SoapFault

_UNLISTED: Final = "Salesforce's API reference lists the code under “API Fault”"

_JOB: Final = (
    "Setup > Bulk Data Load Jobs shows who aborted it, or more of why it failed; a query that ran too long has to find "
    'less, or by an indexed field; with api="rest" the org says at once what it has against a query'
)

# code -> (class, or None for the one of the API that said it; next step)
FAULTS: Final[dict[str, tuple[type[LoginFault | MutualAuthenticationFault | SessionFault] | None, str]]] = {
    "INVALID_LOGIN": (
        LoginFault,
        "type username and password again; from an unknown network append the security token to the password; a sandbox "
        "signs in at test.salesforce.com or its My Domain; who is locked out waits, or is unlocked by an administrator "
        "(Setup > Users); Setup > Users > Login History says which of these it was",
    ),
    "LOGIN_MUST_USE_SECURITY_TOKEN": (
        LoginFault,
        "append the security token to the password (PasswordLogin(…, security_token=…)); "
        "Settings > Reset My Security Token mails a new one",
    ),
    "PASSWORD_LOCKOUT": (LoginFault, "wait for the lockout to end, or ask an administrator to unlock the user"),
    "INVALID_OPERATION_WITH_EXPIRED_PASSWORD": (
        LoginFault,
        "the password has expired: sign in with a browser once and set a new one, then sign in here again",
    ),
    "MUTUAL_AUTHENTICATION_FAILED": (
        MutualAuthenticationFault,
        "this user is enforced: call on 8443 with the client certificate; if you did, its leaf is not the one uploaded "
        "under Setup > Certificate and Key Management > Mutual Authentication Certificates",
    ),
    "INVALID_SESSION_ID": (
        SessionFault,
        "the session ended or timed out, or belongs to another org: sign in again; an envelope with a SessionHeader of its "
        "own is sent with that one: take it out, and the session's is put in",
    ),
    "UNSUPPORTED_API_VERSION": (
        None,
        "choose a version the org serves; /services/data lists them",
    ),
    "Client": (
        None,
        "the message is not one that this address takes: /services/Soap/u/ takes operations in the namespace "
        "urn:partner.soap.sforce.com, spelled as in the WSDL, such as getUserInfo",
    ),
    "INVALID_FIELD": (
        None,
        "correct the name the message points at; describe shows the object's fields, and a field your user may not see "
        "counts as missing",
    ),
    "INVALID_TYPE": (
        None,
        "correct the object's name; describeGlobal lists them, and an object your user may not see counts as missing",
    ),
    "MALFORMED_QUERY": (None, "correct the query where the message points at it; row and column count from 1"),
    **dict.fromkeys(
        ("INVALID_QUERY_LOCATOR", "INVALIDLOCATOR"),
        (
            None,
            "run the query again: the org has let go of what the locator led to (a Bulk job's results are kept for seven "
            "days), or the locator is another user's",
        ),
    ),
    "REQUEST_LIMIT_EXCEEDED": (
        None,
        "wait: the org's API requests of the last 24 hours are used up; Setup > Company Information shows the limit",
    ),
}


def soap_fault(code: str, message: str, evidence: str) -> SoapFault:
    """The fault that a SOAP answer with this code is."""
    kind, next_step = FAULTS.get(code, (None, _UNLISTED))
    return (kind or SoapFault)(_what(code, message), evidence, next_step, code, message)


def rest_fault(code: str, message: str, evidence: str) -> RestFault:
    """The fault that a REST answer with this errorCode is."""
    kind, next_step = FAULTS.get(code, (None, _UNLISTED))
    return (kind or RestFault)(_what(code, message), evidence, next_step, code, message)


def job_fault(job_id: str, state: str, message: str) -> RestFault:
    """The fault that a Bulk job is which ended as Failed or Aborted. message: its errorMessage, with a code in it or not."""
    found = re.search(r"\b([A-Z]{3,}(?:_[A-Z]+)*)\s*:", message)
    code = found[1] if found else state
    kind, next_step = FAULTS.get(code, (None, _JOB))
    words = f": {message}" if message else ""
    fault = (kind or RestFault)(
        f"the Bulk job {job_id} {'was aborted' if state == 'Aborted' else 'failed'}{words}",
        f"its state is {state}" + ("" if message else ", and it says nothing of why"),
        next_step,
        code,
        message,
    )
    fault.failure = "job-failed"
    return fault


def _what(code: str, message: str) -> str:
    # What is wrong in a query has a line with ^ below the query's own: both begin at the same place.
    between = "\n" if "\n" in message else " "
    return f"the org answered {code}:{between}{message}"
