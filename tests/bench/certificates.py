"""The cost of many certificates, against cryptography alone: `make bench`.

Both are measured in turn in one run, so that a noisy machine is noisy for both; the ratio is what counts.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from cryptography import x509

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from hierarchies import LEAF, issue, key_pem, pem  # a helper of tests, on the path only now

from sfmtls_nb import ClientIdentity  # as above

ROUNDS, MANY = 15, 1000


def timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def looked_at(bundle: bytes) -> list[object]:
    """What cryptography alone needs to see names, keys and dates of a bundle."""
    certificates = x509.load_pem_x509_certificates(bundle)
    return [(each.subject, each.issuer, each.public_key(), each.not_valid_after_utc) for each in certificates]


def main() -> None:
    key = key_pem("leaf")
    ordinary = pem(
        issue("leaf", "authority 5", LEAF), *(issue(f"authority {n}", f"authority {n}") for n in range(MANY))
    )
    pairs = [
        (timed(lambda: ClientIdentity.load(key, ordinary)), timed(lambda: looked_at(ordinary))) for _ in range(ROUNDS)
    ]
    ratio = statistics.median(ours / theirs for ours, theirs in pairs)
    print(f"{MANY:,} ordinary certificates cost {ratio:.1f} times what cryptography alone needs to look at them")
    namesakes = pem(issue("leaf", "same", LEAF), *(issue("same", "other", identifiers=False) for _ in range(2 * MANY)))
    cost = timed(lambda: ClientIdentity.load(key, namesakes)) / timed(lambda: looked_at(namesakes))
    print(f"{2 * MANY:,} certificates of one name cost {cost:.1f} times that")


if __name__ == "__main__":
    main()
