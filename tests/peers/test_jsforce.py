"""jsforce, unmodified, takes the practice org for Salesforce."""

from __future__ import annotations

import json
from pathlib import Path

from node_peers import needed, run_node

from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.practice.data import DEFAULT_RECORDS, SCHEMA


@needed
def test_a_clients_first_hour(practice: PracticeOrg, tmp_path: Path) -> None:
    script = Path(__file__).with_name("jsforce_first_hour.cjs")
    gave = json.loads(run_node(practice, tmp_path, str(script), practice.api_url, *practice.user("standard")))
    assert {
        "identity": practice.user("standard").username,
        "query": 3,
        "everything": DEFAULT_RECORDS,
        "describeGlobal": len(SCHEMA),
        "describe": "Account",
        "retrieve": 2,
        "search": 3,
        "recent": 0,
        "updated": True,
        "layouts": 1,
        "tabs": len(SCHEMA),
        "uploaded": len(practice.state.uploaded_leaves),
        "bulk": 7,
        "bulk2": 7,
        "refused": "INVALID_FIELD",
    } == gave
