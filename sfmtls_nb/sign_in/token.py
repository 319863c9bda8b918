"""Token: what the three OAuth ways share: a form for the token endpoint becomes an Access."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from sfmtls_nb.access import Access
from sfmtls_nb.api import token_of
from sfmtls_nb.api.oauth import Form
from sfmtls_nb.connection import Exchange, Transport
from sfmtls_nb.errors import LoginFault, NotJsonError, OrgError
from sfmtls_nb.org import Org, checked_url
from sfmtls_nb.secret import Secret

#: Seconds that two clocks may differ: a JWT is good for three minutes.
_APART: Final = 60


def access_by(transport: Transport, form: Form) -> Access:
    """The access that the token endpoint gives for a form.

    Raises LoginFault for what the org refuses, OrgError if the answer leads elsewhere, and what keeps the call from getting there.
    """
    try:
        answer, exchange = token_of(transport, form)
    except LoginFault as fault:
        if apart := _clocks(fault.exchange):
            fault.evidence, fault.next_step = (
                f"{fault.evidence}; {apart}",
                "set this machine's clock, and sign in again",
            )
        raise
    try:
        instance = _instance(transport.org, answer)
    except (NotJsonError, OrgError) as error:
        error.exchange = exchange
        raise
    seconds = answer.get("expires_in")
    return Access(
        Secret(answer["access_token"]),
        soap_url(instance, transport.org),
        str(answer.get("id", "")).rpartition("/")[2],
        exchange,
        exchange.at + timedelta(seconds=float(seconds)) if isinstance(seconds, int | float) else None,
        Secret(str(answer["refresh_token"])) if answer.get("refresh_token") else None,
        "revoke",
    )


def soap_url(instance_url: str, org: Org) -> str:
    """The address of the SOAP API at an instance URL."""
    return f"https://{urlsplit(instance_url).netloc}/services/Soap/u/{org.api_version}"


def text_of(**values: object) -> None:
    """Raise OrgError for the first of these fields of a sign-in that is no text, or is empty. Secrets are not quoted."""
    for name, value in values.items():
        if not isinstance(value, str | Secret) or not value:
            words = name.replace("_", " ")
            kind = "it is empty" if isinstance(value, str | Secret) else f"it is of type {type(value).__name__}"
            raise OrgError(
                f"the {words} is not text" if kind[6] == "o" else f"there is no {words}",
                kind,
                f"give the {words} as text",
            )


def _instance(org: Org, answer: dict[str, Any]) -> str:
    """The org's own address in an answer. api_instance_url stands for a host of newer APIs, which does not speak SOAP."""
    for name in ("instance_url", "api_instance_url"):
        if isinstance(answer.get(name), str):
            return org.followed(checked_url(answer[name]), name)
    raise NotJsonError(
        "the answer of the token endpoint has no instance_url",
        f"it has {', '.join(sorted(answer))}",
        "check that the login URL is Salesforce's",
    )


def _clocks(exchange: Exchange | None) -> str:
    """The difference between this clock and the org's, in words, if a JWT would suffer from it."""
    there = exchange.server_date if exchange else None
    if exchange is None or there is None or abs(apart := (exchange.at - there).total_seconds()) < _APART:
        return ""
    return f"this machine's clock is {abs(apart) / 60:.0f} minutes {'ahead of' if apart > 0 else 'behind'} the org's"
