"""Forty faulty servers through the whole pipeline, with ten good ones beside them: what is said, kept and learned.

Every source is polled three times: good, with its fault, and mended. The good ones beside them have news every time.
"""

from __future__ import annotations

import asyncio
import gzip
import ipaddress
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.poll import Hands, poll
from aggregator.rounds import claiming, poll_in_rounds
from feeds.fetch import Fetcher, Limits
from feeds.model import Document, Failed, Head
from feeds.sandbox import Sandbox
from storage import intake, reading
from storage.database import Database, open_database
from storage.model import Decision, JournalLine
from tests.fakes import NOON, Clock, Page, Publisher, declare, item, make_entry, make_hands, make_source, poll_all, rss
from tests.servers import Handler, Server, drip, flood, hang, head, page, raw, redirect, reset, validated

LIMITS = Limits(seconds=3)
HEALTHY = [f"good-{number}" for number in range(10)]
MEGABYTE = bytes(1_000_000)
# Attributes whose values hold what looks like the end of a tag.
HIDDEN = " ".join(f'a{number}=">"' for number in range(100_000))
ENTITIES = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
LAUGHS = f'<!DOCTYPE rss [<!ENTITY l0 "ha">{ENTITIES}]>'.encode()
NEWS = rss(item(1), item(2), item(3), item(5, title="Fresh"))
MANY = rss(*(item(number, body=f"{number} " * 50) for number in range(1, 400)))
CYRILLIC = rss(item(1), item(2), item(3), item(5, title="Новости")).replace(b"utf-8", b"windows-1251", 1)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A faulty answer, and what the journal must say of it: a kind of failure, or none, and a word of its detail."""

    handler: Handler
    kind: str = ""
    word: str = ""
    new: int = 0
    validators: bool = True


FAULTS = {
    "html": Fault(handler=page(b"<!DOCTYPE html><html><title>Log in</title></html>"), kind="html", word="web page"),
    "challenge": Fault(handler=page(b"<html>One moment", status="202 Accepted"), kind="html", word="web page"),
    "empty": Fault(handler=page(b""), kind="empty", word="empty"),
    "no-content": Fault(handler=raw(head(status="204 No Content")), kind="empty", word="empty"),
    "words": Fault(handler=page(b"Database error"), kind="not-a-feed", word="no <rss>"),
    "other-xml": Fault(handler=page(b"<?xml version='1.0'?><opml/>"), kind="not-a-feed", word="no <rss>"),
    "cut": Fault(handler=page(NEWS[:-150]), word="breaks off"),
    "cut-early": Fault(handler=page(NEWS[:250]), kind="unreadable", word="breaks off"),
    "cut-json": Fault(handler=page(b'{"items": [{"id": "1"'), kind="unreadable", word="JSON"),
    "fifty-megabytes": Fault(handler=flood([MEGABYTE] * 50, head()), kind="too-large", word="15,000,000 bytes"),
    "wrong-encoding": Fault(handler=page(CYRILLIC, "Content-Type: text/xml; charset=utf-8"), new=1),
    "bad-byte": Fault(handler=page(NEWS.replace(b"Fresh", b"Fr\xe9sh \xc4\x8d")), word="encoding is broken", new=1),
    "no-dates": Fault(handler=page(rss("<item><title>Undated</title><guid>u</guid></item>")), new=1),
    "no-ids": Fault(handler=page(rss(*["<item><title>Same</title><pubDate>x</pubDate></item>"] * 2)), word="repeat", new=1),
    "hang": Fault(handler=hang(), kind="timeout", word="within 3 seconds"),
    "hang-in-the-body": Fault(handler=hang(head() + NEWS[:400]), kind="timeout", word="within 3 seconds"),
    "drip": Fault(handler=drip(head(), piece=b"<"), kind="timeout", word="within 3 seconds"),
    "reset": Fault(handler=reset(), kind="protocol", word="broke the connection off"),
    "reset-in-the-body": Fault(handler=reset(head() + NEWS[:400]), kind="protocol", word="broke the connection off"),
    "short": Fault(handler=raw(head("Content-Length: 9999"), NEWS), kind="protocol", word="without sending complete"),
    "circle": Fault(handler=redirect("/circle"), kind="redirect", word="circle"),
    "to-a-file": Fault(handler=redirect("file:/etc/passwd"), kind="forbidden-address", word="not file"),
    "to-the-cloud": Fault(
        handler=redirect("http://169.254.169.254/latest/"), kind="forbidden-address", word="private or reserved"
    ),
    "to-nonsense": Fault(handler=redirect("http://[::1"), kind="forbidden-address", word="cannot be read"),
    "500": Fault(handler=page(NEWS, status="500 Oh No"), kind="http", word="500 Oh No"),
    "404": Fault(handler=page(NEWS, status="404 Not Found"), kind="http", word="404"),
    "410": Fault(handler=page(NEWS, status="410 Gone"), kind="gone", word="gone for good"),
    "429": Fault(handler=page(b"", "Retry-After: 7200", status="429 Slow"), kind="busy", word="come later"),
    "503": Fault(handler=page(b"", "Retry-After: 7200", status="503 Busy"), kind="busy", word="come later"),
    "304": Fault(handler=raw(head(status="304 Not Modified")), kind="protocol", word="304", validators=False),
    "bomb": Fault(
        handler=page(gzip.compress(bytes(100_000_000), 1), "Content-Encoding: gzip"), kind="too-large", word="15,000,000"
    ),
    "not-gzip": Fault(handler=page(NEWS, "Content-Encoding: gzip"), new=1),
    "untold-gzip": Fault(handler=page(gzip.compress(NEWS)), new=1),
    "cut-gzip": Fault(handler=page(gzip.compress(MANY)[:-3000], "Content-Encoding: gzip"), word="breaks off"),
    "two-lengths": Fault(
        handler=raw(head("Content-Length: 5", "Content-Length: 6"), NEWS), kind="protocol", word="Content-Length"
    ),
    "huge-header": Fault(handler=raw(head("X: " + "x" * 200_000), NEWS), kind="protocol", word="too long"),
    "no-status": Fault(handler=raw(b"ICY 200 OK\r\n\r\n", NEWS), kind="protocol", word="illegal status line"),
    "http-0.9": Fault(handler=raw(NEWS), kind="protocol", word="without sending a response"),
    "attributes": Fault(
        handler=page(rss(extra="<x " + HIDDEN.replace(">", "") + "/>")), kind="unreadable", word="attributes"
    ),
    "hidden-attributes": Fault(handler=page(rss(item(1), extra=f"<x {HIDDEN}/>")), kind="unreadable"),
    "laughs": Fault(handler=page(rss(item(6, title="&l9;")).replace(b"<rss", LAUGHS + b"<rss", 1)), new=1),
    "deep": Fault(handler=page(rss("<a>" * 20_000 + "</a>" * 20_000, item(1), item(5))), new=1),
    "deep-html": Fault(handler=page(rss(item(7, body="&lt;b&gt;" * 20_000))), new=1),
    "deep-json": Fault(handler=page(b'{"items": ' + b"[" * 100_000), kind="unreadable", word="nested"),
}  # fmt: skip
# Where the publisher's own page was not seen, what it issued holds on; what was seen and not read is asked for whole.
KEEP_VALIDATORS = {"timeout", "protocol", "redirect", "forbidden-address", "http", "gone", "busy"}


@dataclass(repr=False)
class Seen:
    """What three rounds left behind."""

    lines: dict[str, list[JournalLine]] = field(default_factory=dict)
    kept: dict[str, list[set[str]]] = field(default_factory=dict)
    shown: dict[str, list[bytes | None]] = field(default_factory=dict)
    ended: list[Decision | None] = field(default_factory=list)


def rounds() -> Iterator[dict[str, Handler]]:
    """The pages of the three rounds."""
    good = rss(item(1), item(2), item(3))
    better = rss(item(1), item(2), item(3), item(4), item(8))
    news = [rss(*(item(number) for number in range(1, last))) for last in (4, 5, 6)]
    beside = [{f"/{slug}": validated(body, f'"{len(body)}"') for slug in HEALTHY} for body in news]
    yield beside[0] | {f"/{n}": validated(good, '"1"') if f.validators else page(good) for n, f in FAULTS.items()}
    yield beside[1] | {f"/{name}": fault.handler for name, fault in FAULTS.items()}
    yield beside[2] | {f"/{name}": validated(better, '"2"') for name in FAULTS}


async def three_rounds(db: Database, server: Server, clock: Clock) -> Seen:
    """Poll everything at once, three times, days apart."""
    seen = Seen()
    networks = [ipaddress.ip_network("127.0.0.0/8")]
    fetcher = Fetcher(user_agent="test", folder=Path(), allow_private=networks, limits=LIMITS)
    sandbox = Sandbox(2, seconds=4)
    hands = replace(make_hands(db, Publisher({}), clock=clock), fetcher=fetcher, parse=sandbox.parse)
    slugs = [*FAULTS, *HEALTHY]
    for pages in rounds():
        server.pages = pages
        before = len(seen.ended)
        claim = claiming(db, "test", clock, slugs=None, explicit=True)
        await poll_in_rounds(claim, hands, workers=100, done=lambda claim, decision: seen.ended.append(decision))
        assert len(seen.ended) - before == len(slugs)
        for slug in slugs:
            kept = reading.page(db, "sources", slug, limit=1000)
            seen.kept.setdefault(slug, []).append({one.entry.title for one in kept})
        clock.forward(days=8)
    await sandbox.close()
    await fetcher.close()
    for slug in slugs:
        seen.lines[slug] = reading.journal_of(db, slug)[::-1]
        seen.shown[slug] = [one.header("If-None-Match") for one in server.exchanges if one.path == f"/{slug}"]
    return seen


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """Three rounds with every fault, once for all tests of this file."""
    db = open_database(f"sqlite:///{tmp_path_factory.mktemp('faults') / 'store.db'}")
    try:
        with Server() as server:
            declare(db, *(make_source(slug=slug, url=server.url(f"/{slug}")) for slug in [*FAULTS, *HEALTHY]))
            return asyncio.run(three_rounds(db, server, Clock()))
    finally:
        db.close()


@pytest.mark.parametrize("name", FAULTS)
def test_the_journal_says_what_was_wrong(seen: Seen, name: str) -> None:
    """Each fault is one line in the journal: its kind, and a short detail that a person understands."""
    fault, line = FAULTS[name], seen.lines[name][1]

    assert (line.kind, line.outcome) == (fault.kind, "failed" if fault.kind else "fetched")
    assert fault.word in line.detail
    assert line.new == fault.new or name == "cut-gzip"
    assert line.detail or not fault.kind
    assert line.detail.isprintable()
    assert len(line.detail) <= 300
    assert "a fault of ours" not in line.detail
    assert line.next_poll_at is not None
    assert line.next_poll_at > line.at


@pytest.mark.parametrize("name", FAULTS)
def test_nothing_is_lost_to_a_fault(seen: Seen, name: str) -> None:
    """F-38: what was kept before a fault is there after it, and the first good poll brings what came meanwhile."""
    before, during, after = seen.kept[name]

    assert before == {"Entry 1", "Entry 2", "Entry 3"}
    assert before <= during
    assert during | {"Entry 4", "Entry 8"} == after
    assert seen.lines[name][2].outcome == "fetched"


@pytest.mark.parametrize("name", FAULTS)
def test_validators_survive_only_what_was_no_answer(seen: Seen, name: str) -> None:
    """F-01, F-38: after a body that was not read the page is asked for whole; after no answer, conditionally."""
    fault = FAULTS[name]
    issued = b'"1"' if fault.validators else None
    first, second, *_, third = seen.shown[name]

    assert (first, second) == (None, issued)
    assert third == (issued if fault.kind in KEEP_VALIDATORS else None)


@pytest.mark.parametrize("slug", HEALTHY)
def test_a_good_source_beside_them_does_well(seen: Seen, slug: str) -> None:
    """A bad feed is nobody else's trouble: sources polled in the same minute bring all their news."""
    assert [(line.outcome, line.status, line.new) for line in seen.lines[slug]] == [
        ("fetched", 200, 3),
        ("fetched", 200, 1),
        ("fetched", 200, 1),
    ]
    assert seen.kept[slug][2] == {f"Entry {number}" for number in range(1, 6)}


