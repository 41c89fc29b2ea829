"""What an entry said before its edits: kept when it changes, read for those who want to see what changed (I-07, I-08).

In: an entry's row about to be edited, or its key. Out: revisions. Never: an edit judged: what is one, decides `feeds`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select

from storage import rows
from storage.database import Database
from storage.model import Judged, Revision
from storage.schema import revisions

MOST_A_DAY = 24
"""Revisions of one entry that are kept within a day; what more edits said is not, the words are those of today all the same."""
_DAY = timedelta(days=1)


def keep(
    connection: Connection, row: RowMapping, names: Sequence[str], judged: Judged, now: datetime
) -> dict[str, Any]:
    """Keep what an entry says now, before it is edited; the columns that tell of it.

    In a storm of edits the words between are not kept: what stood before the storm is, and so is what stands when it is
    over, at the next edit. Nor does each gust make the entry newer, unless the publisher says so himself.
    """
    if row["revisions"] >= MOST_A_DAY and _within_a_day(connection, row["id"], now) >= MOST_A_DAY:
        claimed = judged.entry.updated
        newer = claimed is not None and claimed != row["updated_claimed"]
        return {"modified_at": now} if newer else {"modified_at": now, "updated": row["updated"]}
    number = row["revisions"] + 1
    connection.execute(
        insert(revisions).values(
            entry_id=row["id"], number=number, until=now, said=rows.said(row, names), fingerprint=row["fingerprint"]
        )
    )
    return {"modified_at": now, "revisions": number}


def _within_a_day(connection: Connection, key: int, now: datetime) -> int:
    lately = select(func.count()).where(revisions.c.entry_id == key, revisions.c.until > now - _DAY)
    return int(connection.execute(lately).scalar_one())


def revisions_of(db: Database, key: int, *, limit: int = 100) -> list[Revision]:
    """What an entry said before its edits, the last edit first."""
    held = select(revisions).where(revisions.c.entry_id == key).order_by(revisions.c.number.desc()).limit(limit)
    with db.read() as connection:
        return [_revision(row) for row in connection.execute(held).mappings()]


def words_at(db: Database, keys: Sequence[int], moment: datetime) -> dict[int, Revision]:
    """What entries said at a moment, by their keys, where they were edited since."""
    if not keys:
        return {}
    since = (revisions.c.entry_id.in_(list(keys)), revisions.c.until > moment)
    held = select(revisions).where(*since).order_by(revisions.c.entry_id, revisions.c.number.desc())
    with db.read() as connection:
        # Of each entry the earliest of those revisions is read last.
        return {row["entry_id"]: _revision(row) for row in connection.execute(held).mappings()}


def _revision(row: RowMapping) -> Revision:
    said = row["said"]
    return Revision(
        number=row["number"], until=row["until"], title=said.get("title", ""), link=said.get("link", ""),
        summary=said.get("summary", ""), content=said.get("content", ""), authors=tuple(said.get("authors", ())),
        categories=tuple(said.get("categories", ())), published=datetime.fromisoformat(said["published"]),
        updated=datetime.fromisoformat(said["updated"]),
    )  # fmt: skip
