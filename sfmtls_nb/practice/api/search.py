"""SOSL: a search in the words of FIND, run as one SOQL query for each object.

[simulated]: a field is found where it contains each word; Salesforce has an index of words and ranks what it finds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from sfmtls_nb.practice.data import SCHEMA, TEXT_TYPES, Database, Field, SObject, sobject
from sfmtls_nb.practice.refusal import RefusedError
from sfmtls_nb.practice.soql import Record, compile_query, run

_FIND: Final = re.compile(
    r"\s*FIND\s*\{((?:\\.|[^{}\\])*)\}(?:\s*IN\s+(\w+)\s+FIELDS\b)?\s*", re.IGNORECASE | re.DOTALL
)
_OBJECT: Final = re.compile(r"\s*(\w+)\s*", re.DOTALL)
_LIMIT: Final = re.compile(r"\s*LIMIT\s+(\d{1,4})\s*", re.IGNORECASE)
_CLAUSE: Final = re.compile(r"\b(?:USING|WHERE|ORDER\s+BY|LIMIT|OFFSET)\b", re.IGNORECASE)
_AFTER_WHERE: Final = re.compile(r"\b(?:ORDER\s+BY|LIMIT|OFFSET)\b", re.IGNORECASE)
_LITERAL: Final = re.compile(r"'(?:\\.|[^'\\])*'", re.DOTALL)
_WORD: Final = re.compile(r'"[^"]*"|[^\s"]+')
_OPERATORS: Final = frozenset({"AND", "OR", "NOT"})
#: "At most 2,000 results".
_MOST: Final = 2_000

#: The groups of fields that can be searched in.
_GROUPS: Final[dict[str, Callable[[Field], bool]]] = {
    "ALL": lambda field: field.type in TEXT_TYPES,
    "SIDEBAR": lambda field: field.type in TEXT_TYPES,
    "NAME": lambda field: field.name_field,
    "EMAIL": lambda field: field.type == "email",
    "PHONE": lambda field: field.type == "phone",
}


@dataclass(frozen=True)
class _Returning:
    """An object to search, the fields to select, and what stands behind them: a condition, an order, a limit."""

    sobject: SObject
    fields: str = "Id"
    where: str = ""
    rest: str = ""


def search(text: str, database: Database, now: datetime) -> list[Record]:
    """Return the records that a search finds. Raises RefusedError with MALFORMED_SEARCH, INVALID_TYPE and such."""
    found = _FIND.match(text)
    if found is None:
        raise _malformed("a search begins with FIND {words}")
    group = (found[2] or "ALL").upper()
    if group not in _GROUPS:
        raise _malformed(f"IN {group} FIELDS: the groups are {', '.join(_GROUPS)}")
    words = list(_words(found[1]))
    wanted, limit = _read_returning(text[found.end() :])
    return list(islice((record for each in wanted for record in _find(each, group, words, database, now)), limit))


def _words(text: str) -> Iterator[str]:
    """Yield the words of a search as patterns for LIKE."""
    words = _WORD.findall(re.sub(r"\\(.)", r"\1", text))
    if not words or max(len(word.strip('"*?')) for word in words) < 1:
        raise _malformed("the search has no words")
    for word in words:
        if word in _OPERATORS:
            raise _malformed(f"{word} between words is not simulated: a record has to contain all of them")
        escaped = re.sub(r"([\\'%_])", r"\\\1", word.strip('"'))
        yield f"%{escaped.replace('*', '%').replace('?', '_')}%"


def _read_returning(text: str) -> tuple[list[_Returning], int]:
    wanted = [_Returning(each) for each in SCHEMA.values()]
    if text[:9].upper() == "RETURNING":
        wanted, text = [], text[9:]
        while True:
            name = _OBJECT.match(text)
            if name is None:
                raise _malformed("RETURNING needs the names of objects")
            known = sobject(name[1])
            if known is None:
                raise RefusedError("INVALID_TYPE", f"sObject type '{name[1]}' is not supported.")
            text = text[name.end() :]
            inner, text = _brackets(text) if text.startswith("(") else ("", text)
            wanted.append(_read_inner(known, inner))
            if not text.lstrip().startswith(","):
                break
            text = text.lstrip()[1:]
    limit = _LIMIT.fullmatch(text)
    if text.strip() and limit is None:
        raise _malformed(f"'{text.split()[0]}' is not simulated in a search: IN, RETURNING and LIMIT are")
    return wanted, min(int(limit[1]), _MOST) if limit else _MOST


def _brackets(text: str) -> tuple[str, str]:
    """Return what is in the brackets that a text begins with, and what is behind them."""
    depth = 0
    for place, letter in enumerate(_masked(text)):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return text[1:place], text[place + 1 :]
    raise _malformed("a bracket is not closed")


def _read_inner(known: SObject, inner: str) -> _Returning:
    masked = _masked(inner)
    clause = _CLAUSE.search(masked)
    fields = inner[: clause.start()] if clause else inner
    rest = inner[clause.start() :] if clause else ""
    if rest[:5].upper() == "USING":
        raise _malformed("USING in a search is not simulated")
    where = ""
    if rest[:5].upper() == "WHERE":
        end = _AFTER_WHERE.search(_masked(rest))
        where, rest = rest[5 : end.start() if end else None], rest[end.start() :] if end else ""
        if not where.strip():
            raise _malformed("WHERE has no condition")
    return _Returning(known, fields.strip() or "Id", where.strip(), rest)


def _masked(text: str) -> str:
    """Blank out literals, so that what is in them is not taken for syntax."""
    return _LITERAL.sub(lambda literal: "'" * len(literal[0]), text)


def _find(wanted: _Returning, group: str, words: list[str], database: Database, now: datetime) -> Iterator[Record]:
    fields = [field.name for field in wanted.sobject.fields if field.filterable and _GROUPS[group](field)]
    if not fields:
        return
    matches = ([f"{name} LIKE '{word}'" for name in fields] for word in words)
    conditions = [f"({' OR '.join(each)})" for each in matches]
    if wanted.where:
        conditions.append(f"({wanted.where})")
    condition = " AND ".join(conditions)
    text = f"SELECT {wanted.fields} FROM {wanted.sobject.name} WHERE {condition} {wanted.rest}"  # noqa: S608  # SOQL
    with run(compile_query(text, now=now), database) as result:
        yield from result


def _malformed(message: str) -> RefusedError:
    # [simulated] words
    return RefusedError("MALFORMED_SEARCH", message)
