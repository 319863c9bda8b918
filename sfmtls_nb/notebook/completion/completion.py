"""Completion: the names that the Tab key offers on the lines and in the cells of the magics.

If anything goes wrong on the way, nothing is offered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from IPython.core.completer import (
    CompletionContext,
    SimpleCompletion,
    SimpleMatcherResult,
    provisionalcompleter,
    rectify_completions,
)
from IPython.core.interactiveshell import InteractiveShell

from sfmtls_nb.certificates import ClientIdentity
from sfmtls_nb.diagnose import FAILURES
from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.files import expand
from sfmtls_nb.notebook.completion.cursor import LinePlace, XmlPlace, line_place, magic_place, soql_place, xml_place
from sfmtls_nb.notebook.completion.org_names import OrgNames
from sfmtls_nb.notebook.course.course import LESSONS
from sfmtls_nb.notebook.course.glossary import GLOSSARY
from sfmtls_nb.notebook.lines import Argument
from sfmtls_nb.notebook.operations import OPERATIONS
from sfmtls_nb.notebook.predictions import predictions
from sfmtls_nb.practice import ON_REQUEST, SCENARIOS, PracticeOrg
from sfmtls_nb.profiles import WAYS_IN, read_profiles

if TYPE_CHECKING:
    from sfmtls_nb.notebook.workspace import Workspace

_SCENARIOS: Final = tuple(scenario.name for scenario in SCENARIOS)
#: The matchers of IPython's that offer no Python in an expression.
_NOT_PYTHON: Final = frozenset({"IPCompleter.magic_matcher", "IPCompleter.file_matcher"})

#: The keywords of each clause of a query.
_KEYWORDS: Final = {
    "": "SELECT",
    "select": "FROM COUNT COUNT_DISTINCT AVG SUM MIN MAX FIELDS TYPEOF SELECT",
    "from": "WHERE WITH USING GROUP ORDER LIMIT OFFSET FOR",
    "where": "AND OR NOT LIKE IN INCLUDES EXCLUDES NULL TRUE FALSE TODAY YESTERDAY TOMORROW LAST_WEEK THIS_WEEK LAST_MONTH "
    "THIS_MONTH LAST_YEAR THIS_YEAR LAST_N_DAYS SELECT WITH GROUP ORDER LIMIT OFFSET FOR",
    "group": "BY ROLLUP CUBE HAVING ORDER LIMIT OFFSET",
    "having": "AND OR NOT COUNT COUNT_DISTINCT AVG SUM MIN MAX ORDER LIMIT OFFSET",
    "order": "BY ASC DESC NULLS FIRST LAST LIMIT OFFSET FOR",
    "limit": "OFFSET FOR",
    "offset": "FOR",
    "with": "SECURITY_ENFORCED USER_MODE SYSTEM_MODE GROUP ORDER LIMIT OFFSET",
    "using": "SCOPE WHERE ORDER LIMIT",
    "for": "VIEW REFERENCE",
}
_BEFORE_FIELD: Final = frozenset({"select", "where", "by", "having", "and", "or", "not", ",", "("})


class Offer(NamedTuple):
    """Names that could replace what is typed, the end of the text before the cursor. written: turns a name into text."""

    typed: str
    names: Iterable[str]
    written: Callable[[str], str] = str

    @property
    def fitting(self) -> list[str]:
        begin = self.typed.casefold()
        return [self.written(name) for name in dict.fromkeys(self.names) if name.casefold().startswith(begin)]


NOTHING: Final = Offer("", ())


class _Only(tuple[SimpleCompletion, ...]):
    """Completions that stand alone: never empty to IPython, which asks its other matchers where one has none."""

    __slots__ = ()

    def __len__(self) -> int:
        return super().__len__() or 1


class Known:
    """The sources of completion. Magics and workspace are looked up each time, as they may be loaded again."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.org = OrgNames(lambda: self.workspace)

    @property
    def workspace(self) -> Workspace | None:
        """The state that the cells share; None until one of them has needed it."""
        found: Workspace | None = vars(self.shell.magics_manager.registry["SfMagics"]).get("workspace")
        return found

    @property
    def practice(self) -> PracticeOrg | None:
        return self.workspace.at_practice() if self.workspace else None

    @property
    def variables(self) -> dict[str, Any]:
        hidden = self.shell.user_ns_hidden
        mine = ((name, value) for name, value in self.shell.user_ns.items() if name not in hidden)
        return {name: value for name, value in sorted(mine) if not name.startswith("_")}


