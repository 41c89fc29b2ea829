"""What stored entries are, judged anew: language, places, canonical links.

In: meanings of stored entries. Out: rows that say so, and new revisions of the feeds in which those entries stand.
Never: a word of the publisher's, or a place in anybody's order of arrival that the entry had not before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import func, insert, select, update

from storage import archives, rows
from storage.database import Database
from storage.model import Meaning
from storage.outputs import ALL, Ledger
from storage.recording import filed_and_signed, place_again
from storage.schema import entries, entry_places
from storage.search_queue import put_due


def remember(db: Database, judged: Sequence[tuple[int, str, Meaning]], now: datetime) -> int:
    """Write down what entries are: their number, the fingerprint of the words that were judged, their meaning.

    One whose words were edited since was judged by its edit. How many were written.
    """
    keys = [key for key, _, _ in judged]
    with db.write() as connection:
        ledger = Ledger(connection, now)
        held = {
            row.id: row
            for row in connection.execute(
                select(entries.c.id, entries.c.fingerprint, entries.c.source_id).where(entries.c.id.in_(keys))
            )
        }
        fresh = [(key, meaning) for key, fingerprint, meaning in judged if _same(held.get(key), fingerprint)]
        touched = {ALL, *(("sources", held[key].source_id) for key, _ in fresh)}
        touched |= filed_and_signed(connection, [key for key, _ in fresh])
        ledger.lock(touched)
        ledger.touch(touched)
        archives.disturb(connection, [key for key, _ in fresh])
        placed = []
        for key, meaning in fresh:
            connection.execute(update(entries).where(entries.c.id == key).values(rows.meaning_row(meaning)))
            placed += place_again(connection, key, meaning.places, partial(int, key))
        if placed:
            connection.execute(insert(entry_places), placed)
        put_due(connection, [key for key, _ in fresh])
        ledger.close()
    return len(fresh)


def _same(row: object, fingerprint: str) -> bool:
    return getattr(row, "fingerprint", None) == fingerprint


def languages(db: Database) -> Counter[str]:
    """How many entries are in each language; those not judged yet count under ""."""
    counted = select(entries.c.language, func.count()).group_by(entries.c.language)
    with db.read() as connection:
        return Counter({row[0]: int(row[1]) for row in connection.execute(counted)})
