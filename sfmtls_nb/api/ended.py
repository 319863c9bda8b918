"""Ended: whether an answer says that the session has ended."""

from __future__ import annotations

from sfmtls_nb.api.reply import read_reply
from sfmtls_nb.api.rest import read_json
from sfmtls_nb.connection.request import Exchange
from sfmtls_nb.errors import SessionFault, SfmtlsError


def session_ended(exchange: Exchange) -> bool:
    """True if the answer is the fault INVALID_SESSION_ID, by SOAP or REST, and not a record with that text in it.

    The endpoints beside the APIs, such as /services/oauth2/userinfo, have words of their own for it.
    """
    body = exchange.response_body
    if body == b"Bad_OAuth_Token":
        return True
    if body.find(b"INVALID_SESSION_ID", 0, 4096) < 0:  # nearly all answers, at no cost
        return False
    try:
        (read_json if body.lstrip()[:1] in b"[{" else read_reply)(exchange)
    except SessionFault:
        return True
    except SfmtlsError:
        pass
    return False
