"""Thirty healthy sources beside forty-five that hang, drip, bomb and break the parser, under the daemon as it runs."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from aggregator.daemon import Daemon
from feeds.fetch import Fetcher, Limits
from feeds.sandbox import Sandbox
from storage import reading
from storage.database import Database, open_database
from storage.model import JournalLine
from tests.fakes import Publisher, declare, item, make_hands, make_source, rss
from tests.faultserver import FaultServer, Play, bomb, drip, flood, good, hang, head, page, raw, redirect, reset
from tests.stage import LOOPBACK

HEALTHY = [f"well-{number}" for number in range(30)]
SPEED = 40
"""How many times faster than ours the clock of this test runs: a lease of ten minutes outlives any poll."""
EVERY = timedelta(minutes=5)
PERIOD = 34.0
"""Seconds; a healthy source waits seven and a half to nine between two polls."""
LONGEST_LATE = 8.0
"""Seconds, of which the daemon's own tick takes up to two. A hanging source holds its worker for longer than that."""
LONGEST_FIRST = 30.0
"""Seconds: at the start all seventy-five are due at once, and the forty-five are asked first."""
LIMITS = Limits(seconds=12)
NEWS = rss(*(item(number) for number in range(1, 9)))
HIDDEN = " ".join(f'a{number}=">"' for number in range(60_000))
ENTITIES = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
LAUGHS = NEWS.replace(b"<rss", f'<!DOCTYPE rss [<!ENTITY l0 "ha">{ENTITIES}]><rss'.encode(), 1)
LOGIN = b"<!DOCTYPE html><html><title>Log in</title></html>"
GZIP = "Content-Encoding: gzip"

FAULTS: dict[str, Play] = {
    **{f"hang-{number}": hang() for number in range(4)},
    "hang-in-the-head": hang(b"HTTP/1.1 200 OK\r\n"),
    "hang-in-the-body": hang(head() + NEWS[:300]),
    "drip": drip(head(), piece=b"<"),
    "drip-spaces": drip(head()),
    "drip-head": drip(b"HTTP/1.1 200 OK\r\nX: ", piece=b"a"),
    "drip-chunks": drip(head("Transfer-Encoding: chunked"), piece=b"1\r\n \r\n"),
    "bomb": bomb(100_000_000),
    "bomb-again": bomb(60_000_000),
    "bomb-in-bomb": page(gzip.compress(gzip.compress(bytes(10_000_000), 1)), "Content-Encoding: gzip, gzip"),
    "flood": flood(bytes(1_000_000), 50, head()),
    "flood-of-tags": flood(b"<a>" * 300_000, 50, head()),
    "attributes": page(rss(item(1), extra=f"<x {HIDDEN}/>")),
    "plain-attributes": page(rss(item(1), extra=f"<x {HIDDEN.replace('>', '')}/>")),
    "deep": page(rss("<a>" * 50_000 + "</a>" * 50_000)),
    "deep-open": page(rss("<a>" * 200_000)),
    "deep-html": page(rss(item(7, body="&lt;b&gt;" * 50_000))),
    "deep-json": page(b'{"items": ' + b"[" * 200_000),
    "laughs": page(LAUGHS),
    "long-title": page(rss(item(1, title="x" * 5_000_000))),
    "ten-megabytes": page(rss(*(item(number, guid=f"n{number}", body="Words of news. " * 2000) for number in range(300)))),
    "many": page(rss(*(item(number, guid=f"n{number}") for number in range(6000)))),
    "reset": reset(),
    "reset-in-the-body": reset(head() + NEWS[:300]),
    "nothing": raw(b""),
    "http-09": raw(NEWS),
    "icy": raw(b"ICY 200 OK\r\n\r\n", NEWS),
    "two-lengths": raw(head("Content-Length: 5", "Content-Length: 6"), NEWS),
    "short": raw(head("Content-Length: 9999"), NEWS),
    "huge-head": raw(head("X: " + "x" * 500_000), NEWS),
    "cut": page(NEWS[:-150]),
    "cut-gzip": page(gzip.compress(NEWS)[:-20], GZIP),
    "login": page(LOGIN),
    "empty": page(b""),
    "nul": page(rss(item(1, title="a\x00b&#xD800;"))),
    "circle": redirect("/circle"),
    "to-the-cloud": redirect("http://169.254.169.254/latest/"),
    "to-a-file": redirect("file:/etc/passwd"),
    "304": raw(head(status="304 Not Modified")),
    "500": page(b"", status="500 Oh No"),
    "403": page(b"", status="403 Forbidden"),
    "429": page(b"", "Retry-After: 120", status="429 Too Many Requests"),
}  # fmt: skip


