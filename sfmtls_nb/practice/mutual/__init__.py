"""Mutual authentication: certificates, TLS, and the decision who may make a call."""

from __future__ import annotations

from sfmtls_nb.practice.mutual.authority import Authority, Issued
from sfmtls_nb.practice.mutual.files import ClientFiles, ScenarioFiles, client_files, write_files, write_scenario
from sfmtls_nb.practice.mutual.gate import NO_CERTIFICATE, Presented, Verdict, admit, certificate_page, judge
from sfmtls_nb.practice.mutual.orgs_end import OrgsEnd, Recording, Shown, Step, name_of
from sfmtls_nb.practice.mutual.scenarios import SCENARIOS, Scenario, find_scenario
from sfmtls_nb.practice.mutual.tls import TLSStream, presented_chain, server_context
from sfmtls_nb.practice.mutual.validation import ChainVerdicts, SeenChain, verify_client_chain

__all__ = [
    "NO_CERTIFICATE",
    "SCENARIOS",
    "Authority",
    "ChainVerdicts",
    "ClientFiles",
    "Issued",
    "OrgsEnd",
    "Presented",
    "Recording",
    "Scenario",
    "ScenarioFiles",
    "SeenChain",
    "Shown",
    "Step",
    "TLSStream",
    "Verdict",
    "admit",
    "certificate_page",
    "client_files",
    "find_scenario",
    "judge",
    "name_of",
    "presented_chain",
    "server_context",
    "verify_client_chain",
    "write_files",
    "write_scenario",
]
