"""Stored entries searched in the language of topics: candidates from the index, each judged by the one evaluator.

In: a query, a store, now. Out: entries that match with the words that made them match, the newest arrival first, page by
page. Never: an answer that the index gives: it narrows. And never work without bounds: a page that has looked at enough
says how far it came.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from aggregator.config import Config
from aggregator.topics.compiling import Topic
from aggregator.topics.match import Rules
from aggregator.topics.narrow import narrowing_of
from aggregator.topics.subject import Told
from feeds.model import Source
from storage import reading, search
from storage.database import Database
from storage.model import Filing, Kept, Span
from storage.search import NO_END, Candidate
from storage.search_model import AnyOf, Narrowing

PAGE = 50
"""Entries of a page."""
MOST_LOOKED = 3000
"""Candidates that are looked at for one page."""
MOST_CHARACTERS = 12_000_000
"""Characters of their texts: an entry may be as long as a book."""
LONGEST_DAYS = 36_500
_SMALLEST_BATCH, _LARGEST_BATCH = 16, 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A candidate that matches, with a filing for each of the rules that it matches."""

    candidate: Candidate
    filings: tuple[Filing, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Some candidates, judged: those that match, how many were looked at, and the number of the last."""

    matches: Sequence[Match]
    looked: int
    characters: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An entry that matches, and the words that made it match."""

    kept: Kept
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of results. `before` is the cursor of the next page, None where this is the last.

    `is_cut` says that the page was ended by the work that it took: then there may be more although it is not full, and
    `reached` is when the last entry arrived that was looked at.
    """

    found: tuple[Found, ...]
    before: int | None
    looked: int
    is_cut: bool = False
    reached: datetime | None = None


def compile_search(query: str, config: Config) -> Topic:
    """A query as a search understands it: with the lists and topics of the configuration. Raises QueryError."""
    # What a terminal could not decode is no letter; written out again, it would end the command.
    query = query.encode("utf-8", "replace").decode()
    return Topic(slug="search", title="Search", query=query, tree=config.query(query), rule_version="")


def since_of(days: int | None, now: datetime) -> datetime | None:
    """The moment that many days ago; None where all of history is meant."""
    return None if days is None else now - timedelta(days=min(days, LONGEST_DAYS))


def find(
    db: Database, topic: Topic, now: datetime, *, limit: int = PAGE, before: int | None = None,
    since: datetime | None = None, most: int = MOST_LOOKED,
) -> Page:  # fmt: skip
    """The newest arrivals that match, `limit` at most, of those numbered below `before` that arrived since `since`."""
    matches: list[Match] = []
    looked = characters = 0
    last: int | None = None
    for batch in judged(db, Rules([topic]), now, before=before, since=since, wanted=limit + 1):
        matches += batch.matches
        looked, characters, last = looked + batch.looked, characters + batch.characters, batch.last
        if len(matches) > limit:
            return _page(db, matches[:limit], matches[limit - 1].candidate.key, looked)
        if looked >= most or characters >= MOST_CHARACTERS:
            page = _page(db, matches, last, looked)
            return replace(page, is_cut=True, reached=_arrival(db, batch.last))
    return _page(db, matches, None, looked)


def _page(db: Database, matches: Sequence[Match], before: int | None, looked: int) -> Page:
    return Page(found=found_of(db, matches), before=before, looked=looked)


def found_of(db: Database, matches: Sequence[Match]) -> tuple[Found, ...]:
    """Matches with all that is stored of their entries, the newest first; without what was hidden meanwhile."""
    spans = {one.candidate.key: one.filings[0].spans for one in matches}
    kept = reading.entries_of(db, list(spans))
    return tuple(Found(kept=one, spans=spans[one.key]) for one in reversed(kept) if one.hidden_at is None)


def _arrival(db: Database, key: int) -> datetime | None:
    held = reading.entry(db, key)
    return held.first_seen if held else None


def judged(
    db: Database, rules: Rules, now: datetime, *, before: int | None = None, since: datetime | None = None,
    wanted: int | None = None,
) -> Iterator[Batch]:  # fmt: skip
    """Every candidate for any of the rules, the newest first, batch by batch: small batches where few matches are `wanted`."""
    narrowing = _narrowing(rules)
    known: dict[int, Source] = {}
    end = NO_END if before is None else before
    found = looked = 0
    floor: int | None = None if since else 0
    while True:
        size = _size(wanted, found, looked)
        with db.read() as connection:
            if floor is None and since is not None:
                floor = search.first_since(connection, since)
            keys = search.candidates(connection, narrowing, before=end, floor=floor or 0, most=size)
            held = search.load(connection, keys, known)
        if not keys:
            return
        recent = [one for one in held if since is None or one.first_seen >= since]
        matches = list(islice(_matches(rules, recent, now), None if wanted is None else wanted - found))
        characters = sum(len(one.entry.text) for one in recent)
        yield Batch(matches=matches, looked=len(keys), characters=characters, last=keys[-1])
        if len(keys) < size:
            return
        end, found, looked = keys[-1], found + len(matches), looked + len(keys)


def _size(wanted: int | None, found: int, looked: int) -> int:
    """How many candidates to look at next: as many as are likely to hold what is still wanted."""
    if wanted is None:
        return _LARGEST_BATCH
    left = (wanted - found) * 1.1 + 4
    likely = left if not looked else left * looked / found if found else 2 * looked
    return min(max(int(likely), _SMALLEST_BATCH), _LARGEST_BATCH)


def _matches(rules: Rules, candidates: Sequence[Candidate], now: datetime) -> Iterator[Match]:
    for one in candidates:
        told = Told(published=one.published, now=now, sources=one.outlets)
        filings = rules.judge(one.entry, one.source, one.meaning, told)
        if filings:
            yield Match(candidate=one, filings=filings)


def _narrowing(rules: Rules) -> Narrowing | None:
    """What an entry must have that matches any of the rules; None where one of them may match whatever it has."""
    parts = [narrowing_of(topic.tree) for topic in rules]
    real = tuple(part for part in parts if part is not None)
    if len(real) < len(parts) or not real:
        return None
    return real[0] if len(real) == 1 else AnyOf(real)
