"""Envelopes and faults: whatever is put in stays text, whatever comes back is a Reply or one of our errors."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from answers import answer, reply_in
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lxml import etree
from raw_server import answering, http, serving

from sfmtls_nb import (
    CertificatePageError,
    LoginFault,
    MutualAuthenticationFault,
    NotSoapError,
    Reply,
    Secret,
    Session,
    SessionFault,
    SfmtlsError,
    SoapFault,
)
from sfmtls_nb.api import PARTNER, SOAPENV, build_element, build_envelope, parse_typed, serialize
from sfmtls_nb.practice.mutual import NO_CERTIFICATE, certificate_page
from sfmtls_nb.xml import SECRET_ELEMENTS, format_xml, is_html

# What XML 1.0 can hold (section 2.2), carriage returns included.
xml_text = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff") | st.sampled_from("\t\n\r")
)
xml_names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,8}", fullmatch=True)


def soap(body: str, header: str = "") -> bytes:
    """A SOAP answer with this in its body."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="{SOAPENV}" xmlns="{PARTNER}" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{header}<soapenv:Body>{body}</soapenv:Body>'
        "</soapenv:Envelope>"
    ).encode()


def fault(code: str, message: str = "No.", detail: str = "") -> bytes:
    return soap(
        f"<soapenv:Fault><faultcode>sf:{code}</faultcode><faultstring>{code}: {message}</faultstring>"
        f"{detail}</soapenv:Fault>"
    )


USER_INFO = soap(
    "<getUserInfoResponse><result><roleId xsi:nil='true'/><userEmail/><userId>0055f00000PRAC1AAA</userId>"
    "<userName>erin@practice.example</userName></result></getUserInfoResponse>",
    "<soapenv:Header><LimitInfoHeader><limitInfo><current>7</current><limit>15000</limit><type>API REQUESTS</type>"
    "</limitInfo></LimitInfoHeader></soapenv:Header>",
)
LOGIN = soap("<loginResponse><result><sessionId>00D36000000bLGT!AQsecret</sessionId></result></loginResponse>")


# ---------------------------------------------------------------- writing


@given(xml_names, xml_text)
def test_any_text_of_a_field_comes_out_of_the_xml_as_it_went_in(name: str, text: str) -> None:
    root = etree.fromstring(serialize(build_envelope(build_element("query", {name: text}))))
    assert (root.findtext(f".//{{{PARTNER}}}{name}") or "") == text


@given(xml_text)
def test_no_text_of_a_field_becomes_an_element(text: str) -> None:
    root = etree.fromstring(serialize(build_envelope(build_element("query", {"queryString": text}))))
    names = [etree.QName(element).localname for element in root.iter()]
    assert names == ["Envelope", "Body", "query", "queryString"]


@pytest.mark.parametrize("name", ["", "a b", "a><b", "{urn:other}a", "1a", "a:b", 'a x="y"', "a/", "ä\0"])
@pytest.mark.parametrize("where", ["operation", "field"])
def test_a_name_that_xml_cannot_hold_is_refused(name: str, where: str) -> None:
    with pytest.raises(NotSoapError, match="cannot be written as XML"):
        build_element(name) if where == "operation" else build_element("query", {name: "text"})


@pytest.mark.parametrize("text", ["\0", "\x1b[31m", "\ufffe", "\udc80"])
@pytest.mark.parametrize("wrapped", [str, Secret])
def test_a_character_that_xml_cannot_hold_is_refused(text: str, wrapped: Callable[[str], str | Secret]) -> None:
    with pytest.raises(NotSoapError, match="cannot be written as XML"):
        build_element("login", {"password": wrapped(text)})


@given(st.text(min_size=1), st.sampled_from("\0\x08\ufffe\uffff"))
def test_a_password_that_xml_cannot_hold_is_not_shown(text: str, wrong: str) -> None:
    with pytest.raises(NotSoapError) as caught:
        build_element("login", {"password": Secret(f"p455w0rd{text}{wrong}")})
    assert "p455w0rd" not in str(caught.value)


def test_a_session_goes_into_the_header() -> None:
    root = build_envelope(build_element("getUserInfo"), Secret("00D!x"))
    assert root.findtext(f"{{{SOAPENV}}}Header/{{{PARTNER}}}SessionHeader/{{{PARTNER}}}sessionId") == "00D!x"


