"""The command ``sfmtls-nb``: tour, lab, practice, doctor, recipe, handout and scrub."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final

from sfmtls_nb.errors import SfmtlsError

#: Each is a module of this folder, which is loaded when it is asked for: all of them take thirty times as long as Python.
COMMANDS: Final = {
    "tour": "the whole walk in this terminal, on a practice org",
    "lab": "copy the lessons into a folder of your own, and open them in JupyterLab",
    "practice": "run the practice org until Ctrl-C, for curl, openssl and any other client",
    "doctor": "check the way to an org step by step, with or without a key and certificates",
    "recipe": "write what curl, Postman, Java and others want of a key and its certificates",
    "handout": "write the course on two pages, to print",
    "scrub": "remove private keys, session ids, tokens and passwords from notebooks",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit status is 0, 1 for an SfmtlsError, 2 for a usage error, 130 for Ctrl-C, 141
    when nobody reads on.
    """
    try:
        try:
            own, flags = _jupyterlabs(list(sys.argv[1:] if arguments is None else arguments))
            options = _parser(own).parse_args(own)
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


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sfmtls-nb", description="Salesforce mutual TLS: learn it, then use it.")
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version, and exit")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    asked_for = next((word for word in words if not word.startswith("-")), "")
    for name, meaning in COMMANDS.items():
        command = commands.add_parser(name, help=meaning)
        if name == asked_for:
            import_module(f"sfmtls_nb.command.{name}").define(command)
    return parser


class _Version(argparse.Action):
    """As argparse's own, which would want the version before it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from importlib.metadata import version  # noqa: PLC0415  # it loads email

        print(f"sfmtls-nb {version('sfmtls-nb')}")
        parser.exit()


def _jupyterlabs(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Our own arguments, and those of JupyterLab: behind ``lab``, from the first flag on that is not ours, or from ``--``."""
    if arguments[:1] != ["lab"]:
        return arguments, []
    ours = ("--no-open", "-h", "--help")
    at = next((n for n, each in enumerate(arguments) if each.startswith("-") and each not in ours), len(arguments))
    flags = arguments[at + 1 :] if arguments[at : at + 1] == ["--"] else arguments[at:]
    return [*arguments[:at], *(each for each in flags if each == "--no-open")], [x for x in flags if x != "--no-open"]


if __name__ == "__main__":
    sys.exit(main())
