"""The timeline: what of a handshake is drawn, what each message opens to, and that it can be read anywhere; real TLS in both versions."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree, html
from overheard import TLS_1_2, TLS_1_3, Ends
from written import NEW, extension_in, u8, v8, v16, v24
from written import message as message_of

from sfmtls_nb.handshake import Event, Field, Handshake, Message, judge
from sfmtls_nb.notebook.views.sequence import OrgsEnd
from sfmtls_nb.notebook.views.timeline import timeline_html, timeline_text, timelines_html
from sfmtls_nb.notebook.views.timeline_svg import timeline_svg
from sfmtls_nb.practice import PracticeOrg

VERSIONS = pytest.mark.parametrize("version", [TLS_1_2, TLS_1_3], ids=["1.2", "1.3"])
# What JupyterLab's sanitizer leaves of the styles and attributes of an untrusted notebook.
PROPERTIES = {
    *(
        "align-items",
        "background",
        "border",
        "border-bottom",
        "border-left",
        "border-radius",
        "border-right",
        "border-top",
    ),
    *(
        "box-sizing",
        "color",
        "cursor",
        "display",
        "flex",
        "flex-direction",
        "flex-wrap",
        "font-size",
        "font-weight",
        "gap",
    ),
    *(
        "height",
        "justify-content",
        "line-height",
        "list-style-position",
        "margin",
        "margin-left",
        "margin-top",
        "max-width",
    ),
    *(
        "min-width",
        "opacity",
        "outline",
        "overflow",
        "overflow-wrap",
        "overflow-x",
        "padding",
        "padding-bottom",
        "padding-left",
    ),
    *("position", "text-align", "white-space", "width"),
}
ELEMENTS = {"div", "span", "b", "code", "details", "summary", "pre", "mark", "small"}
MARKUP = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ends")


@pytest.fixture
def ends(practice: PracticeOrg, folder: Path) -> Ends:
    """A server that demands a certificate of the practice org's authority, and a client that has none yet."""
    made = Ends(practice, folder)
    made.server.verify_mode = ssl.CERT_REQUIRED
    made.server.load_verify_locations(practice.client.root)
    return made


def met(ends: Ends, version: ssl.TLSVersion, scenario: str = "") -> Handshake:
    """The handshake of a client that shows its good certificate, or that of a scenario."""
    ends.speak(version)
    practice = ends.practice
    ends.client.load_cert_chain((practice.identity(scenario) if scenario else practice.client).fullcert)
    handshake: Handshake = ends.meet()
    return handshake


def drawn(shown: str) -> html.HtmlElement:
    return html.fromstring(shown)


def rows(shown: str) -> list[str]:
    """The line of each message, without what it opens to."""
    return [" ".join(row.text_content().split()) for row in drawn(shown).xpath("./details/summary")]


def chips(shown: str) -> list[str]:
    return [chip.text for chip in drawn(shown).xpath("./details/summary//span[contains(@style, 'border-radius:9px')]")]


def foot(shown: str) -> list[str]:
    """What the ends concluded."""
    return [
        " ".join(end.text_content().split()) for end in drawn(shown).xpath("./div[b or div/b][not(.//summary)]/div[b]")
    ]


def leaves(message: Message) -> Iterator[Field]:
    return (field for field in message.fields.leaves() if field.length)


# ---------------------------------------------------------------- the picture


@VERSIONS
def test_each_message_is_a_row_in_the_order_of_the_wire(ends: Ends, version: ssl.TLSVersion) -> None:
    handshake = met(ends, version)
    said = [message.name for message in handshake.messages]
    assert said == [name for name, row in zip(said, rows(timeline_html(handshake)), strict=True) if f": {name}" in row]


def test_a_row_says_when_how_long_to_whom_and_whether_anyone_can_read_it(ends: Ends) -> None:
    handshake = met(ends, TLS_1_3)
    size = len(handshake.messages[0].raw)
    expected = (f"1 0.0 ms client to org, readable for anyone: ClientHello for localhost; offers TLS 1.3 {size:,} B",)
    assert expected == (rows(timeline_html(handshake))[0],)


@VERSIONS
def test_what_is_encrypted_is_drawn_with_a_double_line_and_nothing_else_is(ends: Ends, version: ssl.TLSVersion) -> None:
    handshake = met(ends, version)
    lines = [
        "double" in etree.tostring(row).decode() for row in drawn(timeline_html(handshake)).xpath("./details/summary")
    ]
    assert [message.encrypted for message in handshake.messages] == lines


