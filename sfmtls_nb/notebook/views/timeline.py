"""Timeline: a handshake as a sequence diagram, the client on the left and the org on the right; each message opens to its bytes.

Static and self-contained: no script, no style sheet, only inline styles that JupyterLab leaves to untrusted notebooks.
Text has the page's own colour, so that it can be read in either theme; colours stand beside words, never for them.
"""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Final

from sfmtls_nb.handshake import Handshake, Verdict
from sfmtls_nb.handshake.diagram import diagram
from sfmtls_nb.notebook.views.message_bytes import Room, message_html
from sfmtls_nb.notebook.views.sequence import MUTUAL, OrgsEnd, Sequence, Step, sequence

if TYPE_CHECKING:
    from sfmtls_nb.notebook.both_ends import BothEnds

#: Messages that are drawn: more than this are tickets and new keys, of a connection that is used for long.
_MOST: Final = 24
#: Characters that all of it may have, and what the row of a message takes of them, without what it opens to.
_ALL, _EACH = 142_000, 1_900
# Between white and JupyterLab's black there is no colour that is text for both; for a line, this grey will do.
_LINE: Final = "2px solid #888"
_LANES: Final = f"border-left:{_LINE};border-right:{_LINE}"
_BOX: Final = "max-width:60em;font-size:14px;line-height:1.4;text-align:left;overflow-wrap:break-word"
_QUIET: Final = "opacity:.75"
_SMALL: Final = f"box-sizing:border-box;font-size:.85em;padding:.5em .7em 0;white-space:nowrap;{_QUIET}"
_CHIP: Final = "flex:none;border-radius:9px;padding:0 .7em;color:#fff;font-size:.85em;line-height:1.45;font-weight:600"
# The summary's marker (1.1em) and the gutters, in the font size of the box.
_BETWEEN: Final = "margin:0 4.76em 0 7.56em"
#: What is there for who does not see the picture: read aloud, and shown where styles are taken away.
_UNSEEN: Final = "position:absolute;width:1px;height:1px;overflow:hidden;opacity:0"


def _chip(words: str, colour: str) -> str:
    # The border is for paper, on which there may be no backgrounds.
    return f'<span style="{_CHIP};background:{colour};border:1px solid {colour}">{words}</span>'


_LEGEND: Final = (
    f'<div style="font-size:.85em;margin-top:.8em;display:flex;flex-wrap:wrap;gap:.2em 1.6em">'
    f"<span>{_chip('violet', MUTUAL)} what makes it mutual</span> "
    "<span>═ encrypted on the way</span> <span>─ readable for anyone</span> "
    "<span>▸ each message opens to its bytes</span></div>"
)


def timeline_html(
    handshake: Handshake, org: OrgsEnd | None = None, *, verdict: Verdict | None = None, upto: int | None = None
) -> str:
    """The handshake as a picture that opens.

    org: what the org noted of its own end. verdict: where more is known than the handshake shows, as after the page
    "Certificate Error". upto: how many messages are shown; as long as that is not all, what came of it is not told.
    """
    drawn, missing = sequence(handshake, org, verdict), _quiet(handshake.missing)
    if not drawn.steps:
        return f'<div style="{_BOX}">{_verdict(drawn)}{missing}</div>'
    shown = drawn.steps[: _MOST if upto is None else upto]
    left = len(drawn.steps) - len(shown)
    told = upto is None or not left
    room = Room(_ALL - _EACH * len(shown))
    rows = "".join(
        _row(step if told else replace(step, proof=False), drawn, message_html(handshake, step, room)) for step in shown
    )
    above, below = (_verdict(drawn), _foot(drawn)) if told else ("", "")
    more = f'<div style="{_BETWEEN}">{_quiet(f"… {left} more")}</div>' if left else ""
    return f'<div style="{_BOX}">{above}{_head(drawn)}{rows}{more}{below}{_LEGEND}{missing}</div>'


def both_ends_html(seen: BothEnds) -> str:
    """The handshake with the org's end of it."""
    drawn = timeline_html(seen.handshake, seen.org, verdict=seen.verdict, upto=seen.upto)
    return _side_by_side(both_ends_html(seen.beside), drawn) if seen.beside else drawn


def both_ends_text(seen: BothEnds) -> str:
    """The verdict, the handshake and the org's end of it as text."""
    if seen.upto is not None:
        shown = seen.handshake.messages[: seen.upto]
        return f"{diagram(shown, seen.handshake.mutual)}\n\n{shown[-1]}"
    noted = (
        [f"org: {seen.org.concluded}", *(f"{at:8.1f} ms  {what}" for at, what in seen.org.noted)] if seen.org else []
    )
    beside = [both_ends_text(seen.beside), ""] if seen.beside else []
    return "\n".join([*beside, seen.handshake.told(seen.verdict), *noted])


def timelines_html(*handshakes: Handshake) -> str:
    """Handshakes side by side, such as one of TLS 1.2 and one of TLS 1.3; below each other where there is no room."""
    return _side_by_side(*map(timeline_html, handshakes))


