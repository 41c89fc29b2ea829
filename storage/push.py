"""Subscriptions to hubs, and the bodies that hubs bring, until they are read.

In: sources, tokens, bodies. Out: what we asked of whom, pushes in order. Never: a secret in a record that is shown; and
never a push that postpones a poll (W-11).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, delete, func, insert, or_, select, update

from feeds.model import Offer
from storage import rows
from storage.database import Database, alone
from storage.model import Claim, Decision
from storage.push_model import Callback, Push, Standing, Subscription, SubscriptionState
from storage.schema import pushes, sources, subscriptions, work
from storage.work import PUSH, UNSUBSCRIBE, put_work

LIVE: tuple[SubscriptionState, ...] = ("active", "failing")
_POLITE = timedelta(hours=1)
_LEAVING = timedelta(days=1)
_LONGEST_READING = timedelta(minutes=2)
_MOST_WAITING = 50
_SHOWN = tuple(name for name in Subscription.__slots__ if name != "base")


def keep_push(connection: Connection, row: RowMapping, claim: Claim, decision: Decision) -> None:
    """What a poll changes in its source's push: the offer that it found, and trust that was lost (W-11)."""
    values: dict[str, Any] = {}
    offered, held = decision.offer, Offer(hubs=tuple(row["hubs"] or ()), topic=row["hub_topic"])
    if offered is not None and offered != held and row["declared_url"] == claim.declared_url:
        values |= {"hubs": list(offered.hubs), "hub_topic": offered.topic}
    if claim.state.pushed and not decision.state.pushed:
        values["pushed"] = ""
        live = and_(subscriptions.c.source_id == claim.source_id, subscriptions.c.state == "active")
        missed = {"state": "failing", "reason": f"{decision.journal.new} entries came that were not pushed"}
        connection.execute(update(subscriptions).where(live).values(missed))
    if values:
        connection.execute(update(sources).where(sources.c.id == claim.source_id).values(values))


