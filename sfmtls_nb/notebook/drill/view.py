"""Views of the drills: an incident, more of its evidence, an answer, and the final test's result."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from sfmtls_nb.diagnose import FAILURES
from sfmtls_nb.handshake import Handshake, Verdict
from sfmtls_nb.notebook.drill import evidence
from sfmtls_nb.notebook.drill.drill import Answered, Looked, Open
from sfmtls_nb.notebook.drill.final_test import LENGTH, FinalTest, by_kind
from sfmtls_nb.notebook.drill.incident import Incident
from sfmtls_nb.notebook.drill.planting import KINDS, LOOKS, PLANTINGS
from sfmtls_nb.notebook.views.page import content_html
from sfmtls_nb.notebook.views.sequence import OrgsEnd
from sfmtls_nb.notebook.views.summaries import table_html, table_text
from sfmtls_nb.notebook.views.timeline import timeline_html

Rows = Sequence[tuple[str, str]]

_BOX: Final = "max-width:60em;line-height:1.45;text-align:left"
_QUIET: Final = "opacity:.75"
_PRE: Final = (
    "margin:.2em 0;padding:.5em .8em;border:1px solid #8886;border-radius:6px;white-space:pre-wrap;overflow-wrap:anywhere;word-break:normal;"
    "font-size:.92em;line-height:1.35;max-height:20em;overflow-y:auto;background:transparent;color:inherit"
)
_OPEN, _RIGHT, _WRONG, _NEAR = "#6c7ad6", "#1a7f37", "#c62828", "#9a6700"
_SHOWN: Final = {
    "reply": "all of the answer",
    "handshake": "the handshake",
    "files": "client.pem",
    "org": "the org’s Setup",
}
#: Sign, word and colour of what an answer comes to.
_VERDICTS: Final = {
    "right": ("✔", "right", _RIGHT),
    "more exact": ("▲", "true, and there is a more exact one", _NEAR),
    "wrong": ("✖", "not this one", _WRONG),
    "given up": ("●", "given up", _NEAR),
}


# ---------------------------------------------------------------- an incident


def open_html(shown: Open) -> str:
    """The call, the answer and the connection; what one may look at; and the names to choose from."""
    incident = shown.incident
    told = "".join(
        f'<div style="margin-top:.6em"><span style="font-weight:600;{_QUIET}">{escape(title)}</span>{body}</div>'
        for title, body in (
            ("the call", _call_html(evidence.command(incident))),
            ("what came of it", _pre(evidence.answer(incident))),
            ("the connection", f"<div>{escape(evidence.connection(incident))}</div>"),
        )
    )
    kinds = "".join(_kind_html(kind, names) for kind, names in KINDS.items())
    return _card(
        _OPEN,
        f"{_head(shown)}<div>{escape(incident.report)}</div>{told}"
        f'<div style="margin-top:.8em"><b>look at more</b> <span style="{_QUIET}">{escape(_looks(shown))}</span></div>{_commands(_look_lines())}'
        f'<div style="margin-top:.8em"><b>which failure is it?</b> <span style="{_QUIET}">{len(PLANTINGS)} names, by where they show</span></div>{kinds}'
        f"{_commands(_ANSWERS)}",
    )


def open_text(shown: Open) -> str:
    """The same as text."""
    incident = shown.incident
    names = [f"  {kind}: {', '.join(names)}" for kind, names in KINDS.items()]
    lines = [
        _title(shown),
        incident.report,
        "",
        evidence.command(incident),
        "",
        evidence.answer(incident),
        "",
        f"connection: {evidence.connection(incident)}",
        f"more: {_looks(shown)}",
        *(f"  {line}" for line, _ in _look_lines()),
        "",
        "which failure is it?",
        *names,
        *(f"  {line}" for line, _ in _ANSWERS),
    ]
    return "\n".join(lines)


def _call_html(command: str) -> str:
    """The command; the XML that it sends is folded, for it is long and mostly the same."""
    line, begin, body = command.partition("\n<?xml")
    more = (
        f'<details><summary style="cursor:pointer">and what it sends</summary>{_pre((begin + body).strip())}</details>'
    )
    return _pre(line) + (more if body else "")


_ANSWERS: Final = (("%sf_drill --answer NAME", "checks a name"), ("%sf_drill --give-up", "tells the cause"))


def _title(shown: Open) -> str:
    where = f"Final test, {shown.test.place} of {LENGTH}" if shown.test else f"Incident {shown.incident.number}"
    so_far = f": {_time(shown.elapsed)} so far" if shown.elapsed >= 1 else ""
    return f"{where} · the clock runs{so_far}"


def _head(shown: Open) -> str:
    return f'<div style="font-size:1.15em;font-weight:600">{escape(_title(shown))}</div>'


def _looks(shown: Open) -> str:
    taken = f"so far {', '.join(shown.looks)}" if shown.looks else "none taken yet"
    return f"each is counted; {taken}"


def _look_lines() -> Rows:
    return [(f"%sf_drill --look {look}", _SHOWN[look]) for look in LOOKS]


def _kind_html(kind: str, names: Iterable[str]) -> str:
    rows = "".join(
        f'<tr style="background:transparent"><td style="text-align:left;padding:1px 1.2em 1px 0;white-space:nowrap;vertical-align:top"><code>{name}</code></td>'
        f'<td style="text-align:left;padding:1px 0;vertical-align:top">{escape(PLANTINGS[name].title)}</td></tr>'
        for name in names
    )
    return (
        f'<details style="margin:.15em 0"><summary style="cursor:pointer">{escape(kind)}</summary>'
        f'<table style="border-collapse:collapse;margin:.1em 0 .4em 1.1em">{rows}</table></details>'
    )


def _commands(lines: Iterable[tuple[str, str]]) -> str:
    return "".join(
        f'<div style="display:flex;flex-wrap:wrap;gap:0 1em"><code style="flex:0 0 17em">{escape(line)}</code>'
        f'<span style="{_QUIET}">{escape(what)}</span></div>'
        for line, what in lines
    )


# ---------------------------------------------------------------- more of the evidence


def looked_html(looked: Looked) -> str:
    """The answer, the handshake, the client's file or the org's Setup: facts."""
    incident, head = looked.incident, f'<div style="font-weight:600">{escape(_looked(looked))}</div>'
    if looked.look == "reply":
        body = _pre(evidence.reply(incident))
    elif looked.look == "handshake":
        handshake = _handshake(incident)
        body = timeline_html(handshake, _UNTOLD, verdict=_neutral(handshake)) if handshake else f"<div>{_NO_TLS}</div>"
    else:
        tag = "code" if looked.look == "files" else "b"
        body = "".join(
            f'<div style="margin-top:.7em"><{tag}>{escape(title)}</{tag}>{table_html(rows)}</div>'
            for title, rows in _parts(looked)
        )
    return _card(_OPEN, head + body)


def looked_text(looked: Looked) -> str:
    """The same as text."""
    incident, head = looked.incident, _looked(looked)
    if looked.look == "reply":
        return f"{head}\n\n{evidence.reply(incident)}"
    if looked.look == "handshake":
        handshake = _handshake(incident)
        return f"{head}\n\n{handshake.told(_neutral(handshake)) if handshake else _NO_TLS}"
    return "\n\n".join([head, *(f"{title}\n{table_text(rows)}" for title, rows in _parts(looked))])


def _parts(looked: Looked) -> Sequence[tuple[str, Rows]]:
    """The parts of client.pem, numbered, or the pages of Setup."""
    if looked.look == "org":
        return looked.incident.setup
    return [(f"{number}. {label}", rows) for number, (label, rows) in enumerate(evidence.files(looked.incident), 1)]


_NO_TLS: Final = "no message of TLS was sent or received"
_UNTOLD: Final = OrgsEnd((), "what it concluded is yours to find")


def _looked(looked: Looked) -> str:
    counted = "counted before" if looked.again else f"look {len(looked.looks)}"
    return f"Incident {looked.incident.number}, called at {looked.incident.at:%Y-%m-%d %H:%M} UTC: {_SHOWN[looked.look]} ({counted})"


def _handshake(incident: Incident) -> Handshake | None:
    handshake = incident.exchange.handshake if incident.exchange else None
    return handshake if handshake and handshake.messages else None


def _neutral(handshake: Handshake) -> Verdict:
    """A verdict that is none: what the messages mean is for the learner to say."""
    return Verdict("unknown", f"{len(handshake.messages)} messages: what became of the certificate?")


# ---------------------------------------------------------------- an answer


def answered_html(answered: Answered) -> str:
    """Right or not, what speaks for or against it; and once it is over, score, time and what would have shown it sooner."""
    sign, _, colour = _VERDICTS[answered.verdict]
    told = "".join(f"<div>{escape(line)}</div>" for line in answered.speaking)
    more = "" if _hidden(answered) or not answered.over else _end_html(answered)
    result = final_test_html(answered.test) if answered.test and answered.test.over else ""
    return (
        _card(
            colour,
            f'<div style="font-size:1.15em;font-weight:600"><span style="color:{colour}">{sign}</span> {escape(_said(answered))}</div>'
            f"{told}{more}{_commands(_then(answered))}",
        )
        + result
    )


def answered_text(answered: Answered) -> str:
    """The same as text."""
    lines = [f"{_VERDICTS[answered.verdict][0]} {_said(answered)}", *(f"  {line}" for line in answered.speaking)]
    if answered.over and not _hidden(answered):
        lines.append(table_text(_end(answered)))
    lines += [f"  {line}  {what}" for line, what in _then(answered)]
    if answered.test and answered.test.over:
        lines += ["", final_test_text(answered.test)]
    return "\n".join(lines)


def _hidden(answered: Answered) -> bool:
    """True in the middle of the final test, where a cause that was missed is told at the end."""
    return answered.test is not None and answered.verdict != "right"


def _said(answered: Answered) -> str:
    word = _VERDICTS[answered.verdict][1]
    return f"{answered.name}: {word}" if answered.name else f"Incident {answered.incident.number}: {word}"


def _end(answered: Answered) -> Rows:
    planting = answered.incident.planting
    tries = len(answered.tries) + (answered.verdict == "right")
    score = f"{answered.points} of 10 points; {_plural(len(answered.looks), 'look')}, {_plural(tries, 'answer')}"
    return [
        ("cause", f"{planting.name}: {planting.title}"),
        ("score", score),
        ("time", _time(answered.elapsed)),
        ("what shows it", planting.sign),
        ("sooner by", _sooner(answered)),
        ("do", answered.incident.cause.do),
    ]


def _end_html(answered: Answered) -> str:
    return table_html(_end(answered)) + _page_html(answered.incident.planting.name)


def _page_html(name: str) -> str:
    return (
        f'<details><summary style="cursor:pointer">read on: failures/{name}</summary>'
        f'<div style="padding:.2em 0 0 1.1em">{content_html(FAILURES[name].page, titled=False)}</div></details>'
    )


def _sooner(answered: Answered) -> str:
    """The look that shows it, compared with those that were taken; and the command of it outside of a drill."""
    look = answered.incident.planting.look
    outside = f"outside of a drill {answered.incident.planting.command}"
    if look == "first" or (not answered.looks and answered.verdict == "right"):
        return f"nothing: no look was needed; {outside}"
    others = [each for each in answered.looks if each != look]
    if look not in answered.looks:
        return f"--look {look}, which was not taken; {outside}"
    return f"--look {look}{' first' if others else ', as you did'}; {outside}"


def _then(answered: Answered) -> Rows:
    test = answered.test
    if test is None:
        return [("%sf_drill", "begins another one")] if answered.over else _ANSWERS
    return [] if test.over else [("%sf_drill --final", f"goes on: {test.place} of {LENGTH}")]


# ---------------------------------------------------------------- the final test


def final_test_html(test: FinalTest) -> str:
    """The share diagnosed, by kind; and each that was missed, with what shows it and its page."""
    kinds = table_html([(kind, f"{right} of {of}") for kind, (right, of) in by_kind(test).items()])
    missed = "".join(
        f'<div style="margin-top:.7em"><b>{each.place}. {escape(each.name)}</b>: {escape(PLANTINGS[each.name].title)}'
        f"<div>{escape(_missed(each.name))}</div>{_page_html(each.name)}</div>"
        for each in test.given
        if not each.right
    )
    title = f'<div style="font-size:1.25em;font-weight:600">{escape(_result(test))}</div>'
    return _card(_RIGHT, f"{title}{_bar(test)}{kinds}{missed}{_commands(_AGAIN)}")


def final_test_text(test: FinalTest) -> str:
    """The same as text."""
    kinds = [(kind, f"{right} of {of}") for kind, (right, of) in by_kind(test).items()]
    missed = [
        f"{each.place}. {each.name}: {PLANTINGS[each.name].title}\n   {_missed(each.name)}\n   read on: failures/{each.name}"
        for each in test.given
        if not each.right
    ]
    return "\n".join([_result(test), *([table_text(kinds)] if kinds else []), *missed])


_AGAIN: Final = (("%sf_drill --final --seed N", "another one, N a number of yours"),)


def _result(test: FinalTest) -> str:
    return f"Final test {test.number}: {test.share} diagnosed"


def _missed(name: str) -> str:
    planting = PLANTINGS[name]
    where = "before any look" if planting.look == "first" else f"by --look {planting.look}"
    return f"shown {where}, or by {planting.command}: {planting.sign}"


def _bar(test: FinalTest) -> str:
    cells = "".join(
        f'<span style="flex:1;height:.7em;border-radius:3px;background:{_RIGHT if each.right else "transparent"};'
        f'border:1px solid {_RIGHT if each.right else _WRONG}"></span>'
        for each in test.given
    )
    words = ", ".join(f"{each.place} {'right' if each.right else 'missed'}" for each in test.given)
    return (
        f'<div role="img" aria-label="{words}" style="display:flex;gap:3px;max-width:30em;margin:.5em 0">{cells}</div>'
    )


# ---------------------------------------------------------------- what they share


def _card(colour: str, body: str) -> str:
    return f'<div style="border-left:4px solid {colour};padding:.1em 0 .3em .9em;margin:.2em 0;{_BOX}">{body}</div>'


def _pre(text: str) -> str:
    return f'<pre style="{_PRE}">{escape(text)}</pre>'


def _plural(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _time(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02} min"
