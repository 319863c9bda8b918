"""Others: the clients that we are compared with, each with the same certificate."""

from __future__ import annotations

from typing import Any

import requests
from recorded import VERSION
from recorded_org import SESSION_ID, RecordedOrg


def bare(org: RecordedOrg) -> requests.Session:
    """requests, with the certificate and nothing else."""
    session = requests.Session()
    session.cert, session.verify = org.pem, org.ca
    session.headers["Authorization"] = f"Bearer {SESSION_ID}"
    return session


def simple_salesforce(org: RecordedOrg) -> Any:
    """simple-salesforce, which takes the certificate by way of a session of requests."""
    from simple_salesforce import Salesforce  # it loads zeep, which no other row needs

    return Salesforce(
        instance=org.url.removeprefix("https://"), session_id=SESSION_ID, session=bare(org), version=VERSION
    )
