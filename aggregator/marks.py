"""How sources and topics fare against their own past: counts of the store, held against what is usual.

In: a store, now. Out: for each source and topic its counts and a verdict. Never: a judgement of an entry.

A topic is compared on those sources alone that were followed all the while: a source that was added last week makes no surge.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import zip_longest

from aggregator.health import health
from aggregator.surges import DAYS, Verdict, only_watched, verdict
from storage import arrivals, reading
from storage.arrival_model import Counted
from storage.arrivals import DAY
from storage.database import Database
from storage.model import Followed, OutputKind

_FRESH = timedelta(minutes=1)
_TROUBLED = ("broken", "blocked", "gone")
_NOTHING = Counted(daily=(0,) * DAYS, settled=(0,) * DAYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What came to a source or a topic, and how that is."""

    counted: Counted
    verdict: Verdict

    @property
    def word(self) -> str:
        """A word for a list: "" where there is nothing to look at."""
        return self.verdict.word if self.verdict.is_marked else ""


UNKNOWN = Mark(counted=_NOTHING, verdict=Verdict(word="unknown", reason="nothing is known of its past"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """By slug."""

    sources: Mapping[str, Mark]
    topics: Mapping[str, Mark]

    def source(self, slug: str) -> Mark:
        """Of a source; one that is not known has no mark."""
        return self.sources.get(slug, UNKNOWN)

    def topic(self, slug: str) -> Mark:
        """Of a topic; one that is not known has no mark."""
        return self.topics.get(slug, UNKNOWN)


NO_MARKS = Marks(sources={}, topics={})


class Watch:
    """The marks of a store, not older than a minute: counting reads every entry of five weeks."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._at: datetime | None = None
        self._marks = NO_MARKS

    def marks(self, now: datetime) -> Marks:
        """How everything fares at `now`, or did within the minute before."""
        with self._lock:
            if self._at is None or not self._at <= now < self._at + _FRESH:
                self._marks = marks_of(self._db, now)
                self._at = now
            return self._marks

    def mark(self, kind: OutputKind, slug: str, now: datetime) -> Mark | None:
        """That of a topic or a source; None for what has none."""
        if kind not in ("topics", "sources"):
            return None
        marks = self.marks(now)
        return marks.topic(slug) if kind == "topics" else marks.source(slug)


def marked(marks: Mapping[str, Mark]) -> dict[str, Verdict]:
    """Those that somebody should look at."""
    return {slug: mark.verdict for slug, mark in marks.items() if mark.word}


def marks_of(db: Database, now: datetime, followed: Sequence[Followed] | None = None) -> Marks:
    """How every topic fares at `now`, and every source, or those `followed`."""
    first = arrivals.first_arrivals(db)
    begun = min(first.values(), default=now)
    came = arrivals.by_source(db, now, DAYS)
    totals = [sum(day) for day in zip_longest(*(one.daily for one in came.values()), fillvalue=0)] or [0] * DAYS
    # Those that came within a store's first day are as old as it is.
    since = max(now - DAYS * DAY, begun + DAY)
    newcomers = [slug for slug, at in first.items() if at > since]
    filed = arrivals.by_topic(db, now, DAYS, newcomers)
    # Of its first day a store has first documents, which hold more than a day.
    known = max((now - begun) // DAY - 1, 0)
    return Marks(
        sources={
            one.source.slug: _source(one, came.get(one.source.slug, _NOTHING), first.get(one.source.slug), totals, now)
            for one in (reading.followed(db) if followed is None else followed)
        },
        topics={
            slug: _topic(filed.get(slug, _NOTHING), totals[:known], is_filed)
            for slug, is_filed in arrivals.filed(db).items()
        },
    )


def _source(
    one: Followed, counted: Counted, first: datetime | None, totals: Sequence[int], now: datetime
) -> Mark:  # fmt: skip
    known = (now - first) // DAY if first else 0
    how = health(one, now)
    trouble = f"{how.word}, {how.reason}" if how.word in _TROUBLED or one.state.next_poll_at is None else ""
    # Where a hub brings what is new, nobody needs to ask.
    heard = now if one.state.pushed else one.last_ok_at
    unheard = max(now - heard, timedelta()) / DAY if heard else float(DAYS)
    found = verdict(only_watched(counted.daily, totals)[:known], unheard=unheard, trouble=trouble)
    return Mark(counted=counted, verdict=found)


def _topic(counted: Counted, totals: Sequence[int], is_filed: bool) -> Mark:
    if not is_filed:
        waiting = "its rule is yet to be run over what is stored"
        return Mark(counted=counted, verdict=Verdict(word="unknown", reason=waiting))
    found = verdict(only_watched(counted.settled, totals))
    return Mark(counted=counted, verdict=found)
