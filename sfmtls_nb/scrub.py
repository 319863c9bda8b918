"""Scrub: finds the secrets in a notebook file and removes them, leaving every other byte as it was.

A notebook's text is taken apart into its JSON strings (a list of strings, as cells and outputs have, is one text), and
each is scanned. What is found is cut out of the file itself; nothing is parsed and written anew.
"""

from __future__ import annotations

import base64
import json
import re
import stat
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, Final, NamedTuple

from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.files import write_new
from sfmtls_nb.key_material import decoded
from sfmtls_nb.secret import mask
from sfmtls_nb.secret_patterns import JWK_PRIVATE, SCHEME, SECRET_LABEL, Found, is_literal, kind_by_name
from sfmtls_nb.secret_scan import Origin, merged, secrets_in


@dataclass(frozen=True)
class Leak:
    """One secret in a notebook.

    kind: ``private key``, ``session id`` and so on. where: ``cell 3, output 1, text/html``, counted from 1.
    shown: what may be shown of it, which is never the secret.
    """

    kind: str
    where: str
    shown: str

    def __str__(self) -> str:
        return f"{self.where}: {self.kind} {self.shown}"


def find_secrets(notebook_text: str) -> list[Leak]:
    """The secrets in the text of an .ipynb file, in the order of the file. Raises SfmtlsError if it is not JSON."""
    return _search(notebook_text)[0]


def scrubbed(notebook_text: str) -> tuple[str, list[Leak]]:
    """The text of an .ipynb file without its secrets, and what they were.

    In the place of each stands ``[removed: private key]`` or the like; the box of a Password widget is emptied. Text
    without secrets comes back as it is. Raises SfmtlsError if it is not JSON.
    """
    leaks: list[Leak] = []
    for _ in range(_ROUNDS):
        found, edits = _search(notebook_text)
        if not found:
            break
        leaks += found
        notebook_text = _edited(notebook_text, edits)
    return notebook_text, leaks


def notebooks_in(paths: Sequence[Path]) -> Iterator[Path]:
    """The files named, and every notebook in the folders named: their checkpoints too, which leak as well."""
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*.ipynb") if file.is_file())
        else:
            yield path


def scrub_file(path: Path, *, check: bool = False) -> list[Leak]:
    """Remove the secrets from a notebook file, and say what they were. check: change nothing.

    Raises SfmtlsError if it cannot be read or written, or is not JSON.
    """
    try:
        # Bytes, so that line endings stay as they are; and the file itself, should the name be a link to it.
        target = path.resolve()
        before = target.read_bytes().decode()
        mode = stat.S_IMODE(target.stat().st_mode)
    except (OSError, ValueError) as error:  # ValueError: not UTF-8; a null byte in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise SfmtlsError(f"{path} cannot be read", reason, "give a notebook: a .ipynb file") from error
    try:
        after, leaks = scrubbed(before)
    except SfmtlsError as error:
        raise SfmtlsError(f"{path}: {error.what}", error.evidence, error.next_step) from error
    if leaks and not check:
        write_new(target, after.encode(), overwrite=True).chmod(mode)
    return leaks


#: To be said wherever something was found.
KNOWN_TO_OTHERS: Final = (
    "what others may have seen stays known to them: end the session, change the password, replace the key"
)
# One round removes what is seen; another may see what two neighbours hid from each other.
_ROUNDS: Final = 8

_JSON_STRING: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"')
_SURROGATES: Final = r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_JSON_ESCAPE: Final = re.compile(rf"{_SURROGATES}|\\u[0-9a-fA-F]{{4}}|\\.")

_SECRET_MEMBERS: Final = {
    "PasswordModel": {"value": "password"},
    "FileUploadModel": dict.fromkeys(("content", "data"), "uploaded file"),
    "JWK": dict.fromkeys(JWK_PRIVATE, "private key"),
}
#: Widgets that may be used for a password all the same.
_FOR_TEXT: Final = frozenset({"TextModel", "TextareaModel", "ComboboxModel"})

