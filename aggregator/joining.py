"""Entries joined into stories, after they were filed and published, as work from the queue.

In: a store. Out: entries that name their story. Never: a feed that waits for it; a batch half written; an index that is
not what the store says: it is made anew from the last days after a restart, and where another process went on meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from aggregator.stories import KEPT, KEPT_EXACT, Stories
from aggregator.telling import Telling, exact_keys, telling
from feeds.identity import story_url
from storage import stories
from storage.database import Database, StorageError
from storage.model import Work
from storage.stories import Words
from storage.work import STORIES, claim_work, fail, give_back

_BATCH = 200
_MOST_READ = 50_000
"""Entries that are read again after a restart."""


class Joiner:
    """One for a process: holds the index of stories between two pieces of work."""

    def __init__(self) -> None:
        self._stories = Stories()
        self._at: int | None = None
        self._begun = False

    def join_waiting(
        self, db: Database, clock: Callable[[], datetime], *, owner: str, stopping: Callable[[], bool] = lambda: False
    ) -> int:
        """Join the entries that wait, unless another process is at it. How many were joined.

        Raises StorageError where the store is away: the work goes on once its lease has run out.
        """
        if not self._begun:
            stories.begin(db, clock())
            self._begun = True
        if not stories.is_behind(db):
            return 0
        claimed = claim_work(db, clock(), owner=owner, kinds=[STORIES])
        if not claimed:
            return 0
        try:
            joined = self._join(db, claimed[0], clock, stopping)
        except StorageError:
            self._at = None
            raise
        except Exception as error:
            self._at = None
            fail(db, claimed[0], repr(error), clock())
            raise
        give_back(db, claimed)
        return joined

    def _join(self, db: Database, piece: Work, clock: Callable[[], datetime], stopping: Callable[[], bool]) -> int:
        after, joined = int(piece.payload["after"]), 0
        if after != self._at:
            self._stories = restored(db, after, clock())
        while not stopping() and (batch := stories.words_after(db, after, _BATCH)):
            told: dict[int, int] = {}
            merged: dict[int, int] = {}
            for words in batch:
                found = self._stories.add(read(words))
                told[words.key] = found.story
                merged |= dict.fromkeys(found.merged, found.story)
            told = {key: _today(story, merged) for key, story in told.items()}
            merged = {gone: _today(story, merged) for gone, story in merged.items()}
            after = batch[-1].key
            # Until it is written, the index is ahead of the store.
            self._at = None
            if not stories.join(db, piece, told, merged, after, clock()):
                return joined
            self._at = after
            joined += len(batch)
        self._at = after
        return joined


def _today(story: int, merged: dict[int, int]) -> int:
    while story in merged:
        story = merged[story]
    return story


def restored(db: Database, upto: int, now: datetime) -> Stories:
    """The index as the store has it up to the entry `upto`."""
    index = Stories()
    for words in reversed([*stories.joined_since(db, now - KEPT_EXACT, upto, _MOST_READ)]):
        assert words.story is not None, "only joined entries are read again"
        if words.first_seen >= now - KEPT:
            index.hold(read(words), words.story)
        else:
            keys = exact_keys(title=words.title, text=words.text, canonical=_address(words))
            index.know(keys, words.source, words.first_seen, words.story)
    return index


def read(words: Words) -> Telling:
    """An entry of the store as stories are compared by."""
    return telling(
        key=words.key, source=words.source, at=words.published, seen=words.first_seen, title=words.title,
        text=words.text, canonical=_address(words),
    )  # fmt: skip


def _address(words: Words) -> str:
    return words.canonical or story_url(words.link)
