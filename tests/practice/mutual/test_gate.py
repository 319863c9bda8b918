"""The decision table of Salesforce KB 000383575, as far as it is known, and nothing beside it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfmtls_nb.practice.mutual import Presented, Verdict, certificate_page, judge
from sfmtls_nb.practice.request import Listener

NOTHING = Presented(certificate=False, flaw=None, uploaded=False)
UPLOADED = Presented(certificate=True, flaw=None, uploaded=True)
UNKNOWN_LEAF = Presented(certificate=True, flaw=None, uploaded=False)
FLAWED = Presented(certificate=True, flaw="unable to get local issuer certificate", uploaded=False)
UPLOADED_THEN_EXPIRED = Presented(certificate=True, flaw="certificate has expired", uploaded=True)

ENFORCED, STANDARD, NOBODY = True, False, None
PASS, FAULT = (Verdict.PASS, ""), (Verdict.FAULT, "")

TABLE = [
    ("an enforced user on 443", Listener.API, NOTHING, ENFORCED, FAULT),
    ("a standard user on 443", Listener.API, NOTHING, STANDARD, PASS),
    ("a login on 443", Listener.API, NOTHING, NOBODY, PASS),
    (
        "an enforced user without a certificate",
        Listener.MUTUAL,
        NOTHING,
        ENFORCED,
        (Verdict.PAGE, "No client certificate provided."),
    ),
    ("a standard user without a certificate", Listener.MUTUAL, NOTHING, STANDARD, PASS),
    ("an unknown session without a certificate", Listener.MUTUAL, NOTHING, NOBODY, PASS),
    ("an enforced user with the uploaded leaf", Listener.MUTUAL, UPLOADED, ENFORCED, PASS),
    ("a standard user with the uploaded leaf", Listener.MUTUAL, UPLOADED, STANDARD, PASS),
    ("an enforced user with a leaf nobody uploaded", Listener.MUTUAL, UNKNOWN_LEAF, ENFORCED, FAULT),
    ("a standard user with a leaf nobody uploaded", Listener.MUTUAL, UNKNOWN_LEAF, STANDARD, PASS),
    ("a login with a leaf nobody uploaded", Listener.MUTUAL, UNKNOWN_LEAF, NOBODY, PASS),
]


@pytest.mark.parametrize(
    ("listener", "presented", "enforced", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_the_gate_decides_as_the_table_says(
    *, listener: Listener, presented: Presented, enforced: bool | None, expected: tuple[Verdict, str]
) -> None:
    assert expected == judge(listener, presented, enforced=enforced)


@pytest.mark.parametrize("presented", [FLAWED, UPLOADED_THEN_EXPIRED])
@pytest.mark.parametrize("enforced", [ENFORCED, STANDARD, NOBODY])
@pytest.mark.parametrize("listener", [Listener.MUTUAL, Listener.STRICT])
def test_a_flawed_chain_gets_the_page_whoever_presents_it(
    *, listener: Listener, enforced: bool | None, presented: Presented
) -> None:
    assert (Verdict.PAGE, presented.flaw) == judge(listener, presented, enforced=enforced)


@given(
    certificate=st.booleans(),
    flaw=st.none() | st.text(),
    uploaded=st.booleans(),
    enforced=st.sampled_from([ENFORCED, STANDARD, NOBODY]),
)
def test_on_443_no_certificate_changes_anything(
    *, certificate: bool, flaw: str | None, uploaded: bool, enforced: bool | None
) -> None:
    presented = Presented(certificate=certificate, flaw=flaw, uploaded=uploaded)
    assert judge(Listener.API, NOTHING, enforced=enforced) == judge(Listener.API, presented, enforced=enforced)


def test_the_page_is_the_captured_one_to_the_letter() -> None:
    captured = (
        b"<html><head><title>Certificate Error</title></head><body bgcolor=#ffffff text=#3198d8><center>"
        b'<img src="http://www.sfdcstatic.com/common/assets/img/logo-company.png"><p><h3>Client certificate error:'
        b"<i>No client certificate provided.</i></h3></center></body></html>"
    )
    assert captured == certificate_page("No client certificate provided.").body


def test_the_page_says_the_reason_it_is_given() -> None:
    assert b"<i>certificate has expired</i>" in certificate_page("certificate has expired").whole_body
