"""The command ``sfmtls-nb``: tour, lab, practice, doctor, recipe and scrub."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from queue import Empty, SimpleQueue

from sfmtls_nb.command.doctor import org_of, print_checkup
from sfmtls_nb.command.lab import copy_lessons, open_lab
from sfmtls_nb.command.recipe import print_recipe
from sfmtls_nb.command.tour import tour
from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.files import expand
from sfmtls_nb.handover import RECIPES
from sfmtls_nb.org import Org
from sfmtls_nb.practice import LOOPBACK, SCENARIOS, Ports, PracticeOrg
from sfmtls_nb.scrub import KNOWN_TO_OTHERS, find_notebooks, scrub_file


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit status is 0, 1 for an SfmtlsError, 2 for a usage error, 130 for Ctrl-C, 141
    when nobody reads on.
    """
    try:
        try:
            own, flags = _jupyterlabs(list(sys.argv[1:] if arguments is None else arguments))
            options = _parser().parse_args(own)
            options.flags = flags
            options.run(options)
        finally:
            sys.stdout.flush()  # here, where a broken pipe is caught
    except SfmtlsError as error:
        print(f"sfmtls-nb: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read our output has seen enough, as head does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sfmtls-nb", description="Salesforce mutual TLS: learn it, then use it.")
    parser.add_argument("--version", action="version", version=f"sfmtls-nb {version('sfmtls-nb')}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("tour", help="the whole walk in this terminal, on a practice org")
    command.set_defaults(run=lambda options: tour())

    command = commands.add_parser(
        "lab",
        help="copy the lessons into a folder of your own, and open them in JupyterLab",
        usage="sfmtls-nb lab [DIR] [--no-open] [JUPYTERLAB'S FLAGS]",
        description="Copy the lessons into a folder of your own, and open them in JupyterLab. A lesson that is there "
        "already stays as it is. Other flags, and all that follows them, are JupyterLab's: --port 9999, or in a container "
        "--allow-root --ip 0.0.0.0",
    )
    command.add_argument(
        "dir", nargs="?", type=Path, default=Path("sfmtls_lessons"), metavar="DIR", help="default: %(default)s, here"
    )
    command.add_argument(
        "--no-open", action="store_true", help="only copy: for a Jupyter that runs already, here or on a server"
    )
    command.set_defaults(run=_lab)

    command = commands.add_parser(
        "practice",
        help="run the practice org until Ctrl-C, for curl, openssl and any other client",
        description="Run the practice org until Ctrl-C. Writes org.json and the client's files into a directory, and "
        "prints org.json.",
    )
    command.add_argument("--dir", help="where to write; default: a temporary folder that goes with the org")
    command.add_argument(
        "--host", default="localhost", help="where to listen (default: %(default)s, this machine only)"
    )
    for door, meaning in (("api", "443"), ("mutual", "8443"), ("strict", "8443, refusing inside TLS")):
        command.add_argument(
            f"--{door}-port", type=int, default=0, metavar="N", help=f"the stand-in for {meaning} (0: any free port)"
        )
    command.add_argument("--records", type=int, metavar="N", help="how many contacts (default: a few hundred)")
    command.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of the data: the same seed, the same records"
    )
    command.add_argument("--scenario", metavar="NAME", help="let every API call fail so; or be handed such an identity")
    command.add_argument("--tls", choices=["1.2", "1.3"], help="this version of TLS alone")
    command.set_defaults(run=_practice)

    command = commands.add_parser(
        "doctor",
        help="check the way to an org step by step, with or without a key and certificates",
        description="Check the way to an org step by step: names, ports, TLS, the server's certificate, clocks, proxies, and what "
        "becomes of your certificate. Nobody signs in. The exit status is 1 if a check failed.",
    )
    place = command.add_mutually_exclusive_group()
    place.add_argument("--login-url", metavar="URL", help="such as https://acme.my.salesforce.com")
    place.add_argument("--my-domain", metavar="NAME", help="the My Domain, such as acme, or its host")
    place.add_argument("--profile", metavar="NAME", help="the org of a profile")
    command.add_argument("files", nargs="*", metavar="FILE", help="the key and its certificates, in any form and order")
    command.set_defaults(
        run=lambda options: print_checkup(org_of(options.login_url, options.my_domain, options.profile), options.files)
    )

    command = commands.add_parser(
        "recipe",
        help="write what curl, Postman, Java and others want of a key and its certificates",
        description="Write the files that another tool wants of a key and its certificates, and print the lines to paste. "
        "No secret is in the lines; passphrases are asked for.",
    )
    command.add_argument("name", choices=RECIPES, metavar="TOOL", help=", ".join(RECIPES))
    command.add_argument("files", nargs="+", metavar="FILE", help="the key and its certificates, in any form and order")
    command.add_argument("--login-url", required=True, metavar="URL", help="such as https://acme.my.salesforce.com")
    command.add_argument("--folder", type=Path, default=Path(), metavar="DIR", help="where to write (default: here)")
    command.add_argument("--overwrite", action="store_true", help="replace files of those names")
    command.set_defaults(
        run=lambda options: print_recipe(
            options.name, options.files, Org(options.login_url), options.folder, overwrite=options.overwrite
        )
    )

    command = commands.add_parser(
        "scrub",
        help="remove private keys, session ids, tokens and passwords from notebooks",
        description="Remove private keys, session ids, tokens and passwords from notebooks, and from pages exported as "
        "HTML, in place, and say what was removed. A file without any is not written.",
    )
    command.add_argument(
        "paths",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="a notebook, a page exported as .html, or a folder: every .ipynb in it",
    )
    command.add_argument(
        "--check", action="store_true", help="change nothing; the exit status is 1 if there is anything to remove"
    )
    command.set_defaults(run=_scrub)
    return parser


