"""Chain: the certificates that lead from the leaf to its root, in the order they are sent."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final, NamedTuple

from cryptography import x509

from sfmtls_nb.certificates.certificate import (
    ComparableName,
    comparable,
    extension,
    is_identified,
    issuer_url,
    name_words,
    signed_by,
    spki,
)
from sfmtls_nb.certificates.paths import Problem, objections
from sfmtls_nb.certificates.roots import AcceptedRoots

Certificates = tuple[x509.Certificate, ...]

#: Codes of what is worth a word, and keeps no org from accepting a path.
_NO_OBJECTION: Final = {"root-unknown", "cross-certificate-expired"}
# Ways that are tried for each certificate there is, and the longest: authorities that cross-sign each other have no end of ways.
_WAYS_EACH, _MORE_WAYS, _LONGEST = 3, 300, 20


@dataclass(frozen=True)
class Chain:
    """A leaf and what leads from it towards a root.

    intermediates: in sending order: the leaf's issuer first, each next one the issuer of the one before.
    root: the root at the end, if it is known. It is not sent: the peer has its own copy.
    unused: all other certificates of the files, once each.
    problems: what speaks against this path; there is none that has less against it.
    """

    leaf: x509.Certificate
    intermediates: Certificates
    root: x509.Certificate | None
    unused: Certificates
    problems: tuple[Problem, ...] = ()


def build_chain(
    leaf: x509.Certificate,
    certificates: Iterable[x509.Certificate],
    at: datetime | None = None,
    roots: AcceptedRoots | None = None,
) -> Chain:
    """Order certificates by issuer, subject, key identifiers and signature: never by name alone, never by position.

    All ways from the leaf are validated ``at`` a moment (default: now), and one is taken that nothing speaks against, if
    there is one. Of these, it is the shortest to a root: to one of ``roots`` if they are known, else to any that is
    self-signed; without a root, the one that leads furthest. Between equals, what is valid goes first and then what
    expires last: so any order of the certificates gives the same chain.
    """
    moment, files = at or datetime.now(UTC), list(dict.fromkeys([leaf, *certificates]))
    known = list(dict.fromkeys([*files, *(roots.certificates if roots else ())]))
    way = _Way((leaf,), None, tuple(_no_issuer((leaf,), roots)))
    for however_spelled in (False, True):
        pool = _Pool(known, moment, however_spelled=however_spelled)
        way = min(_ways(leaf, pool, roots, moment), key=_against, default=way)
        if way.root and not way.problems:
            break
    used = {*way.sent, way.root}
    unused = sorted((each for each in files if each not in used), key=lambda each: each.signature)
    return Chain(leaf, way.sent[1:], way.root, tuple(unused), way.problems)


class _Way(NamedTuple):
    """A chain to send, the root that it leads to if that is known, and the objections to it."""

    sent: Certificates
    root: x509.Certificate | None
    problems: tuple[Problem, ...]


def _against(way: _Way) -> tuple[int, bool, int]:
    objected = sum(problem.code not in _NO_OBJECTION for problem in way.problems)
    return objected, way.root is None, len(way.sent) if way.root else -len(way.sent)


class _Pool:
    """Certificates by their subject and key, each signature verified once.

    however_spelled: compare all names as RFC 5280, 7.1 says, which takes its time with a thousand of them; or only those
    that have the same bytes, as nearly all authorities write them.
    """

    def __init__(self, certificates: list[x509.Certificate], moment: datetime, *, however_spelled: bool) -> None:
        self.certificates = certificates
        self._moment = moment
        self._spelled: dict[ComparableName, list[x509.Certificate]] | None = None
        if however_spelled:
            self._spelled = defaultdict(list)
            for certificate in certificates:
                self._spelled[comparable(certificate.subject)].append(certificate)
        self._of_name: dict[bytes, dict[bytes, list[x509.Certificate]]] = {}
        self._fitting: dict[Any, list[x509.Certificate]] = {}
        self._issuers: dict[x509.Certificate, list[x509.Certificate]] = {}

    def issuers(self, certificate: x509.Certificate) -> list[x509.Certificate]:
        """All certificates for the one key that signed a certificate, the preferred ones first."""
        if certificate not in self._issuers:
            keys = self._keys_of(certificate.issuer)
            name, identifier = certificate.issuer.public_bytes(), extension(certificate, x509.AuthorityKeyIdentifier)
            of_keys = (self._fitting_of(name, key, identifier) for key in keys)
            found = (fitting for fitting in of_keys if fitting and signed_by(certificate, fitting[0]))
            self._issuers[certificate] = next(found, [])
        return self._issuers[certificate]

    def _keys_of(self, name: x509.Name) -> dict[bytes, list[x509.Certificate]]:
        """The keys of a name, each with its certificates."""
        spelled = name.public_bytes()
        if spelled not in self._of_name:
            wanted = comparable(name)
            if self._spelled is None:
                some = (each for each in self.certificates if spelled in each.tbs_certificate_bytes)
                named = [each for each in some if comparable(each.subject) == wanted]
            else:
                named = self._spelled.get(wanted, [])
            keys: dict[bytes, list[x509.Certificate]] = defaultdict(list)
            self._of_name[spelled] = keys
            for each in sorted(named, key=lambda each: (_preference(each, self._moment), each.signature)):
                keys[spki(each.public_key())].append(each)
        return self._of_name[spelled]

    def _fitting_of(
        self, name: bytes, key: bytes, identifier: x509.AuthorityKeyIdentifier | None
    ) -> list[x509.Certificate]:
        """The certificates of a name and key that a certificate with this authorityKeyIdentifier may mean."""
        about = name, key, identifier
        if about not in self._fitting:
            self._fitting[about] = [each for each in self._of_name[name][key] if is_identified(each, identifier)]
        return self._fitting[about]

    def is_root(self, certificate: x509.Certificate) -> bool:
        """True if a certificate is signed with its own key."""
        return certificate in self.issuers(certificate)


def _ways(leaf: x509.Certificate, pool: _Pool, roots: AcceptedRoots | None, at: datetime) -> Iterator[_Way]:
    """Yield the ways from a leaf, the shortest first, until nothing speaks against one that reaches a root."""
    accepted = {(comparable(root.subject), spki(root.public_key())) for root in roots.certificates} if roots else set()
    left = _WAYS_EACH * len(pool.certificates) + _MORE_WAYS
    queue: deque[Certificates] = deque([(leaf,)])
    while queue:
        path = queue.popleft()
        for way in _ends(path, pool, roots, accepted, at):
            yield way
            if way.root and not way.problems:
                return
        if len(path) > 1 and (pool.is_root(path[-1]) or len(path) > _LONGEST):
            continue
        onward = ((*path, issuer) for issuer in pool.issuers(path[-1]) if issuer not in path)
        added = [*islice(onward, left)]
        left -= len(added)
        queue += added


def _ends(
    path: Certificates,
    pool: _Pool,
    roots: AcceptedRoots | None,
    accepted: set[tuple[ComparableName, bytes]],
    at: datetime,
) -> Iterator[_Way]:
    """Yield the ways that end here: at a root, or where it may be, or where nothing leads further."""
    top, issuers = path[-1], pool.issuers(path[-1])
    if len(path) > 1 and (comparable(top.subject), spki(top.public_key())) in accepted:
        # Where the org has this name and key of its own, it looks no further (RFC 5280, 6.1.1 d); nor need it be sent.
        own = next((each for each in roots.certificates if each == top), None) if roots else None
        if own:
            yield _Way(path[:-1], own, tuple(objections((*path[:-1], own), at, to_root=True)))
        return
    if pool.is_root(top):
        problems = [*objections(path, at, to_root=len(path) > 1)]
        if len(path) > 1 and roots and top not in roots:
            problems.append(Problem("root-not-accepted", top, "it is not among the roots the org accepts"))
        yield _Way(path[: max(1, len(path) - 1)], top if len(path) > 1 else None, tuple(problems))
        return
    nowhere = all(each in path for each in issuers)
    if nowhere or (roots and roots.mentions(top.issuer) and not any(map(pool.is_root, issuers))):
        yield _Way(path, None, (*objections(path, at, to_root=False), *_no_issuer(path, roots)))
    if not roots and (cut := _before_expired_cross_certificate(path, pool, at)):
        yield cut


def _no_issuer(path: Certificates, roots: AcceptedRoots | None) -> Iterator[Problem]:
    """The chain must lead to a root, and to one the org accepts."""
    top = path[-1]
    missing = f"its issuer {top.issuer.rfc4514_string()} is not among the files"
    if roots is None and len(path) > 1:
        yield Problem("root-unknown", top, f"{missing}; if that is the root, all is well")
    elif roots is None or not roots.mentions(top.issuer):
        offer = f"; the authority offers it at {url}" if (url := issuer_url(top)) else ""
        yield Problem("intermediate-missing", top, missing + offer)


def _before_expired_cross_certificate(path: Certificates, pool: _Pool, at: datetime) -> _Way | None:
    """Leave out an authority above the issuer that has expired together with the root above it, as far as that is known.

    So it is where an authority was first certified by an older one, and has long become a root itself (USERTrust, which
    AddTrust certified until 2020). The orgs' roots would tell; without them, this is the most likely.
    """
    top = path[-1]
    if (
        len(path) < 3
        or at <= top.not_valid_after_utc
        or any(at <= each.not_valid_after_utc for each in pool.issuers(top))
    ):
        return None
    evidence = f"{name_words(top.issuer)} certified it until {top.not_valid_after_utc:%Y-%m-%d}; it is not sent"
    problem = Problem("cross-certificate-expired", top, evidence)
    return _Way(path[:-1], None, (*objections(path[:-1], at, to_root=False), problem))


def _preference(certificate: x509.Certificate, moment: datetime) -> tuple[bool, float]:
    valid = certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc
    return not valid, -certificate.not_valid_after_utc.timestamp()