def _side_by_side(*drawn: str) -> str:
    parts = "".join(f'<div style="flex:1 1 34em;min-width:0">{each}</div>' for each in drawn)
    return f'<div style="display:flex;flex-wrap:wrap;gap:2em">{parts}</div>'


def timeline_text(handshake: Handshake) -> str:
    """The handshake as text."""
    return str(handshake)


def _quiet(words: str) -> str:
    return f'<div style="{_QUIET}">{escape(words)}</div>' if words else ""


# ---------------------------------------------------------------- above and below


def _verdict(drawn: Sequence) -> str:
    return (
        f'<div style="border-left:5px solid {drawn.colour};padding:.1em 0 .1em .8em;margin:0 0 .9em">'
        f'<div style="font-size:1.25em;font-weight:600">{drawn.sign} {escape(drawn.verdict.text)}</div>'
        f"{_quiet(drawn.title)}</div>"
    )


def _head(drawn: Sequence) -> str:
    where = f' <span style="{_QUIET}">{escape(drawn.host)}</span>' if drawn.host else ""
    return (
        f'<div style="display:flex;justify-content:space-between;{_BETWEEN}">'
        f'<b style="font-size:1.1em">client</b> <span><b style="font-size:1.1em">org</b>{where}</span></div>'
    )


def _foot(drawn: Sequence) -> str:
    end = "min-width:0;padding:.4em 0 0"
    noted = drawn.orgs_end.noted if drawn.orgs_end else ()
    notes = "".join(f'<div>{escape(what)} <span style="{_QUIET}">{at:,.1f} ms</span></div>' for at, what in noted)
    if notes:
        notes = (
            f'<details style="margin:.2em 0 0"><summary style="cursor:pointer">what it noted</summary>{notes}</details>'
        )
    return (
        f'<div style="{_BETWEEN};display:flex;justify-content:space-between;gap:1em;border-top:{_LINE}">'
        f'<div style="{end}"><b>client:</b> {escape(drawn.client)}</div> '
        f'<div style="{end};text-align:right"><b>org:</b> {escape(drawn.org)}{notes}</div></div>'
    )


# ---------------------------------------------------------------- a message


def _row(step: Step, drawn: Sequence, opened: str) -> str:
    tunnel = ";background:#8882" if step.message.encrypted else ""
    band = f"background:{step.colour}38;" if step.colour else ""
    mark = f"outline:2px solid {drawn.colour};border-radius:3px;" if step.proof else ""
    return (
        '<details style="margin:0"><summary style="list-style-position:outside;margin-left:1.1em;cursor:pointer">'
        f'<span style="display:flex;{band}{mark}">'
        f'<span style="{_SMALL};flex:0 0 7.6em;display:flex;justify-content:space-between"><span>{step.number}</span> {step.at}</span> '
        f'<span style="flex:1 1 0;min-width:0;{_LANES}{tunnel}">{_label(step, drawn)}{_arrow(step)}</span> '
        f'<span style="{_SMALL};flex:0 0 5.6em">{step.size}</span></span></summary>'
        f'<div style="{_BETWEEN};padding:.5em .4em .9em;{_LANES}">'
        f'<div style="padding:.6em .7em;border:1px solid #888;border-radius:6px;overflow-x:auto;font-size:.95em">{opened}</div>'
        "</div></details>"
    )


def _label(step: Step, drawn: Sequence) -> str:
    message = step.message
    way, side, away = ("row", "left", "0 0 0 auto") if step.by_client else ("row-reverse", "right", "0 auto 0 0")
    said = f' <span style="{_QUIET}">{escape(message.meaning)}</span>' if message.meaning else ""
    chips = [(step.act, step.colour)] if step.act else []
    chips += [(f"{drawn.sign} proof", drawn.colour)] if step.proof else []
    # Where there is no room for both, the chips go below, to the end where they stand beside the name.
    drawn_chips = "".join(f" {_chip(words, colour)}" for words, colour in chips)
    return (
        f'<span style="display:flex;flex-direction:{way};flex-wrap:wrap;gap:.2em .5em;align-items:flex-start;padding:.4em .9em 0">'
        f'<span style="flex:1 1 12em;min-width:0;text-align:{side}"><span style="{_UNSEEN}"> {step.words}: </span>'
        f"<b>{escape(message.name)}</b>{said}</span>"
        + (f'<span style="display:flex;flex-direction:{way};gap:.5em;margin:{away}">{drawn_chips}</span>' * bool(chips))
        + "</span>"
    )


def _arrow(step: Step) -> str:
    stroke = "5px double" if step.message.encrypted else "2px solid"
    colour = f" {step.colour}" if step.colour else ""
    line = f'<span style="flex:1;border-top:{stroke}{colour}"></span>'
    head = (
        '<span style="border-top:6px solid transparent;border-bottom:6px solid transparent;'
        f'border-{"left" if step.by_client else "right"}:10px solid{colour}"></span>'
    )
    return f'<span style="display:flex;align-items:center;padding-bottom:3px">{line + head if step.by_client else head + line}</span>'