def test_without_a_session_there_is_no_header() -> None:
    assert build_envelope(build_element("login")).find(f"{{{SOAPENV}}}Header") is None


WHOLE = f'<e:Envelope xmlns:e="{SOAPENV}" xmlns="{PARTNER}">{{}}<e:Body><getUserInfo/></e:Body></e:Envelope>'
SESSION_HEADER = "<SessionHeader><sessionId>mine</sessionId></SessionHeader>"


@pytest.mark.parametrize(
    ("header", "session_ids"),
    [
        ("", ["given"]),
        ("<e:Header/>", ["given"]),
        ("<e:Header><CallOptions/></e:Header>", ["given"]),
        (f"<e:Header>{SESSION_HEADER}</e:Header>", ["mine"]),
    ],
)
def test_a_whole_envelope_gets_the_session_unless_it_has_one(header: str, session_ids: list[str]) -> None:
    root = build_envelope(parse_typed(WHOLE.format(header)), Secret("given"))
    assert session_ids == [
        element.text for element in root.iterfind(f"{{{SOAPENV}}}Header/{{*}}SessionHeader/{{*}}sessionId")
    ]


def test_an_envelope_leaves_what_it_is_made_of_alone() -> None:
    body = parse_typed(WHOLE.format(""))
    before = etree.tostring(body)
    build_envelope(body, Secret("given"))
    assert before == etree.tostring(body)


# ---------------------------------------------------------------- what a user types


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("<getUserInfo/>", f"{{{PARTNER}}}getUserInfo"),
        ("\n  <getUserInfo/>\n", f"{{{PARTNER}}}getUserInfo"),
        (f'<u:getUserInfo xmlns:u="{PARTNER}"/>', f"{{{PARTNER}}}getUserInfo"),
        ('<a xmlns="urn:other"/>', "{urn:other}a"),
        (WHOLE.format(""), f"{{{SOAPENV}}}Envelope"),
    ],
)
def test_what_has_no_namespace_is_put_into_the_partners(text: str, tag: str) -> None:
    assert tag == parse_typed(text).tag


@pytest.mark.parametrize("encoding", ["UTF-8", "ISO-8859-1", "UTF-16", "US-ASCII"])
def test_typed_text_is_read_as_text_whatever_encoding_it_declares(encoding: str) -> None:
    assert parse_typed(f'<?xml version="1.0" encoding="{encoding}"?><a>Zoë 日本</a>').text == "Zoë 日本"


@given(st.text(st.characters()) | xml_text.map("<query><queryString>{}</queryString></query>".format))
def test_any_typed_text_is_xml_or_an_error_of_ours(text: str) -> None:
    try:
        root = parse_typed(text)
    except NotSoapError as error:
        assert error.next_step  # noqa: PT017  # any text may be either
    else:
        assert etree.iselement(root)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("getUserInfo", "is not XML"),
        ("<a>", "is cut off"),
        ("<a></b>", "is not XML"),
        ("<a>fish & chips</a>", "is not XML"),
        ("<a/><b/>", "is not XML"),
        ("<!DOCTYPE a><a/>", "DTD"),
    ],
)
def test_typed_text_that_is_not_xml_is_refused(text: str, words: str) -> None:
    with pytest.raises(NotSoapError, match=words):
        parse_typed(text)


# ---------------------------------------------------------------- reading: what is there


def test_the_operation_is_the_name_of_the_answer() -> None:
    assert reply_in(USER_INFO).operation == "getUserInfoResponse"


@pytest.mark.parametrize("count", [0, 1, 3])
def test_there_are_as_many_results_as_the_operation_returns(count: int) -> None:
    assert count == len(reply_in(soap(f"<createResponse>{'<result/>' * count}</createResponse>")).results)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (".//userName", "erin@practice.example"),
        (".//result/userId", "0055f00000PRAC1AAA"),
        (".//userEmail", ""),
        (".//roleId", None),
        (".//noSuchElement", None),
        (f".//{{{PARTNER}}}userId", "0055f00000PRAC1AAA"),
    ],
)
def test_text_is_found_by_its_path(path: str, text: str | None) -> None:
    assert text == reply_in(USER_INFO).text(path)


