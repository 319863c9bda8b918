"""Hints: what was probably meant by a query, an operation or a path that does not do what its user wants."""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any, Final

from sfmtls_nb.errors import ApiFault, NotJsonError
from sfmtls_nb.notebook.operations import OPERATIONS
from sfmtls_nb.notebook.template import without_holes

#: Values as other languages write them: {name}, ${name}, $name and, in SOQL alone (XML has prefixes), :name.
_BRACES: Final = re.compile(r"\$?\{\s*(?P<code>(?P<name>[A-Za-z_]\w*)[^{}\n]*?)\s*\}|\$(?P<bare>[A-Za-z_]\w*)")
_COLON: Final = re.compile(r"(?<!:):(?P<code>(?P<name>[A-Za-z_]\w*))")
_LITERAL: Final = re.compile(r"'(?:\\.|[^'\\])*'", re.DOTALL)

#: Habits from SQL and their SOQL; {0} is what was found. They are looked for outside of quotes, when a query has failed.
_HABITS: Final[Mapping[str, str]] = {
    r"\A\s*(insert|update|upsert|delete|undelete|merge|create|alter|drop|truncate)\b": "SOQL only reads, and has no {0}; "
    "records are changed by calls of their own, such as update of the SOAP API",
    r"\A\s*(find)\b": "{0} is SOSL; %sf_rest search?q=FIND {{{{…}}}} searches",
    r"\A\s*(show|describe|desc|explain)\b": "SOQL has no {0}; %sf_soap describeGlobal lists the sObjects, and "
    "%sf_rest sobjects/Contact/describe the fields of one",
    r"(\bselect\s+(?:\w+\.)?\*|\bcount\s*\(\s*\*\s*\))": "SOQL has no *; name the fields, or write FIELDS(STANDARD), or "
    "FIELDS(ALL) with LIMIT 200; what is counted is COUNT() or COUNT(Id)",
    r"(--|/\*|//|#)": "SOQL has no comments; take {0} and what belongs to it out of the query",
    r"\b(join)\b": "SOQL has no {0}; a parent's field is Account.Name, children are a subquery: (SELECT Id FROM Contacts)",
    r"\b(distinct)\b": "SOQL has no {0}; GROUP BY the field gives each value once, COUNT_DISTINCT(field) their number",
    r"\bis\s+(null|not\s+null)\b": "SOQL compares with null: = null, or != null",
    r"(\")": "texts are in single quotes: Name = 'Smith'",
    r"(`)": "names are written without quotes",
    r"(==)": "SOQL compares with a single =",
}
#: The first words of REST paths that are relative to /services/data/vNN.0/.
_RESOURCES: Final = (
    "sobjects",
    "query",
    "queryAll",
    "limits",
    "search",
    "parameterizedSearch",
    "recent",
    "composite",
    "jobs",
)


@contextmanager
def hinting(always: Sequence[str], failed: Sequence[str] = ()) -> Iterator[None]:
    """Give hints of a call: in the next step of its failure; where it succeeds, those of ``always`` are printed."""
    try:
        yield
    except (ApiFault, NotJsonError) as error:
        error.next_step = "; ".join(filter(None, [*always, *failed, error.next_step]))
        raise
    print(*(f"hint: {each}" for each in always), sep="\n", end="\n" if always else "")


def unfilled(typed: str, value_of: Callable[[str], Any], *, colon: bool = False) -> list[str]:
    """Hints for names of variables that stand in a text as other languages write them. colon: ``:name`` too."""
    text = without_holes(typed)
    found = [*_BRACES.finditer(text), *(_COLON.finditer(text) if colon else ())]
    hints = {
        each[0]: each["code"] or each["bare"] for each in found if _is_variable(each["name"] or each["bare"], value_of)
    }
    return [f"{as_is} is no value but text; the value is written {{{{{code}}}}}" for as_is, code in hints.items()]


def of_query(soql: str) -> list[str]:
    """Hints for a query that failed."""
    text = _LITERAL.sub("''", soql)
    hints = [
        hint.format(found[1].upper())
        for habit, hint in _HABITS.items()
        if (found := re.search(habit, text, re.IGNORECASE))
    ]
    first = text.split(maxsplit=1)[0].upper() if text.strip() else ""
    return hints or (
        ["did you mean SELECT?"] if first != "SELECT" and get_close_matches(first, ["SELECT"], 1, 0.6) else []
    )


def of_operation(name: str) -> list[str]:
    """Hints for an operation that failed: the nearest one that there is."""
    return _nearest(name, OPERATIONS)


def of_path(path: str) -> list[str]:
    """Hints for a REST path that failed."""
    if re.match(r"services(/|\Z)", path, re.IGNORECASE):
        return [f"did you mean /{path}? Without a slash before it, a path is one below /services/data/vNN.0/"]
    return _nearest(re.split(r"[/?]", path, maxsplit=1)[0], _RESOURCES)


def _nearest(name: str, known: Sequence[str] | Mapping[str, object]) -> list[str]:
    spelled = {each.lower(): each for each in known}
    close = get_close_matches(name.lower(), spelled, 1, 0.75) if name not in known else []
    return [f"did you mean {spelled[close[0]]}?"] if close else []


def _is_variable(name: str, value_of: Callable[[str], Any]) -> bool:
    try:
        return value_of(name) is not getattr(builtins, name, value_of)
    except NameError:
        return False