def sooner(row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The schedule of a source that is no longer pushed: its usual interval from now at most."""
    planned, usual = row["next_poll_at"], now + timedelta(seconds=row["every_seconds"])
    if planned is None or planned <= usual:
        return {}
    return {"next_poll_at": usual, "next_reason": "no longer pushed"}


def standing(db: Database, source_id: int | None = None) -> list[Standing]:
    """Every source that offers push, or has asked for it; or one."""
    asked = select(subscriptions.c.source_id).distinct()
    which = or_(sources.c.hub_topic != "", sources.c.id.in_(asked)) if source_id is None else sources.c.id == source_id
    with db.read() as connection:
        found = connection.execute(select(sources).where(which).order_by(sources.c.id)).mappings().all()
        mine = select(subscriptions).order_by(subscriptions.c.id.desc())
        if source_id is not None:
            mine = mine.where(subscriptions.c.source_id == source_id)
        held: dict[int, list[Subscription]] = {}
        for one in connection.execute(mine).mappings():
            held.setdefault(one["source_id"], []).append(_subscription(one))
    return [
        Standing(
            source_id=row["id"], source=rows.source_of(row), found_at=row["validators_url"],
            hubs=tuple(row["hubs"] or ()), topic=row["hub_topic"],
            followed=row["retired_at"] is None and row["next_poll_at"] is not None,
            subscriptions=tuple(held.get(row["id"], ())),
        )
        for row in found
    ]  # fmt: skip


def _subscription(row: RowMapping) -> Subscription:
    base = row["callback"].removesuffix(f"/push/{row['token']}")
    return Subscription(base=base, **{name: row[name] for name in _SHOWN})


def subscription_of(db: Database, slug: str) -> Subscription | None:
    """The subscription to show of a source: the newest that holds, else the newest."""
    mine = select(subscriptions).join(sources, sources.c.id == subscriptions.c.source_id).where(sources.c.slug == slug)
    with db.read() as connection:
        found = connection.execute(mine.order_by(subscriptions.c.id.desc())).mappings().all()
    first = next((row for row in found if row["state"] in LIVE), found[0] if found else None)
    return _subscription(first) if first is not None else None


def queue(db: Database, kind: str, subjects: Iterable[int], now: datetime) -> None:
    """Put work into the queue for each of these that does not wait there already."""
    with db.write() as connection:
        alone(connection)
        for subject in map(str, subjects):
            same = select(work.c.id).where(work.c.kind == kind, work.c.subject == subject, work.c.dead_at.is_(None))
            if connection.execute(same).first() is None:
                put_work(connection, kind, subject, {}, now)


def ask(
    db: Database, source_id: int, offer: Offer, *, token: str, base: str, secret: str, lease: int, attempts: int,
    now: datetime,
) -> int:  # fmt: skip
    """A new request, waiting for its hub to verify it: written before the hub is asked, which may verify at once."""
    row = {
        "source_id": source_id, "token": token, "callback": f"{base}/push/{token}", "secret": secret,
        "hub": offer.hubs[0], "topic": offer.topic, "state": "pending", "asked_at": now, "attempts": attempts,
        "lease_seconds": lease,
    }  # fmt: skip
    with db.write() as connection:
        made = connection.execute(insert(subscriptions).values(row).returning(subscriptions.c.id)).scalar_one()
    return int(made)


def turn(
    db: Database, ids: Sequence[int], state: SubscriptionState, reason: str, now: datetime, *,
    retry_at: datetime | None = None, only: Sequence[SubscriptionState] = (),
) -> None:  # fmt: skip
    """These subscriptions are now in another state, those of them that are in one of `only`; polling takes over."""
    with db.write() as connection:
        for one in ids:
            source = _lock_source(connection, one)
            if source is None:
                continue
            same = [subscriptions.c.id == one, *([subscriptions.c.state.in_(list(only))] if only else [])]
            changed = update(subscriptions).where(*same).values(state=state, reason=reason, retry_at=retry_at)
            if connection.execute(changed).rowcount:
                _untrusted(connection, source, now)


def _lock_source(connection: Connection, subscription_id: int) -> RowMapping | None:
    """The source of a subscription, before anything of the subscription: all who need both take them in this order."""
    owner = select(subscriptions.c.source_id).where(subscriptions.c.id == subscription_id).scalar_subquery()
    return connection.execute(select(sources).where(sources.c.id == owner).with_for_update()).mappings().one_or_none()


def leave(db: Database, ids: Sequence[int], reason: str, now: datetime) -> None:
    """End these subscriptions: the hub will be told."""
    turn(db, ids, "leaving", reason, now, retry_at=now + _LEAVING, only=("active", "failing", "pending"))
    queue(db, UNSUBSCRIBE, ids, now)


def _untrusted(connection: Connection, source: RowMapping, now: datetime) -> None:
    """Where no subscription is left that holds, the source is polled as others are (W-07)."""
    held = select(subscriptions.c.id).where(
        subscriptions.c.source_id == source["id"], subscriptions.c.state == "active"
    )
    if source["pushed"] and connection.execute(held).first() is None:
        values = {"pushed": "", **sooner({**source}, now)}
        connection.execute(update(sources).where(sources.c.id == source["id"]).values(values))


def forget(db: Database, ids: Sequence[int]) -> None:
    """Subscriptions that ended long ago."""
    with db.write() as connection:
        unread = select(pushes.c.subscription_id)
        old = and_(subscriptions.c.id.in_(list(ids)), subscriptions.c.id.not_in(unread))
        connection.execute(delete(subscriptions).where(old))


def to_leave(db: Database, subscription_id: int) -> tuple[str, str, str] | None:
    """Hub, topic and callback of a subscription that is being ended; None where that is over."""
    this = and_(subscriptions.c.id == subscription_id, subscriptions.c.state == "leaving")
    columns = (subscriptions.c.hub, subscriptions.c.topic, subscriptions.c.callback)
    with db.read() as connection:
        row = connection.execute(select(*columns).where(this)).one_or_none()
    return (row.hub, row.topic, row.callback) if row is not None else None


def callback(db: Database, token: str) -> Callback | None:
    """The subscription behind a callback's token: one look into an index (X-36)."""
    with db.read() as connection:
        row = connection.execute(select(subscriptions).where(subscriptions.c.token == token)).mappings().one_or_none()
    return None if row is None else Callback(**{name: row[name] for name in Callback.__slots__})


def confirm(db: Database, subscription_id: int, lease_seconds: int | None, longest: timedelta, now: datetime) -> bool:
    """The hub verified a request that was pending: it holds, and those before it are ended. False: it was not pending.

    Where none held before, the source is asked once more within the hour, for what came before the hub listened (W-10).
    """
    this = subscriptions.c.id == subscription_id
    with db.write() as connection:
        source = _lock_source(connection, subscription_id)
        row = connection.execute(select(subscriptions).where(this).with_for_update()).mappings().one()
        if row["state"] != "pending" or source is None:
            return False
        seconds = min(lease_seconds or row["lease_seconds"], int(longest.total_seconds()))
        others = and_(subscriptions.c.source_id == row["source_id"], subscriptions.c.state.in_(LIVE))
        before = connection.execute(select(subscriptions).where(others).order_by(subscriptions.c.id)).mappings().all()
        carried = {"pushes": before[-1]["pushes"], "last_push_at": before[-1]["last_push_at"]} if before else {}
        held = {
            "state": "active", "reason": "", "verified_at": now, "lease_seconds": seconds, "attempts": 0,
            "lease_until": now + timedelta(seconds=seconds), **carried,
        }  # fmt: skip
        connection.execute(update(subscriptions).where(this).values(held))
        ended = {"state": "leaving", "reason": "followed by another", "retry_at": now + _LEAVING}
        for old in before:
            connection.execute(update(subscriptions).where(subscriptions.c.id == old["id"]).values(ended))
            put_work(connection, UNSUBSCRIBE, str(old["id"]), {}, now)
        _welcome(connection, source, row["hub"], before, now)
    return True


def _welcome(connection: Connection, source: RowMapping, hub: str, before: Sequence[RowMapping], now: datetime) -> None:
    values: dict[str, Any] = {}
    if not any(old["hub"] == hub for old in before):
        values |= {"pushed": ""}
    if not before and source["next_poll_at"] is not None:
        soon = max(now, (source["last_poll_at"] or now) + _POLITE)
        if soon < source["next_poll_at"]:
            values |= {"next_poll_at": soon, "next_reason": "subscribed: asked once for what came before"}
    if values:
        connection.execute(update(sources).where(sources.c.id == source["id"]).values(values))


def take(db: Database, callback: Callback, content_type: str, body: bytes, now: datetime) -> bool:
    """Keep a body until it is read. False where so many wait that the hub should try again later."""
    mine = pushes.c.source_id == callback.source_id
    row = {
        "source_id": callback.source_id, "subscription_id": callback.id, "received_at": now,
        "content_type": content_type[:200], "body": body,
    }  # fmt: skip
    with db.write() as connection:
        # Two callbacks of one source may bring bodies at the same moment.
        connection.execute(select(sources.c.id).where(sources.c.id == callback.source_id).with_for_update())
        if connection.execute(select(func.count()).select_from(pushes).where(mine)).scalar_one() >= _MOST_WAITING:
            return False
        connection.execute(insert(pushes).values(row))
        put_work(connection, PUSH, str(callback.source_id), {}, now)
    return True


def refused(db: Database, subscription_id: int, reason: str) -> None:
    """Count a push that was not taken."""
    this = update(subscriptions).where(subscriptions.c.id == subscription_id)
    with db.write() as connection:
        connection.execute(this.values(refused=subscriptions.c.refused + 1, reason=reason))


def first_push(db: Database, source_id: int) -> Push | None:
    """The oldest body of a source that was not read yet."""
    joined = select(pushes, subscriptions.c.topic, subscriptions.c.hub).join(
        subscriptions, subscriptions.c.id == pushes.c.subscription_id
    )
    with db.read() as connection:
        oldest = joined.where(pushes.c.source_id == source_id).order_by(pushes.c.id).limit(1)
        row = connection.execute(oldest).mappings().one_or_none()
    return None if row is None else Push(**{name: row[name] for name in Push.__slots__})


def hold(db: Database, source_id: int, owner: str, now: datetime) -> tuple[Claim, str] | None:
    """Lease a source for reading what was pushed, and the address of its site; None where somebody polls it just now."""
    free = or_(
        sources.c.lease_until.is_(None), sources.c.lease_until <= now, sources.c.lease_until > now + timedelta(hours=1)
    )
    leased = (
        update(sources)
        .where(sources.c.id == source_id, free)
        .values(lease_owner=owner, lease_until=now + _LONGEST_READING)
        .returning(sources)
    )
    with db.write() as connection:
        row = connection.execute(leased).mappings().one_or_none()
    if row is None:
        return None
    claim = Claim(
        source_id=row["id"], source=rows.source_of(row), declared_url=row["declared_url"], state=rows.state_of(row),
        owner=owner,
    )  # fmt: skip
    return claim, rows.head_of(row["head"]).site_url


def read(db: Database, push: Push, source_id: int, hub_host: str, trouble: str) -> None:
    """A body was read: it is let go, counted, and where it was good its hub has proved itself (W-11)."""
    this = subscriptions.c.id == push.subscription_id
    with db.write() as connection:
        _lock_source(connection, push.subscription_id)
        connection.execute(delete(pushes).where(pushes.c.id == push.id))
        if trouble:
            bad = {"refused": subscriptions.c.refused + 1, "reason": trouble[:300]}
            connection.execute(update(subscriptions).where(this).values(bad))
            return
        good = update(subscriptions).where(this).values(
            pushes=subscriptions.c.pushes + 1, last_push_at=push.received_at
        )  # fmt: skip
        state = connection.execute(good.returning(subscriptions.c.state)).scalar_one()
        if state == "active":
            connection.execute(update(sources).where(sources.c.id == source_id).values(pushed=hub_host))
