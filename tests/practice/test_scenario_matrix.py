"""Every scenario, under both versions of TLS, at both doors, by SOAP and by REST: what each end of the connection makes of it.

``pytest -rP tests/practice/test_scenario_matrix.py`` prints the matrix.
"""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import product
from typing import Literal, NamedTuple

import pytest

from sfmtls_nb import (
    CertificatePageError,
    ClientIdentity,
    HandshakeError,
    IdentityError,
    MutualAuthenticationFault,
    Org,
    PasswordLogin,
    login,
)
from sfmtls_nb.practice import SCENARIOS, PracticeOrg, Scenario
from sfmtls_nb.practice.request import Listener

DOORS = (Listener.MUTUAL, Listener.STRICT)
APIS = ("SOAP", "REST")


class Ends(NamedTuple):
    """What the client meets, and what the org concludes from the handshake; "" where it saw none."""

    client: str
    org: str


def promised(scenario: Scenario, door: Listener) -> Ends:
    if scenario.refused_by == "client":
        return Ends("IdentityError", "")
    if door is Listener.STRICT and scenario.alert:
        return Ends(f"HandshakeError: {scenario.alert}", f"refused: {scenario.sees}")
    if scenario.refused_by == "layer 1":
        return Ends(f"CertificatePageError: {scenario.sees}", f"refused in HTTP: {scenario.sees}")
    if scenario.refused_by == "layer 2":
        return Ends(f"MutualAuthenticationFault: {scenario.sees}", "accepted")
    return Ends("data", "accepted")


def seen(practice: PracticeOrg, name: str, door: Listener, api: str, *, certificate: bool = True) -> Ends:
    practice.events.clear()
    client = met(practice, name, door, api, certificate=certificate)
    if client == "IdentityError":
        return Ends(client, "".join(str(event) for event in practice.events.where(listener=door)))
    while not (noted := practice.events.where(kind="connection", listener=door)):
        time.sleep(0.005)  # a handshake that failed is noted a moment later
    call = noted[0].orgs_end  # the sign-out may have a connection of its own
    assert call is not None
    return Ends(client, call.conclusion)


def met(practice: PracticeOrg, name: str, door: Listener, api: str, *, certificate: bool) -> str:
    """What the enforced user's call meets, with the evidence that the error has for it."""
    url = practice.mutual_url if door is Listener.MUTUAL else practice.strict_url
    org = replace(Org(**practice.endpoints), mutual_port=int(url.rpartition(":")[2]))
    try:
        me = ClientIdentity.load(*practice.identity(name).all)
        with login(org, PasswordLogin(*practice.user("enforced")), me) as session:
            if api == "SOAP":
                session.soap("getUserInfo", certificate=certificate)
            else:
                session.rest("limits", certificate=certificate)
    except IdentityError:
        return "IdentityError"
    except CertificatePageError as error:
        return f"CertificatePageError: {error.reason}"
    except MutualAuthenticationFault as fault:
        return f"MutualAuthenticationFault: {fault.code}"
    except HandshakeError as error:
        return f"HandshakeError: {error.evidence.rpartition('ALERT_')[2].lower()}"
    return "data"


@pytest.mark.slow
@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_each_scenario_meets_what_it_promises_at_both_ends(version: Literal["1.2", "1.3"]) -> None:
    expected, actual = {}, {}
    with PracticeOrg(tls=version) as practice:
        for scenario, door, api in product(SCENARIOS, DOORS, APIS):
            cell = (scenario.name, door.value, api)
            expected[cell], actual[cell] = promised(scenario, door), seen(practice, scenario.name, door, api)
    for (name, at, api), ends in actual.items():
        print(f"TLS {version}  {name:21} {at:6}  {api}  {ends.client:64}  {ends.org or 'saw nothing'}")
    assert expected == actual


NO_CERTIFICATE = {
    ("1.2", Listener.STRICT): Ends("HandshakeError: handshake_failure", "refused: no certificate presented"),
    ("1.3", Listener.STRICT): Ends("HandshakeError: certificate_required", "refused: no certificate presented"),
    ("1.2", Listener.MUTUAL): Ends("CertificatePageError: No client certificate provided.", "no certificate presented"),
    ("1.3", Listener.MUTUAL): Ends("CertificatePageError: No client certificate provided.", "no certificate presented"),
}


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_no_certificate_is_met_at_both_ends(version: Literal["1.2", "1.3"]) -> None:
    with PracticeOrg(tls=version) as practice:
        for door, api in product(DOORS, APIS):
            assert NO_CERTIFICATE[version, door] == seen(practice, "good", door, api, certificate=False)
