"""The notebook file and the exported page: where their secrets are, and the same without them."""

from __future__ import annotations

import base64
import json
import re
import stat
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.files import write_new
from sfmtls_nb.scrub.patterns import JWK_PRIVATE, SECRET_LABEL, Found, is_literal
from sfmtls_nb.scrub.scan import secrets_in
from sfmtls_nb.secret import mask


@dataclass(frozen=True)
class Leak:
    """One secret in a file.

    kind: ``private key``, ``session id`` and so on. where: ``cell 3, output 1, text/html`` or ``line 12``, counted from 1.
    shown: what may be shown of it, which is never the secret.
    """

    kind: str
    where: str
    shown: str

    def __str__(self) -> str:
        return f"{self.where}: {self.kind} {self.shown}"


#: Advice wherever something was found.
KNOWN_TO_OTHERS: Final = (
    "what others may have seen stays known to them: end the session, change the password, replace the key"
)


def find_notebooks(paths: Sequence[Path]) -> Iterator[Path]:
    """Files that are named, and every notebook in the folders that are: their checkpoints too, which leak as well."""
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*.ipynb") if file.is_file())
        else:
            yield path


def scrub_file(path: Path, *, check: bool = False) -> list[Leak]:
    """Remove the secrets from a notebook, or from a page exported as HTML, and return what they were.

    A file without secrets is not written; any other is written whole or not at all, and keeps its mode. check: change
    nothing. Raises SfmtlsError if the file cannot be read or written, or is no notebook.
    """
    try:
        target = path.resolve()  # the file itself, should the name be a link to it
        before = target.read_bytes().decode("utf-8-sig")
        mode = stat.S_IMODE(target.stat().st_mode)
    except (OSError, ValueError) as error:  # ValueError: not UTF-8; a null byte in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise SfmtlsError(f"{path} cannot be read", reason, "give a notebook: a .ipynb file") from error
    try:
        after, leaks = (scrub_page if path.suffix.lower() in {".html", ".htm"} else scrub_notebook)(before)
    except SfmtlsError as error:
        raise SfmtlsError(f"{path}: {error.what}", error.evidence, error.next_step) from error
    if leaks and not check:
        write_new(target, after.encode(errors="replace"), overwrite=True).chmod(mode)
    return leaks


def scrub_page(page: str) -> tuple[str, list[Leak]]:
    """Text of an HTML page without its secrets, and what they were; the state of its widgets is read as a notebook's is."""
    leaks: list[Leak] = []

    def clean_state(script: re.Match[str]) -> str:
        state = scrub_notebook(script[0])
        leaks.extend(state[1])
        return state[0]

    page = _WIDGET_STATE.sub(clean_state, page)
    found = secrets_in(page)
    line, done = 1, 0
    for each in found:
        line += page.count("\n", done, each.start)
        done = each.start
        leaks.append(Leak(each.kind, f"line {line}", each.shown))
    return _replace(page, found), leaks


def scrub_notebook(notebook: str) -> tuple[str, list[Leak]]:
    """Text of an .ipynb file without its secrets, and what they were.

    In the place of each stands ``[removed: private key]`` or the like; the box of a Password widget is emptied. Text
    without secrets comes back as it is. Raises SfmtlsError if it is not JSON.
    """
    leaks: list[Leak] = []
    try:
        tree, is_valid = _read(notebook)
        tree = _clean(tree, (), "", leaks)
    except (ValueError, RecursionError) as error:
        at = f"line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else "too deep"
        raise SfmtlsError(
            "this is no notebook: it is not JSON",
            at if notebook.strip() else "it is empty",
            "Jupyter cannot open it either: take another copy of it, or remove it",
        ) from error
    if not leaks:
        return notebook, []
    if is_valid:
        nbformat: Any = import_module("nbformat")
        text = nbformat.writes(nbformat.from_dict(tree))
    else:
        text = json.dumps(tree, indent=1, ensure_ascii=False)
    return f"{text.rstrip()}\n", leaks


def _read(notebook: str) -> tuple[Any, bool]:
    """A notebook as nbformat reads it, and whether it is one; what is damaged is read as JSON, and leaks as well."""
    nbformat: Any = import_module("nbformat")  # a second, which not every command has to wait for
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = nbformat.reader.reads(notebook)
            nbformat.validate(tree)
    except Exception:  # noqa: BLE001  # there is no end to what may be wrong with it
        return json.loads(notebook), False
    return tree, True