@VERSIONS
def test_the_mutual_part_tells_its_story(ends: Ends, version: ssl.TLSVersion) -> None:
    shown = chips(timeline_html(met(ends, version)))
    assert ["the org asks who you are", "you say who you are", "you prove it", "✔ proof"] == shown


@VERSIONS
def test_without_a_question_there_is_no_mutual_part(ends: Ends, version: ssl.TLSVersion) -> None:
    ends.server.verify_mode = ssl.CERT_NONE
    assert ["● proof"] == chips(timeline_html(met(ends, version)))


@VERSIONS
def test_who_has_no_certificate_shows_nothing(ends: Ends, version: ssl.TLSVersion) -> None:
    ends.speak(version)
    ends.server.verify_mode = ssl.CERT_OPTIONAL
    shown = chips(timeline_html(ends.meet()))
    assert ["the org asks who you are", "you show nothing", "▲ proof"] == shown


@VERSIONS
def test_a_refusal_is_marked_where_it_was_said(ends: Ends, version: ssl.TLSVersion) -> None:
    shown = timeline_html(met(ends, version, "expired"))
    assert ("the org says no", "✖ proof") == (*chips(shown)[-2:],)
    assert "Alert fatal: certificate_expired the org says no ✖ proof" in rows(shown)[-1]


def test_the_verdict_stands_at_the_top_with_the_number_of_what_proves_it(ends: Ends) -> None:
    handshake = met(ends, TLS_1_2, "expired")
    first = drawn(timeline_html(handshake))[0].text_content()
    assert f"✖ {handshake.verdict.text}" in first
    assert f"proof: {len(handshake.messages)}, Alert" in first


def test_a_verdict_from_above_takes_the_place_of_what_tls_alone_shows(ends: Ends) -> None:
    handshake = met(ends, TLS_1_3)
    verdict = judge(handshake.messages, answered=True, above="certificate has expired")
    shown = timeline_html(handshake, verdict=verdict)
    assert "✖ your certificate was sent and proven, taken by TLS, and then refused" in shown
    assert "org: finished, and then refused your certificate" in foot(shown)


# ---------------------------------------------------------------- what the ends concluded


@pytest.mark.parametrize(
    ("version", "scenario", "client", "org"),
    [
        (TLS_1_2, "", r"finished, after \S+ ms", "accepted your certificate"),
        (TLS_1_3, "", r"finished, after \S+ ms", "accepted your certificate"),
        (TLS_1_2, "expired", "did not finish", r"refused, after \S+ ms: certificate expired"),
        # What surprises everyone: under TLS 1.3 the client is done before the org has looked.
        (TLS_1_3, "expired", r"finished, after \S+ ms", r"refused, after \S+ ms: certificate expired"),
    ],
)
def test_the_foot_says_what_each_end_concluded(
    ends: Ends, version: ssl.TLSVersion, scenario: str, client: str, org: str
) -> None:
    ours, theirs = foot(timeline_html(met(ends, version, scenario)))
    assert re.fullmatch(f"client: {client}", ours)
    assert re.fullmatch(f"org: {org}", theirs)


def test_the_foot_says_that_the_client_refused(ends: Ends) -> None:
    ends.client = ssl.create_default_context(cafile=ends.practice.client.root)
    ours, theirs = foot(timeline_html(met(ends, TLS_1_3)))
    assert ("client: refused the org", "unknown ca", "org: was refused") == (ours[:23], ours[-10:], theirs)


def test_the_org_says_itself_what_it_concluded_and_noted_where_that_is_known(ends: Ends) -> None:
    noted = OrgsEnd(((0.25, "read ClientHello"), (2.5, "wrote Alert")), "refused: certificate has expired")
    org = drawn(timeline_html(met(ends, TLS_1_3, "expired"), noted)).xpath("./div/div[b = 'org:']")[0]
    assert "org: refused: certificate has expired" in org.text_content()
    assert ["read ClientHello 0.2 ms", "wrote Alert 2.5 ms"] == [
        line.text_content() for line in org.xpath("details/div")
    ]


# ---------------------------------------------------------------- what a message opens to


@VERSIONS
def test_a_message_says_why_it_exists(ends: Ends, version: ssl.TLSVersion) -> None:
    handshake = met(ends, version)
    opened = drawn(timeline_html(handshake)).xpath("./details/div")
    assert [] == [
        m.name for m, one in zip(handshake.messages, opened, strict=True) if m.purpose not in one.text_content()
    ]