def _jupyterlabs(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Our own arguments, and those of JupyterLab: behind ``lab``, from the first flag on that is not ours, or from ``--``."""
    if arguments[:1] != ["lab"]:
        return arguments, []
    ours = ("--no-open", "-h", "--help")
    at = next((n for n, each in enumerate(arguments) if each.startswith("-") and each not in ours), len(arguments))
    flags = arguments[at + 1 :] if arguments[at : at + 1] == ["--"] else arguments[at:]
    return [*arguments[:at], *(each for each in flags if each == "--no-open")], [x for x in flags if x != "--no-open"]


def _lab(options: argparse.Namespace) -> None:
    folder = expand(options.dir).absolute()
    lessons = copy_lessons(folder)
    words = [f"{name}  {'copied' if copied else 'there already'}" for name, copied in lessons.items()]
    print(f"The lessons are in {folder}:", *words, sep="\n  ")
    if not all(lessons.values()):
        print("A fresh copy of the lessons goes into another folder: sfmtls-nb lab DIR")
    sys.stdout.flush()
    if not options.no_open:
        open_lab(folder / next(iter(lessons)), options.flags)


def _practice(options: argparse.Namespace) -> None:
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


def _scrub(options: argparse.Namespace) -> None:
    unreadable, found = 0, 0
    for path in find_notebooks(options.paths):
        try:
            leaks = scrub_file(path, check=options.check)
        except SfmtlsError as error:
            print(f"sfmtls-nb: {error}", file=sys.stderr)
            unreadable += 1
            continue
        found += len(leaks)
        for leak in leaks:
            print(f"{path}: {leak}" if options.check else f"{path}: removed: {leak}")
    if found and options.check:
        raise SfmtlsError(
            f"secrets in notebooks: {found}", next_step=f"sfmtls-nb scrub removes them; {KNOWN_TO_OTHERS}"
        )
    if unreadable:
        raise SfmtlsError(f"notebooks that could not be scrubbed: {unreadable}", next_step="see above")
    if found:
        print(f"sfmtls-nb: {KNOWN_TO_OTHERS}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
