"""What a rule would catch before it is anybody's rule, and what a changed one would gain and lose.

In: a compiled query or two, a store, a window of days. Out: counts a day, a source, a place; entries as examples.
Never: another way to judge than live filing's, or a filing opened or closed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo

from aggregator.searching import Found, Match, found_of, judged
from aggregator.topics.compiling import Topic
from aggregator.topics.match import Rules
from storage.database import Database
from storage.search import window

Progress = Callable[[int, int], None]
"""(entries walked past, entries of the window)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a query catches of the entries that arrived in a window of days.

    `days` has every day of the window, the oldest first, in the operator's time zone; `sources` are by slug, `places` by
    code, the most frequent first. `stored` is how many entries arrived in all, `looked` how many of them were judged.
    """

    entries: int
    stored: int
    looked: int
    days: Mapping[date, int]
    sources: Sequence[tuple[str, int]]
    places: Sequence[tuple[str, int]]
    samples: tuple[Found, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What another query would make of a topic over a window: how many entries stay, come and go, and the newest of each."""

    same: int
    gained: int
    lost: int
    gained_samples: tuple[Found, ...]
    lost_samples: tuple[Found, ...]


def preview(
    db: Database, topic: Topic, now: datetime, *, days: int, zone: tzinfo, samples: int = 5,
    progress: Progress | None = None,
) -> Preview:  # fmt: skip
    """Hold every entry of the last `days` days against a query."""
    first = (now - timedelta(days=days)).astimezone(zone).date()
    length = (now.astimezone(zone).date() - first).days + 1
    a_day: Counter[date] = Counter({first + timedelta(days=n): 0 for n in range(length)})
    sources: Counter[str] = Counter()
    places: Counter[str] = Counter()
    newest: list[Match] = []
    walk = _Walk(db, Rules([topic]), now, days, progress)
    for match in walk.matches():
        one = match.candidate
        a_day[one.first_seen.astimezone(zone).date()] += 1
        sources[one.source.slug] += 1
        places.update(tag.code for tag in one.meaning.places)
        if len(newest) < samples:
            newest.append(match)
    return Preview(
        entries=sum(sources.values()), stored=walk.stored, looked=walk.looked, days=dict(sorted(a_day.items())),
        sources=_ranked(sources), places=_ranked(places), samples=found_of(db, newest),
    )  # fmt: skip


def difference(
    db: Database, topic: Topic, other: Topic, now: datetime, *, days: int, samples: int = 5,
    progress: Progress | None = None,
) -> Difference:  # fmt: skip
    """Hold every entry of the last `days` days against a topic as it is, and with another query."""
    rules = Rules([replace(topic, slug="is"), replace(other, slug="would be")])
    same = 0
    gained: list[Match] = []
    lost: list[Match] = []
    counted: Counter[str] = Counter()
    for match in _Walk(db, rules, now, days, progress).matches():
        held = {filing.topic for filing in match.filings}
        if len(held) == 2:
            same += 1
            continue
        (which,) = held
        counted[which] += 1
        kept = gained if which == "would be" else lost
        if len(kept) < samples:
            kept.append(match)
    return Difference(
        same=same, gained=counted["would be"], lost=counted["is"], gained_samples=found_of(db, gained),
        lost_samples=found_of(db, lost),
    )  # fmt: skip


class _Walk:
    """A walk through a window of arrivals, with a word to whoever watches."""

    def __init__(self, db: Database, rules: Rules, now: datetime, days: int, progress: Progress | None) -> None:
        self._db, self._rules, self._now, self._progress = db, rules, now, progress
        self._since = now - timedelta(days=days)
        self.looked = 0
        self._window = window(db, self._since)

    @property
    def stored(self) -> int:
        """How many entries arrived in the window."""
        return self._window.entries

    def matches(self) -> Iterator[Match]:
        """Every match, the newest first."""
        last, length = self._window.last, max(1, self._window.last - self._window.first + 1)
        for batch in judged(self._db, self._rules, self._now, since=self._since):
            self.looked += batch.looked
            yield from batch.matches
            if self._progress:
                self._progress(min(length, max(0, last - batch.last + 1)), length)


def _ranked(counted: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