@pytest.mark.parametrize(
    "path",
    [
        ".//sf:Name",
        "[",
        ".//a[",
        "=",
        " ",
        "\0",
        ".//a[1",
        "count(.//*)",
        "//userName",
        ".//userName/text()",
        ".//roleId/@nil",
    ],
)
@pytest.mark.parametrize("read", [Reply.text, Reply.frame])
def test_what_is_no_path_is_an_error_of_ours(read: Callable[[Reply, str], object], path: str) -> None:
    with pytest.raises(SfmtlsError, match="is not a path to elements"):
        read(reply_in(USER_INFO), path)


@pytest.mark.parametrize("read", [Reply.text, Reply.frame, Reply.part])
def test_a_name_that_is_further_down_is_an_error_that_says_how_to_write_it(
    read: Callable[[Reply, str], object],
) -> None:
    with pytest.raises(SfmtlsError, match=r"write \.//userName$"):
        read(reply_in(USER_INFO), "userName")


@pytest.mark.parametrize("path", ["noSuchElement", ".//noSuchElement", "Body/result"])
def test_a_name_that_is_nowhere_is_nothing(path: str) -> None:
    assert (None, 0) == (reply_in(USER_INFO).text(path), len(reply_in(USER_INFO).part(path)))


def test_limits_are_what_the_header_says() -> None:
    assert reply_in(USER_INFO).limits == {"API REQUESTS": (7, 15000)}


@pytest.mark.parametrize("header", ["", "<soapenv:Header/>", "<soapenv:Header><LimitInfoHeader/></soapenv:Header>"])
def test_without_a_limit_header_there_are_no_limits(header: str) -> None:
    assert reply_in(soap("<a/>", header)).limits == {}


# ---------------------------------------------------------------- reading: what is not SOAP


def shown_for(answer: bytes) -> str:
    with pytest.raises(NotSoapError) as caught:
        reply_in(answer)
    assert caught.value.next_step
    return caught.value.what


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "the answer is empty"),
        (b" \r\n", "the answer is empty"),
        (b"Service Unavailable", "the answer is not XML"),
        (b'{"error":"invalid_grant"}', "the answer is not XML"),
        (b"\x1f\x8b\x08\x00", "the answer is not XML"),
        (b"<a></b>", "the answer is not XML"),
        (b"<a>\0</a>", "the answer is not XML"),
        (b"<a>\xff</a>", "the answer is not XML"),
        (b'<?xml version="1.0" encoding="nonsense"?><a/>', "the answer is not XML"),
        (b"<a>&nbsp;</a>", "the answer is not XML"),
        (b"<feed/>", "the answer is XML, but not a SOAP envelope"),
        (b"<Envelope><Body><a/></Body></Envelope>", "the answer is XML, but not a SOAP envelope"),
        (f'<e:Envelope xmlns:e="{SOAPENV}"/>'.encode(), "the answer is a SOAP envelope with nothing in its body"),
        (soap(""), "the answer is a SOAP envelope with nothing in its body"),
        (soap("<!-- -->"), "the answer is a SOAP envelope with nothing in its body"),
        (soap("<?x y?>text"), "the answer is a SOAP envelope with nothing in its body"),
        (b"<html><title>Down for maintenance</title></html>", "the answer is an HTML page, not SOAP"),
        (b"<!DOCTYPE html>", "the answer is an HTML page, not SOAP"),
        (b"<html ", "the answer is an HTML page, not SOAP"),
    ],
)
def test_what_is_not_soap_is_named_for_what_it_is(answer: bytes, words: str) -> None:
    assert words == shown_for(answer)


@given(st.integers(1, len(USER_INFO) - 1))
def test_an_answer_cut_anywhere_is_called_cut_off(length: int) -> None:
    assert shown_for(USER_INFO[:length]) == "the answer is cut off: it begins as XML and ends too early"


def test_the_error_shows_how_the_answer_begins_up_to_what_may_be_secret() -> None:
    with pytest.raises(NotSoapError) as caught:
        reply_in(b"<a><sessionId>00D36000000bLGT!AQsecret</sessionId>")
    assert ("'<a><'" in str(caught.value), "AQsecret" in str(caught.value)) == (True, False)


