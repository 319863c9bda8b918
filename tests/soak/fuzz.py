"""Fuzz: one mouth of the client, fed by atheris until something foreign comes out.

    python tests/soak/fuzz.py TARGET -runs=200000 tests/soak/corpus/TARGET

What atheris prints last is the input that did it; as a file in the corpus it is tried first ever after.
"""

from __future__ import annotations

import io
import json
import random
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn
from unittest import mock

import atheris

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

with atheris.instrument_imports(include=["sfmtls_nb"]):
    from answers import answer

    from sfmtls_nb import Exchange, Org, QueryResult, Request, Secret, SfmtlsError, SoapFault, curl_command
    from sfmtls_nb.api import (
        build_element,
        build_envelope,
        find,
        parse_typed,
        read_json,
        read_reply,
        serialize,
        to_json,
    )
    from sfmtls_nb.connection import Transport, adapter
    from sfmtls_nb.query import parse_selection
    from sfmtls_nb.query.pages import RestPages, SoapPages
    from sfmtls_nb.xml import parse_xml

SESSION_ID = Secret("00D36000000bLGT!AQ")
URL = "https://acme.my.salesforce.com/services/Soap/u/64.0"
TRANSPORT = Transport(Org("https://acme.my.salesforce.com", answer_limit=100_000))
DOCUMENT = parse_xml(b'<a xmlns="urn:a" xmlns:b="urn:b"><b:c d="e">1</b:c><c><f/>2</c><c/></a>')


def reply(data: bytes) -> None:
    came = answer(data)
    read = read_reply(came)
    for text in (str(read), repr(read), str(read.part("*")), str(read.limits), str(read.text(".//*"))):
        text.encode()
    curl_command(came)


def rest(data: bytes) -> None:
    read_json(answer(data))


def no_description(_sobject: str) -> NoReturn:
    raise SoapFault("no", code="INVALID_TYPE")


def go_through(source: Any) -> None:
    result = QueryResult(source, "SELECT Id, Name, (SELECT Id FROM Contacts) FROM Account", no_description)
    repr(result).encode()
    for record in islice(result, 1000):
        repr(record).encode()
    repr(result.to_frame()).encode()


def soap_page(data: bytes) -> None:
    go_through(SoapPages(lambda *_, **__: answer(data), "SELECT Id FROM Account", deleted=False, batch=200))


def rest_page(data: bytes) -> None:
    go_through(RestPages(lambda *_: answer(data), "SELECT Id FROM Account", deleted=False, batch=200))


def typed(data: bytes) -> None:
    root = parse_typed(data.decode("utf-8", "surrogateescape"))
    body = serialize(build_envelope(root, SESSION_ID))
    curl_command(Request("POST", URL, {"Content-Type": "text/xml"}, body)).encode()


def body(data: bytes) -> None:
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return
    curl_command(Request("POST", URL, {"Content-Type": "application/json"}, to_json(content)))


def element(data: bytes) -> None:
    name, _, rest_of_it = data.decode("utf-8", "surrogateescape").partition("\n")
    field, _, value = rest_of_it.partition("\n")
    serialize(build_element(name, {field: value}))


def path(data: bytes) -> None:
    find(DOCUMENT, data.decode("utf-8", "surrogateescape"))


def soql(data: bytes) -> None:
    parse_selection(data.decode("utf-8", "surrogateescape"))


def address(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    for way in (Org.at, Org.my_domain, Org, Org().followed):
        with ours():
            way(text)


class Answering:
    """A socket from which these bytes come, and then the end."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, *_: object) -> io.BufferedReader:
        return io.BufferedReader(io.BytesIO(self._data))

    def sendall(self, *_: object) -> None:
        """Everything is taken."""

    def close(self) -> None:
        """Nothing is open."""

    def settimeout(self, *_: object) -> None:
        """Nobody waits."""


def http(data: bytes) -> None:
    def connect(connection: Any) -> None:
        connection.sock, connection.is_verified = Answering(data), True

    with mock.patch.multiple(adapter._Connection, connect=connect, is_connected=False):
        came: Exchange = TRANSPORT.send(TRANSPORT.prepare("GET", URL, {}))
    repr((came, came.response_headers, came.server_date)).encode()
    assert len(came.response_body) <= TRANSPORT.org.answer_limit
    read_reply(came)


#: What has meaning in one of the languages, and what has none in any.
TOKENS = [
    *(
        b"<a>",
        b"</a>",
        b"<a/>",
        b"&#x85;",
        b"&b;",
        b"<!-- ",
        b"<![CDATA[",
        b"<?a",
        b' xsi:nil="true"',
        b' xmlns=""',
        b"sf:",
        b"xsi:",
    ),
    *(
        b"null",
        b"5",
        b"-5",
        b"1e999",
        b"NaN",
        b"9" * 5000,
        b"[]",
        b"{}",
        b"[[",
        b'"\\ud800"',
        b"true",
        b'""',
        b"[" * 2000,
    ),
    *(
        b"\x00",
        b"\x1b[2J",
        b"\xe2\x80\xae",
        b"\xff",
        b"\xed\xa0\x80",
        b"\xef\xbb\xbf",
        "größe".encode(),
        "\u0665".encode(),
    ),
    *(
        b"~nobody/x",
        b"//",
        b"..",
        b"[",
        b"]",
        b"'",
        b'"',
        b"@",
        b":",
        b"(",
        b")",
        b"\r\n",
        b"\n",
        b" ",
        b"00D36000000bLGT!AQ",
    ),
]
TOKEN = re.compile(rb"\w+|\s+|.", re.DOTALL)


def mutated(data: bytes, max_size: int, seed: int) -> bytes:
    """Some words of the input elsewhere, twice, gone or others; or some of its bytes, as atheris does it."""
    chance = random.Random(seed)  # noqa: S311  # nothing secret is made of it
    if chance.random() < 0.5:
        return bytes(atheris.Mutate(data, len(data)))
    words = TOKEN.findall(data) or [b""]
    for _ in range(chance.randint(1, 4)):
        at, length = chance.randrange(len(words) + 1), chance.choice([0, 0, 1, 1, 2, 8])
        start = chance.randrange(len(words) + 1)
        new = chance.choice([[], [chance.choice(TOKENS)], words[start : start + chance.randint(1, 12)]])
        words[at : at + length] = new
    return b"".join(words)[:max_size]


TARGETS: dict[str, Callable[[bytes], None]] = {
    each.__name__: each for each in (reply, rest, soap_page, rest_page, typed, body, element, path, soql, address, http)
}


@contextmanager
def ours() -> Iterator[None]:
    """Errors of ours are what should come; each has to be one that can be shown."""
    try:
        yield
    except SfmtlsError as error:
        str(error).encode()
        repr(error).encode()


def main() -> None:
    """Fuzz the target that the command names; what follows the name is for libFuzzer."""
    target = TARGETS[sys.argv.pop(1)]

    def once(data: bytes) -> None:
        with ours():
            target(data)

    atheris.Setup(sys.argv, once, custom_mutator=mutated)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