@VERSIONS
def test_each_field_opens_to_its_bytes_marked_in_the_message(ends: Ends, version: ssl.TLSVersion) -> None:
    handshake = met(ends, version)
    for message, opened in zip(handshake.messages, drawn(timeline_html(handshake)).xpath("./details"), strict=True):
        marked = [
            bytes.fromhex("".join(mark.text for mark in pre.iter("mark")))
            for pre in opened.iter("pre")
            if pre.find("mark") is not None
        ]
        assert [
            message.bytes_of(field)[: len(its)] for field, its in zip(leaves(message), marked, strict=True)
        ] == marked
        assert [
            field.name for field, its in zip(leaves(message), marked, strict=True) if len(its) < min(field.length, 49)
        ] == []


@VERSIONS
def test_all_bytes_of_a_message_are_there(ends: Ends, version: ssl.TLSVersion) -> None:
    handshake = met(ends, version)
    for message, opened in zip(handshake.messages, drawn(timeline_html(handshake)).xpath("./details"), strict=True):
        dump = opened.xpath(".//details[summary[starts-with(., 'all ')]]/pre")[0].text_content()
        assert message.raw == bytes.fromhex("".join(line[6:54] for line in dump.splitlines()))


@VERSIONS
def test_a_certificate_verify_says_what_it_signs(ends: Ends, version: ssl.TLSVersion) -> None:
    handshake = met(ends, version)
    verify = handshake.first("CertificateVerify", "client")
    assert verify is not None
    signed = handshake.signed_by(verify)
    assert signed is not None
    assert signed.words in drawn(timeline_html(handshake)).text_content()


# ---------------------------------------------------------------- one by one, side by side, or not recorded


def test_step_by_step_the_end_is_not_told_before_it_is_reached(ends: Ends) -> None:
    handshake = met(ends, TLS_1_3, "expired")
    last = len(handshake.messages)
    for count in range(last):
        shown = timeline_html(handshake, upto=count)
        assert (count, f"… {last - count} more" in shown) == (len(rows(shown)) if count else 0, True)
        assert [words for words in ("refused", "proof", "expired") if words in shown] == []
    assert timeline_html(handshake) == timeline_html(handshake, upto=last)


def test_two_handshakes_stand_side_by_side(practice: PracticeOrg, folder: Path) -> None:
    handshakes = [met(Ends(practice, folder), version) for version in (TLS_1_2, TLS_1_3)]
    beside = drawn(timelines_html(*handshakes))
    assert [len(each.messages) for each in handshakes] == [len(each.xpath("./div/details")) for each in beside]


def test_what_was_not_recorded_is_not_drawn_and_said() -> None:
    shown = drawn(timeline_html(Handshake(missing="this Python does not tell")))
    assert ([], True) == (shown.xpath(".//details"), "this Python does not tell" in shown.text_content())


def test_as_text_it_is_the_handshakes_own(ends: Ends) -> None:
    handshake = met(ends, TLS_1_3)
    assert str(handshake) == timeline_text(handshake)


# ---------------------------------------------------------------- wherever it is read


@VERSIONS
@pytest.mark.parametrize("scenario", ["", "expired"])
def test_an_untrusted_notebook_keeps_all_of_it(ends: Ends, version: ssl.TLSVersion, scenario: str) -> None:
    noted = OrgsEnd(((0.25, "read ClientHello"),), "accepted")
    for element in drawn(timeline_html(met(ends, version, scenario), noted)).iter():
        styles = [style.partition(":")[0] for style in element.get("style", "").split(";")]
        assert element.tag in ELEMENTS
        assert {*element.attrib} <= {"style", "title", "open"}
        assert {*filter(None, styles)} <= PROPERTIES


@VERSIONS
def test_it_takes_less_than_150_kb_of_a_notebook(ends: Ends, version: ssl.TLSVersion) -> None:
    assert len(json.dumps(timeline_html(met(ends, version)))) < 150_000


def test_there_is_room_for_the_chains_that_public_servers_and_their_clients_send(ends: Ends) -> None:
    handshake = met(ends, TLS_1_3)
    chain = message_of(11, v8() + v24(*(v24(bytes(1_600)) + v16() for _ in range(3))), NEW)
    messages = tuple(replace(chain, sender=m.sender) if m.name == "Certificate" else m for m in handshake.messages)
    shown = timeline_html(replace(handshake, messages=messages))
    assert (True, False) == (len(json.dumps(shown)) < 150_000, "to show here" in shown)


@pytest.mark.parametrize("number", [13, 50, 99], ids=["of signatures", "of other signatures", "of what nobody knows"])
def test_it_takes_no_more_when_a_server_is_talkative(number: int) -> None:
    said = extension_in("ClientHello", number, v16(u8(4, 3) * 7_000))
    shown = timeline_html(Handshake(tuple(replace(said, at=0.001 * at) for at in range(200)), version="TLS 1.3"))
    assert (True, True) == (len(json.dumps(shown)) < 150_000, "to show here" in shown)
    assert "… 176 more" in shown