FRAGMENTS = [
    *(
        b"<html>",
        b"<html ",
        b"<!doctype html>",
        b"<title>",
        b"</title>",
        b"<!--",
        b"-->",
        b"<![CDATA[",
        b"]]>",
        b"<?x y?>",
    ),
    *(
        b'<?xml version="1.0"?>',
        b'<?xml version="1.0" encoding="UTF-16"?>',
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\0",
        b"\xc3",
    ),
    *(
        f'<e:Envelope xmlns:e="{SOAPENV}">'.encode(),
        b"</e:Envelope>",
        b"<e:Body>",
        b"</e:Body>",
        b"<e:Header>",
        b"</e:Header>",
    ),
    *(
        b"<e:Fault>",
        b"</e:Fault>",
        b"<faultcode>a:b",
        b"</faultcode>",
        b"<detail>",
        b"</detail>",
        b"&amp;",
        b"&x;",
        b"&#0;",
    ),
    *(
        b"<a>",
        b"</a>",
        b"<LimitInfoHeader><limitInfo><current>x</current></limitInfo></LimitInfoHeader>",
        b"text",
        b" ",
    ),
    b'<!DOCTYPE a [<!ENTITY x "y">]>',
]
fragments = st.lists(st.sampled_from(FRAGMENTS), max_size=8).map(b"".join)
answers = st.binary() | fragments | fragments.map(lambda inside: soap("{}").replace(b"{}", inside))


@settings(max_examples=500)
@given(answers)
def test_any_bytes_are_a_reply_or_an_error_of_ours(answer: bytes) -> None:
    try:
        reply = reply_in(answer)
        shown = [str(reply), repr(reply), reply.operation, str(reply.limits), str(reply.results)]
    except SfmtlsError as error:
        shown = [str(error)]
    assert all(shown)


# ---------------------------------------------------------------- reading: HTML


@pytest.mark.parametrize(
    "reason",
    [
        NO_CERTIFICATE,
        "unable to get local issuer certificate",
        "certificate has expired",
        "certificate is not yet valid",
        "self-signed certificate",
        "self signed certificate in certificate chain",
        "certificate revoked",
        "unsuitable certificate purpose",
        "something new",
    ],
)
def test_the_certificate_page_is_known_by_its_reason(reason: str) -> None:
    with pytest.raises(CertificatePageError) as caught:
        reply_in(certificate_page(reason).whole_body)
    assert reason == caught.value.reason


def test_another_page_is_no_certificate_page() -> None:
    with pytest.raises(NotSoapError, match="title: Sign In; text: Who are you") as caught:
        reply_in(b"<html><head><title>Sign\n In</title></head><body>Who are you?</body></html>")
    assert type(caught.value) is NotSoapError


@pytest.mark.parametrize(
    ("body", "html"),
    [
        (b"<html>", True),
        (b"<HTML lang=en>", True),
        (b"\xef\xbb\xbf\r\n <!DOCTYPE HTML PUBLIC '-//W3C//DTD HTML 4.01//EN'>", True),
        (
            b'<?xml version="1.0"?><!-- a --><!-- b -->\n<!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml">',
            True,
        ),
        (b"<htmlx>", False),
        (b"", False),
        (b"the page <html>", False),
        (soap("<result><![CDATA[<html >]]></result>"), False),
        (soap("<!-- <html> --><result/>"), False),
    ],
)
def test_html_is_known_by_its_beginning(body: bytes, html: bool) -> None:  # a row of a table
    assert html == is_html(body)


@pytest.mark.timeout(10)
@pytest.mark.parametrize("piece", [b"<!---->", b"<?x?>", b"<??>", b" ", b"<!-- <!-- -->"])
def test_no_series_of_comments_makes_the_search_long(piece: bytes) -> None:
    assert not is_html(piece * 100_000)


def test_a_soap_answer_that_quotes_html_is_still_a_reply() -> None:
    assert reply_in(soap("<a><result><![CDATA[<html >]]></result></a>")).text(".//result") == "<html >"


# ---------------------------------------------------------------- reading: faults


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("INVALID_LOGIN", LoginFault),
        ("LOGIN_MUST_USE_SECURITY_TOKEN", LoginFault),
        ("PASSWORD_LOCKOUT", LoginFault),
        ("INVALID_OPERATION_WITH_EXPIRED_PASSWORD", LoginFault),
        ("MUTUAL_AUTHENTICATION_FAILED", MutualAuthenticationFault),
        ("INVALID_SESSION_ID", SessionFault),
        ("UNSUPPORTED_API_VERSION", SoapFault),
        ("A_CODE_OF_TOMORROW", SoapFault),
    ],
)
def test_a_fault_becomes_the_class_that_one_would_branch_on(code: str, kind: type[SoapFault]) -> None:
    with pytest.raises(SoapFault) as caught:
        reply_in(fault(code))
    assert (kind, code, "No.") == (type(caught.value), caught.value.code, caught.value.message)


