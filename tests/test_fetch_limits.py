"""How much is read, how it was packed, what broken servers do to a poll."""

from __future__ import annotations

import asyncio
import gzip
import os
import threading
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.fetch import Fetcher, Limits
from feeds.model import FailureKind, Fetched, Outcome
from tests.fakes import Publisher, make_source
from tests.servers import Exchange, Handler, Server, drip, flood, hang, head, page, raw, redirect, reset
from tests.test_fetch import NONE, OWN, URL, ask, ask_all, ask_server, failure, got

FEED = b"<rss version='2.0'><channel><title>News</title></channel></rss>"
GZIP, ZLIB = gzip.compress(FEED, mtime=0), zlib.compress(FEED)
NOTHING = gzip.compress(b"", mtime=0)
BOMB = gzip.compress(bytes(100_000_000), 1, mtime=0)
BOMBS = {
    "one member": BOMB,
    "behind empty members": NOTHING * 1000 + BOMB,
    "in members": gzip.compress(bytes(900_000)) * 100,
}
PACKED = {
    "plain": ("", FEED), "identity": ("identity", FEED), "gzip": ("gzip", GZIP), "x-gzip": ("x-gzip", GZIP),
    "shouted": (" GZIP ", GZIP), "deflate": ("deflate", ZLIB), "behind an empty member": ("gzip", NOTHING + GZIP),
    "two members": ("gzip", gzip.compress(FEED[:20]) + gzip.compress(FEED[20:])), "empty member": ("gzip", GZIP + NOTHING),
    "rubbish behind": ("gzip", GZIP + b"behind the end"), "zeros behind": ("gzip", GZIP + bytes(512)),
    "not packed": ("gzip", FEED), "not packed either": ("deflate", FEED), "not brotli": ("br", FEED),
    "gzip as deflate": ("deflate", GZIP), "zlib as gzip": ("gzip", ZLIB), "no checksum": ("gzip", GZIP[:-8]),
    "half a checksum": ("gzip", GZIP[:-3]),
}  # fmt: skip


class Chunks(httpx.AsyncByteStream):
    """A body that arrives in pieces of one size."""

    def __init__(self, body: bytes, size: int) -> None:
        self.pieces = [body[at : at + size] for at in range(0, len(body), size)]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            yield piece


def unpacked(body: bytes, encoding: str, *, chunk: int = 100_000, limit: int = 1_000_000) -> Outcome:
    """What is read from a body that is said to be packed in this way."""

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"Content-Encoding": encoding}, stream=Chunks(body, chunk))

    return ask(Publisher({URL: answer}), limits=Limits(bytes=limit))


@pytest.mark.parametrize("chunk", [1, 7, 100_000])
@pytest.mark.parametrize("name", PACKED)
def test_a_body_is_unpacked_whatever_its_header_says(name: str, chunk: int) -> None:
    """F-40, F05: gzip in one or several members, deflate, padding behind the end, and bodies not packed at all, are read."""
    encoding, body = PACKED[name]

    assert got(unpacked(body, encoding, chunk=chunk)).body == FEED


@pytest.mark.parametrize("encoding", ["gzip, gzip", "gzip,gzip", "gzip, deflate", "gzip, br"])
def test_chains_of_encodings_are_not_undone(encoding: str) -> None:
    """X-12: one layer of packing at most."""
    body = gzip.compress(gzip.compress(FEED))

    assert got(unpacked(body, encoding)).body == body


