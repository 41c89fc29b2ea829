"""Entries put into the full-text index after they were recorded and published: a poll never waits for it.

In: a store. Out: its index, up to date. Never: an answer that depends on it: what is not indexed yet, every search looks at.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from aggregator.topics import stems
from aggregator.topics.compiling import LANGUAGE_VERSION
from aggregator.topics.narrow import tokens_of
from feeds.identity import digest
from feeds.model import Source
from storage import search, search_queue
from storage.database import Database

# Another number where the code changed that makes tokens, so that everything is indexed anew.
_INDEXED_BY = "1"
_BATCH = 100
"""Entries in a transaction: a poll that has something to record waits for no more than these."""


def tokens_version() -> str:
    """What entries are indexed by: tokens of another version of the language, or of other stemmers, have another name."""
    return digest(_INDEXED_BY, LANGUAGE_VERSION, stems.VERSION)[:12]


def index_waiting(
    db: Database,
    *,
    progress: Callable[[int, int], None] | None = None,
    stopping: Callable[[], bool] = lambda: False,
    most: int | None = None,
) -> int:
    """Index what waits, the newest first, `most` entries at most. How many were indexed.

    Several processes may do so at once: what one takes twice is indexed twice, to the same end.
    """
    known: dict[int, Source] = {}
    done, total = 0, search_queue.waiting(db) if progress else 0
    while not stopping() and (most is None or done < most):
        batch = search_queue.due(db, _BATCH)
        if not batch:
            break
        search_queue.index(db, _tokens(db, batch, known))
        done += len(batch)
        if progress:
            progress(min(done, total), total)
    return done


def _tokens(
    db: Database, batch: Sequence[tuple[int, int]], known: dict[int, Source]
) -> list[tuple[int, int, frozenset[str]]]:
    """Each entry with its turn and tokens. One that is hidden is indexed too: it may be shown again."""
    with db.read() as connection:
        held = search.load(connection, [key for key, _ in batch], known, hidden=True)
    tokens = {one.key: tokens_of(one.entry, one.source, one.meaning) for one in held}
    return [(key, turn, tokens.get(key, frozenset())) for key, turn in batch]
