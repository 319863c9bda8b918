"""Bounds: a call is over in time, however it is kept waiting, and takes no more than it may, however that is packed."""

from __future__ import annotations

import gzip
import os
import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from raw_server import Behaviour, answering, http, read_request, server_tls, serving, silence

from sfmtls_nb import AnswerLimitError, CallTimeout, Exchange, Org
from sfmtls_nb.connection import Transport
from sfmtls_nb.practice import PracticeOrg

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@pytest.fixture
def brief(org: Org) -> Org:
    """Half a second for a whole call, and patience within it."""
    return replace(org, connect_timeout=20, read_timeout=20, call_timeout=0.5)


@pytest.fixture(scope="module")
def tls(practice: PracticeOrg, tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    return server_tls(practice.authority.server, tmp_path_factory.mktemp("tls"))


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def call(org: Org, where: str, body: bytes = b"<x/>") -> Exchange:
    with Transport(org) as transport:
        return transport.send(transport.prepare("POST", f"https://{where}/", {}, body))


def again_and_again(beginning: bytes, piece: bytes, pause: float) -> Behaviour:
    """Answers with this piece for ever, a pause after each."""

    def behave(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(beginning)
        while True:
            connection.sendall(piece)
            time.sleep(pause)

    return behave


def took(act: Callable[[], object]) -> float:
    """Seconds until a call was ended for the time it took."""
    started = time.monotonic()
    with pytest.raises(CallTimeout, match=r"was not over within 0\.5 s[^$]*Org\.call_timeout"):
        act()
    return time.monotonic() - started


# ---------------------------------------------------------------- time


@pytest.mark.parametrize(
    "behave",
    [
        again_and_again(http(length=10**6), b"x", 0.05),
        again_and_again(b"", b"H", 0.05),
        again_and_again(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n", 0.05),
        again_and_again(CHUNKED, b"1\r\nx\r\n", 0.05),
        again_and_again(b"", CONTINUE, 0.01),
        again_and_again(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", 0.01),
        silence,
    ],
    ids=["a body", "a status line", "headers", "chunks", "100 Continue", "103 Early Hints", "nothing"],
)
def test_a_call_ends_in_time_though_there_is_always_something_to_read(
    behave: Behaviour, brief: Org, tls: ssl.SSLContext
) -> None:
    with serving(behave, tls) as where:
        assert took(lambda: call(brief, where)) < 15


def test_a_call_ends_in_time_though_the_server_does_not_speak_tls(brief: Org) -> None:
    with serving(silence) as where:
        assert took(lambda: call(brief, where)) < 15


def test_a_call_ends_in_time_though_the_server_reads_slowly(brief: Org, tls: ssl.SSLContext) -> None:
    def slow(connection: socket.socket) -> None:
        while connection.recv(1000):
            time.sleep(0.02)

    with serving(slow, tls) as where:
        assert took(lambda: call(brief, where, b"x" * 20_000_000)) < 15


def test_a_call_ends_in_time_though_the_proxy_takes_long(brief: Org, no_proxies: pytest.MonkeyPatch) -> None:
    with serving(again_and_again(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n", 0.05)) as proxy:
        no_proxies.setenv("HTTPS_PROXY", f"http://{proxy}")
        assert took(lambda: call(brief, "acme.my.salesforce.com")) < 15


def test_a_slow_answer_is_read_within_the_time(brief: Org, tls: ssl.SSLContext) -> None:
    def slow(connection: socket.socket) -> None:
        read_request(connection)
        for byte in http(b"<x/>"):
            connection.sendall(bytes([byte]))
            time.sleep(0.01)

    with serving(slow, tls) as where:
        assert b"<x/>" == call(replace(brief, call_timeout=20), where).response_body


def test_the_silence_between_two_bytes_is_bounded_as_ever(brief: Org, tls: ssl.SSLContext) -> None:
    org = replace(brief, read_timeout=0.3, call_timeout=20)
    with serving(silence, tls) as where, pytest.raises(CallTimeout, match=r"said nothing in time[^$]*within 0\.3 s"):
        call(org, where)


def test_the_next_call_has_its_whole_time_again(brief: Org, tls: ssl.SSLContext) -> None:
    def behave(connection: socket.socket) -> None:
        while read_request(connection):
            time.sleep(0.9)
            connection.sendall(http(b"<x/>"))

    with serving(behave, tls) as where, Transport(replace(brief, call_timeout=2.5)) as transport:
        for _ in range(3):
            assert 200 == transport.send(transport.prepare("GET", f"https://{where}/", {})).status


@pytest.mark.parametrize("behave", [again_and_again(http(length=10**6), b"x", 0.05), again_and_again(b"", CONTINUE, 0)])
def test_stop_works_all_along(behave: Behaviour, org: Org, tls: ssl.SSLContext) -> None:
    stop = threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT))
    started = time.monotonic()
    with serving(behave, tls) as where:
        stop.start()
        with pytest.raises(KeyboardInterrupt):
            call(org, where)
    assert time.monotonic() - started < 15


# ---------------------------------------------------------------- size

LIMIT = 100_000


@pytest.fixture
def modest(org: Org) -> Org:
    return replace(org, answer_limit=LIMIT, call_timeout=30)


def packed(body: bytes, times: int) -> bytes:
    for _ in range(times):
        body = gzip.compress(body)
    encodings = ", ".join(["gzip"] * times)
    return http(body, *([f"Content-Encoding: {encodings}"] if times else []))


@pytest.mark.parametrize("times", [0, 1, 2, 3])
def test_an_answer_may_be_as_large_as_the_limit_and_no_larger(times: int, modest: Org, tls: ssl.SSLContext) -> None:
    with serving(answering(packed(b"x" * LIMIT, times)), tls) as where:
        assert LIMIT == len(call(modest, where).response_body)
    with (
        serving(answering(packed(b"x" * (LIMIT + 1), times)), tls) as where,
        pytest.raises(AnswerLimitError, match=r"larger than 100,000 bytes[^$]*answer_limit") as caught,
    ):
        call(modest, where)
    assert caught.value.exchange.status is None


@pytest.mark.parametrize(
    "behave",
    [
        again_and_again(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 10_000, 0),
        again_and_again(CHUNKED, b"1000\r\n" + b"x" * 4096 + b"\r\n", 0),
        again_and_again(CHUNKED + b"0\r\n", b"A: b\r\n" * 100, 0),
        again_and_again(b"", CONTINUE * 100, 0),
        answering(packed(b"\0" * 50_000_000, 2)),
    ],
    ids=["no length", "chunks", "trailers", "100 Continue", "a bomb"],
)
def test_what_never_ends_is_ended(behave: Behaviour, modest: Org, tls: ssl.SSLContext) -> None:
    with serving(behave, tls) as where, pytest.raises(AnswerLimitError):
        call(modest, where)


def test_a_redirect_is_bounded_too(modest: Org, tls: ssl.SSLContext) -> None:
    bomb = packed(b"\0" * 50_000_000, 2).replace(b"200 OK", b"302 Found\r\nLocation: https://h.example/")
    with serving(answering(bomb), tls) as where, pytest.raises(AnswerLimitError):
        call(modest, where)


def test_a_redirect_to_what_is_no_text_is_one_all_the_same(modest: Org, tls: ssl.SSLContext) -> None:
    answer = b"HTTP/1.1 302 Found\r\nLocation: https://h/\xff\xe2\r\nContent-Length: 0\r\n\r\n"
    with serving(answering(answer), tls) as where:
        assert 302 == call(modest, where).status


def test_what_is_left_of_it_is_not_the_answer_to_the_next_call(modest: Org, tls: ssl.SSLContext) -> None:
    bodies = iter([b"x" * 10 * LIMIT, b"<next/>"])

    def behave(connection: socket.socket) -> None:
        while read_request(connection):
            connection.sendall(http(next(bodies)))

    with serving(behave, tls) as where, Transport(modest) as transport:
        request = transport.prepare("GET", f"https://{where}/", {})
        with pytest.raises(AnswerLimitError):
            transport.send(request)
        assert b"<next/>" == transport.send(request).response_body


# ---------------------------------------------------------------- one call is one call


def test_an_interim_answer_is_not_the_answer_and_none_is_left_for_the_next_call(org: Org, tls: ssl.SSLContext) -> None:
    numbers: Iterator[int] = iter(range(9))

    def behave(connection: socket.socket) -> None:
        while read_request(connection):
            hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
            connection.sendall(CONTINUE + hints + http(b"%d" % next(numbers)))

    with serving(behave, tls) as where, Transport(org) as transport:
        request = transport.prepare("GET", f"https://{where}/", {})
        assert [b"0", b"1"] == [transport.send(request).response_body for _ in range(2)]


def test_a_cookie_is_not_kept(org: Org, tls: ssl.SSLContext) -> None:
    seen: list[bytes] = []

    def behave(connection: socket.socket) -> None:
        while request := read_request(connection):
            seen.append(request.lower())
            connection.sendall(http(b"1", "Set-Cookie: BrowserId=abc; path=/"))

    with serving(behave, tls) as where, Transport(org) as transport:
        for _ in range(2):
            transport.send(transport.prepare("GET", f"https://{where}/", {}))
    assert [False, False] == [b"cookie" in request for request in seen]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_child_opens_a_connection_of_its_own(org: Org, tls: ssl.SSLContext, tmp_path: Path) -> None:
    connections: list[int] = []

    def behave(connection: socket.socket) -> None:
        connections.append(1)
        while read_request(connection):
            connection.sendall(http(b"1"))

    with serving(behave, tls) as where, Transport(org) as transport:
        request = transport.prepare("GET", f"https://{where}/", {})
        transport.send(request)
        child = os.fork()
        if child == 0:
            try:
                (tmp_path / "child").write_bytes(transport.send(request).response_body)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        transport.send(request)
    assert (b"1", 2) == ((tmp_path / "child").read_bytes(), len(connections))
