"""Our feeds, answered in front of everything else: plain ASGI, from memory while nothing changed.

In: requests for feeds. Out: answers held for as long as their revision holds; everything else goes on to the application.
Never: a store asked for a 304: what a feed's revision is, is looked up once a second at most, by one for all who wait.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from aggregator.asking import Asked, AskedError, read_asked
from aggregator.config import Config
from aggregator.publish import KINDS, Publisher
from aggregator.web.answers import Headers, Ready, Said, negotiated
from aggregator.web.pace import Pace
from storage.database import StorageError
from storage.model import OutputKind

log = logging.getLogger(__name__)

FRESH_SECONDS = 1.0
"""How old what is known of a feed's revision may be."""
_MOST_BYTES = 96_000_000
_LONGEST_QUERY = 2000
_FEED = re.compile(
    r"/(topics|authors|sources|places|feeds|all)(?:/([a-z0-9][a-z0-9-]{0,199}))?(?:\.(atom|rss|json))?\Z"
)
# What scripts of other sites may read (S-06): every feed and list but the private ones.
_OPEN = re.compile(r"/(?!private/).*\.(?:atom|rss|json|opml)\Z|/opml\Z")
_READ = (b"allow", b"GET, HEAD, OPTIONS")
_PREFLIGHT: Headers = [
    _READ, (b"access-control-allow-origin", b"*"), (b"access-control-allow-methods", b"GET, HEAD"),
    (b"access-control-allow-headers", b"If-None-Match, If-Modified-Since"), (b"access-control-max-age", b"86400"),
]  # fmt: skip
_FAULT = Said(
    500,
    [(b"content-type", b"text/plain; charset=utf-8")],
    b"Something went wrong here. It was noted; please come again later.\n",
)
_ONLY_READ = Said(
    405, [_READ, (b"content-type", b"text/plain; charset=utf-8")], b"Here one can only read: GET and HEAD.\n"
)


@dataclass(frozen=True, slots=True)
class _Feed:
    """A feed that is asked for: `form` is "" for the bare address."""

    kind: OutputKind
    slug: str
    form: str


@dataclass(slots=True)
class _Held:
    """An answer, the revision that it is of, the configuration that it was made by, and until when it need not be looked up."""

    ready: Ready
    revision: int
    config: Config
    until: float


