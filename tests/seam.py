"""Names that lead to a server of ours on loopback: what is on the wire is real, only the address book is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import httpx

from aggregator.poll import Hands
from aggregator.topics.compiling import Topic
from feeds.fetch import Fetcher, Limits
from storage.database import Database
from tests.fakes import Clock, Publisher, make_hands
from tests.servers import Server


class Somewhere(Protocol):
    """Where a server listens."""

    @property
    def host(self) -> str:
        """Its address."""

    @property
    def port(self) -> int:
        """Its port."""


class Led(httpx.AsyncBaseTransport):
    """Every host is `server`; what is asked, and under which name, is as it would be anywhere."""

    def __init__(self, server: Somewhere) -> None:
        self._server = server
        self._inner = httpx.AsyncHTTPTransport(trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Ask the server instead, over plain HTTP, with the headers that there are."""
        url = request.url.copy_with(scheme="http", host=self._server.host, port=self._server.port)
        led = httpx.Request(request.method, url, headers=request.headers, extensions=request.extensions)
        return await self._inner.handle_async_request(led)

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._inner.aclose()


def led_fetcher(server: Somewhere, *, redirects: int = 5) -> Fetcher:
    """A fetcher to which every host is `server`."""
    limits = Limits(redirects=redirects)
    return Fetcher(
        user_agent="Heliograph/test (+https://h.example)", folder=Path(), transport=Led(server), limits=limits
    )


def led_hands(db: Database, server: Somewhere, topics: Sequence[Topic] = (), clock: Clock | None = None) -> Hands:
    """What a poll works with, where every host is `server`."""
    return replace(make_hands(db, Publisher(), topics, clock), fetcher=led_fetcher(server))


def asked(server: Server) -> list[str]:
    """What the server was asked, in order: host and path."""
    return [f"{(one.header('Host') or b'').decode('latin-1')}{one.path}" for one in server.exchanges]


async def no_pause(_: float) -> None:
    """Politeness without the waiting."""
