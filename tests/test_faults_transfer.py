"""What goes wrong on the way: packing, silence, trickles, resets, broken heads, false certificates.

Each test is one fault, polled through the program from a real socket into a real store; three entries are there before.
"""

from __future__ import annotations

import gzip
import json
import os
import ssl
import subprocess
import sys
import zlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from feeds.fetch import Limits
from tests.fakes import item, rss
from tests.faultserver import FaultServer, Play, bomb, drip, flood, good, hang, head, page, raw, reset
from tests.stage import HASTY, THREE, Stage, brought, failed

NEWS = rss(item(1), item(2), item(3), item(5, title="Fresh"))
MANY = rss(*(item(number, guid=f"n{number}", body=f"{number} " * 50) for number in range(20, 420)))
GZIP = "Content-Encoding: gzip"
FEED_TYPE = "Content-Type: application/rss+xml"


def test_f04_a_gzip_stream_that_breaks_off(stage: Stage) -> None:
    """F04, F-38: whole entries of what arrived are kept, and the page is asked for whole again."""
    packed = gzip.compress(MANY, mtime=0)
    line = stage.poll(page(packed[:-3000], FEED_TYPE, GZIP, 'ETag: "2"'))

    assert 100 < line.new < 400
    brought(line, line.new, "breaks off")
    again = stage.poll(good(MANY, FEED_TYPE, etag='"2"'))
    brought(again, 400 - line.new)
    assert stage.server.requests[-1].header("if-none-match") is None
    stage.mends()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (NEWS, GZIP), (NEWS, "Content-Encoding: deflate"), (NEWS, "Content-Encoding: br"), (gzip.compress(NEWS, mtime=0), "X: 0"),
        (zlib.compress(NEWS), "X: 0"), (zlib.compress(NEWS), GZIP), (gzip.compress(NEWS, mtime=0), "Content-Encoding: deflate"),
        (gzip.compress(NEWS, mtime=0), "Content-Encoding: x-gzip"), (gzip.compress(NEWS, mtime=0), "Content-Encoding: none"),
    ],
)  # fmt: skip
def test_f05_packing_and_its_header_disagree(stage: Stage, body: bytes, said: str) -> None:
    """F05, F-40: a body that is packed otherwise than its header says, or not at all, is read."""
    brought(stage.poll(page(body, FEED_TYPE, said)), 1)
    assert stage.titles()[3:] == ["Fresh"]
    stage.mends()


def test_f10_a_decompression_bomb(stage: Stage) -> None:
    """F10, X-12: a small gzip body of a hundred megabytes is stopped at the limit for unpacked bytes."""
    failed(stage.poll(bomb(100_000_000)), "too-large", "15,000,000 bytes")
    stage.mends()


def test_f10_a_bomb_in_a_bomb(stage: Stage) -> None:
    """F10, X-12: a second layer of packing is not undone: what is left is no feed."""
    twice = gzip.compress(gzip.compress(bytes(50_000_000), 1, mtime=0), mtime=0)
    line = stage.poll(page(twice, "Content-Encoding: gzip, gzip"))
    assert line.kind in ("not-a-feed", "unreadable", "too-large", "empty", "protocol")
    failed(line, line.kind)
    stage.mends()


def test_f10_an_endless_body(stage: Stage) -> None:
    """F10, F-44: a body without packing and without end is stopped at the same limit."""
    failed(stage.poll(flood(bytes(1_000_000), 50, head())), "too-large", "15,000,000 bytes")
    stage.mends()


