"""The readers' side of combined feeds: what is in any of several topics, authors, places and sources.

In: the parts of a feed, a stretch of it. Out: how it stands, its entries, newest arrival first. Never: a part that is read
as a whole: the newest of all are among the newest of each, which an index gives one by one.

Its order of arrival is that of the whole store, the only one that all parts share.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    Table,
    and_,
    cast,
    func,
    literal,
    or_,
    select,
    tuple_,
    union_all,
)

from storage.database import Database
from storage.model import Kept
from storage.outputs import ALL, Ref
from storage.reading import kept_of, newest
from storage.schema import authors, bylines, entries, entry_places, filings, former_slugs, outputs, sources, topics
from storage.stretch import WHOLE, Stretch, Teller, tellers_of, telling

LOOKED_THROUGH = 600
"""So many of the newest entries of each part are looked through where a source may have so many only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a combined feed is made of: slugs, and codes of places with those of their regions' countries."""

    topics: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a combined feed stands: another `revision` whenever anything in it may be another; `root` is the id of everything.

    `arrivals` is the last place of the whole store's order.
    """

    root: str
    revision: int
    changed_at: datetime
    arrivals: int


def standing(db: Database, parts: Parts) -> Standing | None:
    """How the parts stand together; None where the store was not reconciled yet. Places stand as everything does."""
    with db.read() as connection:
        wanted = tuple_(outputs.c.kind, outputs.c.ref).in_([ALL, *_refs(connection, parts)])
        found = connection.execute(select(outputs).where(wanted).order_by(outputs.c.kind, outputs.c.ref)).all()
    everything = next((row for row in found if row.kind == "all"), None)
    if everything is None:
        return None
    held = found if parts.places else [row for row in found if row.kind != "all"]
    # Not their sum: where a merged author takes another's place, it might be the same by chance.
    said = ",".join(f"{row.kind}:{row.ref}:{row.revision}" for row in held)
    return Standing(
        root=everything.public_id, revision=int(hashlib.sha256(said.encode()).hexdigest()[:15], 16),
        changed_at=max((row.changed_at for row in held), default=everything.changed_at), arrivals=everything.arrivals,
    )  # fmt: skip


def refs(db: Database, parts: Parts) -> list[Ref]:
    """The feeds that it is made of, as far as they have rows: its topics, authors and sources."""
    with db.read() as connection:
        return _refs(connection, parts)


def page(
    db: Database, parts: Parts, *, limit: int, announced: bool = False, stretch: Stretch = WHOLE
) -> list[Kept]:  # fmt: skip
    """The newest arrivals that are in any part, each once, in a stretch of the whole store's order.

    An entry is news where it is in any part as news. `announced`, or the stretch, leaves out history; history alone cannot be
    asked for: no index has it.
    """
    with db.read() as connection:
        asked = replace(stretch, news=True) if announced else stretch
        once = _once(_Within(connection, parts, asked), limit)
        return [] if once is None else _kept(connection, once, limit)


def digest(
    db: Database, parts: Parts, *, limit: int, cap: int, announced: bool = False, stretch: Stretch = WHOLE
) -> list[Kept]:  # fmt: skip
    """The newest arrivals of which no source has more than `cap`, of the newest LOOKED_THROUGH of each part."""
    with db.read() as connection:
        asked = replace(stretch, news=True) if announced else stretch
        once = _once(_Within(connection, parts, asked), LOOKED_THROUGH)
        if once is None:
            return []
        each = once.subquery()
        rank = func.row_number().over(partition_by=entries.c.source_id, order_by=each.c.turn.desc()).label("rank")
        ranked = select(each, rank).join(entries, entries.c.id == each.c.entry_id).subquery()
        few = select(ranked.c.entry_id, ranked.c.turn.label("turn"), ranked.c.is_news).where(ranked.c.rank <= cap)
        return _kept(connection, few, limit)


def tellers(db: Database, parts: Parts, stretch: Stretch, stories: Collection[int]) -> list[Teller]:
    """Which entries in a stretch of the feed tell these stories."""
    with db.read() as connection:
        within = _Within(connection, parts, stretch)
        found = select(entries.c.id.label("entry_id"), entries.c.arrival.label("turn"), within.is_news.label("is_news"))
        wanted = found.where(within.is_in, *within.shown, *within.asked_news)
        return tellers_of(connection.execute(telling(wanted, stories)).mappings().all())


def _kept(connection: Connection, wanted: Select[Any], limit: int) -> list[Kept]:
    return kept_of(connection, connection.execute(newest(wanted), {"most": limit}).mappings().all())


def _refs(connection: Connection, parts: Parts) -> list[Ref]:
    """The rows of topics, authors and sources, as far as the store has them; an author who was merged leads to today's."""
    found: list[Ref] = []
    moved = select(former_slugs.c.now).where(former_slugs.c.kind == "authors", former_slugs.c.slug.in_(parts.authors))
    wanted: tuple[tuple[str, Table, ColumnElement[bool]], ...] = (
        ("topics", topics, topics.c.slug.in_(parts.topics)),
        ("authors", authors, or_(authors.c.slug.in_(parts.authors), authors.c.slug.in_(moved))),
        ("sources", sources, sources.c.slug.in_(parts.sources)),
    )
    for kind, table, named in wanted:
        numbers = connection.execute(select(table.c.id).where(named, table.c.retired_at.is_(None)).order_by(table.c.id))
        found += ((kind, number) for number in numbers.scalars())
    return found


