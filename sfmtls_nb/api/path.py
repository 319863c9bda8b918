"""Path: elements of a document by ElementPath, in which a name without a prefix has any namespace.

ElementPath is the part of XPath that ``findall`` of ElementTree and lxml reads: names, ``*``, ``.//``, ``..``, and
conditions such as ``[2]``, ``[last()]`` and ``[Name='x']``. All of XPath 1.0 is there with ``reply.root.xpath``.
"""

from __future__ import annotations

import re
from typing import Final

from lxml import etree

from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.xml import declarations

_NAME: Final = r"[^\W\d][^\s/\[\]()@=*:'\"{}]*"
_STEP: Final = rf"(?:\.\.?|\*|(?:\{{[^}}]*\}}|{_NAME}:)?(?:{_NAME}|\*))" r"(?:\[(?:'[^']*'|\"[^\"]*\"|[^\]'\"])+\])*"
_PATH: Final = re.compile(rf"{_STEP}(?://?{_STEP})*")
# Quoted text, attributes, functions and Clark's {uri}name stay as they are; a name is a prefix and a local name.
_TOKEN: Final = re.compile(rf"'[^']*'|\"[^\"]*\"|@[\w:.-]+|\w+\(\)|\{{[^}}]*\}}[\w.*-]+|(?P<name>{_NAME}(?::{_NAME})?)")
_ADVICE: Final = (
    "write it as .//userName or result/records[2]/Name; for XPath, attributes and functions take reply.root.xpath(…)"
)


def find(root: etree._Element, path: str) -> list[etree._Element]:
    """The elements at ``path``, from ``root`` on, in the order of the document.

    ``name`` has any namespace, ``sf:name`` the one that the document first declares for ``sf``, ``{uri}name`` this one.
    Raises SfmtlsError if it is not a path.
    """
    try:
        if not _PATH.fullmatch(path):
            raise SyntaxError("it goes on otherwise than names with slashes between them, and conditions in brackets")
        namespaces = dict(reversed([*declarations(root.getroottree().getroot())])) if ":" in path else {}
        namespaces.pop("", None)
        return root.findall(_TOKEN.sub(_in_any_namespace, path), namespaces)
    except (SyntaxError, ValueError, LookupError) as error:  # a ValueError: no text for libxml2
        # lxml says which sign it stumbled over with a KeyError.
        evidence = f"{error} is in the wrong place" if isinstance(error, LookupError) else str(error)
        raise SfmtlsError(f"{path!r} is not a path to elements", evidence, _ADVICE) from error


def _in_any_namespace(token: re.Match[str]) -> str:
    return f"{{*}}{token[0]}" if token["name"] and ":" not in token[0] else token[0]
