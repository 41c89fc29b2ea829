"""The callbacks of hubs, /push/TOKEN: verification, denial, content. Plain ASGI in front of the router.

In: what a hub asks or brings. Out: a challenge, or 202 with the body kept until it is read. Never: a body read for a
callback that nobody knows, or believed without its signature where a secret was agreed on (W-08).
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from aggregator.subscribing import AFTER_DENIAL, LONGEST_LEASE
from aggregator.web.plain import BrokenOffError, Buckets, Said, read_body, say
from feeds.fetch import Limits
from feeds.websub import Asked, read_query, signed_by
from storage import push
from storage.database import Database, StorageError
from storage.push_model import Callback, SubscriptionState

log = logging.getLogger(__name__)

PATH = "/push/"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_LARGEST = Limits().bytes
_SECONDS = 30.0
_AT_A_TIME = 8
_OF_ONE = 2
"""Bodies that may arrive at the same time: of all hubs, and for one callback."""
_GRACE = timedelta(days=1)
# A callback may be asked this often at once, and then this often a minute.
_BURST = 30
_A_MINUTE = 20
_ENCODINGS = ("", "identity", "gzip", "x-gzip", "deflate")


_UNKNOWN = Said(status=404, body=b"There is no such callback.\n")
_OVER = Said(status=410, body=b"This subscription has ended.\n")
_BUSY = Said(status=503, body=b"Please try again in a moment.\n", wait=30)


class Callbacks:
    """Answers hubs; everything else goes on to the application."""

    def __init__(self, app: ASGIApp, *, db: Database, clock: Callable[[], datetime]) -> None:
        self._app = app
        self._db = db
        self._clock = clock
        self._free = asyncio.Semaphore(_AT_A_TIME)
        self._arriving: Counter[int] = Counter()
        self._turns = Buckets(_BURST, _A_MINUTE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or not scope["path"].startswith(PATH):
            await self._app(scope, receive, send)
            return
        try:
            said = await self._answer(scope, receive)
        except BrokenOffError as gone:
            said = gone.said
        except StorageError as error:
            log.error("a hub is asked to come again: %s", error)
            said = _BUSY
        await say(said, send, with_body=scope["method"] != "HEAD")

    async def _answer(self, scope: Scope, receive: Receive) -> Said:
        token = scope["path"].removeprefix(PATH)
        if not _TOKEN.fullmatch(token):
            return _UNKNOWN
        now = self._clock()
        found = await asyncio.to_thread(push.callback, self._db, token)
        if found is None:
            return _UNKNOWN
        if not self._turns.may(str(found.id), now):
            return Said(status=429, body=b"Too many requests for this callback.\n", wait=60)
        if scope["method"] == "GET":
            return await self._asked(found, read_query(scope["query_string"]), now)
        if scope["method"] == "POST":
            return await self._brought(found, Headers(scope=scope), receive, now)
        return Said(status=405, allow="GET, POST")

    async def _asked(self, found: Callback, asked: Asked | None, now: datetime) -> Said:
        """A verification of what is pending (W-05), or a denial at any time (W-07)."""
        if asked is None or asked.topic != found.topic:
            return _UNKNOWN
        if asked.mode == "denied":
            reason = f"the hub refuses: {asked.reason}" if asked.reason else "the hub refuses"
            standing: tuple[SubscriptionState, ...] = ("pending", "active", "failing")
            await asyncio.to_thread(
                push.turn, self._db, [found.id], "denied", reason, now, retry_at=now + AFTER_DENIAL, only=standing
            )
            return Said(status=200)
        if found.state in ("off", "denied"):
            return _OVER
        if asked.mode == "subscribe":
            agreed = await asyncio.to_thread(push.confirm, self._db, found.id, asked.lease, LONGEST_LEASE, now)
        else:
            agreed = found.state == "leaving"
            if agreed:
                await asyncio.to_thread(push.turn, self._db, [found.id], "off", "ended", now, only=["leaving"])
        return Said(status=200, body=asked.challenge) if agreed else _UNKNOWN

    async def _brought(self, found: Callback, headers: Headers, receive: Receive, now: datetime) -> Said:
        """Content: kept if it is signed as agreed, read later (W-08)."""
        over = found.lease_until is not None and found.lease_until + _GRACE < now
        if found.state in ("off", "denied") or over:
            return _OVER
        if found.state == "pending":
            return _UNKNOWN
        if headers.get("content-encoding", "").strip().lower() not in _ENCODINGS:
            return Said(status=415, body=b"Please send it as it is, or with gzip.\n")
        if self._free.locked() or self._arriving[found.id] >= _OF_ONE:  # one slow hub must not keep out the others
            return _BUSY
        async with self._free:
            self._arriving[found.id] += 1
            try:
                body = await read_body(headers, receive, _LARGEST, _SECONDS)
            finally:
                self._arriving[found.id] -= 1
            if found.secret and not signed_by(found.secret, headers.get("x-hub-signature", ""), body):
                what = "a wrong" if "x-hub-signature" in headers else "no"
                await asyncio.to_thread(push.refused, self._db, found.id, f"a push had {what} signature: ignored")
                return Said(status=403, body=b"The signature is missing or wrong.\n")
            kept = await asyncio.to_thread(push.take, self._db, found, headers.get("content-type", ""), body, now)
        return Said(status=202) if kept else Said(status=429, body=b"Too much waits to be read.\n", wait=60)
