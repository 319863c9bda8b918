"""Predictions: the names that ``--expect`` takes for a failure, and what to say where another one comes."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from IPython.core.error import UsageError

from sfmtls_nb import errors
from sfmtls_nb.api import faults
from sfmtls_nb.errors import ApiFault, CertificatePageError, ExpectationError, OrgError, SfmtlsError

#: Codes of faults beside those of `faults.FAULTS`, by the API guides' lists of exception codes and REST errors.
_CODES: Final = frozenset(
    """
    API_CURRENTLY_DISABLED API_DISABLED_FOR_ORG API_VERSION_MISMATCH APEX_ERROR BAD_REQUEST CIRCULAR_OBJECT_GRAPH
    Client CLIENT_NOT_ACCESSIBLE_FOR_USER CLIENT_REQUIRE_UPDATE_FOR_USER DUPLICATE_VALUE ENTITY_IS_DELETED
    EXCEEDED_ID_LIMIT EXCEEDED_MAX_TYPES_LIMIT EXCEEDED_QUOTA FORBIDDEN FUNCTIONALITY_NOT_ENABLED
    FUNCTIONALITY_TEMPORARILY_UNAVAILABLE ILLEGAL_QUERY_PARAMETER_VALUE INACTIVE_OWNER_OR_USER INACTIVE_PORTAL
    INSUFFICIENT_ACCESS INSUFFICIENT_ACCESS_OR_READONLY INVALID_ASSIGNMENT_RULE INVALID_AUTH_HEADER
    INVALID_BATCH_SIZE INVALID_CLIENT INVALID_CROSS_REFERENCE_KEY INVALID_FILTER_LANGUAGE INVALID_FILTER_VALUE
    INVALID_ID_FIELD INVALID_LOCALE_LANGUAGE INVALID_LOCATOR INVALID_NEW_PASSWORD INVALID_OPERATION INVALID_QUERY_FILTER_OPERATOR
    INVALID_QUERY_LOCATOR INVALID_QUERY_SCOPE INVALID_REPLICATION_DATE INVALID_SEARCH INVALID_SEARCH_SCOPE
    INVALID_SOAP_HEADER INVALID_SSO_GATEWAY_URL INVALID_TYPE_FOR_OPERATION JSON_PARSER_ERROR LIMIT_EXCEEDED
    LOGIN_CHALLENGE_ISSUED LOGIN_CHALLENGE_PENDING LOGIN_DURING_RESTRICTED_DOMAIN LOGIN_DURING_RESTRICTED_TIME
    MALFORMED_ID MALFORMED_SEARCH METHOD_NOT_ALLOWED MISSING_ARGUMENT MustUnderstand NOT_FOUND NOT_MODIFIED
    NUMBER_OUTSIDE_VALID_RANGE OPERATION_TOO_LARGE ORG_LOCKED ORG_NOT_OWNED_BY_INSTANCE PORTAL_NO_ACCESS
    QUERY_TIMEOUT QUERY_TOO_COMPLICATED REQUEST_ENTITY_TOO_LARGE REQUEST_RUNNING_TOO_LONG REQUIRED_FIELD_MISSING
    SERVER_UNAVAILABLE SSO_SERVICE_DOWN STRING_TOO_LONG Server TOO_MANY_APEX_REQUESTS TRIAL_EXPIRED
    UNABLE_TO_LOCK_ROW UNKNOWN_EXCEPTION UNSUPPORTED_CLIENT VersionMismatch
    """.split()  # noqa: SIM905  # a line each would fill a page
)


def predictions() -> Iterator[str]:
    """The names that one meets here: the page, the codes of `faults.FAULTS`, and the classes of errors."""
    yield "page"
    yield from faults.FAULTS
    kinds = (each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, SfmtlsError))
    yield from (kind.__name__ for kind in kinds)


def check(expected: str | None) -> None:
    """Raise UsageError for the name of no failure, with the nearest one that there is."""
    known = [*predictions(), *sorted(_CODES)]
    if expected is None or expected in known:
        return
    spelled = {each.lower(): each for each in reversed(known)}
    close = get_close_matches(expected.lower(), spelled, 1, 0.5)
    raise UsageError(
        f"--expect: no failure is called {expected}; {f'did you mean {spelled[close[0]]}' if close else 'press Tab for those there are'}{'?' if close else '.'} "
        "Of a code that is not known here, its class can be predicted: SoapFault, or RestFault"
    )


def came_true(expected: str | None, error: SfmtlsError) -> bool:
    """True if this is the failure that was predicted.

    Raises ExpectationError if it is another one; but none where nothing was predicted, or no call could be made yet.
    """
    if expected is None or type(error) is SfmtlsError or isinstance(error, OrgError):
        return False
    if expected in _names_of(error):
        return True
    wrong = ExpectationError(
        f"{expected} was predicted, and {type(error).__name__} came",
        f"the prediction was wrong: {error.what}; {error.evidence}".removesuffix("; "),
        error.next_step,
    )
    wrong.exchange = error.exchange
    raise wrong from error


def _names_of(error: SfmtlsError) -> set[str]:
    """The names that a prediction may give an error: its class or a class above it, its fault code, or ``page``."""
    names = {kind.__name__ for kind in type(error).__mro__ if issubclass(kind, SfmtlsError)}
    if isinstance(error, CertificatePageError):
        names.add("page")
    if isinstance(error, ApiFault):
        names.add(error.code)
    return names
