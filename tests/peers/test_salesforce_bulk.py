"""salesforce-bulk, unmodified, takes the practice org's first Bulk API for Salesforce's: jobs in XML, results as asked for."""

from __future__ import annotations

import csv
import io
import json

import pytest
from salesforce_bulk import BulkApiError, SalesforceBulk

from sfmtls_nb.practice import PracticeOrg

QUERY = "SELECT Id, LastName FROM Contact LIMIT 30"


@pytest.fixture
def bulk(connect_to: PracticeOrg) -> SalesforceBulk:
    user = connect_to.state.user("standard")
    assert user
    session_id = connect_to.state.open_session(user)
    return SalesforceBulk(sessionId=session_id, host=connect_to.api_url, API_version="64.0")


@pytest.mark.parametrize("content_type", ["CSV", "JSON"])
def test_a_query_gives_its_records(bulk: SalesforceBulk, content_type: str) -> None:
    job = bulk.create_query_job("Contact", contentType=content_type)
    batch = bulk.query(job, QUERY)
    bulk.close_job(job)
    bulk.wait_for_batch(job, batch, sleep_interval=0.2)
    [result] = bulk.get_all_results_for_query_batch(batch)
    text = result.read().decode()
    records = json.loads(text) if content_type == "JSON" else list(csv.DictReader(io.StringIO(text)))
    assert 30 == len([record["LastName"] for record in records])


def test_chunking_by_primary_key_is_refused_by_name(bulk: SalesforceBulk) -> None:
    with pytest.raises(BulkApiError, match="PK chunking is not simulated"):
        bulk.create_query_job("Contact", contentType="CSV", pk_chunking=True)
