"""The one queue of later work: leased, retried with back-off, given up at last and kept as a dead letter.

In: kinds and subjects with a payload. Out: leased pieces of work. Never: the doing of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from storage.database import Database
from storage.model import TopicRow, Work
from storage.rows import digest_of
from storage.schema import meta, work

REFILE = "refile"
"""Hold stored entries against today's rules. Payload: slugs (None for every topic), after (the last entry done)."""

MEANING = "meaning"
"""Judge anew what stored entries are. Payload: after (the last entry done)."""

PUSH = "push"
"""Read the bodies that hubs brought for a source. Subject: its number."""

SUBSCRIBE = "subscribe"
"""Ask a hub to push a source. Subject: the source's number."""

UNSUBSCRIBE = "unsubscribe"
"""Tell a hub to push no more. Subject: the subscription's number."""

PAGE = "page"
"""Read the page of an entry. Subject: the entry's number. Payload: url, host."""

EMBARGO = "embargo"
"""End the embargo on an entry. Subject: the entry's number."""

STORIES = "stories"
"""Find the story that each entry tells. One piece that stays; payload: after (the last entry joined)."""

MOST_ATTEMPTS = 8
"""How often work is tried; then it is a dead letter."""
_FIRST_WAIT = timedelta(seconds=30)
_RULES = "rules"


def put_work(connection: Connection, kind: str, subject: str, payload: dict[str, Any], now: datetime) -> None:
    """Put work into the queue; the same subject again begins anew, with the new payload, and whoever has it loses it."""
    fresh = {
        "payload": payload, "due_at": now, "attempts": 0, "lease_owner": None, "lease_until": None, "last_error": "",
        "dead_at": None,
    }  # fmt: skip
    same = and_(work.c.kind == kind, work.c.subject == subject)
    if connection.execute(update(work).where(same).values(fresh)).rowcount == 0:
        connection.execute(insert(work).values(kind=kind, subject=subject, **fresh))


def put_new_work(
    connection: Connection, kind: str, pieces: Sequence[tuple[str, dict[str, Any]]], now: datetime
) -> None:
    """Put many pieces into the queue whose subjects have never been in it: subject and payload of each."""
    put_later(connection, kind, [(subject, payload, now) for subject, payload in pieces])


def put_later(connection: Connection, kind: str, pieces: Sequence[tuple[str, dict[str, Any], datetime]]) -> None:
    """The same, each with the moment when it is due."""
    rows = [{"kind": kind, "subject": subject, "payload": payload, "due_at": due} for subject, payload, due in pieces]
    if rows:
        connection.execute(insert(work), rows)


def claim_work(
    db: Database,
    now: datetime,
    *,
    owner: str,
    kinds: Sequence[str],
    limit: int = 1,
    lease: timedelta = timedelta(minutes=2),
) -> list[Work]:
    """Lease work that is due, the longest due first."""
    free = or_(work.c.lease_until.is_(None), work.c.lease_until <= now, work.c.lease_until > now + lease * 2)
    due = and_(work.c.kind.in_(list(kinds)), work.c.dead_at.is_(None), work.c.due_at <= now, free)
    chosen = (
        select(work.c.id).where(due).order_by(work.c.due_at, work.c.id).limit(limit).with_for_update(skip_locked=True)
    )
    leased = (
        update(work)
        .where(work.c.id.in_(chosen.scalar_subquery()))
        .values(lease_owner=owner, lease_until=now + lease)
        .returning(work.c.id, work.c.kind, work.c.subject, work.c.payload, work.c.attempts)
    )
    with db.write() as connection:
        found = connection.execute(leased).mappings().all()
    return sorted((Work(**row, owner=owner) for row in found), key=lambda one: one.id)


