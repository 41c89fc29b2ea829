"""Stored entries held against today's rules, batch by batch, as work from the queue.

In: a store, compiled topics. Out: filings opened and closed, never announced. Never: a batch half done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from aggregator.topics.compiling import Topic
from aggregator.topics.match import Rules, judge
from aggregator.topics.subject import Told
from aggregator.walking import Progress, Walk, walk_waiting
from storage import reading, upkeep
from storage.database import Database
from storage.model import Filing, Kept, Work
from storage.work import REFILE


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

    def begin(piece: Work) -> Walk:
        wanted = piece.payload["slugs"]
        rules = Rules(topic for topic in topics if wanted is None or topic.slug in wanted)
        slugs = [topic.slug for topic in rules]
        return Walk(
            each=lambda batch: upkeep.refile(db, judged(db, rules, batch), slugs, clock()),
            end=lambda: upkeep.mark_filed(db, {topic.slug: topic.rule_version for topic in rules}),
        )

    return walk_waiting(db, REFILE, begin, clock, owner=owner, progress=progress, stopping=stopping)


def judged(db: Database, rules: Sequence[Topic], batch: Sequence[Kept]) -> list[tuple[int, str, tuple[Filing, ...]]]:
    """Entries held against rules: each with its key, the fingerprint of the words that were judged, and what they ask for."""
    sources = reading.sources_of(db, batch)
    return [
        (
            one.key,
            one.fingerprint,
            judge(rules, one.entry, sources[one.source_slug], one.meaning, Told(published=one.published)),
        )
        for one in batch
    ]
