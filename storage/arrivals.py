"""How many entries came when, of each source and each topic: days counted back from now.

In: now, how many days. Out: counts. Never: what is usual, or an alarm: `aggregator.surges` has both.

An entry counts on the day on which it was first seen, whenever it was filed: a rule that is run anew over history counts its
entries where they were, so that it makes neither a surge nor a silence. What came from a feed's archives does not count, nor
what was old when it was first seen, as the first document of a new source is: neither was news on that day.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, bindparam, case, func, select, type_coerce

from storage.arrival_model import Counted
from storage.columns import Moment
from storage.database import Database
from storage.schema import entries, filings, sources, topics

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
OLD = timedelta(days=2)
"""What was published so long before it was first seen was no news any more."""


def first_arrivals(db: Database) -> dict[str, datetime]:
    """When the first entry of each source was first seen: since when it can be said what it brings."""
    first = select(func.min(entries.c.id).label("id")).group_by(entries.c.source_id).subquery()
    when = (
        select(sources.c.slug, entries.c.first_seen)
        .join(first, first.c.id == entries.c.id)
        .join(sources, sources.c.id == entries.c.source_id)
    )
    with db.read() as connection:
        return {row.slug: row.first_seen for row in connection.execute(when)}


def by_source(db: Database, now: datetime, days: int) -> dict[str, Counted]:
    """What each source that is followed brought; sources that brought nothing are left out."""
    bucket = steps_ago(DAY)
    counted = (
        select(entries.c.source_id, bucket, func.count(), func.max(entries.c.first_seen))
        .where(counted_between())
        .group_by(entries.c.source_id, bucket)
    )
    named = select(sources.c.id, sources.c.slug).where(sources.c.retired_at.is_(None))
    with db.read() as connection:
        slugs = {row.id: row.slug for row in connection.execute(named)}
        found = connection.execute(counted, window(now, days)).all()
    return _by_slug([(slugs[one[0]], one[1], one[2], one[2], one[3]) for one in found if one[0] in slugs], days)


def by_topic(db: Database, now: datetime, days: int, newcomers: Collection[str] = ()) -> dict[str, Counted]:
    """What came to each topic, in one query for all; topics to which nothing came are left out.

    `newcomers` are sources that were not followed all the while.
    """
    with db.read() as connection:
        young = connection.execute(select(sources.c.id).where(sources.c.slug.in_(newcomers))).scalars().all()
        slugs = {
            row.id: row.slug
            for row in connection.execute(select(topics.c.id, topics.c.slug).where(topics.c.retired_at.is_(None)))
        }
        found = connection.execute(_topic_counts(young), window(now, days)).all()
    return _by_slug([(slugs[one[0]], *one[1:]) for one in found if one[0] in slugs], days)


def _topic_counts(young: Collection[int]) -> Select[Any]:
    bucket = steps_ago(DAY)
    settled = func.sum(case((entries.c.source_id.in_(young), 0), else_=1)) if young else func.count()
    return (
        select(filings.c.topic_id, bucket, func.count(), settled, func.max(entries.c.first_seen))
        .join(entries, entries.c.id == filings.c.entry_id)
        .where(counted_between(), filings.c.closed_at.is_(None))
        .group_by(filings.c.topic_id, bucket)
    )


def _by_slug(found: list[tuple[str, int, int, int, datetime]], days: int) -> dict[str, Counted]:
    daily: dict[str, list[int]] = {}
    settled: dict[str, list[int]] = {}
    last: dict[str, datetime] = {}
    for slug, bucket, number, old, newest in found:
        daily.setdefault(slug, [0] * days)[bucket] = number
        settled.setdefault(slug, [0] * days)[bucket] = int(old)
        last[slug] = max(newest, last.get(slug, newest))
    return {
        slug: Counted(daily=tuple(counts), settled=tuple(settled[slug]), last=last[slug])
        for slug, counts in daily.items()
    }


def steps_ago(step: timedelta) -> ColumnElement[int]:
    """How many whole steps ago an entry was first seen."""
    now = type_coerce(bindparam("now", type_=Moment), BigInteger)
    return (now - type_coerce(entries.c.first_seen, BigInteger)) // (step // timedelta(microseconds=1))


def counted_between() -> ColumnElement[bool]:
    """That an entry came within the window, and was news then."""
    seen = type_coerce(entries.c.first_seen, BigInteger)
    old = type_coerce(entries.c.published, BigInteger) < seen - OLD // timedelta(microseconds=1)
    within = and_(
        entries.c.first_seen > bindparam("since", type_=Moment), entries.c.first_seen <= bindparam("now", type_=Moment)
    )
    return and_(within, entries.c.announced.is_(True), ~old)


def window(now: datetime, days: int) -> dict[str, datetime]:
    """The parameters of what asks for `counted_between` and `steps_ago`."""
    return {"now": now, "since": now - days * DAY}


def filed(db: Database) -> dict[str, bool]:
    """Of each topic whether its rule has been run over history: before that, what it held is not known."""
    done = topics.c.filed_version == topics.c.rule_version
    with db.read() as connection:
        named = select(topics.c.slug, done).where(topics.c.retired_at.is_(None))
        return {row[0]: bool(row[1]) for row in connection.execute(named)}


def last_arrivals(db: Database, slugs: Collection[str]) -> dict[str, datetime]:
    """When the newest entry of each of these topics was first seen, however long ago, history included."""
    newest = (
        select(topics.c.slug, func.max(entries.c.first_seen))
        .join(filings, filings.c.topic_id == topics.c.id)
        .join(entries, entries.c.id == filings.c.entry_id)
        .where(topics.c.slug.in_(slugs), filings.c.closed_at.is_(None))
        .group_by(topics.c.slug)
    )
    with db.read() as connection:
        return {row[0]: row[1] for row in connection.execute(newest)} if slugs else {}