def test_a_packed_body_that_breaks_off_gives_its_beginning() -> None:
    """F04 (faults): what arrived of a packed body is unpacked, with nothing packed behind it."""
    words = b"".join(b"<item>%d</item>" % number for number in range(100_000))
    packed = gzip.compress(words)
    broken = packed[: len(packed) // 2] + b"\xff" * 1000 + packed[len(packed) // 2 :]

    for body in (packed[: len(packed) // 2], broken):
        read = got(unpacked(body, "gzip", chunk=1000, limit=50_000_000)).body
        assert read[:100_000] == words[:100_000]
        assert packed[-100:] not in read


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_stopped_while_it_unpacks(name: str) -> None:
    """X-12, F-44, F10: the limit holds for unpacked bytes, and no more than that is ever held in memory."""
    tracemalloc.start()
    try:
        outcome = failure(unpacked(BOMBS[name], "gzip", limit=1_000_000))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert outcome.kind is FailureKind.TOO_LARGE
    assert "1,000,000 bytes" in outcome.detail
    assert peak < 10_000_000


@pytest.mark.parametrize(("size", "fits"), [(999, True), (1000, True), (1001, False), (5000, False)])
@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_the_limit_is_exact(size: int, fits: bool, encoding: str) -> None:
    """F-44: a body of exactly the limit is read, one byte more is too large, packed or not."""
    body = os.urandom(size // 2) * 2 + bytes(size % 2)
    outcome = unpacked(gzip.compress(body) if encoding else body, encoding, limit=1000)

    assert isinstance(outcome, Fetched) is fits
    if not fits:
        assert failure(outcome).kind is FailureKind.TOO_LARGE


@pytest.mark.parametrize(
    "handler",
    [
        hang(), hang(b"HTTP/1.1 200 OK\r\n"), hang(head("Content-Length: 100") + b"<rss"),
        drip(b"HTTP/1.1 200 OK\r\nX: ", piece=b"a"), drip(head()), drip(head(), piece=b"<!---->"),
        drip(piece=b"HTTP/1.1 103 Early Hints\r\n\r\n"), drip(head("Content-Encoding: gzip") + GZIP),
        drip(head("Transfer-Encoding: chunked"), piece=b"1\r\n \r\n"),
        hang(head("Content-Length: 0", "Location: /more", status="302 Found")[:-2]),
    ],
)  # fmt: skip
def test_the_deadline_is_for_the_whole_answer(handler: Handler) -> None:
    """X-13, F-44, F34: neither silence nor an endless trickle, in the head or in the body, outlives the deadline."""
    with Server(handler) as server:
        outcome = failure(ask_server(server.url(), limits=Limits(seconds=0.2)))

    assert outcome.kind is FailureKind.TIMEOUT
    assert "0.2 seconds" in outcome.detail


def test_the_deadline_holds_for_all_redirects_together() -> None:
    """X-13, F-44: a chain of slow redirects does not get the deadline anew at every hop."""

    async def answer(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.1)  # a slow server
        return httpx.Response(302, headers={"Location": request.url.path + "/x"})

    (outcome,) = ask_all([make_source(url=URL)], httpx.MockTransport(answer), NONE, Limits(seconds=0.25))

    assert failure(outcome).kind is FailureKind.TIMEOUT


@pytest.mark.parametrize("status", ["404 Not Found", "302 Found", "304 Not Modified", "410 Gone", "200 OK"])
def test_the_connection_ends_with_the_poll(status: str) -> None:
    """A body that is not wanted is not waited for, and its connection is closed at once."""
    left = threading.Event()

    def endless(exchange: Exchange) -> None:
        exchange.send(head("Location: ftp://x/", "ETag: x", status=status) + bytes(2000))
        exchange.wait()
        left.set()

    async def once(url: str) -> None:
        fetcher = Fetcher(user_agent="test", folder=Path(), allow_private=OWN, limits=Limits(bytes=1000))
        outcome = await fetcher.fetch(make_source(url=url, may_be_private=True), NONE)
        gone = await asyncio.to_thread(left.wait, 10)
        await fetcher.close()
        assert gone
        failure(outcome)

    with Server(endless) as server:
        asyncio.run(once(server.url()))


def test_a_repeated_header_is_joined_where_that_makes_sense() -> None:
    """F-21: Cache-Control may come in parts; of a date, an ETag, an age or a wait the first is taken."""
    single = ("ETag", "Last-Modified", "Date", "Expires", "Age", "Retry-After")
    twice = [f"{name}: {number}" for number in (1, 2) for name in (*single, "Cache-Control", "Link")]
    with Server(page(FEED, *twice, "X-Other: 1")) as server:
        headers = got(ask_server(server.url())).answer.headers

    assert headers == {**{name.lower(): "1" for name in single}, "cache-control": "1, 2", "link": "1, 2"}


@pytest.mark.parametrize(
    ("handler", "word"),
    [
        (raw(b""), "without sending a response"),
        (raw(FEED), "without sending a response"),
        (raw(b"HTTP/1.1 2OO OK\r\n\r\n"), "illegal status line"),
        (raw(b"HTTP/1.1 200 OK\r\nETag: a\x00b\r\n\r\n", FEED), "illegal header line"),
        (raw(head("Content-Length: 5", "Content-Length: 6"), b"abcdef"), "conflicting Content-Length"),
        (raw(head("Content-Length: -5"), FEED), "bad Content-Length"),
        (raw(head("Content-Length: 500"), FEED), "without sending complete message body"),
        (raw(head("X: " + "a" * 500_000), FEED), "buffer too long"),
        (raw(head("Transfer-Encoding: gzip, chunked"), FEED), "Transfer-Encoding"),
        (raw(head("Transfer-Encoding: chunked"), b"zz\r\n"), "illegal chunk header"),
        (raw(head("Upgrade: x", "Connection: upgrade", status="101 Switching Protocols")), "without a pending"),
        (raw(head(status="000 X"), FEED), "status_code"),
        (reset(), "broke the connection off"),
        (reset(head("Content-Length: 500") + b"<rss"), "broke the connection off"),
    ],
)
def test_an_answer_that_makes_no_sense_is_a_failure(handler: Handler, word: str) -> None:
    """F41 (faults): what breaks the rules of HTTP is a failure of kind protocol that says which rule."""
    with Server(handler) as server:
        outcome = failure(ask_server(server.url()))

    assert outcome.kind is FailureKind.PROTOCOL
    assert word in outcome.detail


@pytest.mark.parametrize(
    "handler",
    [
        raw(b"HTTP/1.1 200 OK\r\n\r\n", FEED), raw(b"HTTP/1.0 200\r\n\r\n", FEED),
        raw(b"HTTP/1.1 200 OK\nContent-Length: 63\n\n", FEED),
        raw(head("Content-Length: 63", "Content-Length: 63"), FEED), raw(head("Content-Length: 63"), FEED, b"more"),
        raw(head("X: " + "a" * 80_000), FEED), raw(head("X-Odd: \x01\x1b\xff"), FEED),
        raw(head("Transfer-Encoding: chunked"), b"3f;x=y\r\n", FEED, b"\r\n0\r\nETag: late\r\n\r\n"),
        raw(head(status="103 Early Hints") * 5, head(), FEED), flood([FEED[:20], FEED[20:]], head()),
    ],
)  # fmt: skip
def test_odd_but_readable_answers_are_read(handler: Handler) -> None:
    """Answers without headers, with bare line feeds, repeated lengths, long or odd headers are answers."""
    with Server(handler) as server:
        assert got(ask_server(server.url())).body == FEED


@pytest.mark.parametrize(
    "handler",
    [
        raw(b"HTTP/1.1 404 \x1b[2J\x07\x9b" + b"y" * 70_000 + b"\r\n\r\n"), raw(b"HTTP/1.1 2OO " + b"\x1b" * 80_000, b"\r\n\r\n"),
        redirect("\x1b]0;x\x07:/"), redirect(b"x" * 60_000 + b"://h/"), redirect(b"http://" + b"x" * 60_000 + b"/"),
        redirect("http://h/\x07\x1b"),
    ],
)  # fmt: skip
def test_what_a_server_says_is_fit_for_a_log_line(handler: Handler) -> None:
    """X-25: a failure's words hold no control characters and stay short, whatever the server wrote."""
    with Server(handler) as server:
        detail = failure(ask_server(server.url())).detail

    assert detail.isprintable()
    assert len(detail) <= 300


@pytest.mark.parametrize(
    ("location", "asked"),
    [
        ("/a b", "/a%20b"), ("  /padded  ", "/padded"), ("?q=1#part", "/dir/feed?q=1"), ("../up", "/up"),
        ("../../../../up", "/up"), ("/ä".encode(), "/%C3%A4"), ("/%0d%0aX-Injected:%201", "/%0d%0aX-Injected:%201"),
        ("/a\\b", "/a\\b"), ("feed2", "/dir/feed2"), (".", "/dir/"),
    ],
)  # fmt: skip
def test_a_location_is_resolved_as_browsers_do(location: str | bytes, asked: str) -> None:
    """F-35: relative, padded and unescaped targets are found, and no target adds a line to the request."""
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        if len(sent) > 1:
            return httpx.Response(200, stream=httpx.ByteStream(FEED))
        value = location if isinstance(location, bytes) else location.encode("latin-1")
        return httpx.Response(301, headers=[(b"Location", value)])

    source = make_source(url="https://news.example/dir/feed")
    got(ask_all([source], httpx.MockTransport(answer), NONE, Limits())[0])

    assert sent[1].url.raw_path.decode() == asked
    assert "x-injected" not in sent[1].headers


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(
            st.sampled_from(
                ["http:", "https:", "file:", "//", "/", "\\", "@", ":", "[", "]", "::1", "127.0.0.1", "a.example", "ä", "%",
                 "%00", "#", "?", "\x7f", "\u3000", "22", "80", "0", "-1", " ", "xn--a-", "x" * 70, "２２"]
            )
        ).map(lambda parts: "http://" + "".join(parts)),
    )
)  # fmt: skip
def test_no_location_raises_or_reaches_a_forbidden_port(location: str) -> None:
    """X-03, X-04: whatever a redirect says, the poll ends in a value, and only the web's ports are asked."""
    asked: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        if len(asked) > 1:
            return httpx.Response(200, stream=httpx.ByteStream(FEED))
        return httpx.Response(301, headers=[(b"Location", location.encode("utf-8", "surrogatepass"))])

    (outcome,) = ask_all([make_source(url=URL)], httpx.MockTransport(answer), NONE, Limits())

    assert isinstance(outcome, Fetched) or failure(outcome).detail.isprintable()
    assert {url.scheme for url in asked} <= {"http", "https"}
    assert all(url.port in (None, 80, 443, 8080, 8443) or url.port >= 1024 for url in asked)


STARTS = [b"", b"HTTP/1.1 ", b"HTTP/1.1 200 OK\r\n", head("Transfer-Encoding: chunked"), head("Content-Encoding: gzip")]


@settings(max_examples=8, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(STARTS), st.binary(max_size=200)), min_size=30, max_size=30))
def test_no_answer_raises(answers: list[tuple[bytes, bytes]]) -> None:
    """Whatever bytes a server writes, the poll ends in a value."""
    with Server({f"/{number}": raw(*answer) for number, answer in enumerate(answers)}) as server:
        sources = [make_source(url=server.url(path), may_be_private=True) for path in server.pages]
        outcomes = ask_all(sources, None, NONE, Limits(seconds=10))

    assert all(isinstance(outcome, Fetched) or failure(outcome).detail.isprintable() for outcome in outcomes)
    assert len(server.exchanges) == len(answers)
