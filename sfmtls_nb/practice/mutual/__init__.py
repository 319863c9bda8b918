"""Mutual authentication: certificates, TLS, and the decision who may make a call."""

from __future__ import annotations

from sfmtls_nb.practice.mutual.authority import Authority, Issued
from sfmtls_nb.practice.mutual.gate import Presented, Verdict, admit, certificate_page, judge
from sfmtls_nb.practice.mutual.scenarios import SCENARIOS, Scenario

__all__ = [
    "SCENARIOS",
    "Authority",
    "Issued",
    "Presented",
    "Scenario",
    "Verdict",
    "admit",
    "certificate_page",
    "judge",
]
