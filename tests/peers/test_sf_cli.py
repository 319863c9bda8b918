"""The sf CLI, unmodified, signs in to the practice org by JWT bearer, and reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from node_peers import needed, run_sf

from sfmtls_nb.practice import PracticeOrg


@needed
@pytest.mark.timeout(240)
def test_it_signs_in_and_reads(practice: PracticeOrg, tmp_path: Path) -> None:
    def sf(*arguments: str) -> Any:
        return json.loads(run_sf(practice, tmp_path, *arguments))["result"]

    oauth = practice.description()["oauth"]
    app = ("--client-id", oauth["consumer_key"], "--jwt-key-file", oauth["jwt_key"])
    where = ("--instance-url", practice.api_url, "--alias", "practice")
    signed_in = sf("org", "login", "jwt", "--username", oauth["username"], *app, *where)
    assert (practice.api_url, "Practice Org (simulated)") == (signed_in["instanceUrl"], signed_in["name"])
    query = "SELECT Id, Name, Owner.Name FROM Account LIMIT 2"
    found = sf("data", "query", "--query", query, "--target-org", "practice")
    assert [True, True] == [bool(record["Owner"]["Name"]) for record in found["records"]]
    listed = sf("org", "list", "metadata", "--metadata-type", "InboundCertificate", "--target-org", "practice")
    assert ["InboundCertificate"] * len(practice.state.uploaded_leaves) == [each["type"] for each in listed]
