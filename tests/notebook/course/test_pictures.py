"""The course's pictures: each stands alone, is told in words, and is in the notebook as it is in its file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from course_pictures import IMAGE, NAME, NOTEBOOKS, PICTURES, embedded, refreshed, told
from lxml import etree

EACH = sorted(PICTURES.glob("*.svg"))
each_picture = pytest.mark.parametrize("picture", EACH, ids=lambda path: path.stem)


def images(path: Path) -> list[str]:
    notebook: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    return [image for cell in notebook.cells if cell.cell_type == "markdown" for image in IMAGE.findall(cell.source)]


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_has_each_picture_and_its_words_as_the_pictures_file_has_them(path: Path) -> None:
    """If not: make pictures."""
    assert [refreshed(image) for image in images(path)] == images(path)
    assert [image for image in images(path) if not NAME.match(image)] == []


def test_a_picture_that_is_named_and_nothing_more_is_put_in() -> None:
    assert f"a {embedded('chain')} b" == refreshed('a <img id="chain"> b')


@each_picture
def test_a_picture_is_told_in_words(picture: Path) -> None:
    assert 100 < len(told(picture.read_bytes())) < 800


@each_picture
def test_a_picture_is_as_wide_as_it_is_shown(picture: Path) -> None:
    drawing = etree.fromstring(picture.read_bytes())
    width, height = drawing.get("width"), drawing.get("height")
    assert ("760", f"0 0 760 {height}") == (width, drawing.get("viewBox"))


@each_picture
def test_a_picture_needs_nothing_beside_it(picture: Path) -> None:
    drawing = etree.fromstring(picture.read_bytes())
    linked = [str(value) for node in drawing.iter() for name, value in node.attrib.items() if "href" in str(name)]
    assert [target for target in linked if not target.startswith("#")] == []
    assert [*drawing.iter("{*}script"), *drawing.iter("{*}image")] == []


@each_picture
def test_a_picture_brings_its_own_background(picture: Path) -> None:
    """In an <img> a picture sees the system's theme, and JupyterLab's may be another."""
    text = picture.read_text(encoding="utf-8")
    assert "prefers-color-scheme" not in text
    assert '<rect width="760"' in text