@pytest.mark.parametrize(
    ("answer", "code", "message"),
    [
        (
            fault(
                "X",
                detail='<detail><f:ApiFault xmlns:f="urn:f"><f:exceptionCode>Y</f:exceptionCode></f:ApiFault></detail>',
            ),
            "Y",
            "X: No.",
        ),
        (
            soap("<soapenv:Fault><faultcode>soapenv:Client</faultcode><faultstring>Bad</faultstring></soapenv:Fault>"),
            "Client",
            "Bad",
        ),
        (soap("<soapenv:Fault><faultcode>Client</faultcode></soapenv:Fault>"), "Client", ""),
        (soap("<soapenv:Fault/>"), "", ""),
    ],
)
def test_a_fault_with_less_in_it_is_a_fault_still(answer: bytes, code: str, message: str) -> None:
    with pytest.raises(SoapFault) as caught:
        reply_in(answer)
    assert (code, message) == (caught.value.code, caught.value.message)


def test_a_fault_that_quotes_the_session_id_does_not_show_it() -> None:
    # As captured: Session not found, missing session key: and then the whole of it.
    with pytest.raises(SessionFault) as caught:
        reply_in(fault("INVALID_SESSION_ID", "missing session key: 00D36000000bLGT!ARUA.Jn_5X"))
    assert caught.value.message == "missing session key: 00D36000000bLGT!••••"


# ---------------------------------------------------------------- attacks


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BOMB = f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]>'


@pytest.mark.timeout(10)
@pytest.mark.parametrize("use", ["<a>&l9;</a>", '<a x="&l9;"/>'])
def test_an_entity_bomb_does_not_go_off(use: str) -> None:
    with pytest.raises(NotSoapError) as caught:
        reply_in((BOMB + use).encode())
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize(
    "dtd",
    [
        "<!DOCTYPE a>",
        '<!DOCTYPE a SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE a [<!ENTITY x "y">]>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://127.0.0.1:9/x">',
    ],
)
def test_a_dtd_is_refused_whatever_it_holds(dtd: str) -> None:
    answer = USER_INFO.replace(b"?><", f"?>{dtd}<".encode(), 1)
    assert shown_for(answer) == "the XML brings a DTD, which SOAP forbids, so it was not read"


def test_the_content_of_a_file_does_not_come_in_by_an_entity(tmp_path: Path) -> None:
    (tmp_path / "private").write_text("p455w0rd")
    dtd = f'<!DOCTYPE a [<!ENTITY x SYSTEM "{(tmp_path / "private").as_uri()}">]>'
    with pytest.raises(NotSoapError) as caught:
        reply_in(f"{dtd}<a>&x;</a>".encode())
    assert "p455w0rd" not in str(caught.value)


@pytest.mark.parametrize(
    "dtd", ['<!DOCTYPE a SYSTEM "http://{0}/x">', '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://{0}/x"> %x;]>']
)
@pytest.mark.parametrize("read", [reply_in, lambda document: parse_typed(document.decode())])
def test_no_dtd_is_fetched(read: Callable[[bytes], object], dtd: str) -> None:
    seen: list[bytes] = []
    with serving(answering(http(b""), seen=seen)) as where, pytest.raises(NotSoapError):
        read(f"{dtd.format(where)}<a/>".encode())
    assert seen == []


LONG = "QUJD" * 2_750_000


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "body",
    [
        "<a>" * 100_000,
        "<a>" * 100_000 + "</a>" * 100_000,
        f"<{'a' * 11_000_000}/>",
        f"<a>{LONG}</a>" + "<a>" * 300 + "</a>" * 300,
        f"<a>{LONG}</a>" + "<a>" * 100_000,
        f"<a>{LONG}",
    ],
    ids=["unclosed", "deep", "a long name", "a long text and deep", "a long text and deeper", "a long text, cut off"],
)
def test_xml_beyond_the_parsers_limits_is_refused(body: str) -> None:
    assert shown_for(soap(body)).startswith("the answer is ")


