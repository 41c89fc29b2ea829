"""Stored entries judged anew, batch by batch, as work from the queue: what they are, by today's gazetteer and language model.

In: a store. Out: languages, places and canonical links written down. Never: a batch half done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from aggregator.meaning import meaning_of
from aggregator.walking import Progress, Walk, walk_waiting
from storage import reading
from storage.database import Database
from storage.meaning import remember
from storage.model import Kept, Meaning, Work
from storage.work import MEANING


def rejudge_waiting(
    db: Database,
    clock: Callable[[], datetime],
    *,
    owner: str,
    progress: Progress | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Judge what waits in the queue, if anything does. How many entries were judged."""

    def begin(_: Work) -> Walk:
        return Walk(each=lambda batch: remember(db, _judged(db, batch), clock()))

    return walk_waiting(db, MEANING, begin, clock, owner=owner, progress=progress, stopping=stopping)


def _judged(db: Database, batch: Sequence[Kept]) -> list[tuple[int, str, Meaning]]:
    sources = reading.sources_of(db, batch)
    return [(one.key, one.fingerprint, meaning_of(one.entry, sources[one.source_slug], one.wire)) for one in batch]
