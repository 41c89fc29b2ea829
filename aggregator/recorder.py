"""Decisions on their way into the store, in the order in which they came.

In: claims with decisions, from many polls at once. Out: whether each was recorded. Polls that wait share a transaction,
since the disk takes as long for many as for one. Never: a decision dropped because the store was away for a while: it is
tried again until its lease ends; nor one that suffers for another's fault.
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

_MOST_TOGETHER = 100
# A transaction with many entries keeps others waiting.
_MOST_ENTRIES = 1000
PATIENCE = 480.0
"""Seconds; shorter than a lease: what cannot be written until then is asked again by whoever holds the next lease."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    claim: Claim
    decision: Decision
    done: asyncio.Future[bool]

    @property
    def entries(self) -> int:
        """How many entries it brought."""
        return len(self.decision.new) + len(self.decision.changed)


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
                _tell(batch, await self._try(batch))
            except UnavailableError as error:  # told to those who wait
                _tell(batch, [error] * len(batch))
            except Exception as error:  # something in one of them cannot be kept, which is no fault of the others
                _tell(batch, [error] if len(batch) == 1 else [await self._alone(one) for one in batch])

    async def _alone(self, one: _Waiting) -> bool | Exception:
        try:
            return (await self._try([one]))[0]
        except Exception as error:
            return error

    def _next(self) -> list[_Waiting]:
        """Those that wait longest, as many as go together; of a source one at a time."""
        batch: list[_Waiting] = []
        entries, sources = 0, set()
        for one in self._waiting[:_MOST_TOGETHER]:
            entries += one.entries
            if batch and (entries > _MOST_ENTRIES or one.claim.source_id in sources):
                break
            sources.add(one.claim.source_id)
            batch.append(one)
        del self._waiting[: len(batch)]
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


def _tell(batch: Sequence[_Waiting], results: Sequence[bool | Exception]) -> None:
    for one, result in zip(batch, results, strict=True):
        if one.done.done():
            continue
        if isinstance(result, Exception):
            one.done.set_exception(result)
        else:
            one.done.set_result(result)
