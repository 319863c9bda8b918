"""What login, PEM and the first mutual call cost in this process, against the article's curl and xmllint: `make bench`.

The libraries are loaded already, as in a notebook; the article's processes are its four, two for each call, and its PEM
is there. In turn, CPU seconds, medians.
"""

from __future__ import annotations

import re
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from practice_process import org_of, practice_process

from sfmtls_nb import ClientIdentity, PasswordLogin, login
from sfmtls_nb.api import build_element, build_envelope, serialize
from sfmtls_nb.secret import Secret

ROUNDS = 60
CURL = ("curl", "-s", "-k", "-H", "Content-Type: text/xml; charset=UTF-8", "-H", "SOAPAction: login", "-d", "@-")


def cpu_seconds(call: Callable[[], object]) -> float:
    started = time.process_time()
    call()
    return time.process_time() - started


def cpu_seconds_of_children(call: Callable[[], object]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    call()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def curl_and_xmllint(message: bytes, *arguments: str) -> str:
    """An answer as the article gets it, formatted."""
    answer = subprocess.run([*CURL, *arguments], input=message, stdout=subprocess.PIPE, check=True).stdout
    return subprocess.run(
        ["xmllint", "--format", "-"], input=answer, stdout=subprocess.PIPE, check=True
    ).stdout.decode()


@contextmanager
def both_ways() -> Iterator[tuple[Callable[[], object], Callable[[], object]]]:
    """The walk in this process, and by the article's processes."""
    with practice_process() as described, tempfile.TemporaryDirectory() as folder:
        org, (user, *_), files = org_of(described), described["users"], described["client"]
        name, password = user["username"], user["password"]

        def ours() -> None:
            me = ClientIdentity.load(files["key"], files["root"], *files["intermediates"], files["leaf"])
            me.write_pem(Path(folder, "fullcert.pem"), overwrite=True)
            session = login(org, PasswordLogin(name, password), me)
            assert session.get_user_info().text(".//userName") == name
            session.transport.close()

        def theirs() -> None:
            body = build_element("login", {"username": name, "password": password})
            path = f"/services/Soap/u/{described['api_version']}"
            answer = curl_and_xmllint(serialize(build_envelope(body)), described["api_url"] + path)
            session_id = Secret(re.findall("<sessionId>(.*)</sessionId>", answer)[0])
            envelope = serialize(build_envelope(build_element("getUserInfo"), session_id))
            assert name in curl_and_xmllint(envelope, described["mutual_url"] + path, "-E", files["fullcert"])

        for way in (ours, theirs, ours, theirs):
            way()
        yield ours, theirs


def measure() -> float:
    """CPU of this process over that of the article's."""
    with both_ways() as (ours, theirs):
        pairs = [(cpu_seconds(ours), cpu_seconds_of_children(theirs)) for _ in range(ROUNDS)]
    return statistics.median(mine for mine, _ in pairs) / statistics.median(others for _, others in pairs)


def main() -> None:
    print(f"login, PEM and the first call cost {measure():.2f} x the article's curl and xmllint, at most 0.5")


if __name__ == "__main__":
    main()
