"""One errand of our hub: a callback asked whether it wants a topic, or brought what the topic holds.

In: an errand, what topics hold, a caller. Out: how it went. Never: a redirect followed, a challenge used twice, an
exception for what a callback does.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from aggregator.hub_topics import NoTopicError, Topic, content_of, hub_address
from aggregator.publish import Body, Publisher
from feeds.callbacks import Caller
from feeds.hub import asking, delivery_headers
from feeds.model import Failed, FailureKind
from storage.database import StorageError
from storage.hub_model import Ended, Errand
from storage.hub_work import VERIFY

log = logging.getLogger(__name__)

BACK_OFF = tuple(timedelta(seconds=seconds) for seconds in (10, 60, 5 * 60, 30 * 60, 2 * 3600, 6 * 3600))
"""How long to wait after each delivery in vain; after the last, until the topic changes again (W-25)."""
_VERIFY_AGAIN = (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=5))
"""The same for a verification, where the callback was not reached at all."""
_AWAY = (FailureKind.DNS, FailureKind.CONNECT)
_AT_A_TIME = 2
"""Topics that are rendered at the same time."""
_GONE = 410


class Contents:
    """What topics hold, from now on: each is rendered once for all errands of a turn, which were claimed before."""

    def __init__(self, publisher: Publisher, clock: Callable[[], datetime]) -> None:
        self.hub = hub_address(publisher)
        self._publisher = publisher
        self._clock = clock
        self._asked: dict[str, asyncio.Task[tuple[Topic, Body] | NoTopicError]] = {}
        self._free = asyncio.Semaphore(_AT_A_TIME)

    async def of(self, topic: str) -> tuple[Topic, Body] | NoTopicError:
        """The feed that a topic is, and what its address serves; or why there is none."""
        if topic not in self._asked:
            self._asked[topic] = asyncio.create_task(self._render(topic))
        # Whoever waits may be cancelled; the others wait on.
        return await asyncio.shield(self._asked[topic])

    async def _render(self, topic: str) -> tuple[Topic, Body] | NoTopicError:
        async with self._free:
            try:
                return await asyncio.to_thread(content_of, self._publisher, topic, self._clock())
            except NoTopicError as error:
                return error


async def do(errand: Errand, contents: Contents, caller: Caller, clock: Callable[[], datetime]) -> Ended:
    """Do an errand; a fault of ours, or a store that is away, puts it off."""
    try:
        if errand.doing == VERIFY:
            return await _verify(errand, contents, caller, clock)
        return await _deliver(errand, contents, caller, clock)
    except StorageError as error:
        return Ended(errand=errand, result="later", reason=str(error), due_at=clock() + BACK_OFF[0])
    except Exception as error:
        log.exception("%s %s failed", errand.doing, errand.id)
        wait = BACK_OFF[min(errand.attempts, len(BACK_OFF) - 1)]
        return Ended(errand=errand, result="later", reason=f"a fault of ours: {error!r}", due_at=clock() + wait)


async def _verify(errand: Errand, contents: Contents, caller: Caller, clock: Callable[[], datetime]) -> Ended:
    """Whether the callback's owner wants what was asked for in his name (section 5.3, W-21)."""
    wish = errand.wish
    if wish is None:
        return Ended(errand=errand, result="same")
    held = await contents.of(errand.topic)
    if isinstance(held, NoTopicError):
        return await _no_topic(errand, held, caller, clock)
    topic, body = held
    challenge = secrets.token_urlsafe(32)
    words = {"mode": wish.mode, "topic": errand.topic, "challenge": challenge}
    if wish.mode == "subscribe":
        words["lease_seconds"] = str(wish.lease)
    heard = await caller.ask(asking(errand.callback, words), len(challenge))
    if isinstance(heard, Failed):
        again = heard.kind in _AWAY and errand.attempts < len(_VERIFY_AGAIN)
        due_at = clock() + _VERIFY_AGAIN[errand.attempts] if again else None
        return Ended(errand=errand, result="later" if again else "failed", reason=heard.detail, due_at=due_at)
    if not 200 <= heard.status < 300:
        return Ended(errand=errand, result="failed", reason=f"the callback answered {heard.status}")
    if not secrets.compare_digest(heard.body, challenge.encode()):
        return Ended(errand=errand, result="failed", reason="the callback did not send the challenge back")
    if wish.mode == "unsubscribe":
        return Ended(errand=errand, result="left")
    # What came since the request was made is brought; what was there before, its owner has read or will (section 5).
    known = body.etag if topic.output.revision == wish.revision else ""
    return Ended(errand=errand, result="agreed", etag=known)


async def _deliver(errand: Errand, contents: Contents, caller: Caller, clock: Callable[[], datetime]) -> Ended:
    """Bring what the topic holds now (section 7), unless that is what the callback has."""
    if errand.lease_until is None or errand.lease_until <= clock():
        return Ended(errand=errand, result="over", reason="the lease ran out")
    held = await contents.of(errand.topic)
    if isinstance(held, NoTopicError):
        return await _no_topic(errand, held, caller, clock)
    body = held[1]
    if body.etag == errand.etag:
        return Ended(errand=errand, result="same")
    content_type = f"{body.media_type}; charset=utf-8"
    headers = delivery_headers(contents.hub, errand.topic, content_type, errand.secret, body.content)
    heard = await caller.bring(errand.callback, body.content, headers)
    if not isinstance(heard, Failed) and 200 <= heard.status < 300:
        return Ended(errand=errand, result="delivered", etag=body.etag)
    if not isinstance(heard, Failed) and heard.status == _GONE:
        return Ended(errand=errand, result="over", reason="the callback answered 410")
    reason = heard.detail if isinstance(heard, Failed) else f"the callback answered {heard.status}"
    due_at = clock() + BACK_OFF[errand.attempts] if errand.attempts < len(BACK_OFF) else None
    return Ended(errand=errand, result="failed", reason=reason, due_at=due_at)


async def _no_topic(errand: Errand, error: NoTopicError, caller: Caller, clock: Callable[[], datetime]) -> Ended:
    """Tell the callback that the topic is no more (section 5.2), whatever it answers.

    Of a topic under another base_url only a process that has that one can tell: the lease ends it, if there is none.
    """
    if error.is_foreign:
        return Ended(errand=errand, result="later", reason=str(error), due_at=clock() + BACK_OFF[3])
    words = {"mode": "denied", "topic": errand.topic, "reason": str(error)}
    await caller.ask(asking(errand.callback, words), 0)
    return Ended(errand=errand, result="over", reason=str(error))
