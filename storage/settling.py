"""A source's own row after a poll: its state, its lease, what it says of itself, where it moved, its host's peace.

In: a claim and its decision, inside a write transaction. Out: one row renewed, or none where the lease was lost.
Never: an entry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Connection, RowMapping, Update, and_, bindparam, or_, select, type_coerce, update

from storage import rows
from storage.columns import Moment
from storage.model import Claim, Decision
from storage.outputs import ALL, Ref
from storage.push import keep_push, sooner
from storage.schema import bylines, entries, filings, sources

# A permanent redirect is believed when it was seen this often, over this long (F-33).
_MOVES_SEEN = 2
_MOVES_OVER = timedelta(hours=24)
# Sources of a host that was left alone come back one after the other, within so many seconds.
_HOST_SPREAD = 900
_SECOND = 1_000_000

_LOOKED_AT = (
    "id", "slug", "host", "lease_owner", "declared_url", "learned_url", "moved_to", "moved_since", "moved_seen",
    "last_ok_at", "last_new_at", "next_poll_at", "next_reason", "every_seconds", "hubs", "hub_topic", "pushed",
)  # fmt: skip
# Columns that a poll writes only where they change.
_KEPT = ("id", "slug", "declared_url", "every_seconds", "hubs", "hub_topic", "pushed")
_HELD = (
    select(*(sources.c[name] for name in _LOOKED_AT))
    .where(sources.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(sources.c.id)
    .with_for_update()
)
_HEADS = select(sources.c.id, sources.c.head).where(sources.c.id.in_(bindparam("ids", expanding=True)))
_RENAME = (
    update(sources).where(sources.c.id == bindparam("this")).values(head=bindparam("told", type_=sources.c.head.type))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What became of a source's row: when it is asked next and why, and our feeds that name it by a new name."""

    next_poll_at: datetime | None
    reason: str
    named: frozenset[Ref] = frozenset()


def settle_many(connection: Connection, decided: Sequence[tuple[Claim, Decision]]) -> dict[int, Settled]:
    """Renew the rows of polled sources and give their leases back; by source. Those whose lease was lost are left out."""
    held = {row["id"]: row for row in connection.execute(_HELD, {"ids": [c.source_id for c, _ in decided]}).mappings()}
    kept = [
        (claim, decision, held[claim.source_id])
        for claim, decision in decided
        if claim.source_id in held and held[claim.source_id]["lease_owner"] == claim.owner
    ]
    if not kept:
        return {}
    pushed = {
        row["id"]: _pushed(connection, claim, one, row) for claim, one, row in kept if one.journal.outcome == "pushed"
    }
    kept = [one for one in kept if one[2]["id"] not in pushed]
    renewed = [_values(connection, claim, decision, row) for claim, decision, row in kept]
    if renewed:
        connection.execute(_renewing(frozenset(renewed[0])), renewed)
    for claim, decision, row in kept:
        keep_push(connection, row, claim, decision)
    told = _rename(connection, {row["id"]: decision for _, decision, row in kept if decision.head is not None})
    for _, decision, row in kept:
        if decision.host_until is not None and row["host"]:
            leave_alone(connection, row, decision.host_until, decision.state.floor_reason)
    return pushed | {
        values["this"]: Settled(
            next_poll_at=values["to_next_poll_at"], reason=values["to_next_reason"],
            named=_named(connection, values["this"], told),
        )
        for values in renewed
    }  # fmt: skip


def _values(connection: Connection, claim: Claim, decision: Decision, row: RowMapping) -> dict[str, Any]:
    """What stands in the row after a poll; the same columns for every poll."""
    line = decision.journal
    values: dict[str, Any] = {
        **{name: row[name] for name in _LOOKED_AT if name not in _KEPT},
        **rows.state_row(decision.state), "lease_owner": None, "lease_until": None,
        "last_poll_at": line.at, "last_outcome": line.outcome, "last_kind": line.kind, "last_detail": line.detail,
    }  # fmt: skip
    if row["declared_url"] != claim.declared_url:
        # The address was edited while we asked the old one: what was learnt there is not for the new one (F-07).
        values |= {**rows.FORGOTTEN, "next_poll_at": line.at, "next_reason": "the address was edited"}
    elif line.outcome != "failed":
        values |= {"last_ok_at": line.at, **_moves(connection, row, decision)}
    if claim.state.pushed and not row["pushed"]:
        # Trust went while we asked: what was planned by it says nothing (W-07).
        values |= sooner({**row, "next_poll_at": values["next_poll_at"]}, line.at)
    if decision.new:
        values["last_new_at"] = line.at
    return {"this": row["id"], **{f"to_{name}": value for name, value in values.items()}}


def _pushed(connection: Connection, claim: Claim, decision: Decision, row: RowMapping) -> Settled:
    """A push asked nothing: schedule and last poll stand, the lease goes back. It teaches how the source posts."""
    new: dict[str, Any] = {"last_new_at": decision.journal.at} if decision.new else {}
    if decision.new and row["declared_url"] == claim.declared_url:
        new["habit"] = rows.habit_row(decision.state.habit)
    given_back = update(sources).where(sources.c.id == row["id"]).values(lease_owner=None, lease_until=None, **new)
    connection.execute(given_back)
    return Settled(next_poll_at=row["next_poll_at"], reason=row["next_reason"])


