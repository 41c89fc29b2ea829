"""The program's own way from a server to a store, one poll at a time: fetch, parse, decide, record.

In: a play of the fault server. Out: what the journal says of the poll, and what the store holds after it.
"""

from __future__ import annotations

import asyncio
import ipaddress
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

from aggregator.poll import poll
from aggregator.publish import Publisher as Publishing
from feeds import guard
from feeds.fetch import Fetcher, Limits
from feeds.model import Entry, Source
from feeds.sandbox import Sandbox
from storage import intake, reading
from storage.database import Database
from storage.following import Newcomer, follow
from storage.model import Followed, JournalLine, Kept
from tests.fakes import Clock, Publisher, declare, item, make_hands, make_source, rss, write_config
from tests.faultserver import FaultServer, Play, good

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
LIMITS = Limits(seconds=10, spacing=0)
HASTY = Limits(seconds=0.4, spacing=0)
"""For servers that would keep a poll for ever."""
THREE = rss(item(1), item(2), item(3))
FOUR = rss(item(1), item(2), item(3), item(9))


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What is dear to start: an event loop and a parser process."""

    runner: asyncio.Runner
    sandbox: Sandbox


class Routed(httpx.AsyncBaseTransport):
    """The wide world at httpx's transport seam: every name leads to one server on loopback, over real sockets."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._inner = httpx.AsyncHTTPTransport(trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._port)
        there = httpx.Request(
            request.method, url, headers=request.headers, stream=request.stream, extensions=request.extensions
        )
        return await self._inner.handle_async_request(there)

    async def aclose(self) -> None:
        await self._inner.aclose()


class Stage:
    """A server, a store, a clock and a source, "news", that was polled once when it was well: three entries, ETag "1"."""

    def __init__(self, workshop: Workshop, db: Database, server: FaultServer, folder: Path) -> None:
        self._workshop = workshop
        self.db = db
        self.server = server
        self.clock = Clock()
        self._folder = folder
        self._sources: list[Source] = []
        self.follow("news", server.url("/feed"))
        self.poll(good(THREE, etag='"1"'))

    def follow(self, slug: str, url: str, *, may_be_private: bool = True) -> None:
        """Follow one more source: declared as in feeds.yaml, or added by a command, which may not be private."""
        if not may_be_private:
            newcomer = Newcomer(source=make_source(slug=slug, url=url, name=slug), due=self.clock(), reason="added")
            follow(self.db, [newcomer], self.clock())
            return
        self._sources.append(make_source(slug=slug, url=url, name=slug, may_be_private=True))
        declare(self.db, *self._sources, now=self.clock())

    def poll(
        self,
        play: Play | None = None,
        *,
        slug: str = "news",
        limits: Limits = LIMITS,
        days: float = 8,
        world: bool = False,
        resolve: guard.Resolver | None = None,
    ) -> JournalLine:
        """Let time pass, and poll a source as `heliograph poll SOURCE` does, with `play` on the stage.

        `world` asks through the transport seam, where every host name leads to the server.
        """
        if play is not None:
            self.server.pages["/feed"] = play
        self.clock.forward(days=days)
        (claim,) = intake.claim(self.db, self.clock(), owner="test", limit=1, slugs=[slug], explicit=True)

        async def once() -> None:
            fetcher = Fetcher(
                user_agent="Heliograph/test (+https://h.example)", folder=Path(), allow_private=LOOPBACK, limits=limits,
                resolve=resolve, transport=Routed(self.server.port) if world else None,
            )  # fmt: skip
            hands = replace(
                make_hands(self.db, Publisher(), clock=self.clock), fetcher=fetcher, parse=self._workshop.sandbox.parse
            )
            try:
                assert await poll(claim, hands) is not None
            finally:
                await fetcher.close()

        self._workshop.runner.run(once())
        return reading.journal_of(self.db, slug)[0]

    def kept(self, slug: str = "news") -> list[Kept]:
        """What the store holds of a source, oldest arrival first."""
        return reading.page(self.db, "sources", slug, limit=100_000)[::-1]

    def titles(self, slug: str = "news") -> list[str]:
        """Their titles."""
        return [one.entry.title for one in self.kept(slug)]

    def entry(self, id: str, slug: str = "news") -> Entry:  # noqa: A002 - as feeds call it
        """The one entry with this id."""
        (found,) = [one.entry for one in self.kept(slug) if one.entry.id == id]
        return found

    def source(self, slug: str = "news") -> Followed:
        """A source with its state."""
        return reading.followed(self.db, slug)[0]

    def published(self, form: str = "atom") -> bytes:
        """The source's feed as we publish it, with its full text."""
        output = reading.output(self.db, "sources", "news")
        assert output is not None
        config = write_config(self._folder, "settings: {republish: full, base_url: 'https://h.example'}\n")
        return Publishing(self.db, config).feed(output, form, self.clock()).content

    def mends(self, *, slug: str = "news") -> None:
        """F-38: the next good poll brings what came meanwhile; all that was kept is there still, and nothing is twice."""
        before = [one.entry.id for one in self.kept(slug)]
        line = self.poll(good(FOUR, etag='"mended"'), slug=slug)
        after = [one.entry.id for one in self.kept(slug)]

        assert line.outcome == "fetched"
        assert "id-9" in after
        assert set(before) <= set(after)
        assert len(after) == len(set(after)) == len({*before, "id-1", "id-2", "id-3", "id-9"})


def failed(line: JournalLine, kind: str, *words: str) -> None:
    """The journal says that the poll failed in this way, in words fit for a person and a terminal."""
    assert (line.outcome, line.kind) == ("failed", kind), line
    _in_words(line, *words)
    assert line.detail


def brought(line: JournalLine, new: int, *words: str, changed: int = 0) -> None:
    """The journal says that the poll brought so many new entries, with these words on what was odd."""
    assert (line.outcome, line.kind, line.new, line.changed) == ("fetched", "", new, changed), line
    _in_words(line, *words)


def _in_words(line: JournalLine, *words: str) -> None:
    assert [word for word in words if word not in line.detail] == [], line.detail
    assert line.detail.isprintable()
    assert len(line.detail) <= 1000
    assert "a fault of ours" not in line.detail
    assert line.next_poll_at is None or line.next_poll_at > line.at
