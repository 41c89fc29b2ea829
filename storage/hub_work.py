"""The errands of our hub in the queue: put with what changed a feed, leased lane by lane, settled with how they went.

In: feeds that changed, inside the transaction that changes them; ended errands. Out: errands, leased. Never: a change that
nobody hears of: an errand that is asked for again while it is done counts up, and stays.

Rows of subscribers are locked before those of work, each in the order of the subscribers' numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any

from sqlalchemy import (
    JSON,
    Connection,
    RowMapping,
    Text,
    and_,
    bindparam,
    case,
    cast,
    delete,
    func,
    literal,
    null,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from storage.columns import Moment
from storage.database import Database
from storage.hub_model import Doing, Ended, Errand, Wish
from storage.schema import work
from storage.schema_out import subscribers

VERIFY: Doing = "verify"
"""Ask a callback whether it wants what was asked for. Subject: the subscriber's number."""
DELIVER: Doing = "deliver"
"""Bring a callback what its topic holds now. Subject: the subscriber's number."""
_BOTH = (VERIFY, DELIVER)

_LEASE = timedelta(minutes=1)
_SETTLING = timedelta(seconds=2)
# Feeds without a row among the outputs: they may change whenever anything does.
_WITHOUT_ROW = ("places", "feeds")
_FOLLOWED = select(subscribers.c.kind, subscribers.c.ref).distinct()
_SUBJECT = cast(subscribers.c.id, Text)
_NOW = bindparam("now", type_=Moment)
_LIVE = and_(subscribers.c.verified_at.is_not(None), subscribers.c.lease_until > _NOW)


def _put(dialect: ModuleType, *which: Any) -> Any:
    """Put an errand for each of these subscribers; where it is there already it counts up, and a back-off goes on."""
    rows = select(
        bindparam("doing", type_=Text).label("kind"), _SUBJECT.label("subject"), literal({}, JSON).label("payload"),
        bindparam("due", type_=Moment).label("due_at"),
    ).where(*which)  # fmt: skip
    new = dialect.insert(work).from_select(["kind", "subject", "payload", "due_at"], rows.order_by(subscribers.c.id))
    sooner = case(
        (and_(work.c.attempts > 0, work.c.kind == DELIVER), work.c.due_at),
        (work.c.due_at > new.excluded.due_at, new.excluded.due_at),
        else_=work.c.due_at,
    )
    return new.on_conflict_do_update(
        index_elements=["kind", "subject"],
        set_={"serial": work.c.serial + 1, "due_at": sooner, "dead_at": null()},
    )