def test_every_poll_was_recorded(seen: Seen) -> None:
    """Every poll of every source ended in a decision that was written down, and left one line."""
    assert len(seen.ended) == 3 * (len(FAULTS) + len(HEALTHY))
    assert None not in seen.ended
    assert all(len(lines) == 3 for lines in seen.lines.values())


@pytest.mark.parametrize("name", ["429", "503"])
def test_a_busy_publisher_is_left_alone_as_long_as_he_asks(seen: Seen, name: str) -> None:
    """F-30: Retry-After of two hours is two hours."""
    line = seen.lines[name][1]

    assert line.next_poll_at is not None
    assert timedelta(hours=2) <= line.next_poll_at - line.at <= timedelta(hours=2, minutes=30)


def test_a_broken_off_body_keeps_its_whole_entries(seen: Seen) -> None:
    """F03, F04 (faults): entries before the break are kept, the half one is not."""
    assert seen.lines["cut-gzip"][1].new > 100
    assert "Fresh" not in seen.kept["cut"][1]


def test_encodings_come_out_right(seen: Seen) -> None:
    """F07, F08 (faults): a wrong charset in the header and one bad byte cost at most that character."""
    assert "Новости" in seen.kept["wrong-encoding"][1]
    assert "Frésh č" in seen.kept["bad-byte"][1]