def keep_on(
    db: Database, piece: Work, payload: dict[str, Any], now: datetime, lease: timedelta = timedelta(minutes=2)
) -> bool:
    """Note how far the work has come and keep the lease. False where it was lost, or the work begun anew."""
    with db.write() as connection:
        renewed = update(work).where(_mine(piece)).values(payload=payload, lease_until=now + lease)
        return connection.execute(renewed).rowcount == 1


def finish(db: Database, piece: Work) -> bool:
    """The work is done. False where it was begun anew meanwhile, and is to be done again."""
    with db.write() as connection:
        return connection.execute(delete(work).where(_mine(piece))).rowcount == 1


def fail(db: Database, piece: Work, error: str, now: datetime, *, due_at: datetime | None = None) -> None:
    """The work went wrong: again later, each time after a longer wait; after the last attempt it is a dead letter.

    `due_at` is when to try again at the earliest.
    """
    attempts = piece.attempts + 1
    values: dict[str, Any] = {
        "attempts": attempts,
        "last_error": error[:2000],
        "lease_owner": None,
        "lease_until": None,
    }
    values["due_at"] = max(now + _FIRST_WAIT * 2 ** min(attempts - 1, 10), due_at or now)
    if attempts >= MOST_ATTEMPTS:
        values["dead_at"] = now
    with db.write() as connection:
        connection.execute(update(work).where(_mine(piece)).values(values))


def give_back(db: Database, pieces: Iterable[Work], due_at: datetime | None = None) -> None:
    """Give leases back: a worker that stops leaves nothing waiting. `due_at` is when to try again, by default now."""
    values: dict[str, Any] = {"lease_owner": None, "lease_until": None} | ({"due_at": due_at} if due_at else {})
    with db.write() as connection:
        for piece in pieces:
            connection.execute(update(work).where(_mine(piece)).values(values))


def release_lost_work(db: Database, is_lost: Callable[[str], bool]) -> int:
    """Give back the leases of owners that are known to be dead, without waiting for them to run out. How many."""
    held = select(work.c.lease_owner).where(work.c.lease_owner.is_not(None)).distinct()
    with db.read() as connection:
        lost = [owner for owner in connection.execute(held).scalars() if is_lost(owner)]
    if not lost:
        return 0
    free = update(work).where(work.c.lease_owner.in_(lost)).values(lease_owner=None, lease_until=None)
    with db.write() as connection:
        return connection.execute(free).rowcount


def waiting(db: Database) -> dict[str, int]:
    """How much work waits, by kind; dead letters count under "dead"."""
    alive = select(work.c.kind, func.count()).where(work.c.dead_at.is_(None)).group_by(work.c.kind)
    dead = select(func.count()).select_from(work).where(work.c.dead_at.is_not(None))
    with db.read() as connection:
        counted = {row[0]: int(row[1]) for row in connection.execute(alive)}
        number = int(connection.execute(dead).scalar_one())
    return counted | ({"dead": number} if number else {})


def rules_name(topics: Iterable[TopicRow]) -> str:
    """A name for a set of rules: the same topics with the same queries have the same."""
    return digest_of("\n".join(sorted(f"{topic.slug}={topic.rule_version}" for topic in topics)))


def rules_of(connection: Connection) -> str:
    """The name of the rules that hold in the store."""
    return connection.execute(select(meta.c.value).where(meta.c.key == _RULES)).scalar_one_or_none() or ""


def set_rules(connection: Connection, name: str) -> None:
    """Note which rules hold."""
    swap_note(connection, _RULES, name)


def swap_note(connection: Connection, key: str, value: str) -> bool:
    """Note a value under a name, for the next configuration to be compared with. Whether it was another before."""
    held = connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar_one_or_none()
    if held is None:
        connection.execute(insert(meta).values(key=key, value=value))
    elif held != value:
        connection.execute(update(meta).where(meta.c.key == key).values(value=value))
    return held != value


def _mine(piece: Work) -> Any:
    return and_(work.c.id == piece.id, work.c.lease_owner == piece.owner)