@pytest.mark.parametrize("text", [LONG, f"<![CDATA[{LONG}]]>"], ids=["base64", "CDATA"])
def test_a_text_as_long_as_an_attachment_is_read_and_shown(text: str) -> None:
    reply = reply_in(soap(f"<queryResponse><result>{text}</result></queryResponse>"))
    assert (LONG, True) == (reply.text(".//result"), LONG in str(reply))


@pytest.mark.parametrize(
    "dtd",
    [
        '<!DOCTYPE a [<!ENTITY l "lol">]>',
        '<!DOCTYPE a [<!ENTITY l "'
        + "l" * 1000
        + '"><!ENTITY m "'
        + "&l;" * 1000
        + '"><!ENTITY n "'
        + "&m;" * 1000
        + '">]>',
    ],
    ids=["an entity", "a bomb"],
)
@pytest.mark.timeout(10)
def test_a_dtd_is_refused_beside_a_long_text_too(dtd: str) -> None:
    for element in (f"<a>{LONG}</a>", f'<a b="&n;">{LONG}</a>', f"<a>{LONG}<b c='&n;'/></a>"):
        shown_for(f"{dtd}{element}".encode())


def test_names_beyond_ascii_are_shown_as_they_are() -> None:
    reply = reply_in(soap('<größeResponse><result 値="1">ü</result></größeResponse>'))
    assert ("<größeResponse", '値="1"') == tuple(part for part in ("<größeResponse", '値="1"') if part in str(reply))
    assert "größeResponse" in str(reply.part(".//größeResponse"))


@pytest.mark.parametrize("value", [5, None, True, b"x", ["a"], {"a": "b"}])
def test_a_field_that_is_no_text_is_refused_with_its_name(value: object) -> None:
    with pytest.raises(NotSoapError, match=rf"f of x cannot be written as XML[^$]*{type(value).__name__}"):
        build_element("x", {"f": value})  # type: ignore[dict-item]  # that is the point


def test_a_control_character_in_a_password_is_named_and_the_password_is_not() -> None:
    with pytest.raises(NotSoapError, match=r"password of login[^$]*U\+0007[^$]*type password again") as caught:
        build_element("login", {"username": "me", "password": "p455\x07w0rd"})
    assert "p455" not in str(caught.value)


@pytest.mark.parametrize("behind", ["</queryResponse>", "<b/>", "text", ";", "<!-- --> x"])
def test_what_stands_behind_the_last_tag_is_said_to(behind: str) -> None:
    with pytest.raises(NotSoapError, match=r"goes on behind its last tag[^$]*take away what stands there"):
        parse_typed(f"<query/>{behind}")


@pytest.mark.parametrize("placeholder", ["${sessionId}", "{{session}}", "<!-- x -->", "?", "SESSION ID", ""])
def test_a_placeholder_in_a_pasted_session_header_is_said_to_be_one(placeholder: str) -> None:
    envelope = pasted(placeholder)
    with pytest.raises(NotSoapError, match=r"(?s)brings a SessionHeader.*take the SessionHeader out"):
        build_envelope(envelope, Secret("00D36000000bLGT!AQ"))


def test_a_session_id_in_a_pasted_session_header_is_sent() -> None:
    envelope = build_envelope(pasted("00D36000000bLGT!OTHER"), Secret("00D36000000bLGT!AQ"))
    assert ["00D36000000bLGT!OTHER"] == [each.text for each in envelope.iter(f"{{{PARTNER}}}sessionId")]


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16"])
@pytest.mark.parametrize("namespace", ["http://a{}.example/c", "http://a&#123;&#125;.example/c"])
def test_a_namespace_that_cannot_be_one_is_refused(namespace: str, encoding: str) -> None:
    document = f'<?xml version="1.0" encoding="{encoding}"?><a xmlns:b="{namespace}" xmlns="urn"><b:c/></a>'.encode(
        encoding
    )
    with pytest.raises(NotSoapError, match="has a namespace that cannot be one"):
        reply_in(document)


def test_braces_in_a_text_are_text() -> None:
    assert '{"a": 1}' == reply_in(soap('<x><result>{"a": 1}</result></x>')).text(".//result")


