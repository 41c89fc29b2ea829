"""A site with pages, a source whose pages are to be read, and the reading of what waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

from aggregator.pages import PageReader
from aggregator.poll import Hands
from feeds.article import read_article
from feeds.fetch import Fetcher, Limits
from feeds.model import Article, Entry, Failed
from storage import articles, reading
from storage.database import Database
from storage.model import Decision, Kept
from tests.fakes import (
    Clock,
    Page,
    Publisher,
    declare,
    make_entry,
    make_hands,
    make_source,
    take,
)
from tests.pages import URL, graph, linked, page

SUMMARY = "<p>Kazakhstan has ordered two patrol boats for its base at Aktau, the ministry said…</p>"
ROBOTS = "https://monitor.example/robots.txt"
HTML = {"Content-Type": "text/html; charset=utf-8"}


async def read_here(body: bytes, url: str, content_type: str) -> Article | Failed:
    """The reader of pages, without a process of its own."""
    return read_article(body, url, content_type)


def web(**more: Page | Callable[[httpx.Request], httpx.Response]) -> Publisher:
    """A site with one page and no robots.txt; more pages by path."""
    pages: dict[str, Any] = {URL: Page(body=page(head=linked(graph())), headers=HTML)}
    return Publisher(pages | {f"https://monitor.example/{path}": one for path, one in more.items()})


def snippet(**said: Any) -> Entry:
    """An entry whose feed has a summary only."""
    text = "Kazakhstan has ordered two patrol boats for its base at Aktau, the ministry said…"
    return make_entry(**{"link": URL, "title": "Patrol boats", "summary": SUMMARY, "text": text, **said})


def follow(
    db: Database, *brought: Entry, topics: dict[str, str] | None = None, **said: Any
) -> tuple[Decision, Sequence[Any]]:
    """Follow a source whose pages are to be read, and let it bring these entries."""
    source = make_source(**{"full_text": "page", "url": "https://monitor.example/feed", **said})
    compiled = declare(db, source, topics=topics)
    return take(db, brought, topics=compiled), compiled


def read_pages(
    db: Database, publisher: Publisher | httpx.AsyncBaseTransport, clock: Clock | None = None, topics: Sequence[Any] = (),
    *, reader: PageReader | None = None, fetcher: Fetcher | None = None,
) -> int:  # fmt: skip
    """Read every page that is due. How many."""
    clock = clock or Clock()
    transport = publisher.transport if isinstance(publisher, Publisher) else publisher
    asking = fetcher or Fetcher(
        user_agent="Heliograph/test (+https://h.example)", folder=Path(), transport=transport, limits=Limits(spacing=0)
    )
    hands: Hands = replace(make_hands(db, Publisher(), topics, clock), fetcher=asking, read_page=read_here)

    async def run() -> int:
        try:
            return await (reader or PageReader("test", clock)).read_all(hands)
        finally:
            await asking.close()

    return asyncio.run(run())


def kept(db: Database) -> Kept:
    """The one entry of the store."""
    (one,) = reading.page(db, "all", "", limit=10)
    return one


def became(db: Database, key: int = 1) -> articles.Page:
    """What became of an entry's page."""
    found = articles.page_of(db, key)
    assert found is not None
    return found


def asked(publisher: Publisher) -> list[str]:
    """What was asked, in order."""
    return [str(request.url) for request in publisher.requests]
