"""Practice: the practice org, run until somebody stops it."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue

from sfmtls_nb.practice import LOOPBACK, SCENARIOS, Ports, PracticeOrg


def define(parser: argparse.ArgumentParser) -> None:
    """Add the help and the arguments of ``practice``."""
    parser.description = (
        "Run the practice org until Ctrl-C. Writes org.json and the client's files into a directory, and "
        "prints org.json."
    )
    parser.add_argument("--dir", help="where to write; default: a temporary folder that goes with the org")
    parser.add_argument("--host", default="localhost", help="where to listen (default: %(default)s, this machine only)")
    for door, meaning in (("api", "443"), ("mutual", "8443"), ("strict", "8443, refusing inside TLS")):
        parser.add_argument(
            f"--{door}-port", type=int, default=0, metavar="N", help=f"the stand-in for {meaning} (0: any free port)"
        )
    parser.add_argument("--records", type=int, metavar="N", help="how many contacts (default: a few hundred)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the data: the same seed, the same records")
    parser.add_argument("--scenario", metavar="NAME", help="let every API call fail so; or be handed such an identity")
    parser.add_argument("--tls", choices=["1.2", "1.3"], help="this version of TLS alone")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    if options.host not in LOOPBACK:
        print(
            f"sfmtls-nb: warning: listening on {options.host}, so other machines can reach this practice org; "
            "its passwords are in org.json, and nothing real belongs in it",
            file=sys.stderr,
        )
    practice = PracticeOrg(
        host=options.host,
        ports=Ports(options.api_port, options.mutual_port, options.strict_port),
        directory=options.dir,
        records=options.records,
        seed=options.seed,
        scenario=options.scenario,
        tls=options.tls,
    )
    with _told_to_stop() as stop, practice:
        for each in SCENARIOS:
            practice.identity(each.name)
        print(json.dumps(practice.description(), indent=2), flush=True)
        print(f"The practice org runs; its files are in {practice.directory}. Ctrl-C stops it.", file=sys.stderr)
        while not stop():
            pass
    print("The practice org has stopped.", file=sys.stderr)


@contextmanager
def _told_to_stop() -> Iterator[Callable[[], bool]]:
    """Waits for Ctrl-C, or another signal that ends a program, for a second at a time: on Windows, no longer wait hears it."""
    # Not an Event: set in a handler that interrupts its own wait, it can wait for itself for ever. This queue is made for that.
    heard: SimpleQueue[int] = SimpleQueue()
    endings = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        endings.append(signal.SIGHUP)  # the terminal was closed, and there is no nohup to outlive it
    before = {number: signal.signal(number, lambda number, _: heard.put(number)) for number in endings}

    def stop() -> bool:
        with suppress(Empty):
            return bool(heard.get(timeout=1))
        return False

    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
