"""What a changed configuration would do to the store, seen by doing it and taking it back.

In: what is declared. Out: the changes, one a row. Never: a change that stays: `plan` and the daemon cannot disagree,
since both run the same reconciliation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, func, select

from storage.database import Database
from storage.schema import author_keys, authors, bylines, entries, filings, former_slugs, sources, topics
from storage.upkeep import Declared, reconcile_in

Snapshot = dict[tuple[str, str], dict[str, Any]]
"""Every declared thing by its kind and row: what it says, without what only the daemon changes."""

_SOURCE = (
    "slug", "declared_url", "name", "kind", "lang", "country", "region", "tags", "labels", "rank", "full_text",
    "every_seconds", "hours", "weight", "republish", "embargo_seconds", "origin", "retired_at",
)  # fmt: skip
_DECLARED: tuple[tuple[str, Table, tuple[str, ...]], ...] = (
    ("source", sources, _SOURCE),
    ("topic", topics, ("slug", "title", "query", "rule_version", "retired_at")),
    ("author", authors, ("slug", "name", "origin", "retired_at")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that would change: `what` is added, removed, returned, renamed or changed."""

    kind: str
    slug: str
    what: str
    detail: str = ""
    entries: int = 0


class _TakenBackError(Exception):
    """Ends the rehearsal's transaction without a commit."""


def rehearse(db: Database, declared: Declared, now: datetime) -> tuple[list[Change], list[str]]:
    """What reconciling would change, and the topics that it would file again."""
    found: list[tuple[list[Change], list[str]]] = []
    try:
        with db.write() as connection:
            before = snapshot(connection)
            stale = reconcile_in(connection, declared, now)
            found.append((differences(before, snapshot(connection), _counts(connection)), stale))
            raise _TakenBackError
    except _TakenBackError:
        return found[0]


def snapshot(connection: Connection) -> Snapshot:
    """Everything that a configuration declares, as the store has it."""
    found: Snapshot = {}
    keys: dict[int, list[str]] = {}
    for key in connection.execute(select(author_keys).order_by(author_keys.c.key)).mappings():
        keys.setdefault(key["author_id"], []).append(key["key"])
    for kind, table, names in _DECLARED:
        for row in connection.execute(select(table)).mappings():
            found[(kind, str(row["id"]))] = {name: row[name] for name in names}
            if kind == "author":
                found[(kind, str(row["id"]))]["names"] = keys.get(row["id"], [])
    for row in connection.execute(select(former_slugs)).mappings():
        old, now = f"/{row['kind']}/{row['slug']}", f"/{row['kind']}/{row['now']}"
        found[("address", old)] = {"slug": old, "now": now, "retired_at": None}
    return found


def differences(before: Snapshot, after: Snapshot, counts: dict[tuple[str, str], int] | None = None) -> list[Change]:
    """The changes between two states of the store, in the order of their kinds and slugs."""
    changes = (_change(key[0], before.get(key), row, (counts or {}).get(key, 0)) for key, row in after.items())
    return sorted((one for one in changes if one), key=lambda one: (one.kind, one.slug, one.what))


def _change(kind: str, before: dict[str, Any] | None, after: dict[str, Any], count: int) -> Change | None:
    if before == after:
        return None
    slug = after["slug"]
    was_there = before is not None and before["retired_at"] is None
    is_there = after["retired_at"] is None
    if before is None:
        detail = f"now at {after['now']}" if kind == "address" else ""
        return Change(kind=kind, slug=slug, what="added", detail=detail)
    if was_there and not is_there:
        return Change(kind=kind, slug=slug, what="removed", entries=count)
    if not was_there and is_there:
        return Change(kind=kind, slug=slug, what="returned", entries=count)
    if not is_there:
        return None
    if before["slug"] != slug:
        return Change(kind=kind, slug=slug, what="renamed", detail=f"from {before['slug']}", entries=count)
    told = [name for name in after if before[name] != after[name]]
    return Change(kind=kind, slug=slug, what="changed", detail=", ".join(told), entries=count)


def _counts(connection: Connection) -> dict[tuple[str, str], int]:
    """How many entries stand behind each source, topic and author."""
    open_now = filings.c.closed_at.is_(None)
    counted = {
        "source": select(entries.c.source_id, func.count()).group_by(entries.c.source_id),
        "topic": select(filings.c.topic_id, func.count()).where(open_now).group_by(filings.c.topic_id),
        "author": select(bylines.c.author_id, func.count()).group_by(bylines.c.author_id),
    }
    return {
        (kind, str(row[0])): int(row[1]) for kind, statement in counted.items() for row in connection.execute(statement)
    }
