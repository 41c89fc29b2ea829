"""Polls in rounds: claim a few sources, poll them, claim again, until nothing is left to be claimed.

In: a way to claim, the hands to poll with. Out: each claim with what was decided. Never: a lease kept at the end, or
more than a few sources claimed ahead: of a public host one is claimed at a time, and its next when that one is done.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from aggregator.poll import Hands, poll
from storage import intake
from storage.database import Database, StorageError
from storage.model import Claim, Decision

_BEGUN_A_WORKER = 4
_CLAIMED_A_WORKER = 4  # at a time: each claim is a transaction, whose price is nearly the same for few and for many
Claiming = Callable[[int], Sequence[Claim]]
"""Claims up to so many sources that were not claimed in this run before; called in a thread."""


def claiming(
    db: Database, owner: str, clock: Callable[[], datetime], *, slugs: Sequence[str] | None, explicit: bool
) -> Claiming:
    """Claims for one run that begins now, each source once, also where the clock jumps back meanwhile.

    `explicit` and `slugs` are those of `storage.intake.claim`.
    """
    started = clock()
    polled: set[int] = set()

    def claim(limit: int) -> list[Claim]:
        found = intake.claim(db, clock(), owner=owner, limit=limit, slugs=slugs, explicit=explicit, since=started)
        again = [one for one in found if one.source_id in polled]
        intake.release(db, again)
        polled.update(one.source_id for one in found)
        return [one for one in found if one not in again]

    return claim


async def poll_in_rounds(
    claim: Claiming, hands: Hands, *, workers: int, done: Callable[[Claim, Decision | None], None]
) -> None:
    """Poll all that `claim` gives, asking `workers` at a time; `done` hears of each as it ends.

    Raises what a poll raised, StorageError above all; leases of what was not polled to its end go back.
    """
    running: dict[asyncio.Task[Decision | None], Claim] = {}
    waiting: deque[Claim] = deque()
    ended: deque[asyncio.Task[Decision | None]] = deque()
    desk = _Desk()
    left = True
    trouble: StorageError | None = None

    def end(task: asyncio.Task[Decision | None]) -> None:
        ended.append(task)
        desk.news.set()

    try:
        while True:
            if left and len(waiting) < workers:
                try:
                    found = await asyncio.to_thread(claim, workers * _CLAIMED_A_WORKER)
                except StorageError as error:  # what was asked already is still to be written, if it can be
                    trouble, found = error, []
                waiting.extend(found)
                left = len(found) == workers * _CLAIMED_A_WORKER
            # What was read and waits for the store fills the memory: that, too, is bounded.
            while waiting and not trouble and desk.asking < workers and len(running) < workers * _BEGUN_A_WORKER:
                one = waiting.popleft()
                desk.asking += 1
                task = asyncio.create_task(poll(one, hands, desk.worker()))
                running[task] = one
                task.add_done_callback(end)
            if not running and trouble:
                raise trouble
            if not running:
                return
            await desk.news.wait()
            desk.news.clear()
            while ended:
                task = ended.popleft()
                polled = running.pop(task)
                # Where its host has more, one of them can be claimed now.
                left = left or (polled.host != "" and trouble is None)
                done(polled, task.result())
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        intake.release(hands.db, [*running.values(), *waiting])


class _Desk:
    """How many workers ask somebody just now, and whether anything happened since it was last looked at."""

    def __init__(self) -> None:
        self.asking = 0
        self.news = asyncio.Event()

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[None]:
        """One who asks, free again as soon as only the store is waited for."""
        try:
            yield
        finally:
            self.asking -= 1
            self.news.set()