def pasted(session_id: str) -> etree._Element:
    return parse_typed(
        f'<s:Envelope xmlns:s="{SOAPENV}"><s:Header><SessionHeader><sessionId>{session_id}</sessionId></SessionHeader>'
        "</s:Header><s:Body><getUserInfo/></s:Body></s:Envelope>"
    )


def test_a_fault_of_the_client_says_which_namespace_the_address_takes() -> None:
    fault = "<s:Fault xmlns:s='{}'><faultcode>s:Client</faultcode><faultstring>No operation</faultstring></s:Fault>"
    with pytest.raises(SoapFault, match=r"urn:partner\.soap\.sforce\.com[^$]*getUserInfo"):
        reply_in(soap(fault.format(SOAPENV)))


# ---------------------------------------------------------------- the text form

needs_xmllint = pytest.mark.skipif(not shutil.which("xmllint"), reason="xmllint (libxml2-utils) is not installed")


def xmllint(document: bytes) -> str:
    run = subprocess.run(["xmllint", "--format", "-"], input=document, capture_output=True, timeout=20, check=True)
    return run.stdout.decode()


@needs_xmllint
@pytest.mark.parametrize(
    "document",
    [
        USER_INFO,
        soap("<a>\n\n  <b> x </b>\n <c/></a>"),
        soap("<q>a &lt; b &amp; ü\r</q>"),
        soap("<a xmlns='urn:d'><x xmlns=''><y/></x></a>"),
        soap("<a><b><![CDATA[x < y]]></b><c>\n<![CDATA[z]]> </c><d><![CDATA[q]]><e/></d></a>"),
        USER_INFO.replace(b"?><", b"?><!-- before --><?target before?>\n<!-- & --><", 1) + b"<!-- after --><?p?>",
    ],
)
def test_the_text_of_a_reply_is_what_xmllint_prints(document: bytes) -> None:
    assert xmllint(document) == str(reply_in(document))


@needs_xmllint
def test_the_text_of_the_practice_orgs_reply_is_what_xmllint_prints(session: Session) -> None:
    reply = session.get_user_info()
    assert xmllint(reply.exchange.response_body) == str(reply)


leaves = st.builds(
    lambda name, text: f"<{name}>{text}</{name}>",
    xml_names,
    st.text("aü€ <>&\"'", max_size=9).map(
        lambda text: text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    ),
)
trees = st.recursive(
    leaves,
    lambda inner: st.builds(
        lambda name, gap, children: f"<{name}>{gap}{gap.join(children)}{gap}</{name}>",
        xml_names,
        st.sampled_from(["", "\n  "]),
        st.lists(inner, max_size=3),
    ),
)


@needs_xmllint
@settings(max_examples=40)
@given(trees)
def test_any_tree_is_indented_as_xmllint_does(tree: str) -> None:
    assume(not any(f"<{name}>" in tree for name in SECRET_ELEMENTS))
    assert xmllint(soap(tree)) == str(reply_in(soap(tree)))


@pytest.mark.parametrize("name", sorted(SECRET_ELEMENTS))
@pytest.mark.parametrize(
    "inside",
    [
        "p455w0rd",
        "x<!-- -->p455w0rd",
        "<x/>p455w0rd",
        "<x>p455w0rd</x>",
        "<x><y>p455w0rd</y></x>",
        "<![CDATA[p455w0rd]]>",
    ],
)
@pytest.mark.parametrize("namespace", ["", ' xmlns="urn:other"'])
def test_the_text_of_a_secret_element_is_masked(name: str, inside: str, namespace: str) -> None:
    shown = str(reply_in(soap(f"<a><{name}{namespace}>{inside}</{name}></a>")))
    assert ("••••" in shown, "p455w0rd" in shown) == (True, False)


@pytest.mark.parametrize("empty", ["<password/>", "<password></password>", "<password xsi:nil='true'/>"])
def test_a_secret_element_with_nothing_in_it_shows_that(empty: str) -> None:
    assert "••••" not in str(reply_in(soap(f"<a>{empty}</a>")))


def test_a_placeholder_stands_for_a_secret_where_one_is_wanted() -> None:
    shown = format_xml(build_element("login", {"username": "me", "password": Secret("p455w0rd")}), {"password": "$PW"})
    assert ("<urn:password>$PW</urn:password>" in shown, "p455w0rd" in shown) == (True, False)


