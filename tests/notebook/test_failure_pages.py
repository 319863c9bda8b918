"""The pages of failures: what they quote is what the practice org answers today, and the lines to see it really show it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from sfmtls_nb import SfmtlsError
from sfmtls_nb.diagnose import FAILURES, Checkup, Diagnosis, page_of
from sfmtls_nb.notebook.views.page import page_html

SEEN = [name for name, failure in FAILURES.items() if "## See it" in failure.page]
#: The verdict of a server that refuses inside TLS stands behind this line.
_STRICT = "A server that refuses inside TLS:\n\n"
_INSIDE = [name for name in SEEN if _STRICT in FAILURES[name].page]


def section(name: str, heading: str) -> str:
    return FAILURES[name].page.partition(f"## {heading}\n\n")[2].partition("\n## ")[0].strip()


def code(text: str) -> str:
    """The first block of code in it."""
    return re.split(r"^```\w*\n|^```$", text, flags=re.MULTILINE)[1].strip()


def run(shell: InteractiveShell, cell: str) -> Any:
    return shell.run_cell(cell)  # type: ignore[no-untyped-call]


def seen(shell: InteractiveShell, name: str) -> tuple[str, Diagnosis | Checkup]:
    """All that came of the lines under “See it”: what was said, and the diagnosis (or what the doctor found)."""
    result = run(shell, code(section(name, "See it on a practice org")))
    error = result.error_in_exec
    found: Any = result.result if isinstance(result.result, Checkup) else shell.run_line_magic("sf_why", "")
    said = [str(found)]
    if isinstance(error, SfmtlsError):
        said += [f"{type(error).__name__}: {error}"]
        if error.exchange and error.exchange.status:
            said += [f"HTTP {error.exchange.status}\n{error.exchange.response_body.decode()}"]
    return "\n".join(said), found


def names(found: Diagnosis | Checkup) -> list[str]:
    if isinstance(found, Checkup):
        return [each.read_on.removeprefix("failures/") for each in found.failed]
    return [cause.name for cause in found]


def pattern(line: str) -> str:
    """What a quoted line fits: “…” is left out, and space is space."""
    return ".*?".join(r"\s+".join(map(re.escape, part.split())) for part in line.split("…"))


@pytest.mark.slow
@pytest.mark.parametrize("name", SEEN)
def test_the_lines_to_see_a_failure_show_it_and_the_page_quotes_what_is_answered(
    name: str, signed_in: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TYPED", "")  # some of the lines set it
    said, found = seen(signed_in, name)
    assert name == names(found)[0]
    quoted = code(section(name, "What you see")).splitlines()
    assert [] == [line for line in quoted if not re.search(pattern(line), said, re.DOTALL)]
    verdict = re.match(r"`(.*?)`", section(name, "In the handshake"))
    if verdict and isinstance(found, Diagnosis):
        assert found.certificate.startswith(verdict[1])


@pytest.mark.slow
@pytest.mark.parametrize("name", _INSIDE)
def test_the_page_quotes_what_a_server_that_refuses_inside_tls_makes_of_it(
    name: str, signed_in: InteractiveShell
) -> None:
    who = "" if name == "no-certificate" else f"%sf_identity {name}"
    flag = "--no-cert" if name == "no-certificate" else ""
    lines = (
        "practice = %sf_practice show",
        who,
        f"seen = %sf_handshake {{practice.strict_url}} {flag}",
        "str(seen.verdict)",
    )
    shown = run(signed_in, "\n".join(lines)).result
    assert f"`{shown}`" == section(name, "In the handshake").partition(_STRICT)[2]


def test_a_page_is_shown_in_a_notebook_by_its_name(shell: InteractiveShell) -> None:
    assert FAILURES["expired"].page == shell.run_line_magic("sf_why", "expired")


def test_a_page_looks_like_one_and_its_links_say_what_to_type() -> None:
    drawn = page_html(FAILURES["expired"].page)
    assert "<code>%sf_why intermediate-expired</code>" in drawn
    assert "&lt;i&gt;certificate has expired&lt;/i&gt;" in drawn
    assert not re.search(r"\]\(|\*\w|```|## ", drawn)


@pytest.mark.parametrize("name", ["index", *FAILURES])
def test_nothing_of_markdown_is_left_in_a_page_that_is_drawn(name: str) -> None:
    drawn = re.sub(r"<(pre|code).*?</\1>", "", page_html(page_of(name)), flags=re.DOTALL)
    assert [] == re.findall(r"`|\]\(|^#|\|:|\*\w|\w\*", drawn)