_WIDGET_STATE: Final = re.compile(
    r"(?s)(?<=<script type=\"application/vnd\.jupyter\.widget-state\+json\">).*?(?=</script>)"
)
_SECRET_MEMBERS: Final = {
    "PasswordModel": {"value": "password"},
    "FileUploadModel": dict.fromkeys(("content", "data"), "uploaded file"),
    "JWK": dict.fromkeys(JWK_PRIVATE, "private key"),
}
#: Widgets that may be used for a password all the same.
_FOR_TEXT: Final = frozenset({"TextModel", "TextareaModel", "ComboboxModel"})
#: The beginning of what stands where a secret was, as it is and in base64.
_REMOVED: Final = ("[removed: ", "W3JlbW92ZWQ6I")
# Between the texts of a list: a character that stands for none.
_SEAM: Final = "\uffff"

_Path = tuple[str | int, ...]


def _clean(value: Any, path: _Path, owner: str, leaks: list[Leak]) -> Any:
    """A value of JSON without its secrets, which are added to the leaks.

    owner: the model of the widget that the value is in, or JWK for a JSON Web Key.
    """
    if isinstance(value, dict):
        owner = _owner(value, owner)
        named = [(_clean_text(name, path, "", "", leaks), member) for name, member in value.items()]
        return {name: _clean(member, (*path, name), owner, leaks) for name, member in named}
    member = path[-1] if path and isinstance(path[-1], str) else ""
    if isinstance(value, str):
        return _clean_text(value, path, member, owner, leaks)
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        are_lines = all(each.endswith("\n") for each in value[:-1])
        text = ("" if are_lines else _SEAM).join(value)
        if (clean := _clean_text(text, path, member, owner, leaks)) == text:
            return value
        return clean.splitlines(keepends=True) if are_lines else clean.split(_SEAM)
    if isinstance(value, list):
        return [_clean(each, (*path, number), owner, leaks) for number, each in enumerate(value)]
    return value


def _clean_text(text: str, path: _Path, member: str, owner: str, leaks: list[Leak]) -> str:
    kind = _SECRET_MEMBERS.get(owner, {}).get(member, "")
    if kind and text and not text.startswith(_REMOVED) and (owner != "JWK" or is_literal(text)):
        found = [Found(0, len(text), kind, mask(""))]
    else:
        found = secrets_in(text.replace(_SEAM, "\n"), member)
    leaks += [Leak(each.kind, _where(path), each.shown) for each in found]
    if owner == "PasswordModel" and member == "value":
        return "" if found else text  # what stands there stands in the box
    if found and "buffers" in path and member == "data":
        return base64.b64encode(_mark(found[0].kind).encode()).decode()  # the front end decodes it
    return _replace(text, found)


def _owner(members: dict[str, Any], outer: str) -> str:
    """The widget that an object is, or JWK for a JSON Web Key; else the outer owner."""
    texts = {name: member for name, member in members.items() if isinstance(member, str)}
    if "kty" in texts:
        return "JWK"
    model = texts.get("model_name") or texts.get("_model_name") or outer
    is_labelled = any(SECRET_LABEL.search(texts.get(label, "")) for label in ("description", "label", "placeholder"))
    return "PasswordModel" if model in _FOR_TEXT and is_labelled else model


def _replace(text: str, found: list[Found]) -> str:
    parts, done = [], 0
    for each in found:
        parts += [text[done : each.start], _mark(each.kind), _SEAM * text.count(_SEAM, each.start, each.end)]
        done = each.end
    return "".join([*parts, text[done:]])


def _mark(kind: str) -> str:
    return f"[removed: {kind}]"


_NUMBERED: Final = {"worksheets": "worksheet", "cells": "cell", "outputs": "output", "buffers": "buffer"}


def _where(path: _Path) -> str:
    """A path as a person says it: ``cell 3, output 1, text/html``."""
    words: list[str] = []
    for part, before, after in zip(path, ("", *path), (*path[1:], ""), strict=False):
        if isinstance(part, int):
            noun = _NUMBERED.get(before, f"{before} item") if isinstance(before, str) else "item"
            words.append(f"{noun} {part + 1}".strip())
        elif not isinstance(after, int) and (part != "data" or not words or not words[-1].startswith("output ")):
            words.append(part)
    return ", ".join(words) or "the file"
