"""What it costs that each handshake is recorded: `make bench`.

Calls over fresh connections are made with the recording and without, in turn, so that a noisy machine is noisy for both.
"""

from __future__ import annotations

import statistics
import time
from unittest.mock import patch

from sfmtls_nb import ClientIdentity, Org, PasswordLogin, Session, login
from sfmtls_nb.connection import Transport, recording
from sfmtls_nb.practice import PracticeOrg

ROUNDS = 200


def seconds_of_a_fresh_call(transport: Transport, session: Session) -> float:
    """Seconds of a call that has to connect anew; the SSLContext is there already."""
    for pool in transport._pools.values():
        pool.close()
    request = transport.prepare("GET", f"{session.server_url.partition('/services')[0]}/services/data", {})
    started = time.perf_counter()
    transport.send(request)
    return time.perf_counter() - started


def main() -> None:
    with PracticeOrg() as practice:
        files, org = practice.client, Org(**practice.endpoints)
        me = ClientIdentity.load(files.key, files.leaf, *files.intermediates)
        with (
            login(org, PasswordLogin(*practice.user("enforced")), me) as session,
            Transport(org, me) as recorded,
            Transport(org, me) as silent,
        ):
            seconds_of_a_fresh_call(recorded, session)
            with patch.object(recording, "_CALLBACK", new=None):
                seconds_of_a_fresh_call(silent, session)
            pairs = [
                (seconds_of_a_fresh_call(recorded, session), seconds_of_a_fresh_call(silent, session))
                for _ in range(ROUNDS)
            ]
    with_it, without = (statistics.median(side) for side in zip(*pairs, strict=True))
    print(f"a call on a fresh connection whose handshake is recorded costs {with_it / without:.3f} of one that is not")


if __name__ == "__main__":
    main()