@pytest.mark.parametrize(
    "play",
    [
        drip(head(), piece=b"<"), drip(b"HTTP/1.1 200 OK\r\nX: ", piece=b"a"), hang(), hang(head() + NEWS[:400]),
        drip(head("Transfer-Encoding: chunked"), piece=b"1\r\n \r\n"), drip(piece=b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    ],
    ids=["body", "head", "silence", "half a body", "chunks", "hints"],
)  # fmt: skip
def test_f34_a_byte_at_a_time(stage: Stage, play: Play) -> None:
    """F34, X-13, F-44: trickles and silences, each shorter than a read's patience, do not outlive the deadline for the whole."""
    line = stage.poll(play, limits=HASTY)
    failed(line, "timeout", "within 0.4 seconds")
    assert line.milliseconds < 10_000
    stage.mends()
    assert stage.server.requests[-1].header("if-none-match") == b'"1"'


@pytest.mark.parametrize(
    ("play", "words"),
    [
        (raw(b"ICY 200 OK\r\n\r\n", NEWS), ""),
        (raw(b"HTTP/1.1 2OO OK\r\n\r\n", NEWS), ""),
        (raw(NEWS), ""),
        (raw(b""), ""),
        (raw(head("Content-Length: 5", "Content-Length: 6"), NEWS), ""),
        (raw(head("Content-Length: -5"), NEWS), ""),
        (raw(head("Content-Length: 9999"), NEWS), ""),
        (raw(head("X: " + "x" * 500_000), NEWS), ""),
        (raw(head("Transfer-Encoding: chunked"), b"zz\r\n"), ""),
        (reset(), "broke the connection off"),
        (reset(head() + NEWS[:400]), "broke the connection off"),
    ],
    ids=["icy", "letters in the status", "http 0.9", "nothing", "two lengths", "negative", "short", "huge head", "chunk",
         "reset", "reset in the body"],
)  # fmt: skip
def test_f41_heads_and_lengths_that_break_the_rules(stage: Stage, play: Play, words: str) -> None:
    """F41: what breaks HTTP's rules is a failure that says which; what the publisher issued before holds on."""
    failed(stage.poll(play), "protocol", words)
    stage.mends()
    assert stage.server.requests[-1].header("if-none-match") == b'"1"'


@pytest.mark.parametrize(
    "play",
    [
        raw(b"HTTP/1.0 200\r\n\r\n", NEWS), raw(b"HTTP/1.1 200 OK\n\n", NEWS), raw(head("X: " + "a" * 60_000), NEWS),
        raw(head(f"Content-Length: {len(NEWS)}"), NEWS, b"more than was said"),
        raw(head(status="103 Early Hints") * 3, head(), NEWS),
    ],
    ids=["http 1.0", "bare line feeds", "long head", "too much", "early hints"],
)  # fmt: skip
def test_f41_odd_heads_that_can_be_read(stage: Stage, play: Play) -> None:
    """F41: odd answers that can be read are read."""
    brought(stage.poll(play), 1)
    assert stage.titles()[3:] == ["Fresh"]
    stage.mends()


def context(cert: trustme.LeafCert, *, alone: bool = False) -> ssl.SSLContext:
    """A server's side of TLS, with the whole chain, or without the middle of it."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if alone:
        with cert.private_key_pem.tempfile() as key, cert.cert_chain_pems[0].tempfile() as chain:
            made.load_cert_chain(chain, key)
    else:
        cert.configure_cert(made)
    return made


def test_f38_certificates(tmp_path: Path) -> None:
    """F38: an expired certificate, an incomplete chain, a foreign name and a stranger's authority are refused, each in words;
    a good one beside them is read, by the command as it is run."""
    authority, stranger = trustme.CA(), trustme.CA()
    middle = authority.create_child_ca()
    then, end = datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)
    sides = {
        "good": context(middle.issue_cert("127.0.0.1")),
        "expired": context(authority.issue_cert("127.0.0.1", not_before=then, not_after=end)),
        "incomplete": context(middle.issue_cert("127.0.0.1"), alone=True),
        "misnamed": context(authority.issue_cert("news.example")),
        "unknown": context(stranger.issue_cert("127.0.0.1")),
    }
    servers = {slug: FaultServer({"/feed": good(THREE)}, tls=side) for slug, side in sides.items()}
    lines = [f"  - {{url: '{server.url()}', slug: {slug}}}" for slug, server in servers.items()]
    (tmp_path / "feeds.yaml").write_text(
        "\n".join(["settings: {allow_private: [127.0.0.0/8]}", "sources:", *lines, ""])
    )
    authority.cert_pem.write_to_path(str(tmp_path / "trusted.pem"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HELIOGRAPH_")}
    environment |= {"SSL_CERT_FILE": str(tmp_path / "trusted.pem")}
    command = [sys.executable, "-c", "from aggregator.cli import main; main()", "poll", "--all", "--json"]
    for server in servers.values():
        server.__enter__()
    try:
        told = subprocess.run(
            [*command, "--config", str(tmp_path / "feeds.yaml")],
            env=environment,
            capture_output=True,
            timeout=120,
            check=True,
        ).stdout
    finally:
        for server in servers.values():
            server.__exit__()

    rows = {row["source"]: row for row in json.loads(told)}
    assert rows["good"]["outcome"] == "fetched"
    stranger_said = "unable to get local issuer"
    words = {
        "expired": "expired",
        "incomplete": stranger_said,
        "misnamed": "address mismatch",
        "unknown": stranger_said,
    }
    found = {slug: (rows[slug]["kind"], word in rows[slug]["detail"]) for slug, word in words.items()}
    assert found == dict.fromkeys(words, ("tls", True))


def test_f38_no_tls_where_tls_was_asked_for(stage: Stage) -> None:
    """F38: a plain server under an https address is a failure of the secure connection, not a fallback to plain text."""
    stage.follow("secure", stage.server.url("/feed").replace("http:", "https:"))
    failed(stage.poll(slug="secure", limits=Limits(seconds=5)), "tls", "secure connection")
    assert stage.kept("secure") == []