def test_markup_that_is_sent_is_shown_as_text() -> None:
    name = MARKUP.encode()
    host = extension_in("ClientHello", 0, v16(u8(0), v16(name)))
    handshake = Handshake.heard([Event("client", 0, 22, host.raw)])
    shown = drawn(timeline_html(handshake))
    assert ([], True) == (shown.xpath("//img"), MARKUP in shown.text_content())


def luminance(colour: tuple[float, ...]) -> float:
    """WCAG 2.2: relative luminance."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (part / 255 for part in colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def rgb(colour: str) -> tuple[float, ...]:
    return tuple(float(int(colour[at : at + 2], 16)) for at in (1, 3, 5))


def over(back: tuple[float, ...], front: tuple[float, ...], opacity: float) -> tuple[float, ...]:
    return tuple(b + (f - b) * opacity for b, f in zip(back, front, strict=True))


@pytest.mark.parametrize("scenario", ["", "expired", "none"])
def test_white_on_a_chip_can_be_read(ends: Ends, scenario: str) -> None:
    ends.server.verify_mode = ssl.CERT_OPTIONAL if scenario == "none" else ssl.CERT_REQUIRED
    ends.speak(TLS_1_3)
    handshake = ends.meet() if scenario == "none" else met(ends, TLS_1_3, scenario)
    colours = re.findall(r"color:#fff[^\"]*background:(#\w{6})", timeline_html(handshake))
    assert [colour for colour in colours if contrast((255.0, 255.0, 255.0), rgb(colour)) < 4.5] == []


@pytest.mark.parametrize(("page", "text"), [("#ffffff", "#212121"), ("#111111", "#e0e0e0")], ids=["light", "dark"])
@pytest.mark.parametrize("scenario", ["", "expired"])
def test_quiet_text_on_a_band_can_be_read_in_either_theme(ends: Ends, scenario: str, page: str, text: str) -> None:
    shown = timeline_html(met(ends, TLS_1_3, scenario))
    for band in {*re.findall(r"display:flex;background:(#\w{8});", shown)}:
        tunnel = over(over(rgb(page), rgb(band), int(band[7:], 16) / 255), rgb("#888888"), 0x22 / 255)
        assert contrast(tunnel, over(tunnel, rgb(text), 0.75)) >= 4.5


# ---------------------------------------------------------------- as one SVG


@VERSIONS
def test_the_svg_stands_alone_and_says_in_words_what_it_shows(ends: Ends, version: ssl.TLSVersion) -> None:
    handshake = met(ends, version)
    svg = etree.fromstring(timeline_svg(handshake))
    title, told, style = (svg.findtext(f"{{*}}{name}") for name in ("title", "desc", "style"))
    assert (f"{handshake.version} handshake: {handshake.verdict.text}", "img") == (title, svg.get("role"))
    assert [message.name for message in handshake.messages if f": {message.name}" not in (told or "")] == []
    assert "prefers-color-scheme:dark" in (style or "")
    assert [] == [name for each in svg.iter() for name in each.attrib if name.endswith("href") or name.startswith("on")]


def test_the_svg_of_two_shows_both(practice: PracticeOrg, folder: Path) -> None:
    handshakes = [met(Ends(practice, folder), version) for version in (TLS_1_2, TLS_1_3)]
    one, both = (etree.fromstring(timeline_svg(*each)) for each in (handshakes[:1], handshakes))
    assert int(one.get("width", "0")) < int(both.get("width", "0"))
    assert (
        "TLS 1.2 handshake: a certificate was not asked for; TLS 1.3 handshake: a certificate was not asked for"
        == both.findtext("{*}title")
    )


def test_the_svg_shows_markup_as_text() -> None:
    host = extension_in("ClientHello", 0, v16(u8(0), v16(MARKUP.encode())))
    svg = etree.fromstring(timeline_svg(Handshake.heard([Event("client", 0, 22, host.raw)])))
    assert ([], True) == (svg.findall(".//{*}img"), MARKUP in "".join(svg.itertext()))


def test_the_svg_cuts_what_has_no_room_and_keeps_what_has() -> None:
    long = extension_in("ClientHello", 0, v16(u8(0), v16(b"a" * 250)))
    short = extension_in("ClientHello", 0, v16(u8(0), v16(b"a.example")))
    texts = [
        "".join(
            etree.fromstring(timeline_svg(Handshake.heard([Event("client", 0, 22, each.raw)]))).xpath("//text()")[2:]
        )
        for each in (long, short)
    ]
    assert [True, False] == ["…" in text for text in texts]
