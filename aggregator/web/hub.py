"""Our hub, /hub: subscriptions to our feeds asked for (WebSub). Plain ASGI in front of the router.

In: a form that somebody posts. Out: 202 with the wish noted, or why not, in words. Never: a request to anybody from here:
the daemon asks callbacks; nor a word on whether somebody subscribed.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from datetime import datetime
from ipaddress import IPv6Address, ip_address

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from aggregator.hub_topics import NoTopicError, topic_of
from aggregator.publish import Publisher
from aggregator.web.plain import BrokenOffError, Buckets, Said, read_body, say
from feeds.guard import refuse_address
from feeds.hub import LONGEST_FORM, Request, RequestError, host_and_reach, read_request
from storage import hub
from storage.database import StorageError
from storage.hub_model import Wish

log = logging.getLogger(__name__)

PATH = "/hub"
_SECONDS = 10.0
_AT_A_TIME = 16
# How often one client, and callbacks at one host, may ask at once, and then a minute (X-36, W-28).
_CLIENT = (60, 30)
_HOST = (120, 60)
_FORM = "application/x-www-form-urlencoded"
_WELCOME = (
    "This is the WebSub hub (https://www.w3.org/TR/websub/) of {base}.\n"
    "POST hub.mode=subscribe, hub.topic and hub.callback here to be sent one of its public feeds whenever it changes.\n"
)
_BUSY = Said(status=503, body=b"Please try again in a moment.\n", wait=30)
_OFTEN = Said(status=429, body=b"Too many requests; please go on in a minute.\n", wait=60)


class Hub:
    """Answers subscribers; everything else goes on to the application, and all of it where settings.hub is false."""

    def __init__(self, app: ASGIApp, *, publisher: Publisher, clock: Callable[[], datetime]) -> None:
        self._app = app
        self._publisher = publisher
        self._clock = clock
        self._free = asyncio.Semaphore(_AT_A_TIME)
        self._clients, self._hosts = Buckets(*_CLIENT), Buckets(*_HOST)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["path"] != PATH or not self._publisher.config.settings.hub:
            await self._app(scope, receive, send)
            return
        try:
            said = await self._answer(scope, receive)
        except BrokenOffError as broken:
            said = broken.said
        except RequestError as error:
            said = _no(400, str(error))
        except NoTopicError as error:
            said = _no(error.status, f"hub.topic: {error}")
        except StorageError as error:
            log.error("a subscriber is asked to come again: %s", error)
            said = _BUSY
        await say(said, send, with_body=scope["method"] != "HEAD")

    async def _answer(self, scope: Scope, receive: Receive) -> Said:
        if scope["method"] in ("GET", "HEAD"):
            return Said(status=200, body=_WELCOME.format(base=self._publisher.config.base_url).encode())
        if scope["method"] != "POST":
            return Said(status=405, allow="GET, HEAD, POST")
        if not self._may_ask(scope, self._clock()):
            return _OFTEN
        headers = Headers(scope=scope)
        if headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
            return _no(415, f"expected a form: {_FORM}")
        if self._free.locked():
            return _BUSY
        async with self._free:
            form = await read_body(headers, receive, LONGEST_FORM, _SECONDS)
            return await asyncio.to_thread(self._asked, read_request(form))

    def _may_ask(self, scope: Scope, now: datetime) -> bool:
        """Whether a client has turns left: those of the operator's own networks always, of IPv6 a network together."""
        name = str((scope.get("client") or ("",))[0])
        allowed = self._publisher.config.settings.hub_allow_private
        try:
            address = ip_address(name.split("%")[0])
        except ValueError:
            return self._clients.may(name, now)
        if refuse_address(str(address)) is not None and refuse_address(str(address), allowed) is None:
            return True
        if isinstance(address, IPv6Address) and not address.ipv4_mapped:
            name = address.packed[:8].hex()
        return self._clients.may(name, now)

    def _asked(self, asked: Request) -> Said:
        """What is to be said to a request that can be read. Raises RequestError, NoTopicError, StorageError."""
        if asked.mode == "publish":
            for address in asked.topics:
                topic_of(self._publisher, address, is_new=False)
            return Said(status=202)  # whoever subscribed hears of every change by itself
        now = self._clock()
        host, is_own = host_and_reach(asked.callback, self._publisher.config.settings.hub_allow_private)
        if not is_own and not self._hosts.may(host, now):
            return _OFTEN
        (address,) = asked.topics
        topic = topic_of(self._publisher, address, is_new=asked.mode == "subscribe")
        wish = Wish(
            mode="subscribe" if asked.mode == "subscribe" else "unsubscribe", nonce=secrets.token_urlsafe(12),
            secret=asked.secret, lease=asked.lease, revision=topic.output.revision,
        )  # fmt: skip
        taken = hub.ask(self._publisher.db, topic.feed, asked.callback, address, host, wish, now, is_own=is_own)
        if taken == "host":
            return _no(429, f"{host} has {hub.MOST_OF_A_HOST} subscriptions here: some must end first", wait=3600)
        if taken == "full":
            return _no(503, "this hub can take no more subscriptions just now", wait=3600)
        return Said(status=202)


def _no(status: int, reason: str, wait: int = 0) -> Said:
    words = "".join(c if c.isprintable() else " " for c in reason)
    return Said(status=status, body=f"{words}\n".encode("utf-8", "replace"), wait=wait)
