"""Handout: the course on two pages, written as a file to print."""

from __future__ import annotations

import argparse
from pathlib import Path

from sfmtls_nb.certificates import ClientIdentity
from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.files import written_whole
from sfmtls_nb.notebook.course.handout import handout_html
from sfmtls_nb.org import Org
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.sign_in import PasswordLogin, login


def define(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``handout``."""
    parser.description = (
        "Write the hand-out: two pages to print, with the pictures, the ten commands and the table of failures."
    )
    parser.add_argument("file", nargs="?", default="sfmtls_handout.html", type=Path, help="default: %(default)s")
    parser.set_defaults(run=lambda options: write_handout(options.file))


def write_handout(file: Path) -> None:
    """Write the hand-out. The handshake in it is one with a practice org that runs for it.

    Raises SfmtlsError for a name that is not of a page of HTML, and if the file cannot be written.
    """
    if file.suffix.lower() not in (".html", ".htm"):
        raise SfmtlsError(
            "the hand-out is a page of HTML",
            f"a file named {file.name or str(file)} would be opened as something else",
            "name it handout.html; a browser prints it, also to a PDF",
        )
    with PracticeOrg() as practice:
        files = practice.client
        me = ClientIdentity.load(files.key, files.leaf, *files.intermediates)
        with login(Org(**practice.endpoints), PasswordLogin(*practice.user("enforced")), me) as session:
            exchange = session.get_user_info().exchange
    assert exchange.handshake is not None  # noqa: S101  # it went over TLS
    with written_whole(file) as page:
        page.write_text(handout_html(exchange.handshake), encoding="utf-8")
    print(f"{file}: open it in a browser, and print it on A4, two pages")