_Path = tuple[str | int, ...]
_Edit = tuple[int, int, str]


class _Members(list[tuple[str, Any]]):
    """A JSON object: its members in the order of the file, repeated names included."""


class _Text(NamedTuple):
    """A JSON string, or the strings of a list: their values, and the number of the first among all strings of the file.

    owner: the model of the widget it is in, or JWK.
    """

    path: _Path
    values: list[str]
    first: int
    owner: str
    is_name: bool = False


def _search(notebook: str) -> tuple[list[Leak], list[_Edit]]:
    tree = _tree(notebook)
    strings = [match.span() for match in _JSON_STRING.finditer(notebook)]
    leaks: list[Leak] = []
    edits: list[_Edit] = []
    for text in _texts(tree):
        if found := _found_in(text):
            where = _where(text)
            numbered = enumerate(found, len(leaks) + 1)
            replaced = [(each, _replacement(text, each.kind, number)) for number, each in numbered]
            leaks += [Leak(each.kind, where, each.shown) for each in found]
            edits += _edits(notebook, strings, text, replaced)
    return leaks, edits


def _tree(notebook: str) -> Any:
    try:
        # float, not int: a number of five thousand digits is JSON too.
        return json.loads(notebook.removeprefix("\ufeff"), object_pairs_hook=_Members, parse_int=float)
    except (ValueError, RecursionError) as error:
        at = f"line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else "too deep"
        raise SfmtlsError(
            "this is no notebook: it is not JSON",
            at if notebook.strip() else "it is empty",
            "Jupyter cannot open it either: take another copy of it, or remove it",
        ) from error


def _texts(tree: Any) -> Iterator[_Text]:
    """Every text of the file, in its order."""
    first = 0
    # (path, value, what it is in, whether it is the name of a member), last first
    pending: list[tuple[_Path, Any, str, bool]] = [((), tree, "", False)]
    while pending:
        path, value, owner, is_name = pending.pop()
        if isinstance(value, _Members):
            owner = _owner(value, owner)
            for name, member in reversed(value):
                if isinstance(member, str | list):
                    pending.append(((*path, name), member, owner, False))
                pending.append(((*path, name), name, owner, True))
        elif isinstance(value, str) or (
            isinstance(value, list) and value and all(isinstance(each, str) for each in value)
        ):
            values = [value] if isinstance(value, str) else value
            yield _Text(path, values, first, owner, is_name)
            first += len(values)
        elif isinstance(value, list):
            pending += [
                ((*path, number), each, owner, False)
                for number, each in reversed([*enumerate(value)])
                if isinstance(each, str | list)
            ]


def _owner(members: _Members, outer: str) -> str:
    """What an object makes of its members: the widget it is, or a JSON Web Key; else what it is in."""
    texts = {name: member for name, member in members if isinstance(member, str)}
    if "kty" in texts:
        return "JWK"
    model = texts.get("model_name") or texts.get("_model_name") or outer
    is_labelled = any(SECRET_LABEL.search(texts.get(label, "")) for label in ("description", "label", "placeholder"))
    return "PasswordModel" if model in _FOR_TEXT and is_labelled else model


def _found_in(text: _Text) -> list[Found]:
    whole = "".join(text.values)
    if (kind := _kind_of_all(text, whole)) and whole:
        return [Found(0, len(whole), kind, mask(""))]
    found = secrets_in(whole)
    if any(not value.endswith("\n") for value in text.values[:-1]):
        # Lines without their line breaks, as a traceback has them.
        ends = list(accumulate(len(value) + 1 for value in text.values))
        for each in secrets_in("\n".join(text.values)):
            start, end = each.start - bisect_right(ends, each.start), each.end - bisect_right(ends, each.end - 1)
            found.append(each._replace(start=start, end=end))
    return merged(found)


