"""Entries in topics: because of which words, by which rule, by whose word.

In: the wire's records. Out: frozen records, which `storage.model` hands on. Never: SQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from feeds.model import Pinned


class Span(NamedTuple):
    """Where a term matched: characters `start` to `end` of a field, as stored.

    A named tuple, since an entry that many topics want has hundreds of them.
    """

    field: str
    start: int
    end: int
    term: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """This entry belongs to this topic, because of these words, by this version of the topic's rule."""

    topic: str
    rule_version: str
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """This entry (by its number) is in this topic (by its slug), or is not, whatever the rule says; and who said so."""

    topic: str
    entry: int
    is_in: bool
    said: Pinned

    @property
    def told(self) -> str:
        """The same as people read it, behind the name of the topic."""
        return f"{'pinned' if self.is_in else 'kept out'} {self.said.told}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """A filing as an output shows it: the topic's slug and title, the words that matched, a person's word."""

    topic: str
    title: str
    rule_version: str
    opened_at: datetime
    announced: bool
    spans: tuple[Span, ...]
    pinned: Pinned | None = None

    @property
    def terms(self) -> tuple[str, ...]:
        """The terms of the rule that matched, each once, in order of appearance."""
        return tuple(dict.fromkeys(span.term for span in self.spans))
