"""Token: what the three OAuth ways share: a form for the token endpoint becomes an Access."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from sfmtls_nb.access import Access, end_after
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
        if "assertion" in form and (apart := _clocks(fault.exchange)):
            fault.evidence, fault.next_step = (
                f"{fault.evidence}; {apart}",
                f"set this machine's clock, and sign in again; if that is not it, {fault.next_step}",
            )
        raise
    try:
        instance = _instance(transport.org, answer)
    except (NotJsonError, OrgError) as error:
        error.exchange = exchange
        raise
    seconds, user = answer.get("expires_in"), answer.get("id", Secret(""))
    return Access(
        answer["access_token"],
        soap_url(instance, transport.org),
        user.reveal().rpartition("/")[2],
        exchange,
        end_after(seconds, exchange.at) if isinstance(seconds, int) else None,
        answer.get("refresh_token"),
        "revoke",
    )


def soap_url(instance_url: str, org: Org) -> str:
    """The address of the SOAP API at an instance URL."""
    return f"https://{urlsplit(instance_url).netloc}/services/Soap/u/{org.api_version}"


def text_of(what: str, value: object) -> str:
    """A field of a sign-in, without the space around it that comes along with copying.

    Raises OrgError if it is no text, or empty.
    """
    if not isinstance(value, str):
        raise OrgError(f"the {what} is not text", f"it is of type {type(value).__name__}", "give it as text")
    if not (text := value.strip()):
        raise OrgError(f"there is no {what}", "it is empty", f"give the {what}")
    return text


def secret_of(what: str, value: object) -> Secret:
    """The same of a secret. To be put in its place before all else: what fails later may be shown with its variables."""
    return Secret(text_of(what, Secret(value).reveal() if isinstance(value, str | bytes | Secret) else value))


def _instance(org: Org, answer: dict[str, Any]) -> str:
    """The org's own address in an answer. api_instance_url stands for a host of newer APIs, which does not speak SOAP."""
    for name in ("instance_url", "api_instance_url"):
        if isinstance(found := answer.get(name), Secret):
            return org.followed(checked_url(found.reveal()), name)
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