SESSION_ID = "00D36000000bLGT!AQsecret.x_"
HOLDING = {
    "a text": f"<a>before {SESSION_ID} after</a>",
    "a tail": f"<a><b/>{SESSION_ID}</a>",
    "an attribute": f"<a b='{SESSION_ID}'/>",
    "an attribute of a secret name": "<a xmlns:x='urn:x' x:password='AQsecret'/>",
    "a URL": f"<a>https://h/?sid={SESSION_ID.replace('!', '%21')}</a>",
    "CDATA": f"<a><![CDATA[{SESSION_ID}]]></a>",
    "text and CDATA": "<a>00D36000000bLGT!<![CDATA[AQsecret]]></a>",
    "a comment": f"<a><!--{SESSION_ID}--></a>",
    "an instruction": f"<a><?p {SESSION_ID}?></a>",
}


@pytest.mark.parametrize("xml", HOLDING.values(), ids=HOLDING.keys())
@pytest.mark.parametrize(
    "show", [str, lambda reply: str(reply.part(".//a")), lambda reply: format_xml(reply.root[0], {"sessionId": "$ID"})]
)
def test_a_session_id_is_masked_wherever_it_stands(xml: str, show: Callable[[Reply], str]) -> None:
    shown = show(reply_in(soap(xml)))
    assert ("••••" in shown, "AQsecret" in shown) == (True, False)
    assert etree.fromstring(shown.encode()) is not None


def test_a_session_id_in_the_name_of_a_namespace_is_masked() -> None:
    assert "AQsecret" not in str(reply_in(soap(f"<a xmlns:x='urn:{SESSION_ID}'><x:b/></a>")))


def test_a_session_id_around_the_root_is_masked() -> None:
    assert "AQsecret" not in str(reply_in(USER_INFO + f"<!--{SESSION_ID}-->".encode()))


@pytest.mark.parametrize("text", ["00D36000000bLGTEA2", "fish! and chips", "<![CDATA[fish!]]>"])
def test_another_text_is_not_masked(text: str) -> None:
    assert f"<a>{text}</a>" in str(reply_in(soap(f"<a>{text}</a>")))


def test_masking_leaves_the_reply_as_it_is() -> None:
    reply = reply_in(LOGIN)
    assert str(reply)
    assert reply.text(".//sessionId") == "00D36000000bLGT!AQsecret"


@pytest.mark.parametrize("show", [str, repr, "{}".format, "{!r}".format, lambda reply: f"{[reply]}"])
def test_no_form_of_a_reply_shows_the_session_id(show: Callable[[Reply], str]) -> None:
    assert "AQsecret" not in show(reply_in(LOGIN))


REPLY = Reply(
    etree.fromstring(
        '<E xmlns:x="urn:x"><B xmlns="urn:b"><r><Id>1</Id></r><r><Id>2</Id><sessionId>secret</sessionId></r></B></E>'
    ),
    answer(b""),
)


def test_a_part_is_what_a_path_leads_to() -> None:
    assert 2 == len(REPLY.part(".//r"))


def test_a_part_is_empty_where_there_is_nothing() -> None:
    assert (0, "") == (len(REPLY.part(".//q")), str(REPLY.part(".//q")))


def test_a_part_shows_the_namespaces_it_needs_and_masks_secrets() -> None:
    expected = '<r xmlns="urn:b">\n  <Id>2</Id>\n  <sessionId>••••</sessionId>\n</r>'
    assert expected == str(REPLY.part(".//r[2]"))


def test_a_part_that_has_no_namespace_in_one_that_has_says_so() -> None:
    part = reply_in(soap("<a xmlns='urn:d'><x xmlns=''/></a>")).part(".//a")
    assert '<x xmlns=""/>' in str(part)


def test_a_part_is_a_frame_with_a_row_an_element() -> None:
    assert ["1", "2"] == list(REPLY.part(".//r").frame()["Id"])


@pytest.mark.parametrize("path", [".//r[1]/Id", ".//r[2]/Id", "B/r[last()]/Id", ".//r[Id='1']/Id", "B[1]/r[2]/Id[1]"])
def test_a_part_counts_as_lxml_does(path: str) -> None:
    anywhere = path.replace("B", "{*}B").replace("r[", "{*}r[").replace("Id", "{*}Id")
    assert REPLY.root.findall(anywhere)
    assert REPLY.root.findall(anywhere) == list(REPLY.part(path).elements)
