"""Paths: ElementPath, in which a name without a prefix has any namespace."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from sfmtls_nb import SfmtlsError
from sfmtls_nb.api import find

DOCUMENT = etree.fromstring(
    "<E xmlns='urn:e' xmlns:sf='urn:sf'><B id='7'><r><sf:Id>1</sf:Id><div>x</div></r><!-- c --><?p i?>"
    "<r sf:type='t'><sf:Id>2</sf:Id><and>y</and><or xmlns=''>z</or></r></B></E>"
)


def texts(path: str) -> list[str]:
    return ["".join(each.itertext()) for each in find(DOCUMENT, path)]


def test_a_dot_finds_the_element_itself() -> None:
    assert [DOCUMENT] == find(DOCUMENT, ".")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".//Id", ["1", "2"]),
        ("B/r/Id", ["1", "2"]),
        ("./B/r[2]/Id", ["2"]),
        (".//r[last()]/Id", ["2"]),
        (".//r[Id='2']/Id", ["2"]),
        (".//r[and]/Id", ["2"]),
        (".//Id[.='1']", ["1"]),
        (".//B[@id='7']/r/div", ["x"]),
        (".//*[@id]/r/div", ["x"]),
        (".//sf:Id", ["1", "2"]),
        (".//r[sf:Id='2']/and", ["y"]),
        (".//{urn:sf}Id", ["1", "2"]),
        (".//{*}Id", ["1", "2"]),
        (".//{urn:sf}*", ["1", "2"]),
        (".//{urn:e}or", []),
        (".//or", ["z"]),
        (".//div/../Id", ["1"]),
        (".//B//Id", ["1", "2"]),
        (".//nothing", []),
    ],
)
def test_a_name_without_a_prefix_has_any_namespace(path: str, expected: list[str]) -> None:
    assert expected == texts(path)


@pytest.mark.parametrize(
    "path", [".//Id[", "", "/E", "//Id", ".//q:Id", "count(.//*)", ".//Id/text()", ".//@id", "a\0"]
)
def test_anything_else_is_an_error_that_leads_to_xpath(path: str) -> None:
    with pytest.raises(SfmtlsError, match=r"is not a path to elements[^$]*reply\.root\.xpath"):
        find(DOCUMENT, path)


@settings(max_examples=500)
@given(
    st.text()
    | st.lists(st.sampled_from([*"./[]()@*=:{}'\" 1a", "//", "..", "sf:Id", "Id", "{urn:sf}Id", "last()"])).map("".join)
)
def test_any_text_finds_elements_or_is_an_error_of_ours(path: str) -> None:
    try:
        found = find(DOCUMENT, path)
    except SfmtlsError as error:
        assert error.next_step  # noqa: PT017  # any text may be either
    else:
        assert all(map(etree.iselement, found))
