"""The readers' side of places: entries that name a country or any of a region's, and how many name each.

In: codes of places. Out: entries, newest arrival first. Never: what a region holds: that is told by who asks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Select, Text, column, func, select, union_all, values

from storage.database import Database
from storage.model import Kept
from storage.reading import SOURCE_COLUMNS, kept_of
from storage.schema import entries, entry_places, sources


def page(db: Database, codes: Collection[str], *, limit: int, announced: bool = False) -> list[Kept]:
    """The newest arrivals that name one of these places. `announced` leaves out what came from archives: news only."""
    if not codes:
        return []
    # The newest of all are among the newest of each, which an index gives one by one.
    newest = union_all(*(_newest(code, limit, announced) for code in sorted(codes))).subquery()
    turn = func.max(newest.c.arrival).label("turn")
    chosen = select(newest.c.entry_id, turn).group_by(newest.c.entry_id).order_by(turn.desc()).limit(limit).subquery()
    statement = (
        select(entries, *SOURCE_COLUMNS)
        .join(sources, sources.c.id == entries.c.source_id)
        .join(chosen, chosen.c.entry_id == entries.c.id)
        .order_by(chosen.c.turn.desc())
    )
    with db.read() as connection:
        return kept_of(connection, connection.execute(statement).mappings().all())


def _newest(code: str, limit: int, announced: bool) -> Select[tuple[int, int]]:
    named = (
        select(entry_places.c.entry_id, entry_places.c.arrival)
        .join(entries, entries.c.id == entry_places.c.entry_id)
        .where(entry_places.c.code == code, entries.c.hidden_at.is_(None))
    )
    if announced:
        named = named.where(entries.c.announced.is_(True))
    few = named.order_by(entry_places.c.arrival.desc()).limit(limit).subquery()
    return select(few.c.entry_id, few.c.arrival)


def named(db: Database) -> dict[str, tuple[int, datetime]]:
    """Of every place that is named: by how many entries, and when the newest was first seen."""
    counted = (
        select(entry_places.c.code, func.count(), func.max(entries.c.first_seen))
        .join(entries, entries.c.id == entry_places.c.entry_id)
        .where(entries.c.hidden_at.is_(None))
        .group_by(entry_places.c.code)
    )
    with db.read() as connection:
        return {row[0]: (int(row[1]), row[2]) for row in connection.execute(counted)}


def entries_naming(db: Database, groups: Mapping[str, Collection[str]]) -> dict[str, int]:
    """How many entries name a place of each group, by the group's name; groups that none names are left out."""
    pairs = [(group, code) for group, codes in groups.items() for code in sorted(codes)]
    if not pairs:
        return {}
    held = values(column("name", Text), column("code", Text), name="held").data(pairs).cte("held")
    counted = (
        select(held.c.name, func.count(entry_places.c.entry_id.distinct()))
        .join(held, held.c.code == entry_places.c.code)
        .join(entries, entries.c.id == entry_places.c.entry_id)
        .where(entries.c.hidden_at.is_(None))
        .group_by(held.c.name)
    )
    with db.read() as connection:
        return {row[0]: int(row[1]) for row in connection.execute(counted)}
