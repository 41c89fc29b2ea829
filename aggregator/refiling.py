"""Stored entries held against today's rules, batch by batch, as work from the queue.

In: a store, compiled topics. Out: filings opened and closed, never announced. Never: a batch half done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from aggregator.topics.match import Rules, Topic, judge
from storage import reading, upkeep
from storage.database import Database
from storage.model import Filing, Kept, Work
from storage.work import REFILE, claim_work, fail, finish, give_back, keep_on

_BATCH = 300

Progress = Callable[[int, int], None]


def refile_waiting(
    db: Database,
    topics: Sequence[Topic],
    clock: Callable[[], datetime],
    *,
    owner: str,
    progress: Progress | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Do the re-filing that waits in the queue, if any does. How many filings were opened or closed."""
    changed = 0
    while claimed := claim_work(db, clock(), owner=owner, kinds=[REFILE]):
        (piece,) = claimed
        try:
            changed += _refile(db, topics, piece, clock, progress, stopping)
        except Exception as error:
            fail(db, piece, repr(error), clock())
            raise
        if stopping():
            give_back(db, claimed)
            break
    return changed


def _refile(
    db: Database, topics: Sequence[Topic], piece: Work, clock: Callable[[], datetime], progress: Progress | None,
    stopping: Callable[[], bool],
) -> int:  # fmt: skip
    wanted = piece.payload["slugs"]
    rules = Rules(topic for topic in topics if wanted is None or topic.slug in wanted)
    after, changed = int(piece.payload["after"]), 0
    total = reading.newest_entry(db)
    while batch := reading.entries_after(db, after, _BATCH):
        changed += upkeep.refile(db, _judged(db, rules, batch), [topic.slug for topic in rules], clock())
        after = batch[-1].key
        if progress:
            progress(after, max(after, total))
        if not keep_on(db, piece, {**piece.payload, "after": after}, clock()) or stopping():
            return changed
    upkeep.mark_filed(db, {topic.slug: topic.rule_version for topic in rules})
    finish(db, piece)
    return changed


def _judged(db: Database, rules: Sequence[Topic], batch: Sequence[Kept]) -> list[tuple[int, str, tuple[Filing, ...]]]:
    sources = {slug: reading.source_named(db, slug) for slug in {one.source_slug for one in batch}}
    return [(one.key, one.fingerprint, judge(rules, one.entry, sources[one.source_slug], one.meaning)) for one in batch]
