"""The readers' side of places: entries that name a country or any of a region's, and how many name each.

In: codes of places. Out: entries, newest arrival first. Never: what a region holds: that is told by who asks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Select, Text, bindparam, column, desc, func, select, union_all, values

from storage.database import Database
from storage.model import Kept
from storage.reading import kept_of, newest
from storage.schema import entries, entry_places
from storage.stretch import WHOLE, Shape, Stretch, Teller, naming, shape_of, tellers_of, telling, values_of


def page(
    db: Database, codes: Collection[str], *, limit: int, announced: bool = False, stretch: Stretch = WHOLE
) -> list[Kept]:
    """The newest arrivals that name one of these places, in a stretch of their feed. `announced` leaves out what came from
    archives: news only."""
    if not codes:
        return []
    asked = replace(stretch, news=True) if announced else stretch
    shape = shape_of(asked)
    # The newest of all are among the newest of each, which an index gives one by one.
    each = union_all(*(_newest(code, codes, shape) for code in sorted(codes))).subquery()
    wanted = select(each.c.entry_id, each.c.turn.label("turn"), each.c.is_news).distinct()
    with db.read() as connection:
        found = connection.execute(newest(wanted), {"most": limit, **values_of(asked)})
        return kept_of(connection, found.mappings().all())


def tellers(db: Database, codes: Collection[str], stretch: Stretch, stories: Collection[int]) -> list[Teller]:
    """Which entries that name one of these places tell these stories."""
    if not codes:
        return []
    wanted = telling(naming(codes, shape_of(stretch)), stories)
    with db.read() as connection:
        return tellers_of(connection.execute(wanted, values_of(stretch)).mappings())


def _newest(code: str, codes: Collection[str], shape: Shape) -> Select[tuple[int, int, bool]]:
    few = naming([code], shape, among=codes).order_by(desc("turn")).limit(bindparam("most")).subquery()
    return select(few.c.entry_id, few.c.turn, few.c.is_news)


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