@cache
def _renewing(names: frozenset[str]) -> Update:
    """The statement that renews a row, made once for a set of columns."""
    columns = [name.removeprefix("to_") for name in sorted(names) if name != "this"]
    new = {name: bindparam(f"to_{name}", type_=sources.c[name].type) for name in columns}
    return update(sources).where(sources.c.id == bindparam("this")).values(new)


def _rename(connection: Connection, decisions: Mapping[int, Decision]) -> dict[int, bool]:
    """Keep what the feeds say of themselves; of those that say something else than before, whether it is their first word."""
    if not decisions:
        return {}
    held = {row.id: row.head for row in connection.execute(_HEADS, {"ids": [*decisions]})}
    heads = {key: rows.head_row(one.head and replace(one.head, updated=None)) for key, one in decisions.items()}
    told = {key: head for key, head in heads.items() if head is not None and head != held[key]}
    if told:
        connection.execute(_RENAME, [{"this": key, "told": head} for key, head in told.items()])
    return {key: held[key] is None for key in told}


def _named(connection: Connection, source_id: int, told: Mapping[int, bool]) -> frozenset[Ref]:
    """The feeds in which a source goes by another name than before; a source of which nothing was read stands in none."""
    if source_id not in told:
        return frozenset()
    here: Ref = ("sources", source_id)
    return frozenset({here, ALL} if told[source_id] else feeds_naming(connection, source_id))


def feeds_naming(connection: Connection, source_id: int) -> set[Ref]:
    """Every feed of ours in which this source is named."""
    mine = entries.c.source_id == source_id
    filed = select(filings.c.topic_id).join(entries, entries.c.id == filings.c.entry_id).where(mine).distinct()
    signed = select(bylines.c.author_id).join(entries, entries.c.id == bylines.c.entry_id).where(mine).distinct()
    named: set[Ref] = {("sources", source_id), ALL}
    named |= {("topics", ref) for ref in connection.execute(filed).scalars()}
    return named | {("authors", ref) for ref in connection.execute(signed).scalars()}


def _moves(connection: Connection, row: RowMapping, decision: Decision) -> dict[str, Any]:
    """What a permanent redirect teaches, once it was seen often and long enough (F-33)."""
    if not decision.moved_to:
        return {"moved_to": "", "moved_since": None, "moved_seen": 0}
    at = decision.journal.at
    again = row["moved_to"] == decision.moved_to
    since, times = (row["moved_since"], row["moved_seen"] + 1) if again else (at, 1)
    seen = {"moved_to": decision.moved_to, "moved_since": since, "moved_seen": times}
    if times < _MOVES_SEEN or at - since < _MOVES_OVER:
        return seen
    other = follower_of(connection, decision.moved_to, but=row["id"])
    if other:
        # Its entries come by the other source: two would ask one address, and show every entry twice (F-34).
        why = f"moved for good to the address of {other}: not asked any more, its entries stay"
        return {**seen, "next_poll_at": None, "next_reason": why, "floor_until": None, "floor_reason": ""}
    learned = {"learned_url": decision.moved_to, "host": rows.host_of(decision.moved_to)}
    return {**learned, "moved_to": "", "moved_since": None, "moved_seen": 0}


def follower_of(connection: Connection, url: str, *, but: int) -> str:
    """The slug of another source that asks this address, or one that differs in nothing but form; "" where none does."""
    host = rows.host_of(url)
    near = {host, host.removeprefix("www."), f"www.{host}"}
    asked = and_(sources.c.host.in_(sorted(near)), sources.c.id != but)
    alive = and_(sources.c.retired_at.is_(None), sources.c.next_poll_at.is_not(None))
    found = select(sources.c.slug, sources.c.declared_url, sources.c.learned_url).where(asked, alive)
    for row in connection.execute(found.order_by(sources.c.position, sources.c.id)):
        if any(one and rows.same_place(url, one) for one in (row.learned_url or row.declared_url, row.declared_url)):
            return str(row.slug)
    return ""


def leave_alone(connection: Connection, row: RowMapping | Mapping[str, Any], until: datetime, reason: str) -> None:
    """Every other source of the host waits too (F-32); afterwards they come one by one, not all at that moment."""
    others = and_(sources.c.host == row["host"], sources.c.id != row["id"], sources.c.next_poll_at.is_not(None))
    why = f"{reason} (said to {row['slug']}, holds for its host {row['host']})"
    sooner = or_(sources.c.floor_until.is_(None), sources.c.floor_until < until)
    floor = {"floor_until": until, "floor_reason": why}
    connection.execute(update(sources).where(others, sooner).values(floor))
    # The same for the same source, and no two sources alike: a poll is planned once, however often it is computed.
    later = type_coerce(until, Moment) + sources.c.id * 7919 % _HOST_SPREAD * _SECOND
    planned = type_coerce(later, BigInteger)
    waits = and_(others, type_coerce(sources.c.next_poll_at, BigInteger) < planned)
    connection.execute(update(sources).where(waits).values(next_poll_at=planned, next_reason=why))