class Front:
    """Answers for feeds; everything else, and all that goes wrong, is the application's."""

    def __init__(
        self, app: ASGIApp, *, publisher: Publisher, clock: Callable[[], datetime],
        fresh: float = FRESH_SECONDS, seconds: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._app = app
        self._publisher = publisher
        self._clock = clock
        self._seconds = seconds
        self._fresh = fresh
        self._held: OrderedDict[tuple[str, bytes, str], _Held] = OrderedDict()
        self._bytes = 0
        self._looking: dict[tuple[str, bytes, str], asyncio.Task[Ready | None]] = {}
        self._pace = Pace()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if limit := self._publisher.config.settings.requests_a_minute:
            client = scope.get("client")
            wait = self._pace.wait(client[0] if client else "", limit, self._seconds())
            if wait:
                await _say(_too_fast(wait), send)
                return
        headers = scope["headers"]
        # The quick way: what is held under this very address.
        path = scope["path"]
        held = self._held.get((path, scope["query_string"], ""))
        if held is not None and self._seconds() < held.until and held.config is self._publisher.config:
            method = scope["method"]
            if method in ("GET", "HEAD"):
                await _say(held.ready.answer(headers, head=method == "HEAD"), send)
                return
        try:
            said = await self._answer(scope)
        except Exception:  # a fault of ours is one answer's: the server tells nobody of it, so we do
            log.exception("answering %s failed", path)
            said = _FAULT
        if said is not None:
            await _say(said, send)
            return
        with suppress(Exception):  # the application has told the reader and the log (`public.fault`)
            await self._app(scope, receive, send)

    async def _answer(self, scope: Scope) -> Said | None:
        found, method, headers = _FEED.match(scope["path"]), scope["method"], scope["headers"]
        feed = _asked_feed(found) if found else None
        if method == "OPTIONS" and (feed or _OPEN.match(scope["path"])):
            return Said(204, _PREFLIGHT, b"")
        if feed is None:
            return None
        form = feed.form
        if not form:
            accept = b",".join(value for name, value in headers if name == b"accept").decode("latin-1")
            form = negotiated(accept)
            if not form or method not in ("GET", "HEAD"):
                return None
        if method not in ("GET", "HEAD"):
            return _ONLY_READ
        query = scope["query_string"]
        if len(query) > _LONGEST_QUERY:
            return None
        try:
            asked = read_asked(dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True)))
        except AskedError:
            return None
        # One answer for a question, however it is put: what is tacked on to an address fills no memory.
        key = (scope["path"], asked.part.removeprefix("?").encode(), "" if feed.form else form)
        held = self._held.get(key)
        if held is not None and self._seconds() < held.until and held.config is self._publisher.config:
            ready: Ready | None = held.ready
        else:
            ready = await self._looked_up(key, feed, form, asked)
        return ready.answer(headers, head=method == "HEAD") if ready is not None else None

    async def _looked_up(self, key: tuple[str, bytes, str], feed: _Feed, form: str, asked: Asked) -> Ready | None:
        """What is to be said now; whoever asks while it is looked up waits for the same."""
        looking = self._looking.get(key)
        if looking is None:
            looking = asyncio.create_task(self._look(key, feed, form, asked))
            self._looking[key] = looking
            looking.add_done_callback(lambda _: self._looking.pop(key, None))
        return await asyncio.shield(looking)

    async def _look(self, key: tuple[str, bytes, str], feed: _Feed, form: str, asked: Asked) -> Ready | None:
        held = self._held.get(key)
        begun = self._seconds()
        try:
            # Threads of the pages: those of the daemon are not kept from polling by many readers.
            made = await run_in_threadpool(self._render, held, feed, form, asked)
        except StorageError as error:
            log.error("%s: %s", key[0], error)
            if held is None:
                return None  # the application says 503
            # What was true a moment ago is better than nothing, and a store in trouble is asked once a second only.
            held.until = self._seconds() + self._fresh
            return held.ready
        if held is not None:
            self._drop(key)
        if made is None:
            return None
        made.until = begun + self._fresh
        self._held[key] = made
        self._bytes += made.ready.size
        while self._bytes > _MOST_BYTES and len(self._held) > 1:
            self._drop(next(iter(self._held)))
        return made.ready

    def _drop(self, key: tuple[str, bytes, str]) -> None:
        gone = self._held.pop(key, None)
        if gone is not None:
            self._bytes -= gone.ready.size

    def _render(self, held: _Held | None, feed: _Feed, form: str, asked: Asked) -> _Held | None:
        """Today's answer, in a thread: the one that is held where the revision is the same."""
        publisher = self._publisher
        config = publisher.config
        output = publisher.output(feed.kind, feed.slug)
        if output is None or output.moved_to:
            return None
        # Where hours are asked for, what is in it changes with the time too; the publisher keeps it for an hour.
        if held is not None and held.revision == output.revision and held.config is config and not asked.hours:
            return held
        try:
            body = publisher.feed(output, form, self._clock(), asked)
        except AskedError:
            return None
        location = "" if feed.form else publisher.address_of(output, form, asked)
        return _Held(Ready(body, location), output.revision, config, 0.0)


def _asked_feed(found: re.Match[str]) -> _Feed | None:
    kinds: tuple[OutputKind, ...] = (*KINDS, "all")
    kind = next((one for one in kinds if one == found[1]), None)
    if kind is None or (kind == "all") == bool(found[2]):
        return None
    return _Feed(kind, found[2] or "", found[3] or "")


def _too_fast(seconds: int) -> Said:
    said = f"Too many requests. Please come again in {seconds} seconds.\n".encode()
    return Said(429, [(b"retry-after", b"%d" % seconds), (b"content-type", b"text/plain; charset=utf-8")], said)


async def _say(said: Said, send: Send) -> None:
    await send({"type": "http.response.start", "status": said.status, "headers": said.headers})
    await send({"type": "http.response.body", "body": said.content})
