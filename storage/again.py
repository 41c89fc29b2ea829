"""Entries that a source holds already under other ids, found by their links.

In: a source, links. Out: what is held under each. Never: a guess: what it means is for `aggregator.again` to say.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from storage import rows
from storage.database import Database
from storage.model import KnownEntry
from storage.schema import entries

_CHUNK = 500


def held_by_link(db: Database, source_id: int, links: Collection[str]) -> dict[str, list[tuple[str, KnownEntry]]]:
    """For each of these links, the ids and what is known of the source's entries that have it."""
    wanted = sorted(links)
    found: dict[str, list[tuple[str, KnownEntry]]] = {}
    with db.read() as connection:
        for start in range(0, len(wanted), _CHUNK):
            part = wanted[start : start + _CHUNK]
            held = select(entries).where(entries.c.source_id == source_id, entries.c.link.in_(part))
            for row in connection.execute(held).mappings():
                found.setdefault(row["link"], []).append((row["entry_id"], rows.known_of(row)))
    return found
