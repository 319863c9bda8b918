"""Timeline as one SVG: the diagram of a handshake, or of several side by side, for a README, a hand-out or a slide.

It stands alone: no script, no font, no file beside it; light or dark as whoever looks at it has it, and light on paper.
"""

from __future__ import annotations

from html import escape
from itertools import accumulate
from textwrap import wrap
from typing import Final

from sfmtls_nb.handshake import Handshake
from sfmtls_nb.notebook.views.sequence import Sequence, Step, sequence

# In pixels. A part is as wide as one handshake, of which the lane between the two ends leaves room for time and size.
_ALONE, _BESIDE, _LEFT, _RIGHT, _GAP = 800, 620, 92, 66, 40
_HEAD, _LINE, _ROW, _FOOT, _EDGE = 98, 24, 40, 44, 16
# What a letter takes on average, in the widest of the fonts: of what is said, of a name, on a chip, of the verdict.
_PLAIN, _BOLD, _CHIP, _LARGE = 7.7, 9.0, 7.4, 10.4
#: A capital, or a low line, for how many letters?
_CAPITAL: Final = 1.25
_LEGEND: Final = "violet: what makes it mutual · double line: encrypted on the way · single line: readable for anyone"
_STYLE: Final = (
    "svg{color:#1f2328;background:#fff}"
    "text{fill:currentColor;font:14px system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}"
    ".bold{font-weight:600}.title{font-size:18px;font-weight:600}.quiet{opacity:.75}.small{font-size:12px}"
    ".chip{font-size:12px;font-weight:600;fill:#fff}.end{text-anchor:end}.middle{text-anchor:middle}"
    "@media screen and (prefers-color-scheme:dark){svg{color:#e6edf3;background:#0d1117}}"
)


def timeline_svg(*handshakes: Handshake) -> str:
    """The diagram of a handshake as an SVG document; of several, side by side."""
    drawn = [sequence(handshake) for handshake in handshakes]
    wide = _ALONE if len(drawn) == 1 else _BESIDE
    width = (wide + _GAP) * len(drawn) - _GAP + 2 * _EDGE
    verdicts = [wrap(f"{each.sign} {each.verdict.text}", int((wide - 18) / _LARGE)) for each in drawn]
    lines = max(map(len, verdicts))
    height = 2 * _EDGE + _HEAD + (lines - 1) * _LINE + _ROW * max(len(each.steps) for each in drawn) + _FOOT + 20
    parts = "".join(
        f'<g transform="translate({_EDGE + number * (wide + _GAP)} {_EDGE})">{_verdict(each, said, wide)}'
        f'<g transform="translate(0 {(lines - 1) * _LINE})">{_part(each, wide)}</g></g>'
        for number, (each, said) in enumerate(zip(drawn, verdicts, strict=True))
    )
    legend = f'<text x="{_EDGE}" y="{height - _EDGE}" class="small quiet">{_LEGEND}</text>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-labelledby="title desc"><title id="title">{escape(_titles(drawn))}</title>'
        f'<desc id="desc">{escape(" ".join(map(_told, drawn)))}</desc><style>{_STYLE}</style>{parts}{legend}</svg>'
    )


def _titles(drawn: list[Sequence]) -> str:
    return "; ".join(f"{each.handshake.version} handshake: {each.verdict.text}".lstrip() for each in drawn)


def _told(drawn: Sequence) -> str:
    """The picture in words."""
    rows = ". ".join(
        f"{step.number}: {step.words}: {step.message.name} {step.message.meaning}".rstrip() for step in drawn.steps
    )
    return f"{drawn.title}. {rows}. Client: {drawn.client}. Org: {drawn.org}."


def _verdict(drawn: Sequence, said: list[str], wide: int) -> str:
    below = _LINE * len(said)
    lines = "".join(
        f'<text x="18" y="{20 + _LINE * at}" class="title">{escape(line)}</text>' for at, line in enumerate(said)
    )
    title = escape(_cut(drawn.title, (wide - 18) / _PLAIN))
    return (
        f'<rect width="5" height="{below + 28}" fill="{drawn.colour}"/>{lines}'
        f'<text x="18" y="{below + 20}" class="quiet">{title}</text>'
    )


