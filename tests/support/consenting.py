"""Consenting: what a person does on the page where a user lets an External Client App in."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import requests

from sfmtls_nb.practice import PracticeOrg


def consent(practice: PracticeOrg, link: str, user: str = "enforced", button: str = "allow") -> str:
    """Do on the consent page what a person does, and return the address that the browser is sent to."""
    username, password = practice.user(user)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    form = {**asked, "username": username, "password": password, button: "1"}
    url = link.partition("?")[0]
    answer = requests.post(url, data=form, allow_redirects=False, verify=str(practice.ca_file), timeout=30)
    return answer.headers["Location"]
