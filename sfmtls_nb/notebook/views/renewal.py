"""The renewal as a picture: the old certificate and the new one side by side, and below them the steps."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from html import escape
from typing import Final

from sfmtls_nb.certificates import ClientIdentity, common_name, fingerprint, renewal_due
from sfmtls_nb.notebook.renewal import Renewal, Step
from sfmtls_nb.notebook.views.code import command_html
from sfmtls_nb.notebook.views.identity import key_words

# State -> sign, word, colour. The sign and the word say it, so that the colour need not.
_STATES: Final = {
    "done": ("✔", "done", "#3f8f4f"),
    "open": ("○", "to do", "var(--jp-ui-font-color2,inherit)"),
    "failed": ("✖", "failed", "#d0483f"),
}
_QUIET: Final = "opacity:.72;font-size:.92em"
_CELL: Final = "text-align:left;padding:3px 1.4em 3px 0;vertical-align:top"
_KEYS: Final = (
    "This is the key of the TLS connection. A key that signs JWTs, where an External Client App is signed in to with one, is "
    "another: its certificate is in the app, and nothing here has changed it."
)


def renewal_html(renewal: Renewal) -> str:
    """The two certificates, the steps, and the next command."""
    head, *rows = _rows(renewal)
    table = _row(head, "th") + "".join(_row(row, "td") for row in rows)
    steps = "".join(_step(number, step, renewal) for number, step in enumerate(renewal.steps, 1))
    command = command_html(renewal.command) if renewal.command else ""
    command = f'<div style="margin:.8em 0"><b>{_label(renewal)}</b>{command}</div>' if command else ""
    return (
        f'<div style="max-width:60em"><table style="border-collapse:collapse;margin:2px 0 .6em">{table}</table>{steps}{command}'
        f'<div style="{_QUIET};margin-top:.6em">{escape(_KEYS)}</div></div>'
    )


def renewal_text(renewal: Renewal) -> str:
    """The same as text."""
    rows = list(_rows(renewal))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    for number, step in enumerate(renewal.steps, 1):
        sign, word, _ = _STATES[step.state]
        lines += ["", f"{sign} {number}. {step.name}: {word}", *map(_folded, _told(step, renewal))]
    if renewal.command:
        lines += ["", f"{_label(renewal)}: {renewal.command}"]
    return "\n".join([*lines, "", textwrap.fill(_KEYS, 118)])


def _label(renewal: Renewal) -> str:
    """What the command is for."""
    return "the new certificate, by its file" if renewal.new else "next, when the certificate is here"


def _rows(renewal: Renewal) -> Iterator[tuple[str, ...]]:
    """The certificates' differences; the first row names them."""
    both = [renewal.old, *([renewal.new] if renewal.new else [])]
    yield "", "old", *(["new"] if renewal.new else [])
    yield "certificate", *(common_name(each.leaf) for each in both)
    yield "serial number", *map(_serial, both)
    yield "fingerprint", *(f"{fingerprint(each.leaf).hex()[:8]}…" for each in both)
    yield "key", *(key_words(each.leaf.public_key()) for each in both)
    yield "valid until", *(f"{each.leaf.not_valid_after_utc:%Y-%m-%d}" for each in both)
    yield "renew from", *(f"{renewal_due(each.leaf):%Y-%m-%d}" for each in both)


def _serial(identity: ClientIdentity) -> str:
    """The serial number as ``openssl x509 -serial`` shows it."""
    return f"{identity.leaf.serial_number:X}"


def _told(step: Step, renewal: Renewal) -> Iterator[str]:
    if step.came:
        yield step.came
    if renewal.practised:
        yield f"on your own org: {step.yours}"
    elif not step.came:
        yield step.yours


def _quietly(step: Step, told: str) -> str:
    """The style of what is to be done elsewhere, and so not here."""
    return f' style="{_QUIET}"' if told not in (step.came, step.yours) else ""


def _folded(text: str) -> str:
    return textwrap.fill(text, 114, initial_indent="    ", subsequent_indent="    ", break_long_words=False)


def _row(cells: tuple[str, ...], tag: str) -> str:
    first, *others = cells
    shown = f'<th style="{_CELL};font-weight:600;opacity:.75;white-space:nowrap">{escape(first)}</th>'
    shown += "".join(f'<{tag} style="{_CELL};overflow-wrap:anywhere">{escape(cell)}</{tag}>' for cell in others)
    return f'<tr style="background:transparent">{shown}</tr>'


def _step(number: int, step: Step, renewal: Renewal) -> str:
    sign, word, colour = _STATES[step.state]
    told = "".join(f"<div{_quietly(step, each)}>{escape(each)}</div>" for each in _told(step, renewal))
    return (
        f'<div style="border-left:3px solid {colour};padding:1px 0 1px 12px;margin:6px 0">'
        f'<b>{number}. {escape(step.name)}</b> <b style="color:{colour}">{sign} {word}</b>{told}</div>'
    )