class Completion:
    """The completion of a shell."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._known = Known(shell)

    def matches(self, context: CompletionContext) -> SimpleMatcherResult:
        """Match as IPython's matchers do: alone where a magic of ours is, and not at all elsewhere."""
        above = context.full_text.split("\n")[: context.cursor_line]
        before = "\n".join([*above, context.text_until_cursor])
        with suppress(Exception):
            offer = _offer(self._known, before, context.full_text[len(before) :])
            if offer:
                found = _Only(SimpleCompletion(text) for text in offer.fitting)
                return {"completions": found, "matched_fragment": offer.typed, "ordered": True, "suppress": True}
        return {"completions": []}


def _offer(known: Known, before: str, behind: str) -> Offer | None:
    place = magic_place(before)
    magic: Any = known.shell.magics_manager.magics["line"].get(place.magic) if place else None
    if place is None or not hasattr(magic, "arguments"):
        return None
    if place.magic in _CELLS and place.expression is not None:
        return _python(known, place.expression)
    if not place.in_cell:
        return _line(known, line_place(magic.arguments, place.text), behind)
    cell = _CELLS.get(place.magic)
    return _variable(known, place.text) or (cell(known, place.text, behind) if cell else NOTHING)


def _python(known: Known, code: str) -> Offer:
    """The shell's own completions of an expression."""
    with provisionalcompleter():
        every = known.shell.Completer.completions(code, len(code))
        python = [each for each in every if each._origin not in _NOT_PYTHON]  # noqa: SLF001  # nothing else says it
        found = list(rectify_completions(code, python))
    return Offer(code[found[0].start :], [each.text for each in found]) if found else NOTHING


def _variable(known: Known, text: str) -> Offer | None:
    """The variables, where ``$name`` is all that is typed; else None."""
    found = re.fullmatch(r"\s*\$(\w*)", text)
    return Offer(found[1], known.variables) if found else None


# ---------------------------------------------------------------- lines


def _line(known: Known, place: LinePlace, behind: str) -> Offer:
    if place.word.startswith("-") and not place.by_name:
        return Offer(place.word, place.unused)
    if place.argument is None:
        return Offer(place.word, () if place.word else place.unused)
    offer = _value(known, place.argument, place, behind)
    return offer if place.word or place.by_name else offer._replace(names=chain(offer.names, place.unused))


def _value(known: Known, argument: Argument, place: LinePlace, behind: str) -> Offer:
    word, given = place.word, " ".join(place.values)
    key = argument.completes or argument.flags[0]
    if "choices" in argument.options:
        return Offer(word, map(str, argument.options["choices"]))
    if key == "soql":
        return _soql(known, f"{given} {word}", behind.partition("\n")[0])
    if key == "--explode":
        query = soql_place("", f"{given} {behind}")
        return Offer(word, known.org.children(query.query) if query else ())
    names = _SOURCES[key](known, word.lstrip("'\"")) if key in _SOURCES else ()
    if word.startswith(("'", '"')):
        return Offer(word[1:], names)
    return Offer(word, names, lambda name: f"'{name}'" if " " in name else name)


def _profiles() -> Iterator[str]:
    yield "practice"
    with suppress(SfmtlsError):  # what is wrong with the file, %sf_org says
        yield from read_profiles()


def _users(known: Known) -> Iterator[str]:
    for user in known.practice.state.users if known.practice else ():
        yield from (user.name, user.username)
    profile = known.workspace.profile if known.workspace else None
    yield from [profile.username] if profile and profile.username else []


def _operations(known: Known, word: str) -> Iterator[str]:
    yield from (f"${name}" for name in known.variables if word.startswith("$"))
    yield from known.workspace.envelopes if known.workspace else ()
    yield from OPERATIONS


def _identities(known: Known, word: str) -> Iterator[str]:
    yield from (name for name, value in known.variables.items() if isinstance(value, ClientIdentity))
    yield from _SCENARIOS if known.practice else ()
    yield from _files(known, word)


