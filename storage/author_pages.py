"""What an author's page tells beside the entries.

In: a slug. Out: facts gathered from bylines. Never: a write.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select

from storage import rows
from storage.author_model import AuthorFacts, Outlet
from storage.database import Database
from storage.schema import authors, bylines, entries, sources

_MOST_NAMES = 20


def author_facts(db: Database, slug: str, since: datetime) -> AuthorFacts:
    """What bylines tell of an author; `published` begins at `since`. Raises LookupError where there is none."""
    with db.read() as connection:
        row = connection.execute(select(authors.c.id, authors.c.kind).where(authors.c.slug == slug)).one_or_none()
        if row is None:
            raise LookupError(slug)
        published = (
            select(entries.c.published)
            .join(bylines, bylines.c.entry_id == entries.c.id)
            .where(bylines.c.author_id == row.id, entries.c.published >= since, entries.c.hidden_at.is_(None))
        )
        return AuthorFacts(
            kind=row.kind,
            role=_latest(connection, row.id, "role"),
            affiliation=_latest(connection, row.id, "affiliation"),
            names=_names(connection, row.id),
            outlets=_outlets(connection, row.id),
            published=tuple(connection.execute(published).scalars()),
        )


def _latest(connection: Connection, author: int, told: str) -> str:
    """What the newest byline that says so says."""
    column = bylines.c[told]
    newest = select(column).where(bylines.c.author_id == author, column != "").order_by(bylines.c.arrival.desc())
    return str(connection.execute(newest.limit(1)).scalar() or "")


def _names(connection: Connection, author: int) -> tuple[str, ...]:
    count = func.count()
    spelled = select(bylines.c.name, count).where(bylines.c.author_id == author).group_by(bylines.c.name)
    found = connection.execute(spelled.order_by(count.desc(), bylines.c.name).limit(_MOST_NAMES))
    return tuple(row.name for row in found)


def _outlets(connection: Connection, author: int) -> tuple[Outlet, ...]:
    count = func.count(func.distinct(entries.c.id)).label("held")
    grouped = (
        select(entries.c.source_id, count)
        .join(bylines, bylines.c.entry_id == entries.c.id)
        .where(bylines.c.author_id == author, entries.c.hidden_at.is_(None))
        .group_by(entries.c.source_id)
        .subquery()
    )
    where = select(sources.c.slug, sources.c.name, sources.c.head, grouped.c.held).join(
        grouped, grouped.c.source_id == sources.c.id
    )
    found = connection.execute(where.order_by(grouped.c.held.desc(), sources.c.slug))
    return tuple(
        Outlet(slug=row.slug, name=row.name or rows.head_of(row.head).title or row.slug, entries=row.held)
        for row in found
    )
