"""Hand-written stand-ins: a publisher at the transport seam, a clock, and short ways to make records.

Nothing is patched: the network is a function, the clock an argument.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from aggregator.config import Config, load_config
from aggregator.decide import decide
from aggregator.poll import Hands, poll
from aggregator.prepare import is_own_host
from aggregator.recorder import Recorder
from aggregator.topics.compiling import Topic, compile_topic
from feeds.fetch import Fetcher, Limits
from feeds.model import Answer, Author, Document, Entry, Failed, Fetched, Head, Source, Validators
from feeds.parse import parse
from storage import intake, upkeep
from storage.database import Database
from storage.model import Decision, SourceRow, TopicRow
from storage.upkeep import Declared
from storage.work import REFILE, claim_work, finish, rules_name

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> datetime:
        """Let time pass: `forward(hours=1)`."""
        self.now += timedelta(**span)
        return self.now


@dataclass
class Page:
    """What a publisher answers under one address."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class Publisher:
    """A publisher at httpx's transport seam: pages by URL, every request kept; 304 where the validators fit."""

    def __init__(self, pages: dict[str, Page | Callable[[httpx.Request], httpx.Response]] | None = None) -> None:
        self.pages = pages or {}
        self.requests: list[httpx.Request] = []
        self.transport = httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        page = self.pages.get(str(request.url))
        if page is None:
            return httpx.Response(404)
        if not isinstance(page, Page):
            return page(request)
        shown = request.headers.get("if-none-match")
        since = request.headers.get("if-modified-since")
        etag, modified = page.headers.get("ETag"), page.headers.get("Last-Modified")
        if page.status == 200 and ((shown and shown == etag) or (not shown and since and since == modified)):
            return httpx.Response(304, headers=page.headers)
        # A stream, as from a socket: with `content` httpx would have read it already.
        return httpx.Response(page.status, headers=page.headers, stream=httpx.ByteStream(page.body))


def make_source(**said: Any) -> Source:
    """A source with what matters to a test."""
    return Source(**{"slug": "news", "url": "https://news.example/feed", "name": "News", **said})


def make_entry(**said: Any) -> Entry:
    """An entry with what matters to a test; `authors` may be names."""
    authors = tuple(Author(name=one) if isinstance(one, str) else one for one in said.pop("authors", ()))
    return Entry(**{"id": "1", "title": "A title", "link": "https://news.example/1", "authors": authors, **said})


def rss(*items: str, title: str = "News", extra: str = "") -> bytes:
    """An RSS document around these items."""
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        f"<title>{title}</title><link>https://news.example/</link><description>d</description>{extra}"
        f"{''.join(items)}</channel></rss>"
    ).encode()


def item(number: int = 1, *, title: str = "", body: str = "Words.", guid: str = "", extra: str = "") -> str:
    """One RSS item with a guid, a link, a date."""
    return (
        f"<item><title>{title or f'Entry {number}'}</title><link>https://news.example/{number}</link>"
        f"<guid isPermaLink='false'>{guid or f'id-{number}'}</guid>"
        f"<pubDate>Tue, 24 Nov 2026 0{number % 10}:00:00 GMT</pubDate><description>{body}</description>{extra}</item>"
    )


def declare(db: Database, *sources: Source, topics: dict[str, str] | None = None, now: datetime = NOON) -> list[Topic]:
    """Make a store know these sources and topics (slug -> query), as a configuration would. The compiled topics."""
    compiled = [compile_topic(slug, slug.title(), query) for slug, query in (topics or {}).items()]
    rows = [
        TopicRow(slug=one.slug, title=one.title, query=one.query, rule_version=one.rule_version) for one in compiled
    ]
    declared = [SourceRow(source=one, own_host=is_own_host(one.url, LOOPBACK)) for one in sources]
    upkeep.reconcile(db, Declared(sources=declared, topics=rows), now)
    upkeep.mark_filed(db, {one.slug: one.rule_version for one in compiled})
    for piece in claim_work(db, now, owner="declare", kinds=[REFILE]):
        finish(db, piece)
    return compiled


def rules_of(topics: Sequence[Topic]) -> str:
    """The name of a set of compiled rules."""
    rows = [TopicRow(slug=one.slug, title="", query="", rule_version=one.rule_version) for one in topics]
    return rules_name(rows)


def take(
    db: Database,
    entries: Sequence[Entry],
    *,
    topics: Sequence[Topic] = (),
    slug: str = "news",
    now: datetime = NOON,
    head: Head | None = None,
) -> Decision:
    """Let a source bring these entries, through the whole of claim, known, decide and record."""
    (claim,) = intake.claim(db, now, owner="test", limit=1, slugs=[slug], explicit=True)
    document = Document(head=head or Head(title="News"), entries=tuple(entries), format="rss20")
    answer = Answer(status=200, url=claim.source.url)
    outcome = Fetched(answer=answer, body=b"x", validators=Validators(url=claim.source.url))
    known = intake.known(db, claim.source_id, [entry.id for entry in entries])
    decision = decide(claim, outcome, document, known, topics, now, rules=rules_of(topics))
    assert intake.record(db, claim, decision)
    return decision


async def parse_here(body: bytes, url: str, content_type: str) -> Document | Failed:
    """The parser in this process: the sandbox has tests of its own."""
    return parse(body, url, content_type)


def make_hands(db: Database, publisher: Publisher, topics: Sequence[Topic] = (), clock: Clock | None = None) -> Hands:
    """What a poll works with, on a fake publisher and a clock that stands still."""
    fetcher = Fetcher(
        user_agent="Heliograph/test (+https://h.example)", folder=Path(), transport=publisher.transport,
        limits=Limits(spacing=0),
    )  # fmt: skip
    return Hands(
        fetcher=fetcher, parse=parse_here, db=db, record=Recorder(db).record, topics=topics, rules=rules_of(topics),
        clock=clock or Clock(),
    )  # fmt: skip


def poll_all(hands: Hands, *, explicit: bool = False) -> list[Decision | None]:
    """Poll every source that is due (or every one), and let the fetcher go."""

    async def polled() -> list[Decision | None]:
        claims = intake.claim(hands.db, hands.clock(), owner="test", limit=100, explicit=explicit)
        try:
            return [await poll(claim, hands) for claim in claims]
        finally:
            await hands.fetcher.close()

    return asyncio.run(polled())


def write_config(folder: Path, text: str = "") -> Config:
    """A configuration in a folder, loaded without an environment."""
    path = folder / "feeds.yaml"
    path.write_text(text or "sources: []\n", "utf-8")
    return load_config(path, environment={})