def test_entities_do_not_grow(seen: Seen) -> None:
    """X-10: a billion laughs come to nothing."""
    assert all(len(title) < 100 for title in seen.kept["laughs"][1])


def hands_with(db: Database, read: Document | Exception) -> Hands:
    """Hands whose publisher answers, and whose parser says this."""
    source = make_source()
    declare(db, source)

    async def parse(body: bytes, url: str, content_type: str) -> Document | Failed:
        if isinstance(read, Exception):
            raise read
        return read

    return replace(make_hands(db, Publisher({source.url: Page(b"body")})), parse=parse)


@pytest.mark.parametrize(
    "read",
    [
        ValueError("odd \ud800 \x1b[2J" + "x" * 1000),
        Document(head=Head(), entries=(make_entry(id="\ud800"), make_entry(id="2"))),
        Document(head=Head(title="\udfff"), entries=(make_entry(title="\ud800"),)),
    ],
)
def test_a_fault_of_ours_is_the_sources_failure(
    db: Database, read: Document | Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever goes wrong with a document here, the poll ends: the source backs off, its lease is free, the journal says why."""
    caplog.set_level(logging.CRITICAL + 1, logger="aggregator.poll")  # a lone surrogate in a report stops parallel runs
    (decision,) = poll_all(hands_with(db, read))

    (line,) = reading.journal_of(db, "news")
    assert decision is not None
    assert (line.outcome, line.kind) == ("failed", "unreadable")
    assert line.detail.startswith("a fault of ours: ")
    assert line.detail.isprintable()
    assert len(line.detail) <= 300
    assert len(intake.claim(db, NOON + timedelta(days=2), owner="next", limit=10)) == 1


def test_a_lost_lease_writes_nothing(db: Database) -> None:
    """A poll whose lease went to another leaves no line and no entry, and says so."""
    hands = hands_with(db, Document(head=Head(), entries=(make_entry(),)))
    (claim,) = intake.claim(db, NOON, owner="slow", limit=1)
    assert intake.claim(db, NOON + timedelta(hours=1), owner="other", limit=1)

    assert asyncio.run(poll(claim, hands)) is None
    assert reading.journal_of(db, "news") == []
    assert reading.page(db, "sources", "news", limit=10) == []