def _files(known: Known, word: str) -> Iterator[str]:
    """The names of files here and in the folder of the practice org."""
    folder, hidden = word[: word.rfind("/") + 1], word[word.rfind("/") + 1 :].startswith(".")
    for root in (Path(), known.practice.directory if known.practice else Path()):
        with suppress(OSError, SfmtlsError):  # SfmtlsError: the ~ of nobody
            for each in sorted((root / expand(folder)).iterdir()):
                if hidden or not each.name.startswith("."):
                    yield f"{folder}{each.name}{'/' if each.is_dir() else ''}"


def _causes() -> Iterable[str]:
    from sfmtls_nb.notebook.drill.planting import PLANTINGS  # noqa: PLC0415  # for those who drill

    return PLANTINGS


#: The names to offer, by the `completes` of an argument, or by its flag.
_SOURCES: Final[Mapping[str, Callable[[Known, str], Iterable[str]]]] = {
    "scenario": lambda known, word: [*_SCENARIOS, *ON_REQUEST, "none"],
    "failure": lambda known, word: predictions(),
    "profile": lambda known, word: _profiles(),
    "user": lambda known, word: _users(known),
    "way": lambda known, word: WAYS_IN,
    "operation": _operations,
    "identity": _identities,
    "file": _files,
    "lesson": lambda known, word: (lesson.name for lesson in LESSONS),
    "term": lambda known, word: GLOSSARY,
    "page": lambda known, word: ["index", *FAILURES],
    "cause": lambda known, word: _causes(),
    "--write": _files,
    "--out": lambda known, word: known.variables,
}


# ---------------------------------------------------------------- cells


def _xml(known: Known, before: str, behind: str) -> Offer:
    """Names in the XML of a call: operations, their fields, and the values of some of them."""
    place = xml_place(before)
    if place is None:
        return NOTHING
    if place.tag is not None:
        return _tag(known, place, place.tag)
    if not place.inside:
        word = re.fullmatch(r"\s*(\w*)", before)
        return Offer(word[1], OPERATIONS) if word else NOTHING
    name, text = place.inside[-1]
    kind = _TEXTS.get(name.rpartition(":")[2])
    return kind(known, text, re.split(r"</|\]\]>", behind)[0]) if kind else NOTHING


def _tag(known: Known, place: XmlPlace, typed: str) -> Offer:
    parent, text = place.inside[-1] if place.inside else ("", "")
    if place.closing:
        return Offer(typed, [parent] if parent else [])
    prefix, colon, local = parent.rpartition(":")
    names: Iterable[str] = (field.name for field in OPERATIONS.get(local, ()))
    if local in ("", "Body"):
        prefix = colon = ""
        names = OPERATIONS
    elif local == "Envelope":
        names = ("Header", "Body")
    elif local == "sObjects":
        prefix = colon = ""
        kind = re.search(r"<(?:\w+:)?type>\s*(\w+)", text)
        described = known.org.describe(kind[1]) if kind else None
        names = ["type", *(described.fields if described else ())]
    return Offer(typed.rpartition(":")[2], names, str if ":" in typed else (prefix + colon).__add__)


def _soql(known: Known, before: str, behind: str) -> Offer:
    """Names and keywords in a query, the names as the org spells them."""
    variable, place = _variable(known, before), soql_place(before, behind)
    if variable or place is None:
        return variable or NOTHING
    if place.clause == "from" and not place.from_named:
        outer = place.query.outer
        return Offer(place.typed, known.org.children(outer) if outer and place.query.is_child else known.org.sobjects())
    fields = known.org.fields(place.query, place.steps) if place.last in _BEFORE_FIELD else ()
    return Offer(place.typed, chain(fields, () if place.steps else _KEYWORDS[place.clause].split()))


#: The completion of a cell, by its magic; that of ``{{expression}}`` and ``$variable`` goes before it.
_CELLS: Final[Mapping[str, Callable[[Known, str, str], Offer]]] = {
    "sf_soap": _xml,
    "sf_soql": _soql,
    "sf_rest": lambda known, before, behind: NOTHING,
}
#: The completion of an element's text, by its name.
_TEXTS: Final[Mapping[str, Callable[[Known, str, str], Offer]]] = {
    "queryString": _soql,
    "sObjectType": lambda known, before, behind: Offer(before.lstrip(), known.org.sobjects()),
    "type": lambda known, before, behind: Offer(before.lstrip(), known.org.sobjects()),
}
