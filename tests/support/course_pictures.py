"""Pictures of the course as they stand in a notebook: ``make pictures`` puts each into every ``<img id="NAME">`` there is."""

from __future__ import annotations

import base64
import re
from html import escape
from pathlib import Path
from typing import Any, Final

import nbformat
from lxml import etree

ROOT: Final = Path(__file__).parents[2]
PICTURES: Final = ROOT / "sfmtls_nb/notebook/course/pictures"
NOTEBOOKS: Final = ROOT / "notebooks"
IMAGE: Final = re.compile(r"<img\b[^>]*>")
NAME: Final = re.compile(r'<img id="(\w+)"')


def told(svg: bytes) -> str:
    """A picture in words: its ``<desc>``."""
    return str(etree.fromstring(svg).findtext("{*}desc"))


def embedded(name: str) -> str:
    """The picture of that name as an element of HTML that needs no file beside it."""
    svg = (PICTURES / f"{name}.svg").read_bytes()
    source = f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}"
    return f'<img id="{name}" alt="{escape(told(svg))}" width="760" src="{source}">'


def refreshed(text: str) -> str:
    """A text with each picture that it names as the picture's file has it."""
    return IMAGE.sub(lambda image: embedded(name[1]) if (name := NAME.match(image[0])) else image[0], text)


def refresh() -> None:
    """Write the pictures as they are now into the notebooks."""
    for path in NOTEBOOKS.glob("*.ipynb"):
        notebook: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = refreshed(cell.source)
        nbformat.write(notebook, path)  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    refresh()
