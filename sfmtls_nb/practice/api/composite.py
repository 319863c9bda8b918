"""Composite requests: several calls to REST in one, of which later ones may use what earlier ones answered."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote

from sfmtls_nb.practice.api.resource import ROOT, json_object
from sfmtls_nb.practice.refusal import RefusedError
from sfmtls_nb.practice.request import Answer, Request

#: "Up to 25 subrequests in a single call".
_MOST: Final = 25
_ROLLED_BACK: Final = "The transaction was rolled back since another operation in the same transaction failed."
#: Such as @{accounts.records[0].Id}.
_REFERENCE: Final = re.compile(r"@\{(\w+)((?:\.\w+|\[\d+\])*)\}")
_STEP: Final = re.compile(r"\.(\w+)|\[(\d+)\]")


def composite(request: Request, answer: Callable[[Request], Answer]) -> dict[str, Any]:
    """Perform the calls of ``compositeRequest`` in their order. Raises RefusedError where it is none."""
    content = json_object(request)
    answers: dict[str, Any] = {}
    responses = []
    for each in _calls(content, "compositeRequest"):
        reference = each.get("referenceId")
        if not isinstance(reference, str) or not reference:
            raise RefusedError("INVALID_INPUT", "each part of compositeRequest needs a referenceId")
        try:
            given = answer(_request(request, each, _filled(str(each.get("url")), answers)))
            answers[reference], status = _content(given), given.status
        except RefusedError as refusal:
            answers[reference], status = _halted(refusal.code, refusal.message), 400
        responses.append(_response(reference, answers[reference], status))
    if content.get("allOrNone") is True and any(each["httpStatusCode"] >= 400 for each in responses):
        halted = _halted("PROCESSING_HALTED", _ROLLED_BACK)
        responses = [
            each if each["httpStatusCode"] >= 400 else _response(each["referenceId"], halted, 400) for each in responses
        ]
    return {"compositeResponse": responses}


def batch(request: Request, answer: Callable[[Request], Answer]) -> dict[str, Any]:
    """Perform the calls of ``batchRequests``, which know nothing of each other."""
    content = json_object(request)
    results: list[dict[str, Any]] = []
    for each in _calls(content, "batchRequests"):
        if content.get("haltOnError") is True and any(result["statusCode"] >= 400 for result in results):
            halted = _halted("BATCH_PROCESSING_HALTED", "Batch processing halted per request")
            results.append({"statusCode": 412, "result": halted})
            continue
        # From the version on, as documented, or whole, as aiosalesforce sends it.
        path = str(each.get("url")).removeprefix("/").removeprefix(ROOT[1:]).removeprefix("/")
        given = answer(_request(request, each, f"{ROOT}/{path}"))
        results.append({"statusCode": given.status, "result": _content(given)})
    return {"hasErrors": any(each["statusCode"] >= 400 for each in results), "results": results}


def _response(reference: str, body: Any, status: int) -> dict[str, Any]:
    return {"body": body, "httpHeaders": {}, "httpStatusCode": status, "referenceId": reference}


def _halted(code: str, message: str) -> list[dict[str, str]]:
    return [{"errorCode": code, "message": message}]


def _calls(content: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    calls = content.get(name)
    if not isinstance(calls, list) or not all(isinstance(each, dict) for each in calls) or not calls:
        raise RefusedError("INVALID_INPUT", f"{name} has to be an array of calls")
    if len(calls) > _MOST:
        raise RefusedError("LIMIT_EXCEEDED", f"{name} has more than {_MOST} calls")
    return calls


def _request(outer: Request, call: Mapping[str, Any], url: str) -> Request:
    body = call.get("body", call.get("richInput"))
    sent = b"" if body is None else json.dumps(body).encode()
    return replace(outer, method=str(call.get("method", "GET")).upper(), target=url, body=sent)


def _content(answer: Answer) -> Any:
    return json.loads(answer.whole_body) if answer.whole_body else None


def _filled(url: str, answers: Mapping[str, Any]) -> str:
    return _REFERENCE.sub(lambda reference: _value(reference, answers), url)


def _value(reference: re.Match[str], answers: Mapping[str, Any]) -> str:
    try:
        value = answers[reference[1]]
        for name, index in _STEP.findall(reference[2]):
            value = value[name] if name else value[int(index)]
    except (KeyError, IndexError, TypeError) as error:
        # [simulated] words
        message = f"Invalid reference specified. No value for {reference[0]} found"
        raise RefusedError("PROCESSING_HALTED", message) from error
    return quote(str(value), safe="")
