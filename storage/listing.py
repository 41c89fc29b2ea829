"""Of what a topic is made: the sources whose entries are filed in it.

In: a topic's slug. Out: slugs of sources. Never: an address: who is told of it decides what of it may be shown.
"""

from __future__ import annotations

from sqlalchemy import func, select

from storage.database import Database
from storage.schema import entries, filings, sources, topics


def sources_in(db: Database, topic: str) -> list[str]:
    """The sources that are followed and have entries in a topic, those with most entries first."""
    count = func.count()
    statement = (
        select(sources.c.slug, count)
        .join(entries, entries.c.source_id == sources.c.id)
        .join(filings, filings.c.entry_id == entries.c.id)
        .join(topics, topics.c.id == filings.c.topic_id)
        .where(topics.c.slug == topic, filings.c.closed_at.is_(None), entries.c.hidden_at.is_(None))
        .where(entries.c.embargo_until.is_(None), sources.c.retired_at.is_(None))
        .group_by(sources.c.slug)
        .order_by(count.desc(), sources.c.slug)
    )
    with db.read() as connection:
        return [row.slug for row in connection.execute(statement)]
