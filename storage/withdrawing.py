"""Entries that their publisher has withdrawn: hidden with his reason, and shown again when he lists them again (I-14).

In: what polls decided, inside a write transaction. Out: rows hidden and shown, with their graves.
Never: a row deleted, a filing closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, select, update

from storage import graves
from storage.model import WITHDRAWN, Decision
from storage.outputs import Ledger
from storage.schema import entries

_CHUNK = 500


def keys_of(connection: Connection, source_id: int, decision: Decision) -> list[int]:
    """The keys of the entries that a decision hides or shows again."""
    ids = [*(one.id for one in decision.deleted), *decision.returned]
    keys: list[int] = []
    for part in _parts(ids):
        which = select(entries.c.id).where(entries.c.source_id == source_id, entries.c.entry_id.in_(part))
        keys += connection.execute(which).scalars()
    return keys


def hide_and_show(connection: Connection, ledger: Ledger, source_id: int, decision: Decision, now: datetime) -> None:
    """Hide what was withdrawn, with a tombstone in every feed that held it; show what returned.

    What is under embargo and withdrawn before it is over was never shown, and never is.
    """
    mine = entries.c.source_id == source_id
    for one in decision.deleted:
        why = f"{WITHDRAWN}: {one.comment}" if one.comment else WITHDRAWN
        this = mine & (entries.c.entry_id == one.id)
        shown = list(connection.execute(select(entries.c.id).where(this & entries.c.hidden_at.is_(None))).scalars())
        graves.bury(connection, ledger, shown, one.comment or WITHDRAWN, now)
        hidden = {"hidden_at": now, "hidden_why": why, "embargo_until": None}
        kept_back = entries.c.embargo_until.is_not(None)
        connection.execute(update(entries).where(this & (entries.c.hidden_at.is_(None) | kept_back)).values(hidden))
    for part in _parts(decision.returned):
        withdrawn = mine & entries.c.entry_id.in_(part) & entries.c.hidden_why.startswith(WITHDRAWN, autoescape=True)
        back = list(connection.execute(select(entries.c.id).where(withdrawn)).scalars())
        connection.execute(update(entries).where(entries.c.id.in_(back)).values(hidden_at=None, hidden_why=""))
        graves.unbury(connection, back)


def _parts(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK))
