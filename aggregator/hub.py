"""Our hub at work: callbacks verified, and brought what their topics hold, while slow ones wait apart.

In: errands that are due. Out: requests to callbacks, and how they went, in the store. Never: two deliveries at a time to one
callback of a topic, an old content after a newer one (W-26), or an errand forgotten before it is settled.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime

from aggregator.config import Config
from aggregator.hub_errands import Contents, do
from aggregator.hub_topics import is_gone
from aggregator.publish import Publisher
from feeds.callbacks import Caller
from storage import hub
from storage.database import StorageError
from storage.hub_model import Ended, Errand
from storage.hub_work import DELIVER, VERIFY, Lane, claim_errands, is_due, release, settle

log = logging.getLogger(__name__)

# A callback that did not take its last delivery, or never had one, has places of its own: whoever proved to be quick waits
# for no such one.
LANES = (
    Lane(doing=DELIVER, is_proved=True, at_a_time=64, of_a_host=16),
    Lane(doing=DELIVER, is_proved=False, at_a_time=32, of_a_host=12),
    Lane(doing=VERIFY, is_proved=None, at_a_time=16, of_a_host=4),
)


class Distributor:
    """Does the errands of our hub. One for the life of a program."""

    def __init__(self, publisher: Publisher, caller: Caller, *, owner: str, clock: Callable[[], datetime]) -> None:
        self._publisher = publisher
        self._db = publisher.db
        self._caller = caller
        self._owner = owner
        self._clock = clock
        self._running: dict[asyncio.Task[Ended], tuple[Lane, Errand]] = {}
        self._ended: list[Ended] = []
        self._turn: asyncio.Task[None] | None = None
        self._again = False
        self._stopped = False

    def adopt(self, config: Config) -> None:
        """Go on by another configuration, which the publisher has already."""
        self._caller.reach(config.settings.hub_allow_private)

    async def begin(self) -> None:
        """Begin whatever is due; to be called twice a second. Raises StorageError."""
        if self._stopped or not self._publisher.config.settings.hub:
            return
        if bool(self._ended) or await asyncio.to_thread(is_due, self._db, self._clock()):
            self._wake()

    async def do_all(self) -> None:
        """Do all that is due, and wait for it. Raises StorageError."""
        await self.begin()
        while waiting := {*self._running, *([self._turn] if self._turn else [])}:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(0)  # those who hear of it go first

    async def stop(self) -> None:
        """Begin no more; errands under way are given back. Raises StorageError."""
        self._stopped = True
        if self._turn is not None:
            await asyncio.wait([self._turn])
        left = dict(self._running)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        try:
            await asyncio.to_thread(settle, self._db, self._ended, self._clock())
            await asyncio.to_thread(release, self._db, [errand for _, errand in left.values()])
        finally:
            await self._caller.close()

    def tidy(self) -> int:
        """Forget who has no lease any more, and see to those whose topic is gone. How many were forgotten."""
        gone = hub.tidy(self._db, self._clock())
        for topic in hub.topics_followed(self._db) if self._publisher.config.settings.hub else ():
            if is_gone(self._publisher, topic):
                hub.look_again(self._db, topic, self._clock())
        return gone

    def _wake(self) -> None:
        """Have a turn begin; while one goes on, the next is only noted."""
        self._again = self._turn is not None
        if self._turn is None:
            self._turn = asyncio.create_task(self._take_turn(), name="hub")
            self._turn.add_done_callback(self._turned)

    def _turned(self, turn: asyncio.Task[None]) -> None:
        self._turn = None
        error = None if turn.cancelled() else turn.exception()
        if isinstance(error, StorageError):  # what ended is kept, and written at the next turn
            log.error("our hub waits: %s", error)
        elif error is not None:
            log.error("a turn of our hub failed", exc_info=error)
        elif self._again and not self._stopped:
            self._wake()

    async def _take_turn(self) -> None:
        """Settle what ended, claim what fits, begin it."""
        ended, self._ended = self._ended, []
        try:
            await asyncio.to_thread(settle, self._db, ended, self._clock())
        except BaseException:
            self._ended = ended + self._ended
            raise
        if self._stopped:
            return
        # All are claimed before the first is begun: what a topic holds is looked up once for all, and must be as new as
        # the newest errand.
        claimed = [(lane, errand) for lane in LANES for errand in await self._claim(lane)]
        contents = Contents(self._publisher, self._clock)
        for lane, errand in claimed:
            doing = do(errand, contents, self._caller, self._clock)
            task = asyncio.create_task(doing, name=f"{errand.doing} {errand.id}")
            self._running[task] = (lane, errand)
            task.add_done_callback(self._done)

    async def _claim(self, lane: Lane) -> list[Errand]:
        busy = Counter(errand.host for held, errand in self._running.values() if held == lane)
        free = lane.at_a_time - busy.total()
        return await asyncio.to_thread(
            claim_errands, self._db, self._clock(), lane, owner=self._owner, free=free, busy=busy
        )

    def _done(self, task: asyncio.Task[Ended]) -> None:
        _, errand = self._running.pop(task)
        if task.cancelled():
            return
        ended = task.result()
        self._ended.append(ended)
        if ended.reason:
            log.info("%s of %s to %s: %s: %s", errand.doing, errand.topic, errand.host, ended.result, ended.reason)
        if not self._stopped:
            self._wake()
