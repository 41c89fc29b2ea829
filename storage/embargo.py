"""Entries under embargo: kept back when they come, given their places in our feeds when it is over.

In: new entries, inside their transaction; later the clock. Out: entries shown. Never: an entry shown before its time, or
one that somebody has hidden since.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, delete, select, update

from storage.database import Database
from storage.graves import standing_in
from storage.outputs import ALL, Ledger
from storage.schema import bylines, entries, entry_places, filings, work
from storage.work import EMBARGO, put_later

WHY = "under embargo"
"""The reason for which an entry is hidden that is under embargo."""


def kept_back(until: datetime | None, now: datetime) -> dict[str, Any]:
    """The columns of a new entry that say that it is kept back."""
    return {"embargo_until": until, "hidden_at": now if until else None, "hidden_why": WHY if until else ""}


def put_embargoes(connection: Connection, pieces: Sequence[tuple[int, datetime]]) -> None:
    """Have these embargoes end in time."""
    put_later(connection, EMBARGO, [(str(key), {}, until) for key, until in pieces])


def renew_embargoes(connection: Connection, source_id: int, before: timedelta, after: timedelta) -> None:
    """A source's embargo is another: what is kept back now is kept back until then."""
    mine = and_(entries.c.source_id == source_id, entries.c.embargo_until.is_not(None))
    for row in connection.execute(select(entries.c.id, entries.c.embargo_until).where(mine)).all():
        until = row.embargo_until - before + after
        connection.execute(update(entries).where(entries.c.id == row.id).values(embargo_until=until))
        this = and_(work.c.kind == EMBARGO, work.c.subject == str(row.id))
        connection.execute(update(work).where(this).values(due_at=until))


def release(db: Database, keys: Sequence[int], now: datetime) -> list[int]:
    """End the embargo on these entries, if it is over: they are the newest now, wherever they stand. Those that were."""
    with db.write() as connection:
        ledger = Ledger(connection, now)
        ledger.lock([ALL])
        over = and_(entries.c.id.in_(list(keys)), entries.c.embargo_until <= now)
        free = sorted(connection.execute(select(entries.c.id).where(over)).scalars())
        standing = standing_in(connection, free)
        ledger.lock({ref for refs in standing.values() for ref in refs})
        for key in free:
            _show(connection, ledger, key)
            ledger.touch(standing[key])
        ledger.close()
        done = and_(work.c.kind == EMBARGO, work.c.subject.in_([str(key) for key in keys]), work.c.due_at <= now)
        connection.execute(delete(work).where(done))
    return free


def _show(connection: Connection, ledger: Ledger, key: int) -> None:
    turn = ledger.place(ALL)
    shown = {"hidden_at": None, "hidden_why": "", "embargo_until": None, "arrival": turn}
    connection.execute(update(entries).where(entries.c.id == key).values(shown))
    connection.execute(update(entry_places).where(entry_places.c.entry_id == key).values(arrival=turn))
    is_open = and_(filings.c.entry_id == key, filings.c.closed_at.is_(None))
    for row in connection.execute(select(filings.c.id, filings.c.topic_id).where(is_open)).all():
        place = ledger.place(("topics", row.topic_id))
        connection.execute(update(filings).where(filings.c.id == row.id).values(arrival=place))
    for row in connection.execute(select(bylines).where(bylines.c.entry_id == key)).all():
        place = ledger.place(("authors", row.author_id))
        mine = and_(bylines.c.entry_id == key, bylines.c.author_id == row.author_id)
        connection.execute(update(bylines).where(mine).values(arrival=place))


def due(db: Database, now: datetime, limit: int = 200) -> list[int]:
    """The entries whose embargo is over, the longest over first."""
    over = and_(work.c.kind == EMBARGO, work.c.due_at <= now)
    with db.read() as connection:
        found = connection.execute(select(work.c.subject).where(over).order_by(work.c.due_at, work.c.id).limit(limit))
        return [int(one) for one in found.scalars()]
