"""XML as a foldable tree: what HTML comes of it, for any XML, and what never does."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from sfmtls_nb.notebook.tree import brief, tree_html
from sfmtls_nb.soap import indented

SESSION_ID = "00D5f000000PRAC!AQEAQLm.swordfish_"


class Reader(HTMLParser):
    """Reads HTML that must be well-formed: every tag is closed, in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert [] == self._open  # nothing is left open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag == self._open.pop()

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


def read(xml: str) -> Reader:
    return Reader(tree_html(etree.fromstring(xml.encode())))


_names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,8}", fullmatch=True)
_texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"))


def _element(name: str, attributes: dict[str, str], text: str, children: list[etree._Element]) -> etree._Element:
    element = etree.Element(name, attributes)
    element.text = text
    element.extend(children)
    return element


any_xml = st.recursive(
    st.builds(_element, _names, st.dictionaries(_names, _texts, max_size=3), _texts, st.just([])),
    lambda inner: st.builds(_element, _names, st.just({}), st.just(""), st.lists(inner, max_size=4)),
    max_leaves=12,
)


class TestAnyXml:
    @given(any_xml)
    def test_becomes_well_formed_html(self, root: etree._Element) -> None:
        assert Reader(tree_html(root)).tags[0] == "div"

    @given(any_xml)
    def test_becomes_no_other_tags_than_these(self, root: etree._Element) -> None:
        assert set(Reader(tree_html(root)).tags) <= {"div", "details", "summary", "span"}

    @given(any_xml)
    def test_becomes_no_other_attributes_than_these(self, root: etree._Element) -> None:
        assert set(Reader(tree_html(root)).attributes) <= {"style", "open"}

    @given(any_xml)
    def test_keeps_its_texts(self, root: etree._Element) -> None:
        text = Reader(tree_html(root)).text
        leaves = [(element.text or "").strip() for element in root.iter(etree.Element) if not len(element)]
        assert [leaf for leaf in leaves if leaf not in text] == []


class TestASecret:
    @pytest.mark.parametrize("name", ["sessionId", "password", "newPassword", "oldPassword", "x:sessionId"])
    def test_is_masked_whatever_its_namespace(self, name: str) -> None:
        assert "swordfish" not in tree_html(etree.fromstring(f'<a xmlns:x="urn:x"><{name}>{SESSION_ID}</{name}></a>'))

    def test_still_shows_whose_session_it_is(self) -> None:
        assert "sessionId = 00D5f000000PRAC!••••" in read(f"<sessionId>{SESSION_ID}</sessionId>").text

    def test_is_masked_also_where_spaces_stand_around_it(self) -> None:
        assert "swordfish" not in read(f"<sessionId>\n  {SESSION_ID}\n</sessionId>").text

    def test_is_masked_also_where_a_comment_stands_in_it(self) -> None:
        assert "swordfish" not in read(f"<a><sessionId><!-- c -->{SESSION_ID}</sessionId></a>").text

    def test_is_what_stands_in_these_elements_and_in_no_other(self) -> None:
        assert SESSION_ID in read(f"<userName>{SESSION_ID}</userName>").text


class TestTheTree:
    def test_shows_a_leaf_with_its_text(self) -> None:
        assert "userName = erin" in read("<a><userName>erin</userName></a>").text

    def test_shows_an_empty_leaf_by_its_name_alone(self) -> None:
        assert read("<a><empty/></a>").text == "aempty"

    def test_shows_attributes_without_their_namespace(self) -> None:
        xml = '<roleId xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>'
        assert read(xml).text.startswith('roleId nil="true"')

    def test_shows_prefixes_and_below_what_they_mean(self) -> None:
        assert read('<s:a xmlns:s="urn:s" xmlns="urn:d"><b/></s:a>').text == "s:abxmlns:s = urn:sxmlns = urn:d"

    def test_shows_markup_in_a_text_as_text(self) -> None:
        assert "<script>alert(1)</script>" in read("<a>&lt;script>alert(1)&lt;/script></a>").text

    def test_shows_markup_in_an_attribute_as_text(self) -> None:
        assert '"><img src=x onerror=alert(1)>' in read("<a b='&quot;>&lt;img src=x onerror=alert(1)>'/>").text

    def test_shows_no_comments_and_no_processing_instructions(self) -> None:
        assert read("<a><!-- comment --><?target instruction?><b>text</b></a>").text == "ab = text"

    def test_shows_the_text_on_both_sides_of_a_comment(self) -> None:
        assert "left right" in read("<a>left <!-- comment -->right</a>").text

    def test_folds_what_has_children_and_nothing_else(self) -> None:
        assert read("<a><b><c/></b><d/></a>").tags.count("details") == 2

    def test_opens_the_first_six_levels(self) -> None:
        xml = "".join(f"<l{n}>" for n in range(9)) + "".join(f"</l{n}>" for n in reversed(range(9)))
        assert read(xml).attributes.count("open") == 6

    @pytest.mark.parametrize(("children", "more"), [(50, ""), (51, "… 1 more"), (2050, "… 2,000 more")])
    def test_shows_the_first_fifty_of_a_list_and_counts_the_others(self, children: int, more: str) -> None:
        assert f"a{'b' * 50}{more}" == read(f"<a>{'<b/>' * children}</a>").text

    def test_goes_as_deep_as_the_parser_lets_a_document_be(self) -> None:
        assert len(read("<a>" * 250 + "</a>" * 250).tags) > 250


class TestALargeReply:
    BODY = b"<r xmlns='urn:x'>" + b"<records><Id>003</Id><Name>n</Name></records>" * 20_000 + b"</r>"

    def test_takes_little_html(self) -> None:
        assert len(tree_html(etree.fromstring(self.BODY))) < 300_000

    def test_says_how_many_more_there_are(self) -> None:
        assert "… 19,950 more" in tree_html(etree.fromstring(self.BODY))

    def test_takes_little_text_too(self) -> None:
        assert len(indented(brief(etree.fromstring(self.BODY)))) < 20_000

    def test_that_is_small_is_whole_in_its_text(self) -> None:
        small = etree.fromstring(b"<r><!-- c --><a b='1'>x<?p i?></a></r>")
        assert indented(brief(small)) == indented(small)
