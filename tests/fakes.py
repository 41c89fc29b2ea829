"""Hand-written stand-ins: a publisher at the transport seam, a clock, and short ways to make records.

Nothing is patched: the network is a function, the clock an argument.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from feeds.model import Author, Entry, Source

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
        return httpx.Response(page.status, headers=page.headers, content=page.body)


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
