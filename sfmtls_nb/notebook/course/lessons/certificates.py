"""The exercises of “Certificates”, and the four certificates that one of them compares."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, cast

from cryptography.x509.oid import ExtendedKeyUsageOID

from sfmtls_nb.certificates import ClientIdentity, common_name, fingerprint
from sfmtls_nb.files import write_new
from sfmtls_nb.notebook.course.exercises import Exercise, Point, Work, is_text
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.practice.events import Event
from sfmtls_nb.practice.mutual import Issued
from sfmtls_nb.practice.request import Listener

#: The verdict on each offer: the code of the finding that decides, or ``good``.
_VERDICT: Final = {"a": "dual-use", "b": "root-not-accepted", "c": "server-auth-only", "d": "good"}
_OFFER: Final = "offer-{}.practice.example"
#: Names of certificates that the lesson itself makes or is given: none of them is the learner's own.
_GIVEN: Final = frozenset({"integration.practice.example", "demo.practice.example", *map(_OFFER.format, _VERDICT)})


def write_offers(practice: PracticeOrg) -> list[str]:
    """Four certificates as four authorities would have issued them, each with its key and chain in one file.

    Their leaves are uploaded: what is wrong with one of them is not that. Returns the files' names.
    """
    authority, client = practice.authority, practice.authority.client
    for letter, verdict in _VERDICT.items():
        chain = [*client.intermediates, client.root]
        if verdict == "root-not-accepted":
            root = authority.issue("Bargain Root CA", ca=True)
            chain = [authority.issue("Bargain Issuing CA", root, ca=True), root]
        purposes = {
            "dual-use": [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH],
            "server-auth-only": [ExtendedKeyUsageOID.SERVER_AUTH],
        }.get(verdict, [ExtendedKeyUsageOID.CLIENT_AUTH])
        name = _OFFER.format(letter)
        # No public authority's dual-use leaf lasts much longer now.
        days = 90 if verdict == "dual-use" else 200
        leaf = authority.issue(name, chain[0], names=[name], purposes=purposes, days=days)
        practice.state.upload_certificate(leaf.certificate_pem)
        write_new(practice.directory / _file(letter), _pem(leaf, chain), overwrite=True)
    return [_file(letter) for letter in _VERDICT]


def _file(letter: str) -> str:
    return f"offer-{letter}.pem"


def _pem(leaf: Issued, chain: list[Issued]) -> bytes:
    return leaf.key_pem + leaf.certificate_pem + b"".join(each.certificate_pem for each in chain)


# ---------------------------------------------------------------- the exercises


def _own_identity(work: Work) -> ClientIdentity | None:
    """The identity that the learner made: the variable ``mine``, or the one that is presented now."""
    for identity in (work.named("mine", ClientIdentity), work.workspace.identity):
        if identity and common_name(identity.leaf) not in _GIVEN:
            return identity
    return None


def _no_identity(work: Work) -> str:
    """The reason why there is none, as far as can be seen."""
    mine = work.value("mine")
    if isinstance(mine, ClientIdentity):
        return f"mine is {common_name(mine.leaf)}, which the lesson gave you: take a name of your own"
    if mine is not None:
        return f"mine is no identity: it is {type(mine).__name__}"
    return "there is no identity of your own yet: neither in the variable mine, nor presented with %sf_identity"


def _own_key_and_certificate(work: Work) -> Iterator[Point]:
    identity = _own_identity(work)
    name = common_name(identity.leaf) if identity else ""
    yield Point(
        identity is not None,
        f"there is an identity of your own: {name}",
        _no_identity(work),
    )
    yield Point(
        bool(identity and identity.intermediates),
        "its intermediates are with it",
        "an authority's answer to your request is not in it: the leaf and the intermediates",
    )
    errors = (
        [finding for finding in work.workspace.findings(identity) if finding.severity == "error"] if identity else []
    )
    yield Point(
        identity is not None and not errors,
        "the check finds no error",
        f"the check finds: {', '.join(error.code for error in errors)}"
        if errors
        else "so there is nothing to check yet",
    )


def _four_offers(work: Work) -> Iterator[Point]:
    verdict = cast("dict[str, Any]", work.named("verdict", dict) or {})
    yield Point(
        set(verdict) == set(_VERDICT),
        "verdict says something of each offer",
        'verdict is to be a dictionary with a word for each of "a", "b", "c" and "d"',
    )
    for letter, right in _VERDICT.items():
        yield Point(
            is_text(verdict.get(letter), right),
            f"offer {letter}: {right}",
            f"offer {letter}: it is not {str(verdict[letter])[:40]!r}"
            if verdict.get(letter) is not None
            else f"offer {letter}: no verdict yet; %sf_identity {_file(letter)} shows it",
        )
    best = next(letter for letter, right in _VERDICT.items() if right == "good")
    yield Point(
        any(call.chain[:1] == (_OFFER.format(best),) for call in _answered(work)),
        "and the org has answered a call with the best of them",
        "the org has not answered a call with the offer you can keep: --identity FILE presents it",
    )


def _uploaded_and_called(work: Work) -> Iterator[Point]:
    identity = _own_identity(work)
    if identity is None:
        yield Point(False, "", f"exercise 1 comes first: {_no_identity(work)}")
        return
    yield Point(
        identity.leaf in work.practice.state.uploaded_leaves,
        "your leaf is among the org's Mutual Authentication Certificates",
        "your leaf is not among the org's Mutual Authentication Certificates",
    )
    yield Point(
        any(call.leaf == fingerprint(identity.leaf).hex() for call in _answered(work)),
        "and the org has answered a call of the enforced user with it, on 8443",
        "the org has not yet answered a call of the enforced user with your certificate, on 8443",
    )


def _answered(work: Work) -> list[Event]:
    """The calls of the enforced user on 8443 that got data."""
    return work.requests(listener=Listener.MUTUAL, user="enforced@practice.example", status=200)


EXERCISES: Final = (
    Exercise(
        "a key and a certificate of your own",
        _own_key_and_certificate,
        (
            "It is what the lesson did for demo.practice.example, under another name: request, signature, files, assembly.",
            "new_key_and_csr makes key and request; practice.authority.sign answers a request. ClientIdentity.load takes both "
            "as they are, or %sf_identity the files you write them to.",
            'my = new_key_and_csr("CN=…"); mine = ClientIdentity.load(my.key_pem, practice.authority.sign(my.request_pem))',
        ),
        anywhere=True,
    ),
    Exercise(
        "four offers",
        _four_offers,
        (
            "The verdicts need no call: %sf_identity offer-a.pem shows what the check finds.",
            "Three of the four have a finding that is an error or a warning; its code is the verdict. A note decides nothing.",
            'One is "dual-use", one "root-not-accepted", one "server-auth-only". Call with the fourth: '
            "%sf_soap getUserInfo --identity offer-….pem",
        ),
    ),
    Exercise(
        "upload yours, and call with it",
        _uploaded_and_called,
        (
            "The org compares the leaf that comes with the leaves that were uploaded.",
            "practice.state.upload_certificate takes what is in the file, by read_bytes(); %sf_practice setup has a button for a file.",
            'mine.write_upload(practice.directory / "mine.crt"), upload what it wrote, then %sf_soap getUserInfo --identity mine',
        ),
    ),
)
