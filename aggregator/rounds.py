"""Polls in rounds: claim a few sources, poll them, claim again, until nothing is left to be claimed.

In: a way to claim, the hands to poll with. Out: each claim with what was decided. Never: a lease kept at the end, or
more than a few sources claimed ahead: of a public host one is claimed at a time, and its next when that one is done.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime

from aggregator.poll import Hands, poll
from storage import intake
from storage.database import Database
from storage.model import Claim, Decision

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
    """Poll all that `claim` gives, `workers` at a time; `done` hears of each as it ends.

    Raises what a poll raised, StorageError above all; leases of what was not polled to its end go back.
    """
    running: dict[asyncio.Task[Decision | None], Claim] = {}
    waiting: deque[Claim] = deque()
    try:
        while True:
            if len(waiting) < workers:
                waiting.extend(await asyncio.to_thread(claim, workers * 2))
            while waiting and len(running) < workers:
                one = waiting.popleft()
                running[asyncio.create_task(poll(one, hands))] = one
            if not running:
                return
            ended, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                decision = task.result()
                done(running.pop(task), decision)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        intake.release(hands.db, [*running.values(), *waiting])
