"""XML as a foldable tree: what HTML comes of it, for any XML, and what never does."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from lxml import etree, html

from sfmtls_nb.api import find
from sfmtls_nb.api.envelope import SOAPENV
from sfmtls_nb.notebook.views.tree import brief, tree_html
from sfmtls_nb.xml import format_xml

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


def lines(xml: str | etree._Element) -> list[str]:
    """What stands in the lines of the tree, without their paths and without the legend."""
    tree = html.fromstring(tree_html(etree.fromstring(xml.encode()) if isinstance(xml, str) else xml))
    for code in tree.iter("code"):
        code.drop_tree()
    return [(line.text_content()).strip() for line in tree[0].xpath(".//summary | .//li[not(details)]")]


def legend(xml: str) -> list[str]:
    return legend_of(etree.fromstring(xml.encode()))


def legend_of(root: etree._Element) -> list[str]:
    return [line.text_content() for line in html.fromstring(tree_html(root)).xpath("details/ul/li")]


def paths(root: etree._Element) -> list[str]:
    """The paths that the tree offers, from top to bottom."""
    return [code.text_content() for code in html.fromstring(tree_html(root)).iter("code")]


def numbered(form: str, count: int) -> str:
    return "".join(form.format(n) for n in range(count))


def within(name: str, content: str) -> str:
    return f"<{name}>{content}</{name}>"


def cube(size: int, depth: int) -> str:
    return within(f"l{depth}", cube(size, depth - 1) * size if depth else "x")


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


_tags = st.sampled_from(["a", "b", "and", "s:a", "s:b", "t:a", "a xmlns=''", "a xmlns='urn:d'", "b xmlns='urn:s'"])
_inner = st.recursive(
    _tags.map("<{}/>".format),
    lambda inner: st.builds(
        lambda tag, children: f"<{tag}>{''.join(children)}</{tag.partition(' ')[0]}>",
        _tags,
        st.lists(inner, max_size=5),
    ),
    max_leaves=15,
)
namespaced_xml = st.builds(
    lambda default, inner: etree.fromstring(f"<r{default} xmlns:s='urn:s' xmlns:t='urn:t'>{''.join(inner)}</r>"),
    st.sampled_from(["", " xmlns='urn:d'"]),
    st.lists(_inner, max_size=4),
)


@given(any_xml)
def test_any_xml_becomes_well_formed_html(root: etree._Element) -> None:
    assert Reader(tree_html(root)).tags[0] == "div"


@given(any_xml)
def test_any_xml_becomes_no_other_tags_than_these(root: etree._Element) -> None:
    assert set(Reader(tree_html(root)).tags) <= {"div", "ul", "li", "details", "summary", "span", "code", "style"}


@given(any_xml)
def test_any_xml_becomes_no_other_attributes_than_these(root: etree._Element) -> None:
    assert set(Reader(tree_html(root)).attributes) <= {"style", "open", "class"}


@given(any_xml)
def test_any_xml_keeps_its_texts(root: etree._Element) -> None:
    text = Reader(tree_html(root)).text
    leaves = [(element.text or "").strip() for element in root.iter(etree.Element) if not len(element)]
    assert [leaf for leaf in leaves if leaf not in text] == []


@given(any_xml)
def test_any_xml_offers_for_each_node_a_path_to_it_and_to_no_other(root: etree._Element) -> None:
    found = [find(root, path) for path in paths(root)]
    assert [[element] for element in root.iter(etree.Element)] == found


@given(namespaced_xml)
def test_any_xml_in_many_namespaces_offers_for_each_node_a_path_to_it_and_to_no_other(root: etree._Element) -> None:
    found = [find(root, path) for path in paths(root)]
    assert [[element] for element in root.iter(etree.Element)] == found


@given(namespaced_xml)
def test_any_xml_offers_for_each_part_the_same_paths_as_for_the_whole(root: etree._Element) -> None:
    offered = dict(zip(root.iter(etree.Element), paths(root), strict=True))
    assert offered == {each: paths(each)[0] for each in root.iter(etree.Element)}


@given(namespaced_xml)
def test_any_xml_in_many_namespaces_means_the_same_in_its_text(root: etree._Element) -> None:
    assume(b' xmlns="urn:s"' not in etree.tostring(root))  # of two names for a namespace lxml takes one
    assert etree.tostring(root, method="c14n") == etree.tostring(brief(root), method="c14n")


@given(any_xml)
def test_any_xml_that_is_small_is_whole_in_its_text(root: etree._Element) -> None:
    assert format_xml(root) == format_xml(brief(root))


@pytest.mark.parametrize(
    ("xml", "expected"),
    [
        ("<a/>", ["."]),
        ("<a><b><c/></b></a>", [".", "b", "b/c"]),
        ("<a><b/><c/><b/></a>", [".", "b[1]", "c", "b[2]"]),
        ("<a xmlns='urn:a' xmlns:s='urn:s'><s:b><c/></s:b></a>", [".", "b", "b/c"]),
        ("<a xmlns:s='http://s/1'><b/><s:b/><b/></a>", [".", "{}b[1]", "{http://s/1}b", "{}b[2]"]),
        ("<a xmlns='u' xmlns:s='s'><s:b/><s:b/><b/></a>", [".", "{s}b[1]", "{s}b[2]", "{u}b"]),
        ("<a><s:b xmlns:s='s'/><s:b xmlns:s='t'/></a>", [".", "{s}b", "{t}b"]),
        ("<a xmlns='http://s/1'><ü/><_b/></a>", [".", "ü", "_b"]),
        ("<a>" + "<b/>" * 51 + "</a>", [".", *(f"b[{n}]" for n in range(1, 51))]),
        (f"<a>{'<b/>' * 49}<c/>{'<b/>' * 49}<c/></a>", [".", *(f"b[{n}]" for n in range(1, 50)), "c[1]"]),
        (f"<a><b/>{'<c/>' * 1000}</a>", [".", "b", *(f"c[{n}]" for n in range(1, 50))]),
        (f"<a><{'b' * 1001}/></a>", [".", "… a path of 1,001 characters"]),
    ],
)
def test_a_path_is_as_short_as_it_can_be(xml: str, expected: list[str]) -> None:
    assert expected == paths(etree.fromstring(xml))


def test_a_path_of_a_part_begins_at_the_root_and_its_prefixes_are_in_the_legend() -> None:
    root = etree.fromstring("<s:E xmlns:s='urn:s' xmlns='urn:d'><s:B><r/><r><c/></r></s:B></s:E>")
    part = html.fromstring(tree_html(root[0][1]))
    assert ["B/r[2]", "B/r[2]/c"] == [code.text_content() for code in part.iter("code")]
    assert ["xmlns:s = urn:s", "xmlns = urn:d"] == legend_of(root[0][1])


@pytest.mark.parametrize(
    "xml", ["<a xmlns:s='http://s/1'><b>x</b><s:b>it</s:b></a>", "<a><b>x</b><c><ü xmlns='urn:a'>it</ü></c></a>"]
)
def test_a_path_can_be_typed_into_text(xml: str) -> None:
    root = etree.fromstring(xml)
    assert ["it"] == [each.text for each in find(root, paths(root)[-1])]


def test_a_path_of_a_leaf_is_what_the_leaf_opens_to() -> None:
    leaf = html.fromstring(tree_html(etree.fromstring("<a><b>x</b></a>"))).xpath(".//details[not(@open)]")[0]
    assert ["summary", "code"] == [child.tag for child in leaf]


def test_a_path_of_what_has_children_stands_in_its_line() -> None:
    tree = html.fromstring(tree_html(etree.fromstring("<a><b><c/></b></a>")))
    assert [".", "b"] == [code.text_content() for code in tree.xpath(".//summary/code")]


@pytest.mark.parametrize("name", ["sessionId", "password", "newPassword", "oldPassword", "x:sessionId"])
def test_a_secret_is_masked_whatever_its_namespace(name: str) -> None:
    assert "swordfish" not in tree_html(etree.fromstring(f'<a xmlns:x="urn:x"><{name}>{SESSION_ID}</{name}></a>'))


@pytest.mark.parametrize(
    "xml",
    [
        f"<sessionId>\n  {SESSION_ID}\n</sessionId>",
        f"<a><sessionId><!-- c -->{SESSION_ID}</sessionId></a>",
        "<a><password><b>swordfish</b></password></a>",
        f"<a sessionId='{SESSION_ID}'/>",
        "<a xmlns:x='urn:x' x:password='swordfish'/>",
        f"<a><b>before {SESSION_ID} after</b></a>",
        f"<a>before {SESSION_ID}<b/></a>",
        f"<a b='{SESSION_ID}'/>",
        f"<a b='{'x' * 190}{SESSION_ID}'/>",
        f"<a><!-- {SESSION_ID} --><b/>{SESSION_ID}</a>",
        f"<a><?p {SESSION_ID}?></a>",
    ],
)
@pytest.mark.parametrize("show", [tree_html, lambda root: format_xml(brief(root))])
def test_a_secret_is_masked_wherever_it_stands(xml: str, show: Callable[[etree._Element], str]) -> None:
    assert "swordfish" not in show(etree.fromstring(xml))


def test_a_secret_is_masked_in_the_legend() -> None:
    assert ["xmlns = urn:00D5f000000PRAC!••••"] == legend(f"<a xmlns='urn:{SESSION_ID}'/>")


def test_a_secret_still_shows_whose_session_it_is() -> None:
    assert ["sessionId = 00D5f000000PRAC!••••"] == lines(f"<sessionId>{SESSION_ID}</sessionId>")


def test_a_secret_that_is_empty_is_not_masked() -> None:
    assert ["sessionId"] == lines("<sessionId/>")


def test_a_secret_is_not_every_text() -> None:
    assert ["userName = swordfish"] == lines("<userName>swordfish</userName>")


@pytest.mark.parametrize(
    ("xml", "expected"),
    [
        ("<a><userName>erin</userName></a>", ["a", "userName = erin"]),
        ("<a><empty/></a>", ["a", "empty"]),
        ("<a><!-- comment --><?target instruction?><b>text</b></a>", ["a", "b = text"]),
        ("<a>left <!-- comment -->right</a>", ["a = left right"]),
        ("<a>some <b>bold</b> text</a>", ["a = some  text", "b = bold"]),
        ("<a>&lt;script>alert(1)&lt;/script></a>", ["a = <script>alert(1)</script>"]),
        ("<a b='&quot;>&lt;img src=x>'/>", ['a b=""><img src=x>"']),
        ("<a xmlns:xsi='urn:xsi' xsi:nil='true' b=''/>", ['a xsi:nil="true" b=""']),
        ("<s:a xmlns:s='urn:s'><b/></s:a>", ["s:a", "b"]),
    ],
)
def test_the_tree_shows_each_element_in_a_line(xml: str, expected: list[str]) -> None:
    assert expected == lines(xml)


def test_the_tree_says_below_what_the_prefixes_in_it_mean() -> None:
    xml = "<s:a xmlns:s='urn:s' xmlns='urn:d' xmlns:no='urn:no'><b xmlns:x='urn:x' x:y='1' z='2'/></s:a>"
    assert ["xmlns:s = urn:s", "xmlns = urn:d", "xmlns:x = urn:x"] == legend(xml)


def test_the_tree_without_namespaces_has_no_legend() -> None:
    assert [] == legend("<a b='1'><c/></a>")


def test_the_namespaces_are_folded_behind_their_number() -> None:
    tree = html.fromstring(tree_html(etree.fromstring("<s:a xmlns:s='urn:s' xmlns='urn:d'><b/></s:a>")))
    assert ["2 namespaces"] == [fold.text_content() for fold in tree.xpath("details[not(@open)]/summary")]


@pytest.mark.parametrize(
    ("xml", "folded"),
    [
        (f"<s:Envelope xmlns:s='{SOAPENV}'><s:Header><b/></s:Header><s:Body><c/></s:Body></s:Envelope>", ["s:Header"]),
        ("<Envelope><Header><b/></Header><Body><c/></Body></Envelope>", []),  # somebody's own
    ],
)
def test_of_an_envelope_the_header_is_folded_and_the_body_open(xml: str, folded: list[str]) -> None:
    tree = html.fromstring(tree_html(etree.fromstring(xml)))
    assert folded == [fold.text_content() for fold in tree.xpath("ul//details[ul][not(@open)]/summary/span")]


def test_the_tree_opens_the_first_six_levels() -> None:
    xml = "".join(f"<l{n}>" for n in range(9)) + "".join(f"</l{n}>" for n in reversed(range(9)))
    assert read(xml).attributes.count("open") == 6


def test_the_tree_is_nested_lists_and_so_indented_without_styles() -> None:
    tree = html.fromstring(tree_html(etree.fromstring("<a><b><c/></b></a>")))
    assert 3 == len(tree.xpath("ul[1]/li/details/ul/li/details/ul/li/details/ancestor::ul"))


def test_the_tree_shows_thirty_levels_and_says_that_there_are_more() -> None:
    shown = lines("<a>" * 250 + "</a>" * 250)
    assert (30, "… 1 more") == (shown.count("a"), shown[-1])


@pytest.mark.parametrize(("children", "more"), [(50, []), (51, ["… 1 more"]), (2040, ["… 1,990 more"])])
def test_what_is_long_shows_the_first_fifty_of_a_list_and_counts_the_others(children: int, more: list[str]) -> None:
    assert ["a", *["b"] * 50, *more] == lines(f"<a>{'<b/>' * children}</a>")


@pytest.mark.parametrize(
    ("xml", "expected"),
    [
        (f"<a>{'x' * 1000}</a>", f"a = {'x' * 1000}"),
        (f"<a>{'x' * 13345}</a>", f"a = {'x' * 1000}… 12,345 more characters"),
        (f"<a b='{'x' * 200}'/>", f'a b="{"x" * 200}"'),
        (f"<a b='{'x' * 201}'/>", f'a b="{"x" * 200}… 1 more characters"'),
        (f"<{'a' * 201}/>", f"{'a' * 200}… 1 more characters"),
        ("<a" + numbered(' b{}="1"', 20) + "/>", "a" + numbered(' b{}="1"', 20)),
        ("<a" + numbered(' b{}="1"', 25) + "/>", "a" + numbered(' b{}="1"', 20) + " … 5 more attributes"),
    ],
)
def test_what_is_long_says_how_much_is_not_shown(xml: str, expected: str) -> None:
    assert [expected] == lines(xml)


@pytest.mark.parametrize(
    "words", ["… 12,345 more characters", "<!-- 5 more attributes -->", "<!-- 1,990 more -->", "••••"]
)
def test_what_is_long_says_so_in_the_text_as_well(words: str) -> None:
    attributes = numbered(' b{}="1"', 25)
    xml = f"<a {attributes}><c>{'x' * 13345}</c>{'<sessionId>s</sessionId>' * 2034}</a>"
    assert words in format_xml(brief(etree.fromstring(f"<r>{xml}{'<d/>' * 2039}</r>")))


def test_what_is_long_gives_each_child_its_line_before_what_is_in_the_first() -> None:
    shown = lines(etree.fromstring(cube(50, 3)))
    assert 50 == shown.count("l2")
    assert "… 50 more" in shown


def test_what_is_long_has_a_legend_of_fifty_lines() -> None:
    xml = "<a>" + numbered("<b><p{0}:c xmlns:p{0}='urn:{0}'/><d xmlns='urn:d{0}'/></b>", 50) + "</a>"
    assert "… 50 more namespaces" == legend(xml)[-1]


RECORD = (
    "<sf:records xsi:type='sf:s'><sf:Id>003</sf:Id><sf:Name>Rose Gonzalez, Edge Communications</sf:Name></sf:records>"
)
LARGE = {
    "20 MB of records": f"<E xmlns:sf='urn:sf' xmlns:xsi='urn:xsi' xmlns='urn:x'><B>{RECORD * 180_000}</B></E>",
    "lists in lists in lists": cube(50, 3),
    "eight of each, six deep": cube(8, 6),
    "many names": within("r", numbered("<a{}/>", 100_000)),
    "a long text": within("r", "x" * 9_000_000),
    "depth": f"<aaaaaaaaaaaa>{'<b/>' * 30}" * 250 + "</aaaaaaaaaaaa>" * 250,
    "20,000 attributes": within("r", "<a" + numbered(" a{}='1'", 20_000) + "/>"),
    "mixed content": within("r", "text <b>x</b>" * 100_000),
}


@pytest.mark.parametrize("show", [tree_html, lambda root: format_xml(brief(root))], ids=["as a tree", "as text"])
@pytest.mark.parametrize("large", LARGE)
def test_a_large_reply_is_shown_in_part_and_says_so(large: str, show: Callable[[etree._Element], str]) -> None:
    shown = show(etree.fromstring(LARGE[large].encode()))
    assert (True, True) == (len(shown) < 500_000, re.search(r"\d more\b", shown) is not None)
