"""Paths: XPath 1.0, in which a name without a prefix has any namespace; and nothing in them reads files."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from sfmtls_nb import SfmtlsError
from sfmtls_nb.xpath import find

DOCUMENT = etree.fromstring(
    "<E xmlns='urn:e' xmlns:sf='urn:sf'><B id='7'><r><sf:Id>1</sf:Id><div>x</div></r><!-- c --><?p i?>"
    "<r sf:type='t'><sf:Id>2</sf:Id><and>y</and><or xmlns=''>z</or></r></B></E>"
)


def texts(path: str, root: etree._Element = DOCUMENT) -> list[str]:
    """What is there: of an element its text."""
    return [each if isinstance(each, str) else str(each.xpath("string()")) for each in find(root, path)]


def test_a_path_of_the_document_finds_itself() -> None:
    assert [DOCUMENT] == find(DOCUMENT, ".")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".//Id", ["1", "2"]),
        ("//Id", ["1", "2"]),
        ("/E/B/r/Id", ["1", "2"]),
        ("B/r[2]/Id", ["2"]),
        (".//r[last()]/Id", ["2"]),
        (".//r[position()=1]/Id", ["1"]),
        (".//r[Id='2']/Id", ["2"]),
        (".//r[not(div)]/Id", ["2"]),
        (".//Id[text()='1']", ["1"]),
        (".//Id/text()", ["1", "2"]),
        ("child::B/descendant::Id", ["1", "2"]),
        (".//@id", ["7"]),
        (".//B/@*", ["7"]),
        (".//r/attribute::type", ["t"]),
        (".//comment()", [" c "]),
        (".//processing-instruction('p')", ["i"]),
        ("count(.//*)", ["8"]),
        ("count(.//r) = 2", ["true"]),
        ("1 div 2", ["0.5"]),
        ("string(.//Id)", ["1"]),
        ("concat(.//Id, 'or', .//Id)", ["1or1"]),
        (".//sf:Id", ["1", "2"]),
        (".//sf:*", ["1", "2"]),
        (".//@sf:type", ["t"]),
        (".//{urn:sf}Id", ["1", "2"]),
        (".//{*}Id", ["1", "2"]),
        (".//{}or", ["z"]),
        (".//{}*", ["z"]),
        (".//{urn:e}or", []),
        (".//{urn:sf}*", ["1", "2"]),
        (".//div", ["x"]),
        (".//and", ["y"]),
        ("B/r/and and B/r/or", ["true"]),
        (".//or | .//and", ["y", "z"]),
        (".//div/../Id", ["1"]),
        (".//B//Id", ["1", "2"]),
        (".//*//r//Id", ["1", "2"]),
        (".//r//@type", ["t"]),
        ("2 * 3", ["6"]),
        (".//nothing", []),
        ("/", []),
        ("namespace::sf", ["urn:sf"]),
    ],
)
def test_a_path_is_xpath_in_which_bare_names_have_any_namespace(path: str, expected: list[str]) -> None:
    assert expected == texts(path)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (".//Id[", "Invalid expression at character 7: the end"),
        (".//Id[text()=]", "Invalid expression at character 14: ]"),
        (".//{urn:e}r]", "Invalid expression at character 12: ]"),
        ("ü é", "Invalid expression at character 3: é"),
        ("", "Invalid expression at character 1: the end"),
        (".//q:Id", "Undefined namespace prefix; this document has sf"),
        ("$x", "Undefined variable"),
        ("document('/etc/passwd')", "Unregistered function"),
        ("re:test('a', 'b')", "Undefined namespace prefix"),
        ("a\0", "no NULL bytes"),
        ("(" * 9000, "Recursion limit exceeded"),
    ],
)
def test_what_is_no_path_is_an_error_that_says_why(path: str, words: str) -> None:
    with pytest.raises(SfmtlsError, match="is not a path") as caught:
        find(DOCUMENT, path)
    assert words in caught.value.evidence


def test_no_document_brings_functions_into_paths() -> None:
    root = etree.fromstring("<a xmlns:re='http://exslt.org/regular-expressions'/>")
    with pytest.raises(SfmtlsError, match="Unregistered function"):
        find(root, "re:test('a', 'a')")


def test_no_path_reads_a_file(tmp_path: Path) -> None:
    (tmp_path / "x.xml").write_text("<a>p455w0rd</a>")
    with pytest.raises(SfmtlsError, match="Unregistered function"):
        find(DOCUMENT, f"document('{(tmp_path / 'x.xml').as_uri()}')")


@settings(max_examples=500)
@given(
    st.text()
    | st.lists(
        st.sampled_from(
            [*"./[]()@*|=<-:{},$'\" 1a", "//", "..", "::", "sf:Id", "Id", "{urn:sf}Id", "and", "div", "count"]
        )
    ).map("".join)
)
def test_any_text_finds_something_or_nothing_or_is_an_error_of_ours(path: str) -> None:
    try:
        found = find(DOCUMENT, path)
    except SfmtlsError as error:
        assert error.next_step  # noqa: PT017  # any text may be either
    else:
        assert all(isinstance(each, str) or etree.iselement(each) for each in found)


_nested = st.recursive(
    st.sampled_from("ab").map("<{0}/>".format),
    lambda inner: st.builds("<{0}>{1}</{0}>".format, st.sampled_from("ab"), st.lists(inner, max_size=3).map("".join)),
)


@given(
    _nested,
    st.sampled_from(
        [
            ".//a//b",
            ".//*//*",
            "//a//b[1]",
            ".//a//a/b//*",
            ".//b//b[last()]",
            "//*//a/*[2]",
            "//a//.",
            "//.//a",
            "//*//text()",
            "//@x//.",
        ]
    ),
)
def test_a_path_in_stages_finds_what_libxml2_finds_in_its_order(document: str, path: str) -> None:
    root = etree.fromstring(document)
    assert root.xpath(path) == find(root, path)


RECORD = "<sf:records><sf:Id>{0}</sf:Id><sf:Name>Rose {0}</sf:Name><sf:Text>" + "x" * 400 + "</sf:Text></sf:records>"


def many(records: int) -> etree._Element:
    return etree.fromstring(f"<E xmlns:sf='urn:sf'><B>{''.join(map(RECORD.format, range(records)))}</B></E>")


class TestALargeDocument:
    LARGE, SMALL = many(40_000), many(4_000)

    @pytest.mark.parametrize(
        "path",
        [
            ".//records[4000]/Name",
            "//sf:records[4000]/sf:Name",
            "B/*[4000]/*[2]",
            ".//records[Id='3999']/Name",
            ".//records[.//Id='3999']//Name",
            ".//B//Name[.='Rose 3999']",
            "(.//Name)[4000]",
        ],
    )
    def test_is_searched_as_fast_as_one_that_is_gone_through_once(self, path: str) -> None:
        def seconds(path: str) -> float:
            began = time.process_time()
            find(self.LARGE, path)
            return time.process_time() - began

        assert ["Rose 3999"] == texts(path, self.LARGE)
        assert min(seconds(path) for _ in range(3)) < 10 * min(seconds("count(.//*[.='x'])") for _ in range(3))

    def test_is_left_upwards_too(self) -> None:
        assert self.SMALL[0][:] == find(self.SMALL, ".//Name/..")
