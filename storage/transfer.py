"""A whole store checked, or copied to another engine.

In: stores. Out: what is wrong with one; or a second one that is equal row by row. Never: a copy over anything.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, and_, func, insert, select, text

from storage.database import Database, StorageError
from storage.schema import entries, filings, metadata, outputs, pins, search_due, seen, topics, work
from storage.search_queue import put_all_due

_CHUNK = 500

# The index is made anew beside the copy: which of its entries wait says nothing of those of another.
_TABLES = [table for table in metadata.sorted_tables if table is not search_due]

Progress = Callable[[str, int, int], None]
"""(table, rows done, rows in all)"""


class CopyError(StorageError):
    """The copy was refused or is not equal; the target is as it was."""


def copy(source: Database, target: Database, progress: Progress | None = None) -> dict[str, int]:
    """Copy every row into an empty store, in one transaction, and compare counts and hashes. Rows by table.

    All that was copied waits to be indexed for search, and until then every search looks at it.

    Raises CopyError, and then nothing was copied.
    """
    with source.read() as reader, target.write() as writer:
        _refuse_full(writer)
        for table in _TABLES:
            _copy_table(reader, writer, table, progress)
        _number_on(writer)
        put_all_due(writer)
        equal = {table.name: (digest(reader, table), digest(writer, table)) for table in _TABLES}
        wrong = [name for name, (ours, theirs) in equal.items() if ours != theirs]
        if wrong:
            raise CopyError(f"the copy differs in {', '.join(wrong)}; nothing was kept")
    return {name: ours[0] for name, (ours, _) in equal.items()}


def _refuse_full(writer: Connection) -> None:
    full = [
        table.name for table in metadata.sorted_tables if writer.execute(select(table).limit(1)).first() is not None
    ]
    if full:
        raise CopyError(f"the target is not empty (it has {', '.join(full)}): a copy goes into a new store only")


def _copy_table(reader: Connection, writer: Connection, table: Table, progress: Progress | None) -> None:
    total = int(reader.execute(select(func.count()).select_from(table)).scalar_one())
    done = 0
    for rows in _chunks(reader, table):
        writer.execute(insert(table), rows)
        done += len(rows)
        if progress:
            progress(table.name, done, total)


def _chunks(connection: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    ordered = select(table).order_by(*table.primary_key.columns)
    result = connection.execution_options(yield_per=_CHUNK).execute(ordered)
    for part in result.mappings().partitions():
        yield [dict(row) for row in part]


def _number_on(writer: Connection) -> None:
    """PostgreSQL counts rows by sequences, which explicit numbers do not move; SQLite looks at the rows."""
    if writer.dialect.name != "postgresql":
        return
    for table in metadata.sorted_tables:
        column = table.c.get("id")
        if column is not None and column.autoincrement is not False:
            newest = select(func.coalesce(func.max(column), 0) + 1).scalar_subquery()
            writer.execute(select(func.setval(func.pg_get_serial_sequence(table.name, "id"), newest, False)))


def digest(connection: Connection, table: Table) -> tuple[int, str]:
    """How many rows a table has, and a hash over all of them in order: equal on both engines where the rows are."""
    hashed, number = hashlib.sha256(), 0
    for rows in _chunks(connection, table):
        for row in rows:
            hashed.update(
                json.dumps(row, sort_keys=True, default=_plain, ensure_ascii=False).encode("utf-8", "surrogatepass")
            )
            hashed.update(b"\n")
        number += len(rows)
    return number, hashed.hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(type(value))


def check(db: Database) -> list[str]:
    """What is wrong with a store, in sentences; an empty list where nothing is."""
    with db.read() as connection:
        return [*_engine_complaints(connection), *_own_complaints(connection)]


def _engine_complaints(connection: Connection) -> list[str]:
    if connection.dialect.name != "sqlite":
        return []
    pages = [str(row[0]) for row in connection.execute(text("PRAGMA integrity_check")) if row[0] != "ok"]
    loose = [f"a row of {row[0]} refers to a row of {row[2]} that is not there" for row in
             connection.execute(text("PRAGMA foreign_key_check"))]  # fmt: skip
    return [*(f"the file is damaged: {line}" for line in pages[:20]), *loose[:20]]


def _own_complaints(connection: Connection) -> Iterator[str]:
    """What holds in every store of ours, and does not in this one."""
    shown = select(func.count()).select_from(seen).scalar_subquery()
    held = select(func.count()).select_from(entries).scalar_subquery()
    if connection.execute(select(held > shown)).scalar_one():
        yield "there are entries whose ids were not remembered as seen"
    places = select(filings.c.topic_id, filings.c.arrival).group_by(filings.c.topic_id, filings.c.arrival)
    if connection.execute(places.having(func.count() > 1)).first() is not None:
        yield "two filings have the same place in a topic's order of arrival"
    open_now = select(filings.c.topic_id, filings.c.entry_id).where(filings.c.closed_at.is_(None))
    if (
        connection.execute(open_now.group_by(filings.c.topic_id, filings.c.entry_id).having(func.count() > 1)).first()
        is not None
    ):
        yield "an entry is filed twice under one topic"
    yield from _loose_pins(connection)
    newest = select(func.coalesce(func.max(entries.c.id), 0)).scalar_subquery()
    counter = select(outputs.c.arrivals).where(outputs.c.kind == "all").scalar_subquery()
    if connection.execute(select(newest > counter)).scalar_one():
        yield "an entry has a place beyond the last that was given"
    stale = select(topics.c.slug).where(topics.c.retired_at.is_(None), topics.c.filed_version != topics.c.rule_version)
    queued = connection.execute(select(work.c.id).where(work.c.kind == "refile", work.c.dead_at.is_(None))).first()
    if queued is None:
        for slug in connection.execute(stale).scalars():
            yield f"the topic {slug} is not filed by today's rule, and nothing waits to do it"
    dead = select(work.c.kind, work.c.subject, work.c.last_error).where(and_(work.c.dead_at.is_not(None)))
    for row in connection.execute(dead):
        yield f"work was given up: {row.kind} {row.subject}: {row.last_error}"


def _loose_pins(connection: Connection) -> Iterator[str]:
    """Entries that are not where they are pinned, in topics that are not retired."""
    of_both = and_(filings.c.topic_id == pins.c.topic_id, filings.c.entry_id == pins.c.entry_id)
    is_filed = select(filings.c.id).where(of_both, filings.c.closed_at.is_(None)).exists()
    loose = select(pins.c.entry_id, topics.c.slug).join(topics, topics.c.id == pins.c.topic_id)
    for row in connection.execute(loose.where(topics.c.retired_at.is_(None), pins.c.is_in != is_filed)):
        yield f"the entry {row.entry_id} is not where it is pinned, in or out of the topic {row.slug}: pin it again"
