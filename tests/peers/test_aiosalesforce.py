"""aiosalesforce, unmodified, takes the practice org for Salesforce: JWT bearer, queries page by page, composite batches."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

import httpx
from aiosalesforce import Salesforce
from aiosalesforce.auth import JwtBearerFlow

from sfmtls_nb.practice import PracticeOrg


class ToThePracticeOrg(httpx.AsyncHTTPTransport):
    """A connection to the practice org, whatever the host; its name stays in the Host header."""

    def __init__(self, practice: PracticeOrg) -> None:
        super().__init__(verify=ssl.create_default_context(cafile=str(practice.ca_file)))
        self._url = httpx.URL(practice.api_url)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(host="127.0.0.1", port=self._url.port)
        return await super().handle_async_request(request)


async def read(practice: PracticeOrg) -> tuple[int, list[Any]]:
    oauth = practice.description()["oauth"]
    auth = JwtBearerFlow(oauth["consumer_key"], oauth["username"], oauth["jwt_key"])
    async with httpx.AsyncClient(transport=ToThePracticeOrg(practice)) as client:
        salesforce = Salesforce(client, "https://practice.my.salesforce.com", auth, version="64.0")
        found = [record["Id"] async for record in salesforce.query("SELECT Id FROM Contact")]
        async with salesforce.composite.batch() as batch:
            account = batch.query("SELECT Id, BillingAddress FROM Account LIMIT 2")
        return len(found), account.records


def test_a_query_and_a_composite_batch_are_answered(practice: PracticeOrg) -> None:
    count, accounts = asyncio.run(read(practice))
    assert (400, 2) == (count, len(accounts))