_OF_FEEDS = tuple_(subscribers.c.kind, subscribers.c.ref).in_(bindparam("feeds", expanding=True))
_OF_ONE = subscribers.c.id == bindparam("this")
_DIALECTS = {"sqlite": sqlite, "postgresql": postgresql}
_PUT_OF_FEEDS = {name: _put(dialect, _OF_FEEDS, _LIVE) for name, dialect in _DIALECTS.items()}
_PUT_ONE = {name: _put(dialect, _OF_ONE) for name, dialect in _DIALECTS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Errands that share places: how many at a time, and how many of these may be at one host.

    `is_proved` is whether its callbacks took their last delivery; None where that does not matter.
    """

    doing: Doing
    is_proved: bool | None
    at_a_time: int
    of_a_host: int


def put_deliveries(connection: Connection, touched: Collection[tuple[str, int]], now: datetime) -> None:
    """Have the subscribers of these feeds brought what they hold, in the transaction that gives them a new revision."""
    followed = connection.execute(_FOLLOWED).all()  # mostly none: a look into an empty index
    due = [(kind, ref) for kind, ref in followed if (kind, ref) in touched or kind in _WITHOUT_ROW]
    if due:
        said = {"feeds": due, "now": now, "due": now, "doing": DELIVER}
        connection.execute(_PUT_OF_FEEDS[connection.dialect.name], said)


def put_errand(connection: Connection, doing: Doing, subscriber: int, due: datetime) -> None:
    """Put one errand."""
    connection.execute(_PUT_ONE[connection.dialect.name], {"this": subscriber, "doing": doing, "due": due})


def is_due(db: Database, now: datetime) -> bool:
    """Whether any errand waits: cheap enough to be asked twice a second."""
    with db.read() as connection:
        return (
            connection.execute(select(work.c.id).where(_due(now), work.c.kind.in_(_BOTH)).limit(1)).first() is not None
        )


def _due(now: datetime) -> Any:
    free = or_(work.c.lease_until.is_(None), work.c.lease_until <= now, work.c.lease_until > now + _LEASE * 2)
    return and_(work.c.dead_at.is_(None), work.c.due_at <= now, free)


def claim_errands(
    db: Database, now: datetime, lane: Lane, *, owner: str, free: int, busy: Mapping[str, int]
) -> list[Errand]:
    """Lease as many errands of a lane as there are free places, the longest due first; `busy` counts those under way a host."""
    if free <= 0:
        return []
    place = func.row_number().over(partition_by=subscribers.c.host, order_by=(work.c.due_at, work.c.id))
    proved = and_(subscribers.c.failures == 0, subscribers.c.delivered_at.is_not(None))
    among = {None: literal(value=True), True: proved, False: ~proved}[lane.is_proved]
    ranked = (
        select(work.c.id, work.c.due_at, subscribers.c.host, place.label("place"))
        .join(subscribers, work.c.subject == _SUBJECT)
        .where(work.c.kind == lane.doing, _due(now), among)
        .subquery()
    )
    # Hosts whose places are all taken can stand in front with no more than there are places.
    most = free + lane.at_a_time * lane.of_a_host
    first = select(ranked.c.id, ranked.c.host).where(ranked.c.place <= lane.of_a_host)
    with db.write() as connection:
        found = connection.execute(first.order_by(ranked.c.due_at, ranked.c.id).limit(most)).all()
        chosen = _fitting([(row.id, row.host) for row in found], free, busy, lane.of_a_host)
        if not chosen:
            return []
        leased = (
            update(work).where(work.c.id.in_(chosen), _due(now)).values(lease_owner=owner, lease_until=now + _LEASE)
        )
        mine = connection.execute(leased.returning(work.c.id)).scalars().all()
        joined = select(
            work.c.id.label("work"), work.c.serial, work.c.attempts, subscribers,
        ).join(subscribers, work.c.subject == _SUBJECT)  # fmt: skip
        rows = connection.execute(joined.where(work.c.id.in_(mine)).order_by(work.c.due_at, work.c.id)).mappings()
        return [_errand(row, lane.doing, owner) for row in rows]


def _fitting(found: Sequence[tuple[int, str]], free: int, busy: Mapping[str, int], of_a_host: int) -> list[int]:
    taken = dict(busy)
    chosen: list[int] = []
    for number, host in found:
        if len(chosen) < free and taken.get(host, 0) < of_a_host:
            taken[host] = taken.get(host, 0) + 1
            chosen.append(number)
    return chosen


def _errand(row: RowMapping, doing: Doing, owner: str) -> Errand:
    return Errand(
        work=row["work"], owner=owner, doing=doing, serial=row["serial"], attempts=row["attempts"], id=row["id"],
        callback=row["callback"], topic=row["topic"], host=row["host"], secret=row["secret"], etag=row["etag"],
        lease_until=row["lease_until"], wish=Wish(**row["asked"]) if row["asked_at"] and row["asked"] else None,
    )  # fmt: skip


def settle(db: Database, ended: Sequence[Ended], now: datetime) -> None:
    """Write down how errands went, all in one transaction. What was begun by somebody else meanwhile is theirs to tell."""
    if not ended:
        return
    ordered = sorted(ended, key=lambda one: (one.errand.id, one.errand.work))
    with db.write() as connection:
        held = select(subscribers).where(subscribers.c.id.in_([one.errand.id for one in ordered]))
        rows = connection.execute(held.order_by(subscribers.c.id).with_for_update()).mappings()
        known = {row["id"]: row for row in rows}
        for one in ordered:
            if one.errand.id in known and _is_mine(connection, one.errand):
                _tell(connection, one, known[one.errand.id], now)


def _is_mine(connection: Connection, errand: Errand) -> bool:
    return connection.execute(select(work.c.id).where(_held(errand))).first() is not None


def _held(errand: Errand) -> Any:
    return and_(work.c.id == errand.work, work.c.lease_owner == errand.owner)


def _tell(connection: Connection, one: Ended, row: RowMapping, now: datetime) -> None:
    this = subscribers.c.id == one.errand.id
    verified = one.errand.doing == VERIFY
    current = bool(verified and one.errand.wish and row["asked"] and row["asked"]["nonce"] == one.errand.wish.nonce)
    ends = one.result == "over" or (current and one.result == "left")
    if ends or (current and one.result == "failed" and row["verified_at"] is None):
        remove(connection, one.errand.id)
        return
    values: dict[str, Any] = {}
    if current and one.result in ("agreed", "failed"):
        values |= {"asked": null(), "asked_at": None}
    if current and one.result == "agreed" and one.errand.wish:
        lease = one.errand.wish.lease
        is_new = row["verified_at"] is None
        values |= {
            "secret": one.errand.wish.secret, "verified_at": now, "lease_seconds": lease,
            "lease_until": now + timedelta(seconds=lease), "last_error": "", "etag": one.etag if is_new else row["etag"],
        }  # fmt: skip
    elif one.result == "delivered":
        values |= {"etag": one.etag, "failures": 0, "delivered_at": now, "last_error": ""}
    elif one.reason:
        values |= {"last_error": one.reason[:300]}
        values |= {"failures": row["failures"] + 1} if one.result == "failed" and not verified else {}
    if values:
        connection.execute(update(subscribers).where(this).values(values))
    _tell_queue(connection, one, now)
    if current and one.result == "agreed":
        # What came since it asked is brought, and a writer that did not see it yet has committed by then.
        put_errand(connection, DELIVER, one.errand.id, now + _SETTLING)


def _tell_queue(connection: Connection, one: Ended, now: datetime) -> None:
    """Out of the queue, unless it is to be tried again, or was asked for again meanwhile."""
    mine = _held(one.errand)
    if one.due_at is not None and one.result in ("failed", "later"):
        again = {"attempts": one.errand.attempts + 1, "due_at": one.due_at, "last_error": one.reason[:300]}
        connection.execute(update(work).where(mine).values(lease_owner=None, lease_until=None, **again))
    elif connection.execute(delete(work).where(mine, work.c.serial == one.errand.serial)).rowcount == 0:
        fresh = {"attempts": 0, "due_at": now, "lease_owner": None, "lease_until": None, "last_error": ""}
        connection.execute(update(work).where(mine).values(fresh))


def release(db: Database, errands: Sequence[Errand]) -> None:
    """Give leases back undone."""
    free = {"lease_owner": None, "lease_until": None}
    with db.write() as connection:
        for one in sorted(errands, key=lambda one: one.id):
            connection.execute(update(work).where(_held(one)).values(free))


def remove(connection: Connection, subscriber: int) -> None:
    """Forget a subscriber, and whatever was to be done for it."""
    connection.execute(delete(subscribers).where(subscribers.c.id == subscriber))
    mine = and_(work.c.kind.in_(_BOTH), work.c.subject == str(subscriber))
    connection.execute(delete(work).where(mine))
