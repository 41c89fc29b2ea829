"""Entries that their publisher has withdrawn: hidden with his reason, and shown again when he lists them again (I-14).

In: what polls decided, inside a write transaction. Out: rows hidden and shown. Never: a row deleted, a filing closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, select, update

from storage.model import WITHDRAWN, Decision
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


def hide_and_show(connection: Connection, source_id: int, decision: Decision, now: datetime) -> None:
    """Hide what was withdrawn, show what returned."""
    mine = entries.c.source_id == source_id
    for one in decision.deleted:
        why = f"{WITHDRAWN}: {one.comment}" if one.comment else WITHDRAWN
        shown = mine & (entries.c.entry_id == one.id) & entries.c.hidden_at.is_(None)
        connection.execute(update(entries).where(shown).values(hidden_at=now, hidden_why=why))
    for part in _parts(decision.returned):
        hidden = mine & entries.c.entry_id.in_(part) & entries.c.hidden_why.startswith(WITHDRAWN, autoescape=True)
        connection.execute(update(entries).where(hidden).values(hidden_at=None, hidden_why=""))


def _parts(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK))