class _Within:
    """What is in a feed, as conditions on an entry."""

    def __init__(self, connection: Connection, parts: Parts, stretch: Stretch) -> None:
        numbers: dict[str, list[int]] = {"topics": [], "authors": [], "sources": []}
        for kind, ref in _refs(connection, parts):
            numbers[kind].append(ref)
        self.numbers = numbers
        self.places = parts.places
        self.stretch = stretch
        own = entries.c.source_id.in_(numbers["sources"])
        self.is_in = or_(own, *self._written(news=False))
        self.is_news = and_(entries.c.announced.is_(True), or_(own, *self._written(news=True)))

    @property
    def shown(self) -> list[ColumnElement[bool]]:
        """That an entry may be shown and lies in the stretch."""
        stretch, turn = self.stretch, entries.c.arrival
        return [
            entries.c.hidden_at.is_(None),
            entries.c.embargo_until.is_(None),
            *([turn < stretch.before] if stretch.before is not None else []),
            *([turn > stretch.after] if stretch.after is not None else []),
            *([turn <= stretch.upto] if stretch.upto is not None else []),
            *([entries.c.first_seen >= stretch.since] if stretch.since is not None else []),
            *([entries.c.first_seen <= stretch.as_of] if stretch.as_of is not None else []),
        ]

    @property
    def asked_news(self) -> list[ColumnElement[bool]]:
        """That it is news, where only that is asked for."""
        return [self.is_news] if self.stretch.news else []

    def memberships(self, *, news: bool) -> Iterator[tuple[Table, ColumnElement[bool]]]:
        """Where it is written that an entry is in a part, and the condition for it: one row an entry."""
        for number in self.numbers["topics"]:
            is_filed = and_(filings.c.topic_id == number, _filed(self.stretch.as_of))
            yield filings, and_(is_filed, filings.c.announced.is_(True)) if news else is_filed
        for number in self.numbers["authors"]:
            # Who signs twice, in two spellings, signs once.
            other = bylines.alias()
            twice = select(other.c.entry_id).where(
                other.c.entry_id == bylines.c.entry_id, other.c.author_id == number,
                other.c.position < bylines.c.position,
            )  # fmt: skip
            yield bylines, and_(bylines.c.author_id == number, ~twice.correlate(bylines).exists())
        for code in self.places:
            yield entry_places, entry_places.c.code == code

    def _written(self, *, news: bool) -> list[ColumnElement[bool]]:
        return [
            select(table.c.entry_id).where(table.c.entry_id == entries.c.id, is_in).correlate(entries).exists()
            for table, is_in in self.memberships(news=news)
        ]


def _filed(as_of: datetime | None) -> ColumnElement[bool]:
    """Filings that are open, or were at a moment."""
    if as_of is None:
        return filings.c.closed_at.is_(None)
    return and_(filings.c.opened_at <= as_of, or_(filings.c.closed_at.is_(None), filings.c.closed_at > as_of))


def _once(within: _Within, limit: int) -> Select[Any] | None:
    """The newest of each part, so many, and each entry once: `entry_id`, `turn`, `is_news`. None of nothing."""
    branches = [*_branches(within, limit)]
    if not branches:
        return None
    together = union_all(*branches).subquery()
    turn, news = func.max(together.c.turn).label("turn"), func.max(together.c.is_news).label("is_news")
    return select(together.c.entry_id, turn, news).group_by(together.c.entry_id)


def _branches(within: _Within, limit: int) -> Iterator[Select[Any]]:
    only = bool(within.stretch.news)
    is_news = literal(1) if only else cast(within.is_news, Integer)
    columns = (entries.c.arrival.label("turn"), is_news.label("is_news"))
    asked = [*within.shown, *([entries.c.announced.is_(True)] if only else [])]
    for number in within.numbers["sources"]:
        own = select(entries.c.id.label("entry_id"), *columns).where(entries.c.source_id == number, *asked)
        yield _first(own.order_by(entries.c.arrival.desc()), limit)
    written = [*within.memberships(news=only)]
    for table, is_in in written:
        named = select(table.c.entry_id, *columns).join(entries, entries.c.id == table.c.entry_id)
        # Where an entry's place is its number, the index has it; the others follow below.
        named = named.where(is_in, entries.c.arrival <= entries.c.id, *asked)
        if within.stretch.before is not None:
            named = named.where(table.c.entry_id < within.stretch.before)
        yield _first(named.order_by(table.c.entry_id.desc()), limit)
    if written:
        late = select(entries.c.id.label("entry_id"), *columns)
        late = late.where(entries.c.arrival > entries.c.id, within.is_in, *within.shown, *within.asked_news)
        yield _first(late.order_by(entries.c.arrival.desc()), limit)


def _first(statement: Select[Any], limit: int) -> Select[Any]:
    few = statement.limit(limit).subquery()
    return select(few.c.entry_id, few.c.turn, few.c.is_news)
