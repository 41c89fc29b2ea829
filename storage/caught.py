"""Entries that came, with whether any topic caught them: their beginnings only.

In: since when, the last one that was read. Out: light records in order of arrival. Never: a whole text.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, exists, func, select

from storage.arrival_model import Seen
from storage.database import Database
from storage.schema import entries, entry_places, filings, topics

_FIRST = 1200
"""Characters of a text that are read: what it is about is said at its beginning."""


def came_after(db: Database, key: int, since: datetime, limit: int) -> list[Seen]:
    """The next entries after `key` that came since then and are shown, in order of arrival; no history."""
    current = and_(topics.c.id == filings.c.topic_id, topics.c.retired_at.is_(None))
    filed = select(filings.c.id).join(topics, current)
    caught = exists(filed.where(filings.c.entry_id == entries.c.id, filings.c.closed_at.is_(None)))
    text = func.substr(entries.c.text, 1, _FIRST).label("text")
    which = and_(
        entries.c.id > key, entries.c.first_seen >= since, entries.c.announced.is_(True), entries.c.hidden_at.is_(None)
    )
    statement = select(entries.c.id, entries.c.title, text, entries.c.language, caught.label("caught"))
    with db.read() as connection:
        found = connection.execute(statement.where(which).order_by(entries.c.id).limit(limit)).all()
        wanted = select(entry_places.c.entry_id, entry_places.c.code).where(
            entry_places.c.entry_id.in_([row.id for row in found]),
            entry_places.c.code == func.upper(entry_places.c.code),
        )
        named: dict[int, list[str]] = {}
        for row in connection.execute(wanted.order_by(entry_places.c.code)):
            named.setdefault(row.entry_id, []).append(row.code)
    return [
        Seen(
            entry=row.id, title=row.title, text=row.text, language=row.language, is_caught=bool(row.caught),
            countries=tuple(named.get(row.id, ())),
        )
        for row in found
    ]  # fmt: skip
