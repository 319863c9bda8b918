"""What a warm mutual getUserInfo costs, against requests alone with the same certificate, message and answer: `make bench`.

The one makes the message, sends it, keeps what was said in TLS, and reads the answer; the other has its message ready, and
reads the answer with `lxml.etree.fromstring`, or not at all. Calls in turn, CPU seconds of this process, medians.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import requests
from lxml import etree
from practice_process import org_of, practice_process

from sfmtls_nb import ClientIdentity, PasswordLogin, login

CALLS = 2000


def cpu_seconds(call: Callable[[], object]) -> float:
    started = time.process_time()
    call()
    return time.process_time() - started


@contextmanager
def three_ways() -> Iterator[tuple[Callable[[], object], ...]]:
    """The call as we make it, by requests alone, and by requests and lxml; each on a connection of its own, which is open."""
    with practice_process() as described:
        org, user = org_of(described), described["users"][0]
        me = ClientIdentity.load(described["client"]["fullcert"])
        with login(org, PasswordLogin(user["username"], user["password"]), me) as session, requests.Session() as bare:
            request = session.prepare("getUserInfo")
            url, body, headers = request.url, bytes(request.body), dict(request.headers)
            bare.cert, ca_file = described["client"]["fullcert"], described["ca_file"]

            def unread() -> bytes:
                # Said with each call: REQUESTS_CA_BUNDLE goes before what the session says.
                return bare.post(url, data=body, headers=headers, verify=ca_file).content

            ways = (session.get_user_info, unread, lambda: etree.fromstring(unread()))
            for way in ways * 20:
                way()
            yield ways


def ratios() -> tuple[float, float]:
    """CPU over that of requests alone, and over that of requests and lxml."""
    with three_ways() as ways:
        ours, *theirs = (
            statistics.median(each) for each in zip(*(tuple(map(cpu_seconds, ways)) for _ in range(CALLS)), strict=True)
        )
    return ours / theirs[0], ours / theirs[1]


def measure() -> float:
    """CPU over that of requests alone, whose answer nobody reads."""
    return ratios()[0]


def main() -> None:
    unread, read = ratios()
    print(
        f"a warm mutual getUserInfo costs {unread:.2f} x a bare requests.Session, at most 1.1 ({read:.2f} x if it parses the answer)"
    )


if __name__ == "__main__":
    main()
