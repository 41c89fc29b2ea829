"""What fell due while nobody polled.

In: now, new times. Out: overdue sources; their schedule moved. Never: a source moved that somebody polls or that was
planned anew meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, func, select, update

from storage import rows
from storage.columns import Moment
from storage.database import Database
from storage.model import Claim
from storage.schema import sources

_PAUSE = timedelta(minutes=2)
"""Sources that wait this long for their turn while nothing is polled wait because nobody polls."""

_LAST = select(func.max(sources.c.last_poll_at))
_OVERDUE = select(sources).where(
    sources.c.next_poll_at <= bindparam("before", type_=Moment), sources.c.last_poll_at.is_not(None),
    sources.c.retired_at.is_(None), sources.c.lease_until.is_(None),
)  # fmt: skip
_MOVE = (
    update(sources)
    .where(and_(sources.c.id == bindparam("source"), sources.c.next_poll_at == bindparam("planned", type_=Moment)))
    .values(next_poll_at=bindparam("later", type_=Moment), next_reason=bindparam("why"))
)


def overdue(db: Database, now: datetime) -> list[Claim]:
    """The sources whose time passed during a pause, unleased; none where there was no pause: others poll, or did just now.

    A source that was never asked is not among them: it is new, and asked at once.
    """
    with db.read() as connection:
        last = connection.execute(_LAST).scalar_one_or_none()
        if last is None or last > now - _PAUSE:
            return []
        found = connection.execute(_OVERDUE, {"before": now - _PAUSE}).mappings().all()
    return [
        Claim(
            source_id=row["id"], source=rows.source_of(row), declared_url=row["declared_url"],
            state=rows.state_of(row), owner="", host=row["host"],
        )
        for row in found
    ]  # fmt: skip


def plan_again(db: Database, planned: Iterable[tuple[Claim, datetime, str]]) -> None:
    """Give overdue sources other times, with the reasons for them."""
    moved = [
        {"source": one.source_id, "planned": one.state.next_poll_at, "later": at, "why": why}
        for one, at, why in planned
    ]
    if moved:
        with db.write() as connection:
            connection.execute(_MOVE, moved)
