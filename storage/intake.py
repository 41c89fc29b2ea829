"""The pipeline's side of the store: claim due sources, what do we know, record a decision.

In: now, owners, decisions. Out: claims and what is known. Never: a half of a decision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    RowMapping,
    Select,
    and_,
    bindparam,
    insert,
    or_,
    select,
    update,
)

from storage import archives, rows
from storage.columns import Moment
from storage.database import Database, one_claims
from storage.model import Claim, Decision, Known, KnownEntry
from storage.outputs import ALL, Ledger
from storage.pacing import pace_of
from storage.recording import Brought, write_entries
from storage.schema import entries, journal, seen, sources
from storage.settling import Settled, settle_many
from storage.state_model import Aim
from storage.work import REFILE, put_work, rules_of

LEASE = timedelta(minutes=10)
"""How long a poller may take for a source, waiting for its turn at the host included."""

_CHUNK = 500
# Two machines' clocks may differ a little without one of them having jumped.
_CLOCKS_DIFFER = timedelta(hours=1)
_FAR = datetime(9999, 1, 1, tzinfo=UTC)
# How many sources are looked at first for each that is wanted: several may live on one host.
_LOOK_AT = 4

_now, _ahead, _never = (bindparam(name, type_=Moment) for name in ("now", "ahead", "never"))
# A lease further in the future than any we give was given by a clock that has jumped back since.
_held = and_(sources.c.lease_until > _now, sources.c.lease_until <= _never)
_free = or_(sources.c.lease_until.is_(None), sources.c.lease_until <= _now, sources.c.lease_until > _never)
_alive = and_(sources.c.retired_at.is_(None), sources.c.next_poll_at.is_not(None))
_BUSY = select(sources.c.host).where(_held, sources.c.host != "").distinct()


def _candidates(which: ColumnElement[bool], *, named: bool) -> Select[tuple[int, str]]:
    """Sources that may be claimed, with their hosts."""
    spared = sources.c.host.not_in(bindparam("taken", expanding=True))
    statement = select(sources.c.id, sources.c.host).where(which, _alive, _free, spared)
    if named:
        statement = statement.where(sources.c.slug.in_(bindparam("slugs", expanding=True)))
    return statement.limit(bindparam("window", type_=Integer))


_turn = (sources.c.next_poll_at, sources.c.position, sources.c.id)
# A poll in the future means that the clock jumped back: what was planned by it says nothing.
_jumped = sources.c.last_poll_at > _ahead
_past = or_(sources.c.floor_until.is_(None), sources.c.floor_until <= _now)
_due = and_(sources.c.next_poll_at <= _now, _past)
_unasked = or_(sources.c.last_poll_at.is_(None), sources.c.last_poll_at < bindparam("since", type_=Moment))
_named = (False, True)
_DUE = {named: _candidates(_due, named=named).order_by(*_turn) for named in _named}
_ANY = {named: _candidates(and_(_unasked, or_(_past, _jumped)), named=named).order_by(*_turn) for named in _named}
_JUMPED = {named: _candidates(_jumped, named=named) for named in _named}
# What a poll does not go by; some of it is long.
_NOT_ASKED_BY = frozenset({
    "head", "hubs", "hub_topic", "last_detail", "last_kind", "last_outcome", "last_poll_at", "last_ok_at", "last_new_at",
    "moved_to", "moved_since", "moved_seen", "lease_owner", "lease_until",
})  # fmt: skip
_LEASE = (
    update(sources)
    .where(
        sources.c.id.in_(
            select(sources.c.id)
            .where(sources.c.id.in_(bindparam("ids", expanding=True)), _free)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
    )
    .values(lease_owner=bindparam("owner"), lease_until=bindparam("until", type_=Moment))
    .returning(*(column for column in sources.c if column.name not in _NOT_ASKED_BY))
)
_RELEASE = (
    update(sources)
    .where(sources.c.id.in_(bindparam("ids", expanding=True)), sources.c.lease_owner == bindparam("owner"))
    .values(lease_owner=None, lease_until=None)
)


def claim(
    db: Database,
    now: datetime,
    *,
    owner: str,
    limit: int,
    lease: timedelta = LEASE,
    slugs: Sequence[str] | None = None,
    explicit: bool = False,
    since: datetime | None = None,
) -> list[Claim]:
    """Lease up to `limit` sources that are due, those that wait longest first.

    At most one of a public host, and none while another poller has a source of that host: a host that hangs holds up
    one worker, not all (F-43). `explicit` ignores our own schedule, never the publisher's floor; with `since` it leaves
    out what was polled at that time or later, so that every source can be reached in several rounds. `slugs` narrows to
    those sources.
    """
    asked = {
        "now": now, "never": now + lease * 2, "ahead": now + _CLOCKS_DIFFER, "since": since or _FAR,
        "slugs": list(slugs or ()),
    }  # fmt: skip
    named = slugs is not None
    turns = (_ANY[named],) if explicit else (_DUE[named], _JUMPED[named])
    found: list[RowMapping] = []
    with db.write() as connection:
        one_claims(connection)
        ids = _chosen(connection, turns, asked, limit)
        leased = {"now": now, "never": now + lease * 2, "owner": owner, "until": now + lease}
        for start in range(0, len(ids), _CHUNK):
            found += connection.execute(_LEASE, {**leased, "ids": ids[start : start + _CHUNK]}).mappings().all()
        aim = Aim(pace=pace_of(connection)) if found else Aim()
    found.sort(key=lambda row: (row["next_poll_at"], row["position"], row["id"]))
    return [
        Claim(
            source_id=row["id"], source=rows.source_of(row), declared_url=row["declared_url"],
            state=rows.state_of(row), owner=owner, host=row["host"], aim=aim,
        )
        for row in found
    ]  # fmt: skip


def _chosen(
    connection: Connection, turns: Sequence[Select[tuple[int, str]]], asked: dict[str, object], limit: int
) -> list[int]:
    """Whose turn it is: up to `limit` sources, each of another host, of hosts that nobody asks just now."""
    taken = set(connection.execute(_BUSY, asked).scalars())
    chosen: dict[int, None] = {}
    window = max(limit * _LOOK_AT, 100)
    for turn in turns:
        seen_all = False
        while len(chosen) < limit and not seen_all:
            page = connection.execute(turn, {**asked, "taken": list(taken), "window": window}).all()
            for row in page:
                if len(chosen) < limit and row.id not in chosen and row.host not in taken:
                    chosen[row.id] = None
                    taken.update((row.host,) if row.host else ())
            # Where many sources of few hosts stand in front, the next look passes over those hosts.
            seen_all = len(page) < window
    return list(chosen)


def release(db: Database, claims: Iterable[Claim]) -> None:
    """Give leases back unused: a poller that stops leaves nothing waiting."""
    by_owner: dict[str, list[int]] = {}
    for one in claims:
        by_owner.setdefault(one.owner, []).append(one.source_id)
    if not by_owner:
        return
    with db.write() as connection:
        for owner, ids in by_owner.items():
            for start in range(0, len(ids), _CHUNK):
                connection.execute(_RELEASE, {"ids": ids[start : start + _CHUNK], "owner": owner})


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


_ENTRIES = select(
    entries.c.id, entries.c.entry_id, entries.c.fingerprint, entries.c.published, entries.c.published_note,
    entries.c.published_claimed, entries.c.updated, entries.c.updated_claimed, entries.c.hidden_at, entries.c.hidden_why,
).where(entries.c.source_id == bindparam("source"), entries.c.entry_id.in_(bindparam("ids", expanding=True)))  # fmt: skip
_SEEN = select(seen.c.key).where(
    seen.c.source_id == bindparam("source"), seen.c.key.in_(bindparam("keys", expanding=True))
)
_SEEN_ANY = select(seen.c.key).where(seen.c.source_id == bindparam("source")).limit(1)
_JOURNAL = insert(journal)


def known(db: Database, source_id: int, ids: Sequence[str]) -> Known:
    """What the store holds of the entries with these ids of a source."""
    if not ids:
        return Known()
    found: dict[str, KnownEntry] = {}
    gone: set[str] = set()
    with db.read() as connection:
        if connection.execute(_SEEN_ANY, {"source": source_id}).first() is None:
            return Known()  # a first poll: there is nothing to look for
        for start in range(0, len(ids), _CHUNK):
            part = ids[start : start + _CHUNK]
            for row in connection.execute(_ENTRIES, {"source": source_id, "ids": part}).mappings():
                found[row["entry_id"]] = rows.known_of(row)
            keys = {rows.seen_key(one): one for one in part if one not in found}
            if keys:
                shown = connection.execute(_SEEN, {"source": source_id, "keys": [*keys]})
                gone |= {keys[key] for key in shown.scalars()}
    return Known(entries=found, seen=frozenset(gone))


def record(db: Database, claim: Claim, decision: Decision) -> bool:
    """Write all that a poll changes, and give the lease back, in one transaction.

    False, and nothing is written, where the lease was lost to another poller in the meantime.
    """
    return record_many(db, [(claim, decision)])[0]


def record_many(db: Database, decided: Sequence[tuple[Claim, Decision]]) -> list[bool]:
    """The same for polls of several sources in one transaction: the disk takes as long for many as for one."""
    if not decided:
        return []
    now = max(decision.journal.at for _, decision in decided)
    with db.write() as connection:
        ledger = Ledger(connection, now)
        if any(decision.has_entries or decision.host_until for _, decision in decided):
            # First of all rows: whoever takes several sources' rows takes this one before them.
            ledger.lock([ALL])
        settled = settle_many(connection, decided)
        kept = [(claim, decision) for claim, decision in decided if claim.source_id in settled]
        for one in settled.values():
            ledger.touch(one.named)
            archives.disturb_feeds(connection, one.named)
        _write_entries(connection, ledger, kept, now)
        ledger.close()
        if kept:
            lines = [_line(claim, decision, settled[claim.source_id]) for claim, decision in kept]
            connection.execute(_JOURNAL, lines)
    return [claim.source_id in settled for claim, _ in decided]


def _write_entries(
    connection: Connection, ledger: Ledger, kept: Sequence[tuple[Claim, Decision]], now: datetime
) -> None:
    brought = [
        Brought(source_id=claim.source_id, decision=decision) for claim, decision in kept if decision.has_entries
    ]
    if not brought:
        return
    write_entries(connection, ledger, brought)
    rules = rules_of(connection)
    if any(poll.decision.rules != rules for poll in brought):
        # The rules changed while a poll was under way: whatever it brought is held against today's.
        put_work(connection, REFILE, "topics", {"slugs": None, "after": 0}, now)


def _line(claim: Claim, decision: Decision, settled: Settled) -> dict[str, Any]:
    line = decision.journal
    return {
        "source_id": claim.source_id, "at": line.at, "outcome": line.outcome, "kind": line.kind, "detail": line.detail,
        "status": line.status, "size": line.size, "milliseconds": line.milliseconds, "entries": line.entries,
        "new": line.new, "changed": line.changed, "next_poll_at": settled.next_poll_at, "reason": settled.reason,
        "whole": line.whole,
    }  # fmt: skip
