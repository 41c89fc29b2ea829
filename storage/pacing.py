"""What a budget of requests is shared out by: the habits of all sources, and the pace that came of it.

In: a pace. Out: the pace that holds; every source with its habit. Never: the arithmetic: `aggregator.habit` has it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from feeds.model import Source
from storage import rows
from storage.columns import Moment
from storage.database import Database
from storage.schema import journal, meta, sources
from storage.state_model import State
from storage.work import swap_note

_PACE = "pace"
_MOST_LINES = 20_000


def set_pace(db: Database, pace: timedelta | None) -> bool:
    """Note the pace that every poller goes by, None for our own. Whether it was another before."""
    with db.write() as connection:
        return swap_note(connection, _PACE, "" if pace is None else str(round(pace.total_seconds())))


def pace_of(connection: Connection) -> timedelta | None:
    """The pace that holds, None where no budget set one."""
    value = connection.execute(select(meta.c.value).where(meta.c.key == _PACE)).scalar_one_or_none()
    return timedelta(seconds=int(value)) if value else None


def pace(db: Database) -> timedelta | None:
    """The same for those who only look."""
    with db.read() as connection:
        return pace_of(connection)


def polled_sources(db: Database) -> list[tuple[Source, State]]:
    """Every source that is asked over the network, with what is known of it."""
    asked = select(sources).where(sources.c.retired_at.is_(None), sources.c.next_poll_at.is_not(None))
    with db.read() as connection:
        found = connection.execute(asked).mappings().all()
    return [(rows.source_of(row), rows.state_of(row)) for row in found if rows.is_web_url(row["declared_url"])]


def lags(db: Database, since: datetime) -> list[timedelta]:
    """How long after its due time each poll since then came, from the newest lines of the journal (G-07).

    Polls before their time, as an explicit one is, do not count.
    """
    newest = select(func.coalesce(func.max(journal.c.id), 0) - _MOST_LINES).scalar_subquery()
    due = func.lag(journal.c.next_poll_at, type_=Moment).over(partition_by=journal.c.source_id, order_by=journal.c.id)
    lines = select(journal.c.at, due.label("due")).where(journal.c.id > newest).subquery()
    late = select(lines.c.at, lines.c.due).where(
        lines.c.at >= since, lines.c.due.is_not(None), lines.c.at >= lines.c.due
    )
    with db.read() as connection:
        return [row.at - row.due for row in connection.execute(late)]
