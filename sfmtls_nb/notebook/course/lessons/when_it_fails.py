"""The exercises of “When it fails”, and the files whose faults the learner has to find."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final, cast

from cryptography.x509.oid import ExtendedKeyUsageOID

from sfmtls_nb.diagnose import FAILURES
from sfmtls_nb.files import write_new
from sfmtls_nb.notebook.course.exercises import Exercise, Point, Work, is_text
from sfmtls_nb.notebook.course.progress import marks
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.practice.mutual import Issued
from sfmtls_nb.practice.request import Listener

#: The scenario of each mystery, by its letter.
_DIAGNOSIS: Final = {"a": "root-not-accepted", "b": "not-uploaded", "c": "intermediate-expired"}
_MYSTERY: Final = "mystery-{}.practice.example"
_REPAIR: Final = "repair.practice.example"
_ENFORCED: Final = "enforced@practice.example"


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
            if isinstance(said, str) and said.strip() in FAILURES
            else f"{letter}: {str(said)[:40]!r} is not the name of a failure; %sf_why index has them",
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


def _an_incident(work: Work) -> Iterator[Point]:
    del work  # an incident happens at an org of its own
    found = [name for name in map(_diagnosed, marks()) if name]
    yield Point(
        bool(found),
        f"you have diagnosed {', '.join(sorted(found))}",
        "no incident has been diagnosed yet: %sf_drill shows the one that is open, or plants one",
    )


def _diagnosed(mark: str) -> str:
    """The failure whose diagnosis in a drill a mark stands for; "" for any other mark."""
    name = mark.removeprefix("drill - ")
    return name if name in FAILURES and name != mark else ""


def _calls(work: Work, name: str, **values: object) -> list[Any]:
    """The calls on 8443 with the certificate of that name."""
    return [call for call in work.requests(listener=Listener.MUTUAL, **values) if call.chain[:1] == (name,)]


EXERCISES: Final = (
    Exercise(
        "three mysteries",
        _three_mysteries,
        (
            "Start with the answer: who refused, and with which words? Then ask the check, which sees the files.",
            "%sf_soap getUserInfo --identity mystery-a.pem --expect page makes the call, and %sf_why in the next line names the "
            "cause that is shown.",
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
        "an incident, diagnosed",
        _an_incident,
        (
            "Who refused? An error of the client, the page, a fault, nothing at all: that leaves one or two groups of names.",
            "Look where these names differ: files for the certificate, handshake for whether it was sent, org for what Setup has.",
            "%sf_drill --answer NAME takes as many tries as you like; %sf_drill --give-up tells it, and %sf_drill plants the next.",
        ),
        anywhere=True,
    ),
)
