"""OAuth: calls to the token and revoke endpoints, and what the answers to them say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final, Literal
from urllib.parse import urlencode

from sfmtls_nb.api.answer import reading
from sfmtls_nb.api.rest import read_json
from sfmtls_nb.connection import Exchange, Request, Transport
from sfmtls_nb.errors import NotJsonError, SfmtlsError
from sfmtls_nb.org import checked_url
from sfmtls_nb.secret import Secret

_HEADERS: Final = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}

#: A form: its names, and values of which some are secret.
Form = Mapping[str, str | Secret]


def token_of(transport: Transport, form: Form) -> tuple[dict[str, Any], Exchange]:
    """The answer of the token endpoint to a form, its texts as secrets, and the exchange, with the form's secrets masked.

    The certificate goes to whatever server asks for it: an org may want it for the token too, and by its own address.
    Raises LoginFault for what the org refuses, and the other SfmtlsErrors for what goes wrong on the way.
    """
    exchange = _sent(transport, "token", form)
    answer = _secretly(read_json(exchange))
    token = answer.get("access_token")
    if not (token and isinstance(token, Secret)):
        error = NotJsonError(
            "the answer of the token endpoint has no access_token",
            f"it has {', '.join(sorted(answer)) or 'nothing'}",
            "check that the login URL is Salesforce's",
        )
        error.exchange = exchange
        raise error
    return answer, exchange


def _secretly(answer: Any) -> dict[str, Any]:
    """The texts and numbers of an answer by their names; the texts as secrets, since tokens are among them."""
    members = answer.items() if isinstance(answer, dict) else ()
    return {
        name: Secret(value) if isinstance(value, str) else value
        for name, value in members
        if isinstance(value, str | int)
    }


def revoke(transport: Transport, token: Secret) -> None:
    """End a token at the revoke endpoint: an access token, or a refresh token with every access token that came of it.

    Raises LoginFault if the org knows no such token.
    """
    exchange = _sent(transport, "revoke", {"token": token})
    with reading(exchange, NotJsonError) as body:
        if exchange.status != 200 or body.strip():  # success has nothing to say
            read_json(exchange)


def _sent(transport: Transport, endpoint: Literal["token", "revoke"], form: Form) -> Exchange:
    url = checked_url(f"{transport.org.login_url}/services/oauth2/{endpoint}")
    shown = urlencode({name: str(value) for name, value in form.items()}).encode()
    masked = Request("POST", url, _HEADERS, shown, transport.identity, transport.org.ca_file)
    with _shown_as(masked):
        exchange = transport.send(replace(masked, body=_body(form)))
    return replace(exchange, request=masked)


@contextmanager
def _shown_as(masked: Request) -> Iterator[None]:
    """Let an error of the call show the masked request."""
    try:
        yield
    except SfmtlsError as error:
        if error.exchange:
            error.exchange = replace(error.exchange, request=masked)
        raise


def _body(form: Form) -> bytes:
    return urlencode(
        {name: value.reveal() if isinstance(value, Secret) else value for name, value in form.items()}
    ).encode()
