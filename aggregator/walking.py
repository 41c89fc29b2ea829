"""Stored entries walked through in order of arrival, batch by batch, as work from the queue.

In: a kind of work, what to do with each batch. Out: the work done, or given back where it was interrupted.
Never: a batch half done, or a step back: the work's payload says how far it has come.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from storage import reading
from storage.database import Database
from storage.model import Kept, Work
from storage.work import claim_work, fail, finish, give_back, keep_on

_BATCH = 300

Progress = Callable[[int, int], None]
"""(the last entry done, the newest entry)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """What is done with each batch, which says how much it changed, and once all are done."""

    each: Callable[[Sequence[Kept]], int]
    end: Callable[[], None] = lambda: None


def walk_waiting(
    db: Database,
    kind: str,
    begin: Callable[[Work], Walk],
    clock: Callable[[], datetime],
    *,
    owner: str,
    progress: Progress | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Do the work of this kind that waits in the queue, if any does; `begin` makes of a piece what it asks for. The changes."""
    changed = 0
    while claimed := claim_work(db, clock(), owner=owner, kinds=[kind]):
        (piece,) = claimed
        try:
            changed += _walk(db, piece, begin(piece), clock, progress, stopping)
        except Exception as error:
            fail(db, piece, repr(error), clock())
            raise
        if stopping():
            give_back(db, claimed)
            break
    return changed


def _walk(
    db: Database, piece: Work, walk: Walk, clock: Callable[[], datetime], progress: Progress | None,
    stopping: Callable[[], bool],
) -> int:  # fmt: skip
    after, changed = int(piece.payload["after"]), 0
    total = reading.newest_entry(db)
    while batch := reading.entries_after(db, after, _BATCH):
        changed += walk.each(batch)
        after = batch[-1].key
        if progress:
            progress(after, max(after, total))
        if not keep_on(db, piece, {**piece.payload, "after": after}, clock()) or stopping():
            return changed
    walk.end()
    finish(db, piece)
    return changed
