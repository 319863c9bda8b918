"""Views of the course: a checked exercise, the learner's progress, a term of the glossary."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Final

from sfmtls_nb.notebook.course.course import LESSONS, Checked, Lesson, Standing
from sfmtls_nb.notebook.course.glossary import Entries

_SIGNS: Final = {True: ("✔", "#3f8f4f"), False: ("○", "#b5762a")}
_CARD: Final = "border-left:4px solid {colour};padding:2px 0 2px .9em;margin:2px 0;max-width:52em"
_CELL: Final = "text-align:left;padding:3px 1.4em 3px 0;vertical-align:top"


def checked_html(checked: Checked) -> str:
    """An exercise, point by point."""
    points = "".join(
        f'<div><b style="color:{_SIGNS[point.done][1]}">{_SIGNS[point.done][0]}</b> {escape(_said(point.done, point))}</div>'
        for point in checked.points
    )
    after = f"<div style='margin-top:.4em'>{escape(_after(checked))}</div>"
    colour = _SIGNS[checked.passed][1]
    return f'<div style="{_CARD.format(colour=colour)}"><b>{escape(_headline(checked))}</b>{points}{after}</div>'


def checked_text(checked: Checked) -> str:
    """An exercise as text, point by point."""
    points = [f"  {_SIGNS[point.done][0]} {_said(point.done, point)}" for point in checked.points]
    return "\n".join([_headline(checked), *points, _after(checked)])


def _said(done: bool, point: tuple[bool, str, str]) -> str:  # noqa: FBT001  # it chooses between two texts
    return point[1] if done else point[2]


def _headline(checked: Checked) -> str:
    state = "done" if checked.passed else "done before, and not there now" if checked.before else "not yet"
    return f"Exercise {checked.number}: {checked.title}: {state}"


def _after(checked: Checked) -> str:
    if checked.passed:
        return "Well done." if checked.number < len(checked.lesson.exercises) else "Well done; that was the last one."
    more = checked.hint or f"Stuck? %sf_check {checked.number} --hint"
    return f"What was done stays done. {more}" if checked.before else more


def standing_html(standing: Standing) -> str:
    """The lessons and their progress."""
    rows = "".join(
        f'<tr style="background:transparent;{"font-weight:600" if lesson is standing.lesson else ""}">'
        + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in (_linked(lesson, cells[0]), *map(_signed, cells[1:])))
        + "</tr>"
        for lesson, cells in _rows(standing)
    )
    drills = f'<div style="margin:4px 0">{escape(standing.drills)}</div>' if standing.drills else ""
    return f'<table style="border-collapse:collapse;margin:2px 0">{rows}</table>{drills}'


def _linked(lesson: Lesson, title: str) -> str:
    """The title of a lesson, as a link to its notebook where that lies beside the one that is open."""
    return f'<a href="{lesson.file}">{escape(title)}</a>' if Path(lesson.file).exists() else escape(title)


def _signed(words: str) -> str:
    """The words of a cell; its signs stay on one line."""
    signs, space, rest = words.partition(" ")
    return (
        f'<span style="white-space:nowrap">{signs}</span>{space}{escape(rest)}' if signs[:1] in "●○" else escape(words)
    )


def standing_text(standing: Standing) -> str:
    """The lessons and their progress as text."""
    rows = [cells for _, cells in _rows(standing)]
    widths = [max(len(cells[column]) for cells in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip() for cells in rows]
    return "\n".join([*lines, *filter(None, (standing.drills,))])


def _rows(standing: Standing) -> Iterable[tuple[Lesson, tuple[str, str, str]]]:
    shown = [standing.lesson] if standing.lesson else LESSONS
    for lesson in shown:
        of = len(lesson.exercises)
        done = standing.done.get(lesson.name, ())
        signs = "".join("●" if number in done else "○" for number in range(1, of + 1))
        words = f"{signs} {signs.count('●')} of {of} exercises done" if of else "to read"
        yield lesson, (f"{lesson.number:02} {lesson.title}", lesson.does, words)


def entries_html(entries: Entries) -> str:
    """Terms and their meanings."""
    rows = "".join(
        f'<tr style="background:transparent"><th style="{_CELL};white-space:nowrap;font-weight:600">{escape(term)}</th>'
        f'<td style="{_CELL}">{escape(meaning)}</td></tr>'
        for term, meaning in entries.items()
    )
    return f'<table style="border-collapse:collapse;margin:2px 0;max-width:60em">{rows}</table>'


def entries_text(entries: Entries) -> str:
    """Terms and their meanings as text."""
    return "\n".join(f"{term}: {meaning}" for term, meaning in entries.items())
