"""An entry taken out of everything that we show, put back, or forgotten altogether, by a person's word.

In: the number of an entry and why. Out: every feed that held it changed, its tombstone told, in one transaction.
Never: its id forgotten: what was taken out does not return with the next poll (I-12).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, exists, select, text, update

from storage import archives, graves, search_index
from storage.database import Database
from storage.outputs import ALL, Ledger
from storage.schema import (
    articles,
    author_keys,
    authors,
    bylines,
    entries,
    entry_places,
    filings,
    outputs,
    pins,
    revisions,
    search_due,
    work,
)
from storage.search_queue import put_all_due
from storage.work import EMBARGO, PAGE

RETRACTED = "retracted"
"""How the reason begins for which an entry is hidden that the operator has retracted."""
_WORDS: tuple[Table, ...] = (articles, revisions, bylines, entry_places, filings, pins)
"""Where words of an entry lie, or what was made of them."""


def retract(db: Database, keys: Sequence[int], why: str, now: datetime) -> list[int]:
    """Hide these entries everywhere, with a tombstone in every feed that held one. Those that were not retracted before."""
    with db.write() as connection:
        ledger = Ledger(connection, now)
        ledger.lock([ALL])
        fresh = entries.c.id.in_(list(keys)) & ~entries.c.hidden_why.startswith(RETRACTED, autoescape=True)
        wanted = {row.id: row for row in connection.execute(select(entries).where(fresh))}
        shown = [key for key, row in wanted.items() if row.hidden_at is None]
        archives.disturb(connection, shown)
        graves.bury(connection, ledger, shown, why, now)
        hidden = {"hidden_at": now, "hidden_why": f"{RETRACTED}: {why}", "embargo_until": None}
        connection.execute(update(entries).where(entries.c.id.in_(list(wanted))).values(hidden))
        ledger.close()
    return sorted(wanted)


def restore(db: Database, keys: Sequence[int], now: datetime) -> list[int]:
    """Show entries again that were retracted. Those that were."""
    with db.write() as connection:
        ledger = Ledger(connection, now)
        ledger.lock([ALL])
        was = entries.c.id.in_(list(keys)) & entries.c.hidden_why.startswith(RETRACTED, autoescape=True)
        back = sorted(connection.execute(select(entries.c.id).where(was, entries.c.hidden_at.is_not(None))).scalars())
        ledger.touch(ref for refs in graves.standing_in(connection, back).values() for ref in refs)
        graves.unbury(connection, back)
        connection.execute(update(entries).where(entries.c.id.in_(back)).values(hidden_at=None, hidden_why=""))
        archives.disturb(connection, back)
        ledger.close()
    return back


def erase(db: Database, keys: Sequence[int], why: str, now: datetime) -> list[int]:
    """Remove these entries with every word that the store holds of them; only their ids stay, among those that were seen.

    What was erased is overwritten: on SQLite at once, in the file and its log; on PostgreSQL its rows are vacuumed. Every
    entry is indexed anew where the index cannot forget one. Those that were there.
    """
    with db.write() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA secure_delete = ON").close()
        ledger = Ledger(connection, now)
        ledger.lock([ALL])
        held = connection.execute(select(entries.c.id, entries.c.hidden_at).where(entries.c.id.in_(list(keys)))).all()
        gone = sorted(row.id for row in held)
        shown = [row.id for row in held if row.hidden_at is None]
        archives.disturb(connection, gone)
        graves.bury(connection, ledger, shown, why, now)
        if gone:
            _remove(connection, gone)
        ledger.close()
    if gone:
        _overwrite(db)
    return gone


def _remove(connection: Connection, keys: list[int]) -> None:
    signed = select(bylines.c.author_id).where(bylines.c.entry_id.in_(keys)).distinct()
    people = list(connection.execute(signed).scalars())
    for table in _WORDS:
        connection.execute(delete(table).where(table.c.entry_id.in_(keys)))
    connection.execute(delete(search_due).where(search_due.c.entry_id.in_(keys)))
    named = work.c.subject.in_([str(key) for key in keys])
    connection.execute(delete(work).where(work.c.kind.in_([PAGE, EMBARGO]), named))
    connection.execute(delete(entries).where(entries.c.id.in_(keys)))
    _forget_authors(connection, people)
    if not search_index.remove(connection, keys):
        put_all_due(connection)


def _forget_authors(connection: Connection, people: list[int]) -> None:
    """Authors that nothing told of but what was erased: names are words too."""
    signs = exists().where(bylines.c.author_id == authors.c.id)
    only = select(authors.c.id).where(authors.c.id.in_(people), authors.c.origin == "learned", ~signs)
    alone: list[Any] = list(connection.execute(only).scalars())
    connection.execute(delete(author_keys).where(author_keys.c.author_id.in_(alone)))
    connection.execute(delete(outputs).where(outputs.c.kind == "authors", outputs.c.ref.in_(alone)))
    connection.execute(delete(authors).where(authors.c.id.in_(alone)))


def _overwrite(db: Database) -> None:
    """What the engine keeps of deleted rows goes too."""
    if db.engine.dialect.name == "sqlite":
        with db.engine.connect() as connection:
            connection.exec_driver_sql("COMMIT").close()  # a checkpoint wants no transaction
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").close()
            connection.exec_driver_sql("BEGIN").close()
        return
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in (entries, *_WORDS, authors, author_keys):
            connection.execute(text(f"VACUUM {table.name}"))
