"""Addresses of what the file declares: renamed, retired, and alive under their former names.

In: a table with slugs, inside a write transaction. Out: rows under today's slugs. Never: a row deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Table, and_, insert, select, update

from storage.database import Database
from storage.model import OutputKind
from storage.schema import authors, former_slugs, sources, topics


def rename(connection: Connection, table: Table, kind: str, slug: str, formerly: Sequence[str]) -> list[int]:
    """Keep old addresses alive; where a row still has one of them, it takes the new slug and keeps its entries.

    The numbers of the rows that took it.
    """
    renamed: list[int] = []
    for old in formerly:
        taken = connection.execute(select(table.c.id).where(table.c.slug == slug)).first()
        if taken is None:
            took = update(table).where(table.c.slug == old).values(slug=slug).returning(table.c.id)
            renamed += connection.execute(took).scalars()
        note_former(connection, kind, old, slug)
    return renamed


def note_former(connection: Connection, kind: str, old: str, now: str) -> None:
    """Remember that what was at `old` is at `now`, older addresses of it included."""
    this = and_(former_slugs.c.kind == kind, former_slugs.c.slug == old)
    if connection.execute(select(former_slugs.c.slug).where(this)).first() is None:
        connection.execute(insert(former_slugs).values(kind=kind, slug=old, now=now))
    chain = and_(former_slugs.c.kind == kind, former_slugs.c.now == old)
    connection.execute(update(former_slugs).where(this).values(now=now))
    connection.execute(update(former_slugs).where(chain).values(now=now))


def retire(connection: Connection, table: Table, slugs: Sequence[str], now: datetime) -> None:
    """What the file no longer declares is no longer polled or published; its rows stay."""
    gone = and_(table.c.origin == "file", table.c.retired_at.is_(None), table.c.slug.not_in(list(slugs)))
    connection.execute(update(table).where(gone).values(retired_at=now))


def is_retired(db: Database, kind: OutputKind, slug: str) -> bool:
    """Whether a feed was published under this address and is no more: it has no other address, and was not forgotten."""
    table = {"topics": topics, "authors": authors, "sources": sources}.get(kind)
    if table is None:
        return False
    gone = select(table.c.id).where(table.c.slug == slug, table.c.retired_at.is_not(None))
    with db.read() as connection:
        return connection.execute(gone).first() is not None
