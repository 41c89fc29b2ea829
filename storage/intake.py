"""The pipeline's side of the store: claim due sources, what do we know, record a decision.

In: now, owners, decisions. Out: claims and what is known. Never: a half of a decision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, insert, or_, select, update

from storage import rows
from storage.database import Database
from storage.model import Claim, Decision, Known, KnownEntry
from storage.outputs import ALL, Ledger, Ref
from storage.recording import write_entries
from storage.schema import bylines, entries, filings, journal, seen, sources
from storage.work import REFILE, put_work, rules_of

LEASE = timedelta(minutes=10)
"""How long a poller may take for a source, waiting for its turn at the host included."""

_CHUNK = 500
# Two machines' clocks may differ a little without one of them having jumped.
_CLOCKS_DIFFER = timedelta(hours=1)
# A permanent redirect is believed when it was seen this often, over this long (F-33).
_MOVES_SEEN = 2
_MOVES_OVER = timedelta(hours=24)


def claim(
    db: Database,
    now: datetime,
    *,
    owner: str,
    limit: int,
    lease: timedelta = LEASE,
    slugs: Sequence[str] | None = None,
    explicit: bool = False,
) -> list[Claim]:
    """Lease up to `limit` sources that are due, in one statement.

    `explicit` ignores our own schedule, never the publisher's floor. `slugs` narrows to those sources.
    """
    # A poll in the future means that the clock jumped back: what was planned by it says nothing.
    jumped = sources.c.last_poll_at > now + _CLOCKS_DIFFER
    due: list[ColumnElement[bool]] = [
        sources.c.retired_at.is_(None),
        sources.c.next_poll_at.is_not(None),
        or_(sources.c.lease_until.is_(None), sources.c.lease_until <= now, sources.c.lease_until > now + lease * 2),
        or_(sources.c.floor_until.is_(None), sources.c.floor_until <= now, jumped),
    ]
    if not explicit:
        due.append(or_(sources.c.next_poll_at <= now, jumped))
    if slugs is not None:
        due.append(sources.c.slug.in_(list(slugs)))
    chosen = (
        select(sources.c.id)
        .where(and_(*due))
        .order_by(sources.c.next_poll_at, sources.c.position, sources.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    statement = (
        update(sources)
        .where(sources.c.id.in_(chosen.scalar_subquery()))
        .values(lease_owner=owner, lease_until=now + lease)
        .returning(sources)
    )
    with db.write() as connection:
        found = connection.execute(statement).mappings().all()
    found = sorted(found, key=lambda row: (row["next_poll_at"], row["position"], row["id"]))
    return [
        Claim(
            source_id=row["id"], source=rows.source_of(row), declared_url=row["declared_url"],
            state=rows.state_of(row), owner=owner,
        )
        for row in found
    ]  # fmt: skip


def release(db: Database, claims: Iterable[Claim]) -> None:
    """Give leases back unused: a poller that stops leaves nothing waiting."""
    with db.write() as connection:
        for one in claims:
            mine = and_(sources.c.id == one.source_id, sources.c.lease_owner == one.owner)
            connection.execute(update(sources).where(mine).values(lease_owner=None, lease_until=None))


def release_lost(db: Database, is_lost: Callable[[str], bool]) -> int:
    """Give back the leases of owners that are known to be dead, without waiting for them to run out. How many."""
    with db.write() as connection:
        held = connection.execute(select(sources.c.lease_owner).where(sources.c.lease_owner.is_not(None)).distinct())
        lost = [owner for owner in held.scalars() if is_lost(owner)]
        free = update(sources).where(sources.c.lease_owner.in_(lost)).values(lease_owner=None, lease_until=None)
        return connection.execute(free).rowcount if lost else 0


def release_idle(db: Database, owner: str, busy: Sequence[int], before: datetime) -> int:
    """Give back this owner's leases that run out before `before` and that nobody works on: a claim whose answer was lost."""
    idle = and_(sources.c.lease_owner == owner, sources.c.lease_until < before, sources.c.id.not_in(list(busy)))
    with db.write() as connection:
        return connection.execute(update(sources).where(idle).values(lease_owner=None, lease_until=None)).rowcount


def known(db: Database, source_id: int, ids: Sequence[str]) -> Known:
    """What the store holds of the entries with these ids of a source."""
    if not ids:
        return Known()
    found: dict[str, KnownEntry] = {}
    gone: set[str] = set()
    columns = [
        entries.c.id, entries.c.entry_id, entries.c.fingerprint, entries.c.published, entries.c.published_note,
        entries.c.published_claimed, entries.c.updated, entries.c.updated_claimed,
    ]  # fmt: skip
    with db.read() as connection:
        for start in range(0, len(ids), _CHUNK):
            part = ids[start : start + _CHUNK]
            held = select(*columns).where(entries.c.source_id == source_id, entries.c.entry_id.in_(part))
            for row in connection.execute(held).mappings():
                found[row["entry_id"]] = rows.known_of(row)
            keys = {rows.seen_key(one): one for one in part if one not in found}
            shown = select(seen.c.key).where(seen.c.source_id == source_id, seen.c.key.in_(list(keys)))
            gone |= {keys[key] for key in connection.execute(shown).scalars()}
    return Known(entries=found, seen=frozenset(gone))


