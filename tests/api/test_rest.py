"""REST: what an answer is, whatever its status; each way of not being JSON has its name."""

from __future__ import annotations

import json
import traceback

import pytest
from answers import answer, json_in
from hypothesis import given
from hypothesis import strategies as st
from tracebacks import beyond, shown_with_locals

from sfmtls_nb import (
    ApiFault,
    CertificatePageError,
    Exchange,
    LoginFault,
    MutualAuthenticationFault,
    NotJsonError,
    Request,
    RestFault,
    SessionFault,
    SfmtlsError,
)
from sfmtls_nb.api import read_json

QUOTED = "00D36000000bLGT!AQsecretpart"
PAGE = b"<html><title>Certificate Error</title><body>Client certificate error:<i>No client certificate provided.</i></body></html>"


@pytest.mark.parametrize("value", [{}, [], {"a": [1, 2.5, None, "ü"]}, [{"version": "64.0"}], [{"errorCode": "x"}], 1])
def test_json_is_its_values(value: object) -> None:
    assert value == json_in(json.dumps(value).encode())


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("MUTUAL_AUTHENTICATION_FAILED", MutualAuthenticationFault),
        ("INVALID_SESSION_ID", SessionFault),
        ("INVALID_OPERATION_WITH_EXPIRED_PASSWORD", LoginFault),
        ("NOT_FOUND", RestFault),
        ("A_CODE_OF_TOMORROW", RestFault),
    ],
)
def test_an_array_of_errors_is_the_fault_that_its_code_names(code: str, kind: type[ApiFault]) -> None:
    with pytest.raises(RestFault) as caught:
        json_in(json.dumps([{"message": "No.", "errorCode": code}]).encode())
    assert (kind, code, "No.") == (type(caught.value), caught.value.code, caught.value.message)


def test_a_fault_names_its_fields_and_the_other_errors() -> None:
    errors = [{"message": "No.", "errorCode": "A", "fields": ["Name"]}, {"message": "No!", "errorCode": "B"}]
    with pytest.raises(RestFault) as caught:
        json_in(json.dumps(errors).encode())
    assert "errorCode A, fields Name, and 1 more: B" == caught.value.evidence


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        (5, ", fields 5"),
        ({"a": 1}, ", fields {'a': 1}"),
        ("Name", ", fields Name"),
        ([1, None], ", fields 1, None"),
        ([], ""),
        (None, ""),
    ],
)
def test_a_fault_shows_fields_of_any_shape(fields: object, shown: str) -> None:
    with pytest.raises(RestFault) as caught:
        json_in(json.dumps([{"message": None, "errorCode": "A", "fields": fields}]).encode())
    assert f"errorCode A{shown}" == caught.value.evidence


@pytest.mark.parametrize(
    ("url", "hinted"),
    [
        ("https://h.example/limits", True),
        ("https://h.example/limits/", True),
        ("https://h.example/services/data/v64.0/limits", False),
    ],
)
@pytest.mark.parametrize("body", [b"<html>No such page</html>", b'[{"errorCode":"NOT_FOUND","message":"No."}]'])
def test_a_resource_with_a_slash_before_it_is_told_how_it_is_written(url: str, hinted: bool, body: bytes) -> None:
    with pytest.raises(SfmtlsError) as caught:
        read_json(Exchange(Request("GET", url, {}), status=404, response_body=body))
    assert hinted == caught.value.next_step.endswith("below /services/data write limits")


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (PAGE, CertificatePageError, "instead of JSON"),
        (b"<!DOCTYPE html>", NotJsonError, "an HTML page, not JSON"),
        (b"", NotJsonError, "is empty"),
        (b'{"a": [1', NotJsonError, "is cut off"),
        (b'[{"a": "b', NotJsonError, "is cut off"),
        (b"<a/>", NotJsonError, "is not JSON"),
        (b"\xff\xfe\xfd", NotJsonError, "is not JSON"),
        (b"[" * 100_000 + b"]", NotJsonError, "is not JSON"),
    ],
)
def test_what_is_not_json_is_named_for_what_it_is(body: bytes, kind: type[SfmtlsError], words: str) -> None:
    with pytest.raises(kind, match=words) as caught:
        json_in(body)
    assert (True, True) == (bool(caught.value.evidence), bool(caught.value.next_step))


def test_a_broken_answer_with_a_token_in_it_is_not_shown() -> None:
    body = b'{"access_token": "00D36000000bLGT!AQsecret"'
    with pytest.raises(NotJsonError) as caught:
        json_in(body)
    assert "AQsecret" not in "".join(traceback.format_exception(caught.value))


@given(st.binary())
def test_any_bytes_are_a_value_or_one_of_our_errors(body: bytes) -> None:
    try:
        json_in(body)
    except SfmtlsError as error:
        assert error.what  # noqa: PT017  # either is right


@pytest.mark.parametrize("body", [b'"down for maintenance"', b'{"error":"server_error"}', b"null", b"[null]"])
def test_json_of_a_failed_call_that_is_no_error_of_salesforces_is_no_value(body: bytes) -> None:
    with pytest.raises(NotJsonError, match="HTTP 503"):
        read_json(answer(body, status=503))


@pytest.mark.parametrize(
    ("content", "status"),
    [
        ([{"message": f"missing session key: {QUOTED}", "errorCode": "INVALID_SESSION_ID"}], 401),
        ({"error": "invalid_grant", "error_description": QUOTED}, 400),
        ({"message": QUOTED}, 500),
        (f"<html><script>location = '/frontdoor.jsp?sid={QUOTED}'</script></html>", 200),
    ],
)
def test_a_session_id_that_an_answer_quotes_is_in_no_variable(content: object, status: int) -> None:
    url = "https://localhost/services/oauth2/token"
    body = content if isinstance(content, str) else json.dumps(content)
    refused = answer(body.encode(), status=status, request=Request("POST", url, {}))
    with pytest.raises(SfmtlsError) as caught:
        read_json(refused)
    shown = shown_with_locals(beyond(__file__, caught.value))
    assert ("AQsecretpart" in shown, type(caught.value).__name__ in shown) == (False, True)