Lived = dict[str, tuple[datetime, list[JournalLine]]]
"""By source: when the daemon started, and the journal, oldest line first."""


class Fast:
    """A clock that starts now and runs faster."""

    def __init__(self) -> None:
        self.start = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.start + (datetime.now(UTC) - self.start) * SPEED


async def live(db: Database, clock: Fast) -> None:
    """The daemon for a while."""
    fetcher = Fetcher(user_agent="test", folder=Path(), allow_private=LOOPBACK, limits=LIMITS)
    sandbox = Sandbox(seconds=6)
    hands = replace(make_hands(db, Publisher()), fetcher=fetcher, parse=sandbox.parse, clock=clock)
    daemon = Daemon(hands)
    daemon.start()
    await asyncio.sleep(PERIOD)  # the period that is looked at
    await daemon.stop()
    await sandbox.close()
    await fetcher.close()


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """A period with all of them."""
    db = open_database(f"sqlite:///{tmp_path_factory.mktemp('beside') / 'store.db'}")
    clock = Fast()
    try:
        with FaultServer(FAULTS_BY_PATH, clock=clock) as server:
            slugs = [*FAULTS, *HEALTHY]
            sources = [make_source(slug=slug, url=server.url(f"/{slug}"), every=EVERY) for slug in slugs]
            declare(db, *sources, now=clock())
            asyncio.run(live(db, clock))
        return {one.slug: (clock.start, reading.journal_of(db, one.slug)[::-1]) for one in sources}
    finally:
        db.close()


FAULTS_BY_PATH: Mapping[str, Play] = {f"/{slug}": play for slug, play in FAULTS.items()} | {
    f"/{slug}": good(rss(*(item(number, guid=f"{slug}-{number}") for number in range(1, 6))), etag=f'"{slug}"')
    for slug in HEALTHY
}


@pytest.mark.parametrize("slug", HEALTHY)
def test_a_healthy_source_is_on_time(lived: Lived, slug: str) -> None:
    """G-02, F-37: a healthy source is polled when it is due, however many others hang, drip, bomb and break the parser."""
    began, lines = lived[slug]
    late = [
        (after.at - before.next_poll_at).total_seconds() / SPEED
        for before, after in pairwise(lines)
        if before.next_poll_at is not None
    ]

    assert len(lines) >= 2
    assert (lines[0].at - began).total_seconds() / SPEED <= LONGEST_FIRST
    assert [(line.outcome, line.new) for line in lines] == [("fetched", 5), *[("unchanged", 0)] * (len(lines) - 1)]
    assert max(late) <= LONGEST_LATE
    assert min(late) >= -0.1


def test_the_faulty_ones_were_at_work_meanwhile(lived: Lived) -> None:
    """The forty-five were polled, most of them failed, and the journal has a reason for each."""
    lines = [lived[slug][1] for slug in FAULTS]

    assert len(FAULTS) == 45
    assert all(lines)
    failed = [one[0] for one in lines if one[0].outcome == "failed"]
    assert len(failed) >= 30
    assert all(line.detail and line.detail.isprintable() and "a fault of ours" not in line.detail for line in failed)
    assert {line.kind for line in failed} >= {
        "timeout",
        "too-large",
        "protocol",
        "html",
        "empty",
        "unreadable",
        "http",
        "busy",
    }
