"""Carrying on: the session in the libraries and tools that people know. Each library is loaded when it is asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.handover.recipes import RECIPES, recipe
from sfmtls_nb.handover.source import Source

if TYPE_CHECKING:
    import httpx
    import requests

__all__ = ["RECIPES", "Source", "in_httpx", "in_requests", "in_simple_salesforce", "in_zeep", "recipe"]


def in_requests(source: Source) -> requests.Session:
    """A session of requests for the org. Close it after use, or put it into ``with``."""
    from sfmtls_nb.handover.requests import RequestsSession  # noqa: PLC0415  # as below

    return RequestsSession(source)


def in_httpx(source: Source) -> httpx.Client:
    """A client of httpx for the org. Raises SfmtlsError if httpx is not installed."""
    with _installed("httpx"):
        from sfmtls_nb.handover.httpx import HttpxClient  # noqa: PLC0415  # optional

    return HttpxClient(source)


def in_simple_salesforce(source: Source) -> Any:
    """A client of simple-salesforce for the org. Raises SfmtlsError if that is not installed."""
    with _installed("simple-salesforce"):
        from sfmtls_nb.handover.simple_salesforce import Salesforce  # noqa: PLC0415  # optional

    return Salesforce(source)


def in_zeep(source: Source, wsdl: str | os.PathLike[str]) -> Any:
    """A client of zeep for the org and a WSDL of it. Raises SfmtlsError if zeep is not installed, or for the WSDL."""
    with _installed("zeep"):
        from sfmtls_nb.handover.zeep import zeep_client  # noqa: PLC0415  # optional

    return zeep_client(source, wsdl)


@contextmanager
def _installed(library: str) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise SfmtlsError(f"{library} is not installed", str(error), f"pip install {library}") from error