def _part(drawn: Sequence, wide: int) -> str:
    left, right, end = _LEFT, wide - _RIGHT, _HEAD + _ROW * len(drawn.steps)
    lines = "".join(_line(x, _HEAD, x, end, "#888") for x in (left, right))
    rows = "".join(_row(step, drawn, wide) for step in drawn.steps)
    return (
        f'<text x="{left}" y="{_HEAD - 10}" class="bold">client</text>'
        f'<text x="{right}" y="{_HEAD - 10}" class="bold end">org{_said(drawn.host, 40)}</text>'
        f"{rows}{lines}{_line(left, end, right, end, '#888')}"
        f'<text x="{left}" y="{end + 24}" class="bold">client:{_said(drawn.client, 60)}</text>'
        f'<text x="{right}" y="{end + 24}" class="bold end">org:{_said(drawn.org, 60)}</text>'
    )


def _row(step: Step, drawn: Sequence, wide: int) -> str:
    top, left, right = _HEAD + _ROW * (step.number - 1), _LEFT, wide - _RIGHT
    band = _rect(0, top, wide, _ROW, f'fill="{step.colour}" fill-opacity=".22"') if step.colour else ""
    tunnel = _rect(left, top, right - left, _ROW, 'fill="#888" fill-opacity=".13"') if step.message.encrypted else ""
    mark = f'fill="none" stroke="{drawn.colour}" stroke-width="2" rx="4"'
    proof = _rect(1, top + 1, wide - 2, _ROW - 2, mark) if step.proof else ""
    return (
        f"{band}{tunnel}{_label(step, drawn, left + 12, right - 12, top + 19)}{_arrow(step, left + 1, right - 1, top + 31)}{proof}"
        f'<text x="8" y="{top + 19}" class="small quiet">{step.number}</text>'
        f'<text x="{left - 8}" y="{top + 19}" class="small quiet end">{step.at}</text>'
        f'<text x="{right + 8}" y="{top + 19}" class="small quiet">{step.size}</text>'
    )


def _label(step: Step, drawn: Sequence, left: int, right: int, line: int) -> str:
    """The message's name and what it says at its sender's end, and at the other end what it does."""
    chips, taken = "", 0.0
    for words, colour in ((f"{drawn.sign} proof" * step.proof, drawn.colour), (step.act, step.colour)):
        if words:
            size = _CHIP * len(words) + 14
            x = right - taken - size if step.by_client else left + taken
            chips += _rect(x, line - 14, size, 19, f'rx="9" fill="{colour}"')
            chips += f'<text x="{x + size / 2:.0f}" y="{line}" class="chip middle">{words}</text>'
            taken += size + 8
    name = step.message.name
    said = _said(step.message.meaning, (right - left - taken - _BOLD * len(name)) / _PLAIN)
    x, end = (left, "") if step.by_client else (right, " end")
    return f'<text x="{x}" y="{line}" class="bold{end}">{escape(name)}{said}</text>{chips}'


def _arrow(step: Step, left: int, right: int, y: int) -> str:
    colour = step.colour or "currentColor"
    tip, back, start = (right, right - 10, left) if step.by_client else (left, left + 10, right)
    strokes = (y - 2, y + 2) if step.message.encrypted else (y,)
    lines = "".join(_line(start, at, back, at, colour) for at in strokes)
    return f'{lines}<path d="M{tip} {y}L{back} {y - 6}V{y + 6}z" fill="{colour}"/>'


def _line(x: float, y: float, to_x: float, to_y: float, colour: str) -> str:
    return f'<path d="M{x} {y}L{to_x} {to_y}" stroke="{colour}" stroke-width="2"/>'


def _rect(x: float, y: float, width: float, height: float, how: str) -> str:
    return f'<rect x="{x:.0f}" y="{y}" width="{width:.0f}" height="{height}" {how}/>'


def _said(words: str, letters: float) -> str:
    return f' <tspan class="quiet" font-weight="400">{escape(_cut(words, letters))}</tspan>' if words else ""


def _cut(words: str, letters: float) -> str:
    """As much of it as has room; SVG breaks no lines."""
    ends = accumulate(_CAPITAL if letter.isupper() or letter == "_" else 1 for letter in words)
    fits = sum(end <= letters for end in ends)
    return words if fits == len(words) else f"{words[: max(fits - 1, 0)].rstrip(' .,·')}…"
