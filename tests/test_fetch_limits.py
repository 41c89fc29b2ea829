"""How much is read, how it was packed, what broken servers and files do to a poll."""

from __future__ import annotations

import asyncio
import gzip
import os
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.fetch import Fetcher, Limits
from feeds.model import FailureKind, Fetched, Outcome, Unchanged, Validators
from tests.fakes import Publisher, make_source
from tests.servers import Handler, Server, drip, flood, hang, head, raw, redirect, reset
from tests.test_fetch import NONE, URL, ask, ask_all, ask_server, failure, got

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
    """F-40: gzip in one or several members, deflate, padding behind the end, and bodies not packed at all, are read."""
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
    """X-12, F-44: the limit holds for unpacked bytes, and no more than that is ever held in memory."""
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
    """X-13, F-44: neither silence nor an endless trickle, in the head or in the body, outlives the deadline."""
    with Server(handler) as server:
        outcome = failure(ask_server(server.url(), limits=Limits(seconds=0.2)))

    assert outcome.kind is FailureKind.TIMEOUT
    assert "0.2 seconds" in outcome.detail


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


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(STARTS), st.binary(max_size=200)), min_size=30, max_size=30))
def test_no_answer_raises(answers: list[tuple[bytes, bytes]]) -> None:
    """Whatever bytes a server writes, the poll ends in a value."""
    with Server({f"/{number}": raw(*answer) for number, answer in enumerate(answers)}) as server:
        sources = [make_source(url=server.url(path), may_be_private=True) for path in server.pages]
        outcomes = ask_all(sources, None, NONE, Limits(seconds=10))

    assert all(isinstance(outcome, Fetched) or failure(outcome).detail.isprintable() for outcome in outcomes)
    assert len(server.exchanges) == len(answers)


def read_file(folder: Path, url: str, shown: Validators = NONE, *, declared: bool = True, limit: int = 1000) -> Outcome:
    """What a file: source brings."""

    async def once() -> Outcome:
        nobody = httpx.MockTransport(lambda request: httpx.Response(500))
        fetcher = Fetcher(user_agent="test", folder=folder, limits=Limits(bytes=limit), transport=nobody)
        try:
            return await fetcher.fetch(make_source(url=url, may_be_private=declared), shown)
        finally:
            await fetcher.close()

    return asyncio.run(once())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A configuration's folder, with a secret beside it, and every trap that a file system knows inside."""
    inside = tmp_path / "config"
    (inside / "samples").mkdir(parents=True)
    (tmp_path / "secret.xml").write_bytes(FEED)
    (tmp_path / "config-2").mkdir()
    (tmp_path / "config-2" / "secret.xml").write_bytes(FEED)
    (inside / "feed.xml").write_bytes(FEED)
    (inside / "with space.xml").write_bytes(FEED)
    (inside / "link-inside.xml").symlink_to("feed.xml")
    (inside / "link-out.xml").symlink_to(tmp_path / "secret.xml")
    (inside / "folder-out").symlink_to(tmp_path)
    (inside / "zero.xml").symlink_to("/dev/zero")
    (inside / "circle.xml").symlink_to("circle.xml")
    (inside / "dangling.xml").symlink_to("nowhere.xml")
    (inside / "large.xml").write_bytes(bytes(1001))
    os.mkfifo(inside / "fifo.xml")
    return inside


@pytest.mark.parametrize(
    "path",
    [
        "feed.xml",
        "./feed.xml",
        "samples/../feed.xml",
        "with%20space.xml",
        "with space.xml",
        "link-inside.xml",
        "feed.xml?a#b",
    ],
)
def test_a_file_inside_the_folder_is_read(folder: Path, path: str) -> None:
    """A file: source reads a file in the configuration's folder, links resolved, and knows it again."""
    first = got(read_file(folder, f"file:{path}"))

    assert first.body == FEED
    assert first.answer.url == ""
    assert isinstance(read_file(folder, f"file:{path}", first.validators), Unchanged)
    assert isinstance(read_file(folder, f"file://{folder}/{path}"), Fetched)


@pytest.mark.parametrize(
    "path",
    [
        "../secret.xml", "samples/../../secret.xml", "%2e%2e/secret.xml", "..%2fsecret.xml", "/etc/passwd", "///etc/passwd",
        "//host/feed.xml", "link-out.xml", "folder-out/secret.xml", "zero.xml", "/proc/self/environ", "../config-2/secret.xml",
    ],
)  # fmt: skip
def test_nothing_outside_the_folder_is_read(folder: Path, path: str) -> None:
    """Neither dots, escapes, absolute paths, hosts nor links lead a file: source out of the folder."""
    outcome = failure(read_file(folder, f"file:{path}"))

    assert outcome.kind is FailureKind.FILE
    assert "inside the configuration's folder" in outcome.detail


@pytest.mark.parametrize(
    "path",
    ["missing.xml", "", ".", "samples", "fifo.xml", "circle.xml", "dangling.xml", "feed.xml/x", "a%00b", "x" * 300],
)
def test_what_is_no_file_is_a_failure(folder: Path, path: str) -> None:
    """A missing file, a folder, a pipe, a link in a circle or a name that cannot be are failures, and hold nothing up."""
    assert failure(read_file(folder, f"file:{path}")).kind is FailureKind.FILE


def test_a_large_file_is_too_large(folder: Path) -> None:
    """F-44: the limit holds for files."""
    assert failure(read_file(folder, "file:large.xml")).kind is FailureKind.TOO_LARGE
    assert isinstance(read_file(folder, "file:large.xml", limit=1001), Fetched)


def test_only_declared_sources_read_files(folder: Path) -> None:
    """X-01: a source that the configuration does not declare reads no file."""
    assert failure(read_file(folder, "file:feed.xml", declared=False)).kind is FailureKind.FILE
