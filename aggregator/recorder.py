"""Decisions on their way into the store, in the order in which they came.

In: claims with decisions, from many polls at once. Out: whether each was recorded. Polls that found nothing new share
a transaction. Never: a decision dropped because the store was away for a while: it is tried again until its lease ends.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from storage import intake
from storage.database import Database, UnavailableError
from storage.model import Claim, Decision

log = logging.getLogger(__name__)

_MOST_TOGETHER = 50
PATIENCE = 480.0
"""Seconds; shorter than a lease: what cannot be written until then is asked again by whoever holds the next lease."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    claim: Claim
    decision: Decision
    done: asyncio.Future[bool]

    @property
    def brought_nothing(self) -> bool:
        return not (self.decision.new or self.decision.changed or self.decision.head)


class Recorder:
    """One for a process: writes while there is something to write."""

    def __init__(self, db: Database, *, patience: float = PATIENCE, first_wait: float = 1.0) -> None:
        self._db = db
        self._patience = patience
        self._first_wait = first_wait
        self._waiting: list[_Waiting] = []
        self._writing: asyncio.Task[None] | None = None

    async def record(self, claim: Claim, decision: Decision) -> bool:
        """Write a decision down. False where its lease was lost meanwhile. Raises UnavailableError at last."""
        one = _Waiting(claim, decision, asyncio.get_running_loop().create_future())
        self._waiting.append(one)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        return await one.done

    async def _write(self) -> None:
        while self._waiting:
            batch = self._next()
            try:
                results = await self._try(batch)
            except Exception as error:  # told to those who wait
                for one in batch:
                    if not one.done.done():
                        one.done.set_exception(error)
                continue
            for one, result in zip(batch, results, strict=True):
                if not one.done.done():
                    one.done.set_result(result)

    def _next(self) -> list[_Waiting]:
        """The next poll that brought something, or all that wait and brought nothing."""
        if not self._waiting[0].brought_nothing:
            return [self._waiting.pop(0)]
        batch = [one for one in self._waiting if one.brought_nothing][:_MOST_TOGETHER]
        self._waiting = [one for one in self._waiting if one not in batch]
        return batch

    async def _try(self, batch: Sequence[_Waiting]) -> list[bool]:
        """Write, and where the store is away wait for it, longer each time."""
        loop = asyncio.get_running_loop()
        end, wait = loop.time() + self._patience, self._first_wait
        decided = [(one.claim, one.decision) for one in batch]
        while True:
            try:
                return await asyncio.to_thread(intake.record_many, self._db, decided)
            except UnavailableError as error:
                if loop.time() + wait > end:
                    raise
                log.warning("%s; %d polls wait to be written, next try in %g s", error, len(batch), wait)
            await asyncio.sleep(wait)
            wait = min(wait * 2, 30.0)
