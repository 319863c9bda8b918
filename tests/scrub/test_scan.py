"""A secret goes in every disguise a notebook puts it into, and the time that takes grows as the text does."""

from __future__ import annotations

import base64
import html
import json
import re
import textwrap
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from secret_examples import DER_KEYS, PEM_KEYS, SECRETS, SESSION_ID

from sfmtls_nb.scrub.notebook_file import scrub_page
from sfmtls_nb.scrub.scan import secrets_in

DISGUISES: dict[str, Callable[[str], str]] = {
    "as it stands": lambda text: text,
    "indented": lambda text: textwrap.indent(text, "    "),
    "in JSON": json.dumps,
    "in Python": repr,
    "in HTML": html.escape,
    "in HTML line by line": lambda text: "".join(f"<div>{html.escape(line)}</div>" for line in text.split("\n")),
    "highlighted in HTML": lambda text: "\n".join(
        f'<span class="s">{html.escape(line)}</span>' for line in text.split("\n")
    ),
    "coloured": lambda text: "\n".join(f"\x1b[38;5;28m{line}\x1b[39m" for line in text.split("\n")),
    "in a URL": quote,
    "in base64": lambda text: base64.b64encode(text.encode()).decode(),
    "in lines of base64": lambda text: base64.encodebytes(text.encode()).decode(),
}
# Of less than 40 characters base64 may be any word.
SHORT = {"in base64", "in lines of base64"}


def all_readings(text: str) -> str:
    """A text, and all base64 in it decoded, as often as that goes: independent of how scrub does it."""
    readings, pending = [], [text]
    while pending:
        each = pending.pop()
        readings.append(html.unescape(each.replace("\\n", "\n")))
        for word in re.findall("[A-Za-z0-9+/]{24,}", each.replace("\\n", "").replace("/files/x", "")):
            raw = base64.b64decode(word[: len(word) // 4 * 4])
            pending += [raw.decode()] if raw.isascii() else []
    return "\n".join(readings)


def disguised(text: str, disguise: str) -> str:
    return DISGUISES[disguise](text if len(text) >= 40 or disguise not in SHORT else f"{text}\n{'text ' * 8}")


@pytest.mark.parametrize(
    ("name", "disguise"),
    # Base64 is decoded once, and then read as it stands.
    [
        (name, disguise)
        for name in SECRETS
        for disguise in DISGUISES
        if "base64" not in disguise or not name.startswith(("DER", "session id in literals"))
    ],
)
def test_a_secret_goes_in_every_disguise(name: str, disguise: str) -> None:
    text, needles, _ = SECRETS[name]
    after, leaks = scrub_page(disguised(text, disguise))
    assert ([], True) == ([needle for needle in needles if needle in all_readings(after)], bool(leaks))


@given(
    name=st.sampled_from(sorted(SECRETS)),
    around=st.tuples(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8"))),
)
def test_a_secret_goes_whatever_stands_around_it(*, name: str, around: tuple[str, str]) -> None:
    text, needles, _ = SECRETS[name]
    after, _ = scrub_page(f"{around[0]}\n{text}\n{around[1]}")
    assert ([], []) == ([needle for needle in needles if needle in after], secrets_in(after))


def test_a_key_in_base64_of_something_binary_is_found() -> None:
    hidden = base64.b64encode(b"\0\xff" * 100 + PEM_KEYS["EC SEC1"].encode() + b"\xff").decode()
    assert ["private key"] == [each.kind for each in secrets_in(hidden)]


@given(st.text(st.characters(codec="utf-8")), st.binary(max_size=3000))
def test_any_text_and_any_image_stay(text: str, image: bytes) -> None:
    assert [] == [*secrets_in(text), *secrets_in(html.escape(text)), *secrets_in(base64.b64encode(image).decode())]


REPEATED = {
    "base64": "A",
    "lines of base64": "Aa1" * 20 + "\n",
    "dashes": "-",
    "BEGIN": "-----BEGIN PRIVATE KEY-----",
    "keys without END": "-----BEGIN PRIVATE KEY-----\n" + "Aa1" * 20 + "\n",
    "keys without BEGIN": "Aa1" * 20 + "\n-----END PRIVATE KEY-----\n",
    "JWT": "eyJhbGciOiJ.",
    "password": "password",
    "open quotes": 'password="',
    "open elements": "<password>",
    "tags": "<",
    "escapes": "\\",
    "PasswordLogin": 'PasswordLogin("a",',
    "form": "client_secret=",
    "session ids": f"{SESSION_ID} ",
    "html": '<td class="dataframe_index">a &amp; b</td>',
    "magics": "%sf_login ",
    "flags of a magic": "%sf_x -p -p --secret ",
    "one long flag": "%sf_x --passwor",
    "logins": "%sf_login me@x --out s ",
    "Secret": 'Secret("',
    "pwd": "pwd",
    "curl": "curl -u me:",
    "curl on lines": "curl -u \\\n",
    "URLs": "https://me:",
    "colons": "://a:aaaa",
    "headers": "X-SFDC-Session: ",
    "sessions": "sessionId='",
    "JWK": '{"kty":',
    "open JWK": '"kty":"d":"',
    "widgets": "Text(description='Password",
    "hex": "3082010a020100",
    "hex with spaces": "30 82 01 0a 02 01 00 ",
    "keys in hex": DER_KEYS["Ed25519"].hex() + " ",
    "beginnings of keys": "b'0\\x84\\x7f\\xff\\xff\\xff\\x02\\x01\\x00\\x02\\x40" + "a" * 20,
    "characters": "0\x84\x7f\xff\xff\xff\x02\x01\0",
    "literals": "'a' ",
    "quotes and spaces": "'" + " " * 79,
    "session id in literals": '"00D36000000bLGT!AQ" ',
    "assignments": "a=",
    "broken session ids": f"{SESSION_ID[:40]}\nuNx81kqPq2\n",
    "unpacked": "a,",
    "unpacked words": "password, user = 'a', ",
    "defaults": "getenv('PW', ",
    "openssl": "-passin pass:",
    "YAML": "password: a1\n",
    "environment": "SF_PASSWORD=a1\n",
    "CDATA": "<password><![CDATA[a",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", REPEATED)
def test_a_long_text_of_one_thing_is_scanned_to_its_end(name: str) -> None:
    # A quarter of a megabyte: a rule that looks at each place with all behind it would not come to an end in this test's time.
    begin = "password = 's3cret-Pass-1'\n"
    found = secrets_in(begin + REPEATED[name] * (250_000 // len(REPEATED[name])))
    assert begin.index("s3cret") == min(each.start for each in found)
