"""Infos of the first Bulk API: of jobs, batches, results and errors, read and written as XML or JSON.

An answer has the format of the request's Content-Type; without one, that of the job's content (so WSC asks).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from lxml import etree

from sfmtls_nb.practice.api.queries import json_values, text_of
from sfmtls_nb.practice.api.results import JSON, XML
from sfmtls_nb.practice.api.xml import legal, parse, serialize
from sfmtls_nb.practice.refusal import RefusedError
from sfmtls_nb.practice.request import Answer, Request, json_answer

_NAMESPACE: Final = "http://www.force.com/2009/06/asyncapi/dataload"


def in_json(request: Request, content_type: str) -> bool:
    """Return whether an answer is JSON. content_type: of the job; "" where there is none."""
    said = (request.headers.get("Content-Type", "") or request.headers.get("Accept", "")).lower()
    if "json" in said:
        return True
    return content_type == "JSON" and not any(word in said for word in ("xml", "csv"))


def job_values(request: Request) -> dict[str, str]:
    """Return the values of a jobInfo. Raises RefusedError with ClientInputError."""
    if in_json(request, ""):
        try:
            content = json.loads(request.body)
        except (ValueError, RecursionError) as error:
            # [simulated] words
            raise RefusedError("ClientInputError", "The request body is not JSON") from error
        if not isinstance(content, dict):
            raise RefusedError("ClientInputError", "Expected a job as a JSON object")
        return {name: value for name, value in content.items() if isinstance(value, str)}
    root = parse(request.body, "ClientInputError")
    if root.tag != f"{{{_NAMESPACE}}}jobInfo":
        raise RefusedError("ClientInputError", f"Expected a jobInfo of the namespace {_NAMESPACE}")
    return {etree.QName(child).localname: (child.text or "").strip() for child in root.iterchildren("{*}*")}


def info(name: str, values: Mapping[str, Any], *, as_json: bool, status: int = 200) -> Answer:
    """Write a jobInfo, a batchInfo or an error. What is None is null in JSON, and left out of XML."""
    if as_json:
        return _json(json_values(dict(sorted(values.items()))), status)
    return Answer(status, XML, serialize(_element(name, values)))


def batch_list(batches: Iterable[Mapping[str, Any]], *, as_json: bool) -> Answer:
    """Write a batchInfoList."""
    if as_json:
        return _json({"batchInfo": [json_values(dict(sorted(values.items()))) for values in batches]})
    root = _element("batchInfoList", {})
    root.extend(_element("batchInfo", values) for values in batches)
    return Answer(200, XML, serialize(root))


def result_list(result_id: str, *, as_json: bool) -> Answer:
    """Write the ids of a batch's results, of which there is one."""
    if as_json:
        return _json([result_id])
    return Answer(200, XML, serialize(_element("result-list", {"result": result_id})))


def _json(content: Any, status: int = 200) -> Answer:
    return replace(json_answer(status, content), content_type=JSON)


def _element(name: str, values: Mapping[str, Any]) -> etree._Element:
    element = etree.Element(f"{{{_NAMESPACE}}}{name}", nsmap={None: _NAMESPACE})
    for child, value in values.items():
        if value is not None:
            etree.SubElement(element, f"{{{_NAMESPACE}}}{child}").text = legal(text_of(value))
    return element
