"""The practice org: a local server that behaves like Salesforce, on real TLS, for lessons and tests.

It shares no parsing, TLS or envelope code with the client side of this package.
"""

from __future__ import annotations

from sfmtls_nb.practice.apps import ExternalClientApp, PermittedUsers
from sfmtls_nb.practice.failures import ON_REQUEST
from sfmtls_nb.practice.mutual import SCENARIOS, Scenario
from sfmtls_nb.practice.org import LOOPBACK, Ports, PracticeOrg
from sfmtls_nb.practice.state import Credentials

__all__ = [
    "LOOPBACK",
    "ON_REQUEST",
    "SCENARIOS",
    "Credentials",
    "ExternalClientApp",
    "PermittedUsers",
    "Ports",
    "PracticeOrg",
    "Scenario",
]
