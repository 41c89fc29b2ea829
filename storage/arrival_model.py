"""The nouns of what came: counts by day, parts of a topic, what two topics share, entries that no topic caught.

In: nothing. Out: frozen records. Never: SQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What came: `daily` begins with the last 24 hours. `last` is when the newest of them was first seen.

    `settled` are those of `daily` from sources that were followed all the while.
    """

    daily: tuple[int, ...]
    settled: tuple[int, ...]
    last: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A part of a topic, by a source's slug or a country's code: entries of the last 24 hours, and of all the days."""

    name: str
    today: int
    entries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Two topics with the entries that they have and share."""

    slug: str
    other: str
    entries: int
    other_entries: int
    shared: int

    @property
    def jaccard(self) -> float:
        """The share of all entries of the two that are in both: 1 where they are one."""
        return self.shared / (self.entries + self.other_entries - self.shared)

    @property
    def of_smaller(self) -> float:
        """The share of the smaller that is in the other too: 1 where it is a part of it."""
        return self.shared / min(self.entries, self.other_entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An entry by its title and the beginning of its text; `countries` are codes that it names."""

    entry: int
    title: str
    text: str
    language: str
    is_caught: bool
    countries: tuple[str, ...] = ()
