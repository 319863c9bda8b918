"""ClassPicture: a class at a glance, learners by exercises."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from sfmtls_nb.notebook.course.course import LESSONS

if TYPE_CHECKING:
    import pandas as pd

#: From so many checks on that said no, somebody needs help.
_MANY: Final = 3
#: Of those, so many are named.
_MOST_NAMED: Final = 20
# The class stands twice, for JupyterLab has rules of its own for tables. The colours are read on white and on black.
_STYLE: Final = (
    "<style>.sfmtls-class.sfmtls-class{border-collapse:separate;border-spacing:2px;font-variant-numeric:tabular-nums}"
    ".sfmtls-class.sfmtls-class tr,.sfmtls-class.sfmtls-class tr:hover{background:transparent!important}"
    ".sfmtls-class.sfmtls-class :is(th,td){padding:0;height:20px;min-width:18px;text-align:center;font-weight:400;"
    "border-radius:3px;line-height:20px;font-size:12px;white-space:nowrap}"
    ".sfmtls-class.sfmtls-class :is(th.name,td.more){text-align:left;padding:0 4px 0 8px;min-width:0}"
    ".sfmtls-class.sfmtls-class :is(th,td).first{border-left:6px solid transparent;background-clip:padding-box}"
    # In a narrow window the rest moves below the names.
    ".sfmtls-class.sfmtls-class th.who{position:sticky;left:0;background-color:var(--jp-layout-color0,Canvas);border-radius:0}"
    ".sfmtls-class.sfmtls-class th.lesson{box-shadow:inset 0 -1px #8888;border-radius:0;font-weight:600}"
    ".sfmtls-class.sfmtls-class .unopened{box-shadow:inset 0 0 0 1px #8883}.sfmtls-class.sfmtls-class .opened{background-color:#8885}"
    ".sfmtls-class.sfmtls-class .done{background-color:#2f7d43;color:#fff}.sfmtls-class.sfmtls-class .tried{background-color:#d98a2b66}"
    ".sfmtls-class.sfmtls-class .stuck{background-color:#a34b12;color:#fff;font-weight:600}"
    ".sfmtls-key span{display:inline-block;min-width:20px;text-align:center;border-radius:3px;margin:0 4px}</style>"
)
_KEY: Final = (
    '<div class="sfmtls-key sfmtls-class" style="font-size:12px;margin:4px 0">'
    '<span class="done">✓</span>done&emsp;'
    f'<span class="tried">1</span>checks that said no&emsp;<span class="stuck">{_MANY}</span>{_MANY} or more of them: needs help&emsp;'
    '<span class="opened">&nbsp;</span>lesson opened&emsp;<span class="unopened">&nbsp;</span>not opened</div>'
)


@dataclass(frozen=True)
class ClassPicture:
    """The rows of `read_class` as a picture; in a terminal, as lines of signs."""

    frame: pd.DataFrame

    def __str__(self) -> str:
        return "\n".join([_summary(self.frame), *_lines(self.frame)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return (
            f"{_STYLE}<div><b>{escape(_summary(self.frame))}</b></div>{_table(self.frame) if len(self.frame) else ''}"
        )


def _summary(frame: pd.DataFrame) -> str:
    if not len(frame):
        return "Nobody has joined yet. Each learner decides that: %sf_classroom --join"
    count, done = frame["learner"].nunique(), frame["done"].count()
    learners = "1 learner" if count == 1 else f"{count} learners"
    needing = sorted(_needing_help(frame))
    names = f": {', '.join(needing[:_MOST_NAMED])}{', …' * (len(needing) > _MOST_NAMED)}" if needing else ""
    return f"{learners}, {done} of {len(frame)} exercises done, {len(needing)} in need of help{names}"


def _needing_help(frame: pd.DataFrame) -> set[str]:
    return set(frame.loc[frame["done"].isna() & (frame["failed"] >= _MANY), "learner"])


def _lines(frame: pd.DataFrame) -> Iterator[str]:
    for learner, rows in _by_learner(frame):
        lessons = groupby(rows, lambda row: row.lesson)
        yield f"{learner}  " + " ".join("".join(_kind(row)[1][:1] or "·" for row in its) for _, its in lessons)


def _table(frame: pd.DataFrame) -> str:
    titles = {lesson.file.removesuffix(".ipynb"): lesson.title for lesson in LESSONS}
    learners = list(_by_learner(frame))
    columns = learners[0][1]
    spans = [(lesson, len(list(rows))) for lesson, rows in groupby(columns, lambda row: row.lesson)]
    head = "".join(
        f'<th class="lesson first" colspan="{span}" title="{escape(titles[lesson])}">{lesson[:2]}</th>'
        for lesson, span in spans
    )
    body = "".join(
        f'<tr><th class="name who" scope="row">{escape(learner)}</th>{"".join(map(_cell, rows))}'
        f'<td class="more">{sum(_kind(row)[0] == "done" for row in rows)} of {len(rows)}</td>'
        f'<td class="more">{_final_test(rows[0])}</td><td class="more">{_seen(rows[0].last)}</td></tr>'
        for learner, rows in learners
    )
    done = frame.groupby(["lesson", "exercise"], sort=False)["done"].count()
    foot = "".join(f'<td class="{_first(row)}">{done[row.lesson, row.exercise]}</td>' for row in columns)
    names = " · ".join(f"{lesson[:2]} {escape(titles[lesson])}" for lesson, _ in spans)
    return (
        f'<div style="overflow-x:auto"><table class="sfmtls-class"><thead><tr><th class="name who">learner</th>{head}'
        f'<th class="name">done</th><th class="name">final test</th><th class="name">last seen (UTC)</th></tr></thead><tbody>{body}</tbody>'
        f'<tfoot><tr><th class="name who">done by</th>{foot}</tr></tfoot></table></div>{_KEY}'
        f'<div style="font-size:12px;max-width:70em">{names}</div>'
    )


def _by_learner(frame: pd.DataFrame) -> Iterator[tuple[str, list[Any]]]:
    for learner, rows in groupby(frame.itertuples(index=False), lambda row: row.learner):
        yield str(learner), list(rows)


def _cell(row: Any) -> str:
    kind, sign = _kind(row)
    said = f", {row.failed} checks said no" if row.failed else ""
    words = f"{row.learner}, {row.lesson}, exercise {row.exercise}, {row.title}: {'done' if kind == 'done' else 'not yet'}{said}"
    return f'<td class="{kind} {_first(row)}" title="{escape(words)}">{sign}</td>'


def _kind(row: Any) -> tuple[str, str]:
    """How an exercise stands: its class in the style, and what is written there."""
    if _known(row.done):
        return "done", "✓"
    if row.failed:
        return "stuck" if row.failed >= _MANY else "tried", str(row.failed) if row.failed < 10 else "9+"
    return ("opened", "") if _known(row.opened) else ("unopened", "")


def _first(row: Any) -> str:
    return "first" if row.exercise == 1 else ""


def _seen(last: Any) -> str:
    return f"{last:%d %b %H:%M}" if _known(last) else "not yet"


def _final_test(row: Any) -> str:
    return f"{row.diagnosed} of {row.asked}" if _known(row.asked) else ""


def _known(value: Any) -> bool:
    import pandas as pd  # noqa: PLC0415  # there already, with the frame

    return bool(pd.notna(value))
