"""Frames: XML elements as DataFrames. The only module that imports pandas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pandas as pd
from lxml import etree

from sfmtls_nb.secret import mask
from sfmtls_nb.soap import SECRET_ELEMENTS, is_nil


def elements_frame(elements: Iterable[etree._Element]) -> pd.DataFrame:
    """One row an element, one column a leaf below it, named by the way there (``userInfo.userName``).

    An element that is a leaf itself gives a column of its own name. A nil or empty element is missing (None); what stands
    more than once in an element gives a list. Secrets are masked.
    """
    return pd.DataFrame([_row(element) for element in elements])


def _row(element: etree._Element) -> dict[str, object]:
    row: dict[str, object] = {}
    for name, value in _leaves(element, ()):
        twice = name.rpartition(".")[2] == "Id" and row.get(name) == value  # an sObject's selected Id stands twice
        if name not in row or twice:
            row[name] = value
        elif isinstance(known := row[name], list):
            known.append(value)
        else:
            row[name] = [known, value]
    return row


def _leaves(element: etree._Element, path: tuple[str, ...]) -> Iterator[tuple[str, str | None]]:
    children = list(element.iterchildren(etree.Element))
    if not children:
        way = path or (str(etree.QName(element).localname),)
        text = None if is_nil(element) else element.text
        yield ".".join(way), mask(text) if text and not SECRET_ELEMENTS.isdisjoint(way) else text
    for child in children:
        yield from _leaves(child, (*path, str(etree.QName(child).localname)))
