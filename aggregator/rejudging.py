"""Stored entries judged anew, batch by batch, as work from the queue: what they are, by today's gazetteer and language model.

In: a store. Out: languages, places and canonical links written down. Never: a batch half done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from aggregator.meaning import meaning_of
from storage import reading
from storage.database import Database
from storage.meaning import remember
from storage.model import Kept, Meaning, Work
from storage.work import MEANING, claim_work, fail, finish, give_back, keep_on

_BATCH = 300

Progress = Callable[[int, int], None]


def rejudge_waiting(
    db: Database,
    clock: Callable[[], datetime],
    *,
    owner: str,
    progress: Progress | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Judge what waits in the queue, if anything does. How many entries were judged."""
    judged = 0
    while claimed := claim_work(db, clock(), owner=owner, kinds=[MEANING]):
        (piece,) = claimed
        try:
            judged += _rejudge(db, piece, clock, progress, stopping)
        except Exception as error:
            fail(db, piece, repr(error), clock())
            raise
        if stopping():
            give_back(db, claimed)
            break
    return judged


def _rejudge(
    db: Database, piece: Work, clock: Callable[[], datetime], progress: Progress | None, stopping: Callable[[], bool]
) -> int:
    after, judged = int(piece.payload["after"]), 0
    total = reading.newest_entry(db)
    while batch := reading.entries_after(db, after, _BATCH):
        judged += remember(db, _judged(db, batch), clock())
        after = batch[-1].key
        if progress:
            progress(after, max(after, total))
        if not keep_on(db, piece, {"after": after}, clock()) or stopping():
            return judged
    finish(db, piece)
    return judged


def _judged(db: Database, batch: Sequence[Kept]) -> list[tuple[int, str, Meaning]]:
    sources = {slug: reading.source_named(db, slug) for slug in {one.source_slug for one in batch}}
    return [(one.key, one.fingerprint, meaning_of(one.entry, sources[one.source_slug], one.wire)) for one in batch]
