"""What a mutually authenticated connection costs, against a call on one that is open: `make bench`.

Both are measured in turn in one run, so that a noisy machine is noisy for both; the ratio is what counts.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from sfmtls_nb import ClientIdentity, Org, PasswordLogin, Session, login
from sfmtls_nb.practice import PracticeOrg

ROUNDS = 40


def timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def fresh(session: Session) -> None:
    session.transport.close()
    session.get_user_info()


def main() -> None:
    with PracticeOrg() as practice:
        files = practice.client
        me = ClientIdentity.load(files.key, files.leaf, *files.intermediates)
        with login(Org(**practice.endpoints), PasswordLogin(*practice.user("enforced")), me) as session:
            session.get_user_info()
            pairs = [(timed(lambda: fresh(session)), timed(session.get_user_info)) for _ in range(ROUNDS)]
    ratios = sorted(new / kept for new, kept in pairs)
    print(f"a call on a fresh mutual-TLS connection costs {statistics.median(ratios):.1f} calls on an open one")
    print(
        f"(median of {ROUNDS} pairs; the middle half lies between {ratios[ROUNDS // 4]:.1f} and {ratios[-ROUNDS // 4]:.1f})"
    )


if __name__ == "__main__":
    main()
