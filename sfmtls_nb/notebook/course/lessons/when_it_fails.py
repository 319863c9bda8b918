"""The exercises of “When it fails”, and the files whose faults the learner has to find."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final, cast

from cryptography.x509.oid import ExtendedKeyUsageOID

from sfmtls_nb.files import write_new
from sfmtls_nb.notebook.course.exercises import Exercise, Point, Work, is_text
from sfmtls_nb.practice import SCENARIOS, PracticeOrg
from sfmtls_nb.practice.mutual import Issued
from sfmtls_nb.practice.request import Listener

#: The scenario of each mystery, by its letter.
_DIAGNOSIS: Final = {"a": "root-not-accepted", "b": "not-uploaded", "c": "intermediate-expired"}
_MYSTERY: Final = "mystery-{}.practice.example"
_REPAIR: Final = "repair.practice.example"
_ENFORCED, _STANDARD = "enforced@practice.example", "standard@practice.example"


def write_mysteries(practice: PracticeOrg) -> list[str]:
    """``mystery-a.pem`` and its like, and ``repair.pem``: each a key and certificates, each wrong in one way.

    Returns the files' names. What each is called, and who has uploaded it, tells nothing; the org and the check do.
    """
    authority, client = practice.authority, practice.authority.client
    issuing, policy = client.intermediates
    other_root = authority.issue("Bargain Root CA", ca=True)
    old = authority.issue("Practice Client Old CA", policy, ca=True, starts=timedelta(days=-800), days=-3)
    above = {
        "root-not-accepted": [authority.issue("Bargain Issuing CA", other_root, ca=True), other_root],
        "not-uploaded": [issuing, policy, client.root],
        "intermediate-expired": [old, policy, client.root],
    }
    for letter, scenario in _DIAGNOSIS.items():
        leaf = _leaf(practice, _MYSTERY.format(letter), above[scenario][0], uploaded=scenario != "not-uploaded")
        _write(practice, _file(letter), leaf, above[scenario])
    _write(practice, "repair.pem", _leaf(practice, _REPAIR, issuing, uploaded=True), [])
    return [*map(_file, _DIAGNOSIS), "repair.pem"]


def _file(letter: str) -> str:
    return f"mystery-{letter}.pem"


def _leaf(practice: PracticeOrg, name: str, issuer: Issued, *, uploaded: bool) -> Issued:
    leaf = practice.authority.issue(name, issuer, names=[name], purposes=[ExtendedKeyUsageOID.CLIENT_AUTH], days=365)
    if uploaded:
        practice.state.upload_certificate(leaf.certificate_pem)
    return leaf


def _write(practice: PracticeOrg, file: str, leaf: Issued, above: list[Issued]) -> None:
    pem = leaf.key_pem + leaf.certificate_pem + b"".join(each.certificate_pem for each in above)
    write_new(practice.directory / file, pem, overwrite=True)


# ---------------------------------------------------------------- the exercises


def _three_mysteries(work: Work) -> Iterator[Point]:
    diagnosis = cast("dict[str, Any]", work.named("diagnosis", dict) or {})
    for letter, right in _DIAGNOSIS.items():
        yield Point(
            bool(_calls(work, _MYSTERY.format(letter))),
            f"the org has seen a call with {_file(letter)}",
            f"the org has not seen a call with {_file(letter)} yet",
        )
        said = diagnosis.get(letter)
        yield Point(
            is_text(said, right),
            f"{letter}: {right}, so it is",
            f'{letter}: diagnosis["{letter}"] is missing'
            if said is None
            else f"{letter}: it is not {said!r}"
            if any(is_text(said, each.name) for each in SCENARIOS)
            else f"{letter}: {str(said)[:40]!r} is not the name of a sample; the table of section 6 has them",
        )


def _repaired(work: Work) -> Iterator[Point]:
    calls = _calls(work, _REPAIR)
    yield Point(
        any(len(call.chain) > 1 for call in calls),
        "the org has been shown this leaf together with its issuer",
        "this leaf has not come with its issuer yet",
    )
    yield Point(
        bool(_calls(work, _REPAIR, user=_ENFORCED, status=200)),
        "and has answered the enforced user",
        "the org has not answered the enforced user with it yet",
    )


def _the_other_user(work: Work) -> Iterator[Point]:
    free = next(letter for letter, scenario in _DIAGNOSIS.items() if scenario == "not-uploaded")
    refused = [letter for letter in _DIAGNOSIS if letter != free]
    sessions = tuple(work.practice.state.sessions.values())
    yield Point(
        any(session.user.username == _STANDARD for session in sessions) or bool(work.requests(user=_STANDARD)),
        f"you signed in as {_STANDARD}",
        f"nobody has signed in as {_STANDARD} yet",
    )
    yield Point(
        bool(_calls(work, _MYSTERY.format(free), user=_STANDARD, status=200)),
        "this user gets data with one of the three: the identity check, layer 2, asks enforced users only",
        "this user has not got data on 8443 with one of the three yet",
    )
    yield Point(
        any(call.layer_1 for letter in refused for call in _calls(work, _MYSTERY.format(letter), user=_STANDARD)),
        "and is refused with another: chain validation, layer 1, is for everyone",
        "this user has not been refused with one of the other two yet",
    )


def _calls(work: Work, name: str, **values: object) -> list[Any]:
    """The calls on 8443 with the certificate of that name."""
    return [call for call in work.requests(listener=Listener.MUTUAL, **values) if call.chain[:1] == (name,)]


EXERCISES: Final = (
    Exercise(
        "three mysteries",
        _three_mysteries,
        (
            "Start with the answer: who refused, and with which words? Then ask the check, which sees the files.",
            "%sf_soap getUserInfo --identity mystery-a.pem --expect page makes the call, %sf_identity mystery-a.pem checks the "
            "files. If the check finds nothing wrong with the files, what is left is the org's Setup.",
            "Two of the three get the page: look at the dates of the intermediates and at the name of the root. The third gets "
            "MUTUAL_AUTHENTICATION_FAILED, and the check is content: the leaf is not uploaded.",
        ),
    ),
    Exercise(
        "repair one",
        _repaired,
        (
            "What does %sf_identity repair.pem say?",
            "The authority's intermediates are in the practice org's folder: intermediate1.crt and intermediate2.crt.",
            "%sf_identity repair.pem intermediate1.crt intermediate2.crt, then %sf_soap getUserInfo",
        ),
    ),
    Exercise(
        "the same certificates, another user",
        _the_other_user,
        (
            "Layer 1 looks at certificates, whoever comes. Layer 2 looks at enforced users only.",
            "%sf_login standard@practice.example, then one call for each mystery that is needed, with --identity.",
            "%sf_soap getUserInfo --identity mystery-b.pem succeeds; with mystery-a.pem --expect page comes true.",
        ),
    ),
)
