"""Answers: replies and JSON read from bytes, as if an org had sent them."""

from __future__ import annotations

from typing import Any

from sfmtls_nb import Exchange, Reply, Request
from sfmtls_nb.api import read_json, read_reply

REQUEST = Request("POST", "https://acme.my.salesforce.com/services", {})


def answer(body: bytes, **more: Any) -> Exchange:
    """An exchange whose answer is this body, with HTTP 200 if nothing else is said."""
    return Exchange(**{"request": REQUEST, "status": 200, "response_body": body, **more})


def reply_in(body: bytes) -> Reply:
    return read_reply(answer(body))


def json_in(body: bytes) -> Any:
    return read_json(answer(body))