def _kind_of_all(text: _Text, whole: str) -> str:
    """What a value is a secret of because of the member it is: a widget's, or one named ``password``."""
    name = next((part for part in reversed(text.path) if isinstance(part, str)), "")
    if text.is_name:
        return ""
    kind = _SECRET_MEMBERS.get(text.owner, {}).get(name, "")
    if kind and not _is_removed(whole) and (text.owner != "JWK" or is_literal(whole)):
        return kind
    if kind := kind_by_name(name, whole):
        return kind
    if name.lower() == "authorization" and (match := SCHEME.match(whole)) and is_literal(whole[match.end() :]):
        return "access token"
    return ""


def _is_removed(value: str) -> bool:
    """Whether only a replacement stands there, as it is or as a widget's buffer has it."""
    return any(re.fullmatch(r"\[removed: [\w# ]+\]", each) for each in (value, decoded(value).decode("latin-1")))


def _replacement(text: _Text, kind: str, number: int) -> str:
    plain = f"[removed: {kind}]"
    if text.owner == "PasswordModel" and text.path[-1] == "value":
        return ""  # what stands there stands in the box
    if "buffers" in text.path and text.path[-1] == "data":
        return base64.b64encode(plain.encode()).decode()  # the front end decodes it
    if text.path[-1:] == ("id",) or "tags" in text.path[-2:]:
        return f"removed-{number}-{re.sub('[^a-z0-9]+', '-', kind.lower())}"  # nbformat: no brackets, none twice
    return plain


def _edits(notebook: str, strings: list[tuple[int, int]], text: _Text, found: list[tuple[Found, str]]) -> list[_Edit]:
    """The changes to the file that put a replacement in the place of each find."""
    edits: list[_Edit] = []
    begins = [0, *accumulate(map(len, text.values))]
    origins: dict[int, Origin] = {}
    for (start, end, *_), replacement in found:
        first, last = bisect_right(begins, start, hi=len(text.values)) - 1, bisect_left(begins, end) - 1
        for each in range(first, last + 1):
            value, begin = text.values[each], begins[each]
            from_, to = strings[text.first + each]
            if each > first and begins[each + 1] <= end:  # a line that was wholly secret goes with its comma
                edits.append((strings[text.first + each - 1][1], to, ""))
                continue
            if each not in origins:
                origins[each] = Origin(notebook[from_ + 1 : to - 1], _JSON_ESCAPE, lambda _: "x")
            at, until = origins[each].of(max(start - begin, 0), min(end - begin, len(value)))
            edits.append((from_ + 1 + at, from_ + 1 + until, replacement if each == first else ""))
    return edits


def _edited(notebook: str, edits: list[_Edit]) -> str:
    parts, done = [], 0
    for start, end, replacement in sorted(edits):
        parts += [notebook[done:start], replacement]
        done = end
    return "".join([*parts, notebook[done:]])


_NUMBERED: Final = {"worksheets": "worksheet", "cells": "cell", "outputs": "output", "buffers": "buffer"}


def _where(text: _Text) -> str:
    """A path as a person says it: ``cell 3, output 1, text/html``."""
    words: list[str] = []
    for number, part in enumerate(text.path):
        before = text.path[number - 1] if number else ""
        if isinstance(part, int):
            noun = _NUMBERED.get(before, f"{_safe(before)} item") if isinstance(before, str) else "item"
            words.append(f"{noun} {part + 1}".strip())
        elif isinstance((*text.path, "")[number + 1], int):
            continue  # said with its number
        elif part != "data" or not words or not words[-1].startswith("output "):
            words.append(_safe(part))
    return ", ".join(words) + (" (a name)" if text.is_name else "") or "the file"


def _safe(name: str) -> str:
    for found in reversed(merged(secrets_in(name))):
        name = name[: found.start] + mask("") + name[found.end :]
    return name if len(name) <= 80 else name[:79] + "…"
