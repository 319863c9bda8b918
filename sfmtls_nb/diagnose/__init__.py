"""The causes of failures, and a check of the way to an org, step by step."""

from sfmtls_nb.diagnose.checks import CHECKS
from sfmtls_nb.diagnose.checkup import Checkup, Result, doctor
from sfmtls_nb.diagnose.diagnosis import Cause, Diagnosis, verdict_on, why
from sfmtls_nb.diagnose.failure import FAILURES, Failure, Page, page_of

__all__ = [
    "CHECKS",
    "FAILURES",
    "Cause",
    "Checkup",
    "Diagnosis",
    "Failure",
    "Page",
    "Result",
    "doctor",
    "page_of",
    "verdict_on",
    "why",
]
