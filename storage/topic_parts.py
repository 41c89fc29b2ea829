"""What one topic is made of: hours, sources, countries; and what two topics share.

In: a topic's slug, now. Out: counts, most first. Never: an entry.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, select

from storage.arrival_model import Overlap, Share
from storage.arrivals import DAY, HOUR, counted_between, steps_ago, window
from storage.database import Database
from storage.schema import entries, entry_places, filings, sources, topics


def hours(db: Database, slug: str, now: datetime) -> tuple[int, ...]:
    """How many entries came to a topic in each of the last 24 hours, the newest first."""
    bucket = steps_ago(HOUR)
    counted = _came(slug, bucket, func.count()).group_by(bucket)
    found = [0] * 24
    with db.read() as connection:
        for row in connection.execute(counted, window(now, 1)):
            found[row[0]] = row[1]
    return tuple(found)


def by_source(db: Database, slug: str, now: datetime, days: int) -> list[Share]:
    """From which sources the entries came."""
    joined = _came(slug, sources.c.slug, *_numbers()).join(sources, sources.c.id == entries.c.source_id)
    return _shares(db, joined.group_by(sources.c.slug), now, days)


def by_country(db: Database, slug: str, now: datetime, days: int) -> list[Share]:
    """Which countries the entries name, by code; an entry that names two counts for both."""
    joined = _came(slug, entry_places.c.code, *_numbers()).join(entry_places, entry_places.c.entry_id == entries.c.id)
    # A code of capitals is a country's; a region's is a slug.
    countries = joined.where(entry_places.c.code == func.upper(entry_places.c.code))
    return _shares(db, countries.group_by(entry_places.c.code), now, days)


def overlaps(db: Database) -> list[Overlap]:
    """Every pair of topics that share an entry: in one walk through what is filed."""
    one, other = filings.alias(), filings.alias()
    both = and_(other.c.entry_id == one.c.entry_id, other.c.topic_id > one.c.topic_id, other.c.closed_at.is_(None))
    shared = (
        select(one.c.topic_id, other.c.topic_id, func.count())
        .join(other, both)
        .where(one.c.closed_at.is_(None))
        .group_by(one.c.topic_id, other.c.topic_id)
    )
    held = select(filings.c.topic_id, func.count()).where(filings.c.closed_at.is_(None)).group_by(filings.c.topic_id)
    named = select(topics.c.id, topics.c.slug).where(topics.c.retired_at.is_(None))
    with db.read() as connection:
        slugs: dict[int, str] = {row[0]: row[1] for row in connection.execute(named)}
        sizes: dict[int, int] = {row[0]: row[1] for row in connection.execute(held)}
        found = connection.execute(shared).all()
    return [
        Overlap(slug=slugs[a], other=slugs[b], entries=sizes[a], other_entries=sizes[b], shared=number)
        for a, b, number in found
        if a in slugs and b in slugs
    ]


def _came(slug: str, *columns: ColumnElement[Any]) -> Select[Any]:
    is_open = and_(filings.c.entry_id == entries.c.id, filings.c.closed_at.is_(None))
    named = select(topics.c.id).where(topics.c.slug == slug).scalar_subquery()
    joined = select(*columns).select_from(entries).join(filings, is_open)
    return joined.where(filings.c.topic_id == named, counted_between())


def _numbers() -> tuple[ColumnElement[int], ColumnElement[int]]:
    return func.sum(case((steps_ago(DAY) == 0, 1), else_=0)), func.count()


def _shares(db: Database, statement: Select[Any], now: datetime, days: int) -> list[Share]:
    with db.read() as connection:
        found = connection.execute(statement, window(now, days)).all()
    shares = [Share(name=row[0], today=int(row[1]), entries=row[2]) for row in found]
    return sorted(shares, key=lambda one: (-one.entries, -one.today, one.name))