def record(db: Database, claim: Claim, decision: Decision) -> bool:
    """Write all that a poll changes, and give the lease back, in one transaction.

    False, and nothing is written, where the lease was lost to another poller in the meantime.
    """
    return record_many(db, [(claim, decision)])[0]


def record_many(db: Database, decided: Sequence[tuple[Claim, Decision]]) -> list[bool]:
    """The same for several polls in one transaction, which costs one wait for the disk: for those that found nothing."""
    with db.write() as connection:
        return [_record(connection, claim, decision) for claim, decision in decided]


def _record(connection: Connection, claim: Claim, decision: Decision) -> bool:
    now = decision.journal.at
    ledger = Ledger(connection, now)
    if decision.new or decision.changed:
        ledger.lock([ALL])
    renamed = _settle(connection, claim, decision)
    if renamed is None:
        return False
    ledger.touch(renamed)
    if decision.new or decision.changed:
        write_entries(connection, ledger, claim.source_id, decision, now)
        if decision.rules != rules_of(connection):
            # The rules changed while this poll was under way: whatever it brought is held against today's.
            put_work(connection, REFILE, "topics", {"slugs": None, "after": 0}, now)
    ledger.close()
    line = decision.journal
    connection.execute(
        insert(journal).values(
            source_id=claim.source_id, at=line.at, outcome=line.outcome, kind=line.kind, detail=line.detail,
            status=line.status, size=line.size, milliseconds=line.milliseconds, entries=line.entries, new=line.new,
            changed=line.changed, next_poll_at=line.next_poll_at, reason=line.reason,
        )
    )  # fmt: skip
    return True


def _settle(connection: Connection, claim: Claim, decision: Decision) -> set[Ref] | None:
    """The source's own row: state, lease, head, redirects. The feeds that a new head touches; None: the lease is lost."""
    line = decision.journal
    held = (
        select(sources).where(sources.c.id == claim.source_id, sources.c.lease_owner == claim.owner).with_for_update()
    )
    row = connection.execute(held).mappings().one_or_none()
    if row is None:
        return None
    values: dict[str, Any] = {
        **rows.state_row(decision.state), "lease_owner": None, "lease_until": None,
        "last_poll_at": line.at, "last_outcome": line.outcome, "last_detail": line.detail,
    }  # fmt: skip
    if row["declared_url"] != claim.declared_url:
        # The address was edited while we asked the old one: its validators are not for the new one (F-07).
        values |= {"validators_url": "", "etag": "", "last_modified": "", "body_hash": ""}
        values |= {"next_poll_at": line.at, "next_reason": "the address was edited", "floor_until": None}
    if line.outcome != "failed":
        values["last_ok_at"] = line.at
        values |= _moves(dict(row), claim, decision)
    if decision.new:
        values["last_new_at"] = line.at
    head = rows.head_row(decision.head and replace(decision.head, updated=None))
    told = head is not None and head != row["head"]
    if told:
        values |= {"head": head}
    connection.execute(update(sources).where(sources.c.id == claim.source_id).values(values))
    return feeds_naming(connection, claim.source_id) if told else set()


def feeds_naming(connection: Connection, source_id: int) -> set[Ref]:
    """Every feed of ours in which this source is named."""
    mine = entries.c.source_id == source_id
    filed = select(filings.c.topic_id).join(entries, entries.c.id == filings.c.entry_id).where(mine).distinct()
    signed = select(bylines.c.author_id).join(entries, entries.c.id == bylines.c.entry_id).where(mine).distinct()
    named: set[Ref] = {("sources", source_id), ALL}
    named |= {("topics", ref) for ref in connection.execute(filed).scalars()}
    return named | {("authors", ref) for ref in connection.execute(signed).scalars()}


def _moves(row: dict[str, Any], claim: Claim, decision: Decision) -> dict[str, Any]:
    """What a permanent redirect teaches, once it was seen often and long enough (F-33)."""
    if not decision.moved_to:
        return {"moved_to": "", "moved_since": None, "moved_seen": 0}
    at = decision.journal.at
    again = row["moved_to"] == decision.moved_to
    since, times = (row["moved_since"], row["moved_seen"] + 1) if again else (at, 1)
    if times >= _MOVES_SEEN and at - since >= _MOVES_OVER:
        return {"learned_url": decision.moved_to, "moved_to": "", "moved_since": None, "moved_seen": 0}
    return {"moved_to": decision.moved_to, "moved_since": since, "moved_seen": times}
