"""Who subscribed at our hub: what they ask for, what holds, what is over.

In: wishes of callbacks, topics as feeds of ours. Out: rows, and errands put into the queue in the same transaction.
Never: a standing subscription touched by a wish that was not verified (W-22); a secret in what is shown.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, Connection, Text, and_, cast, delete, func, or_, select, update

from storage import hub_work
from storage.database import Database
from storage.hub_model import Feed, Subscriber, Wish
from storage.hub_work import DELIVER, VERIFY, put_errand
from storage.schema import authors, sources, topics, work
from storage.schema_out import subscribers

MOST_OF_A_HOST = 200
"""Subscriptions that one callback host may have."""
MOST = 10_000
"""Subscriptions in all."""
_TO_VERIFY = timedelta(hours=1)
Taken = Literal["taken", "nothing", "host", "full"]
"""What became of a wish: it is to be verified; there is nothing to end; the host, or the hub, has too many."""


def ask(
    db: Database, feed: Feed, callback: str, topic: str, host: str, wish: Wish, now: datetime, *, is_own: bool = False
) -> Taken:
    """Note a wish, and have its callback asked. `is_own` says that the host is in the operator's own network: no limit."""
    mine = and_(subscribers.c.callback == callback, subscribers.c.topic == topic)
    held = select(subscribers.c.id, subscribers.c.lease_until).where(mine).with_for_update()
    with db.write() as connection:
        row = connection.execute(held).one_or_none()
        if wish.mode == "unsubscribe" and (row is None or row.lease_until is None or row.lease_until <= now):
            return "nothing"
        if row is None:
            if refused := _too_many(connection, host, is_own=is_own):
                return refused
            new = db.insert(subscribers).values(
                callback=callback, topic=topic, kind=feed.kind, ref=_ref(connection, feed), host=host, asked_at=now
            )
            connection.execute(new.on_conflict_do_nothing())
            row = connection.execute(held).one()
        wanted = update(subscribers).where(subscribers.c.id == row.id)
        connection.execute(wanted.values(asked=dataclasses.asdict(wish), asked_at=now))
        put_errand(connection, VERIFY, row.id, now)
    return "taken"


def _too_many(connection: Connection, host: str, *, is_own: bool) -> Taken | None:
    """Counted no further than the limit."""

    def reaches(most: int, *which: ColumnElement[bool]) -> bool:
        counted = select(subscribers.c.id).where(*which).limit(most).subquery()
        return connection.execute(select(func.count()).select_from(counted)).scalar_one() >= most

    if reaches(MOST):
        return "full"
    return "host" if not is_own and reaches(MOST_OF_A_HOST, subscribers.c.host == host) else None


def _ref(connection: Connection, feed: Feed) -> int:
    """The number of a feed's topic, author or source; 0 where its feed has no row of its own."""
    table = {"topics": topics, "authors": authors, "sources": sources}.get(feed.kind)
    if table is None:
        return 0
    return connection.execute(select(table.c.id).where(table.c.slug == feed.slug)).scalar_one_or_none() or 0


def subscribed(db: Database) -> list[Subscriber]:
    """Every subscription, by host and topic."""
    with db.read() as connection:
        rows = connection.execute(
            select(subscribers).order_by(subscribers.c.host, subscribers.c.topic, subscribers.c.id)
        )
        return [
            Subscriber(
                id=row["id"], host=row["host"], topic=row["topic"], has_secret=bool(row["secret"]),
                verified_at=row["verified_at"], lease_until=row["lease_until"],
                asked=row["asked"]["mode"] if row["asked_at"] and row["asked"] else "", asked_at=row["asked_at"],
                failures=row["failures"], delivered_at=row["delivered_at"], last_error=row["last_error"],
            )
            for row in rows.mappings()
        ]  # fmt: skip


def topics_followed(db: Database) -> Mapping[str, int]:
    """The topics that anybody subscribed to, with how many did."""
    counted = select(subscribers.c.topic, func.count()).group_by(subscribers.c.topic)
    with db.read() as connection:
        return {row[0]: int(row[1]) for row in connection.execute(counted)}


def look_again(db: Database, topic: str, now: datetime) -> None:
    """Have the subscribers of a topic seen to, though it did not change: it is no longer there."""
    mine = select(subscribers.c.id).where(subscribers.c.topic == topic).order_by(subscribers.c.id)
    with db.write() as connection:
        for one in connection.execute(mine).scalars().all():
            put_errand(connection, DELIVER, one, now)


def tidy(db: Database, now: datetime) -> int:
    """Forget who has no lease any more (W-23), and who was not verified within an hour. How many."""
    over = or_(subscribers.c.lease_until.is_(None), subscribers.c.lease_until <= now)
    idle = or_(subscribers.c.asked_at.is_(None), subscribers.c.asked_at <= now - _TO_VERIFY)
    subject = cast(subscribers.c.id, Text)
    busy = select(work.c.id).where(
        work.c.kind.in_([VERIFY, DELIVER]), work.c.subject == subject, work.c.lease_until > now
    )
    ended = select(subscribers.c.id).where(over, idle, ~busy.exists()).order_by(subscribers.c.id)
    lost = and_(work.c.kind.in_([VERIFY, DELIVER]), work.c.subject.not_in(select(subject)))
    with db.read() as connection:
        some = (ended, select(work.c.id).where(lost))
        if not any(connection.execute(one.limit(1)).first() for one in some):
            return 0
    with db.write() as connection:
        gone = connection.execute(ended.with_for_update()).scalars().all()
        for one in gone:
            hub_work.remove(connection, one)
        connection.execute(delete(work).where(lost))
    return len(gone)
