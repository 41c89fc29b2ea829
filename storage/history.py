"""Back-filling: older entries of a source from its archives, beside its polls and without a trace in its schedule (P-04).

In: a lease, decisions about archive documents. Out: entries that are not announced, journal lines, and which archives
were read. Never: a source's schedule, validators, failures or health; but a host that asks to be left alone, is.
"""

from __future__ import annotations

from sqlalchemy import Connection, and_, insert, select, update

from storage import rows
from storage.database import Database
from storage.intake import LEASE
from storage.model import Claim, Decision
from storage.outputs import ALL, Ledger
from storage.recording import Brought, write_entries
from storage.schema import journal, meta, sources
from storage.settling import leave_alone
from storage.work import REFILE, put_work, rules_of


def ways_back(db: Database, slug: str) -> tuple[str, str] | None:
    """Where the source's newest document says that older entries are: its archive, its next page. None before a first poll."""
    with db.read() as connection:
        row = connection.execute(
            select(sources.c.head, sources.c.last_ok_at).where(sources.c.slug == slug)
        ).one_or_none()
    if row is None or row.last_ok_at is None:
        return None
    head = rows.head_of(row.head)
    return head.archive, head.next_page


def archives_read(db: Database, source_id: int) -> dict[str, str]:
    """Archive documents that were read whole, each with the one before it ("" where it is the oldest)."""
    start = _key(source_id, "")
    with db.read() as connection:
        found = connection.execute(select(meta.c.value).where(meta.c.key.startswith(start, autoescape=True))).scalars()
        return dict(value.split("\n", 1) for value in found)


def record_archive(db: Database, claim: Claim, decision: Decision, *, archive: str = "", before: str = "") -> bool:
    """Write down what one document of history brought, in one transaction, and keep the lease for the next.

    `archive` is the address of an archive document that was read whole, "" where it is to be read again; `before` is
    the one that it names as older. False, and nothing is written, where the lease was lost.
    """
    now = decision.journal.at
    with db.write() as connection:
        ledger = Ledger(connection, now)
        if decision.has_entries or decision.host_until:
            ledger.lock([ALL])
        mine = and_(sources.c.id == claim.source_id, sources.c.lease_owner == claim.owner)
        kept = update(sources).where(mine).values(lease_until=now + LEASE).returning(sources)
        row = connection.execute(kept).mappings().one_or_none()
        if row is None:
            return False
        if decision.host_until is not None and row["host"]:
            # A 429 is said to all that we ask of the host (F-32): to the source itself too.
            floor = {"floor_until": decision.host_until, "floor_reason": decision.state.floor_reason}
            connection.execute(update(sources).where(sources.c.id == row["id"]).values(floor))
            leave_alone(connection, row, decision.host_until, decision.state.floor_reason)
        if decision.has_entries:
            write_entries(connection, ledger, [Brought(source_id=claim.source_id, decision=decision)], announced=False)
            if decision.rules != rules_of(connection):
                put_work(connection, REFILE, "topics", {"slugs": None, "after": 0}, now)
        ledger.close()
        line = decision.journal
        connection.execute(
            insert(journal).values(
                source_id=claim.source_id, at=line.at, outcome=line.outcome, kind=line.kind, detail=line.detail,
                status=line.status, size=line.size, milliseconds=line.milliseconds, entries=line.entries, new=line.new,
                changed=line.changed, next_poll_at=claim.state.next_poll_at, reason=claim.state.reason,
            )
        )  # fmt: skip
        if archive:
            _remember(connection, claim.source_id, archive, before)
    return True


def _key(source_id: int, url: str) -> str:
    return f"archive:{source_id}:{rows.digest_of(url) if url else ''}"


def _remember(connection: Connection, source_id: int, archive: str, before: str) -> None:
    key, value = _key(source_id, archive), f"{archive}\n{before}"
    held = connection.execute(update(meta).where(meta.c.key == key).values(value=value)).rowcount
    if not held:
        connection.execute(insert(meta).values(key=key, value=value))
