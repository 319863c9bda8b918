"""Doors: a signed-in user's session at the practice org's doors, over any identity; and doors that others have."""

from __future__ import annotations

import ssl
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from raw_server import server_tls

from sfmtls_nb import ClientIdentity, Exchange, Org, Secret, Session
from sfmtls_nb.access import Access
from sfmtls_nb.api import read_json
from sfmtls_nb.connection import Transport
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.practice.mutual import ScenarioFiles

Door = Literal["8443", "strict"]
Api = Literal["SOAP", "REST"]


def identity_of(files: ScenarioFiles) -> ClientIdentity:
    """The identity in a scenario's files. Raises IdentityError for those that are none."""
    return ClientIdentity.load(*filter(None, (files.key, *files.certificates)))


def at(door: Door, practice: PracticeOrg) -> Org:
    """The org, with the door that judges in HTTP or the one that refuses inside TLS."""
    url = practice.strict_url if door == "strict" else practice.mutual_url
    return replace(Org(**practice.endpoints), mutual_port=urlsplit(url).port or 0)


def enforced_session(practice: PracticeOrg, org: Org, identity: ClientIdentity | None) -> Session:
    """A session of the enforced user, opened without a sign-in."""
    user = next(user for user in practice.state.users if user.enforced)
    session_id = practice.state.open_session(user)
    return Session(Transport(org, identity), Access(Secret(session_id), f"{practice.api_url}/services/Soap/u/64.0"))


def call(session: Session, api: Api) -> Exchange:
    """The smallest call by one of the APIs. Raises what it raises."""
    if api == "SOAP":
        return session.get_user_info().exchange
    exchange = session.send(session.prepare_rest("limits"))
    read_json(exchange)
    return exchange


def old_tls(practice: PracticeOrg, folder: Path) -> ssl.SSLContext:
    """The TLS of a server that speaks 1.1 alone."""
    old = server_tls(practice.authority.server, folder)
    old.set_ciphers("DEFAULT@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    return old


def psk_tls(practice: PracticeOrg, folder: Path) -> ssl.SSLContext:
    """The TLS of a server that wants a shared key, and so has nothing in common with us."""
    context = server_tls(practice.authority.server, folder)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("PSK-AES128-CBC-SHA")
    return context
