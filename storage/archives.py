"""Archive documents of our feeds (RFC 5005 section 4): which there are, and what changes their addresses.

In: entries that are about to change, inside a write transaction. Out: the documents that hold them, under new addresses.
Never: bytes: what a document holds is read when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import BindParameter, Connection, and_, bindparam, func, literal, select, tuple_, union_all
from sqlalchemy.dialects import postgresql, sqlite

from storage.database import Database
from storage.model import Output
from storage.outputs import Ref
from storage.schema import bylines, entries, filings, outputs
from storage.schema_out import archives

SIZE = 50
"""Places of a feed's order of arrival that one archive document holds."""
KINDS = ("all", "authors", "topics")
"""The kinds of feeds that have archives: those with an order of arrival of their own."""
_CHUNK = 400
_One = TypeVar("_One")
_THESE: BindParameter[int] = bindparam("keys", expanding=True)
_STANDING = union_all(
    select(literal("all").label("kind"), literal(0).label("ref"), entries.c.arrival).where(entries.c.id.in_(_THESE)),
    select(literal("authors"), bylines.c.author_id, bylines.c.arrival).where(bylines.c.entry_id.in_(_THESE)),
    select(literal("topics"), filings.c.topic_id, filings.c.arrival).where(
        filings.c.entry_id.in_(_THESE), filings.c.closed_at.is_(None)
    ),
)
# Locked, in the order in which all do: a document may else be complete, and read, before the change that it is not told of.
_HELD = (
    select(outputs.c.kind, outputs.c.ref, outputs.c.arrivals)
    .where(tuple_(outputs.c.kind, outputs.c.ref).in_(bindparam("refs", expanding=True)))
    .order_by(outputs.c.kind, outputs.c.ref)
    .with_for_update()
)
_CHANGED = (
    select(func.coalesce(func.sum(archives.c.changes), 0))
    .join(outputs, and_(outputs.c.kind == archives.c.kind, outputs.c.ref == archives.c.ref))
    .where(outputs.c.public_id == bindparam("feed"), archives.c.number <= bindparam("upto"))
)
# Both engines know the same ON CONFLICT; SQLAlchemy spells it once for each.
_ONCE_MORE: dict[str, Any] = {
    "index_elements": ["kind", "ref", "number"], "set_": {"changes": archives.c.changes + 1}
}  # fmt: skip
_PUT = {
    "sqlite": sqlite.insert(archives).on_conflict_do_update(**_ONCE_MORE),
    "postgresql": postgresql.insert(archives).on_conflict_do_update(**_ONCE_MORE),
}


def disturb(connection: Connection, keys: Sequence[int], within: Iterable[Ref] | None = None) -> None:
    """What stands in the archives of these entries changes: an edit, a removal, a return, other topics or authors.

    To be called before it is changed, since afterwards an entry stands no longer where it stood. `within` names the feeds
    in which something changes where that is not in all. Documents that are not complete yet have no address to change.
    Feeds that change get a new revision by whoever calls: they link to their archives.
    """
    feeds = None if within is None else set(within)
    found: set[tuple[str, int, int]] = set()
    for part in _parts(sorted(set(keys))):
        for row in connection.execute(_STANDING, {"keys": part}):
            if feeds is None or (row.kind, row.ref) in feeds:
                found.add((row.kind, row.ref, number_of(row.arrival)))
    complete = _complete(connection, {(kind, ref) for kind, ref, _ in found})
    _change(connection, (one for one in found if one[2] <= complete.get((one[0], one[1]), 0)))


def disturb_feeds(connection: Connection, refs: Iterable[Ref]) -> None:
    """Every archive of these feeds changes: a feed or a source has another name or policy, a feed another order.

    To be called before a feed's counter of arrivals is set back. A change in the first document is one in all: each leads
    to the one before.
    """
    complete = _complete(connection, {ref for ref in refs if ref[0] in KINDS})
    _change(connection, ((kind, ref, 1) for (kind, ref), count in complete.items() if count))


def number_of(arrival: int) -> int:
    """The number of the document that holds a place."""
    return (arrival - 1) // SIZE + 1


def count_of(output: Output) -> int:
    """How many complete archive documents a feed has: they are numbered from 1, the oldest."""
    return output.arrivals // SIZE if output.kind in KINDS else 0


def version_of(db: Database, output: Output, number: int) -> int:
    """How often something changed in an archive document of a feed or in one before it."""
    with db.read() as connection:
        return version_in(connection, output, number)


def version_in(connection: Connection, output: Output, number: int) -> int:
    """The same inside a transaction of the caller's."""
    return int(connection.execute(_CHANGED, {"feed": output.public_id, "upto": number}).scalar_one())


def _complete(connection: Connection, refs: Iterable[Ref]) -> dict[Ref, int]:
    """How many complete documents each of these feeds has."""
    found: dict[Ref, int] = {}
    for part in _parts(sorted(refs)):
        for row in connection.execute(_HELD, {"refs": part}):
            found[(row.kind, row.ref)] = row.arrivals // SIZE
    return found


def _change(connection: Connection, found: Iterable[tuple[str, int, int]]) -> None:
    changed = [{"kind": kind, "ref": ref, "number": number, "changes": 1} for kind, ref, number in sorted(found)]
    if changed:
        connection.execute(_PUT[connection.dialect.name], changed)


def _parts(things: Sequence[_One]) -> Iterator[Sequence[_One]]:
    return (things[start : start + _CHUNK] for start in range(0, len(things), _CHUNK))
