"""What was taken out of our feeds: a grave in each feed that held the entry, for its tombstones (RFC 6721).

In: entries that are hidden or erased, inside a write transaction with its ledger. Out: tombstones, the newest first.
Never: a word of the entry: its id, when, and what was said of the reason. Nor a grave for what was never shown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, delete, exists, insert, or_, select

from feeds.model import Deleted
from storage.database import Database
from storage.model import Output
from storage.outputs import ALL, Ledger, Ref
from storage.schema import bylines, entries, entry_places, filings, graves, outputs

_CHUNK = 500


def standing_in(connection: Connection, keys: Sequence[int]) -> dict[int, set[Ref]]:
    """The feeds in which each of these entries stands: everything, its source's, its topics', its authors'."""
    found: defaultdict[int, set[Ref]] = defaultdict(set)
    for part in (keys[start : start + _CHUNK] for start in range(0, len(keys), _CHUNK)):
        for row in connection.execute(select(entries.c.id, entries.c.source_id).where(entries.c.id.in_(part))):
            found[row.id] |= {ALL, ("sources", row.source_id)}
        is_open = filings.c.entry_id.in_(part) & filings.c.closed_at.is_(None)
        for row in connection.execute(select(filings.c.entry_id, filings.c.topic_id).where(is_open)):
            found[row.entry_id].add(("topics", row.topic_id))
        signed = select(bylines.c.entry_id, bylines.c.author_id).where(bylines.c.entry_id.in_(part))
        for row in connection.execute(signed):
            found[row.entry_id].add(("authors", row.author_id))
    return dict(found)


def bury(connection: Connection, ledger: Ledger, keys: Sequence[int], why: str, now: datetime) -> None:
    """A grave for each of these entries, shown until now, in every feed that holds it; those feeds change."""
    standing = standing_in(connection, keys)
    ledger.lock({ref for refs in standing.values() for ref in refs})
    ids = {row.id: row.public_id for row in _ids(connection, keys)}
    placed = _places(connection, keys)
    rows: list[dict[str, Any]] = []
    for key, refs in standing.items():
        turn = ledger.place(ALL)
        said = {"public_id": ids[key], "at": now, "comment": why, "turn": turn, "code": ""}
        for kind, ref in sorted(refs):
            own = kind in ("topics", "authors")
            arrival = ledger.place((kind, ref)) if own else turn
            rows.append({**said, "kind": kind, "ref": ref, "arrival": arrival})
        rows += ({**said, "kind": "places", "ref": 0, "arrival": turn, "code": code} for code in sorted(placed[key]))
        ledger.touch(refs)
    if rows:
        connection.execute(insert(graves), rows)


def unbury(connection: Connection, keys: Sequence[int]) -> None:
    """These entries are shown again: their graves are no more."""
    ids = sorted({row.public_id for row in _ids(connection, keys)})
    for start in range(0, len(ids), _CHUNK):
        connection.execute(delete(graves).where(graves.c.public_id.in_(ids[start : start + _CHUNK])))


def _ids(connection: Connection, keys: Sequence[int]) -> Iterable[Any]:
    for start in range(0, len(keys), _CHUNK):
        part = keys[start : start + _CHUNK]
        yield from connection.execute(select(entries.c.id, entries.c.public_id).where(entries.c.id.in_(part)))


def _places(connection: Connection, keys: Sequence[int]) -> defaultdict[int, set[str]]:
    found: defaultdict[int, set[str]] = defaultdict(set)
    for start in range(0, len(keys), _CHUNK):
        named = entry_places.c.entry_id.in_(keys[start : start + _CHUNK])
        for row in connection.execute(select(entry_places.c.entry_id, entry_places.c.code).where(named)):
            found[row.entry_id].add(row.code)
    return found


def _told(which: ColumnElement[bool]) -> Select[tuple[str, datetime, str]]:
    is_shown = exists().where(entries.c.public_id == graves.c.public_id, entries.c.hidden_at.is_(None))
    told = select(graves.c.public_id, graves.c.at, graves.c.comment).where(which, ~is_shown)
    return told.order_by(graves.c.turn.desc(), graves.c.id.desc()).limit(bindparam("most"))


_OF_ONE = and_(
    graves.c.kind == bindparam("kind"), graves.c.arrival > bindparam("arrival"),
    graves.c.ref == select(outputs.c.ref).where(outputs.c.public_id == bindparam("public_id")).scalar_subquery(),
)  # fmt: skip
# Asked with every feed that is made: built once.
_ONE = _told(_OF_ONE)


def graves_since(
    db: Database, output: Output, arrival: int, limit: int, *, codes: Collection[str] = (), refs: Collection[Ref] = ()
) -> list[Deleted]:
    """What was taken out of a feed after the place `arrival` of its order of arrival, the newest first.

    `codes` are those of a place's feed, `refs` the parts of a combined feed, whose `arrival` is that of everything. An
    entry whose id another source's entry has, which is shown, has no tombstone: a reader would remove that one too.
    """
    mine: ColumnElement[bool]
    if output.kind == "places":
        mine = and_(graves.c.kind == "places", graves.c.code.in_(list(codes)), graves.c.arrival > arrival)
    elif output.kind == "feeds":
        parts = [and_(graves.c.kind == kind, graves.c.ref == ref) for kind, ref in sorted(refs)]
        of_places = and_(graves.c.kind == "places", graves.c.code.in_(list(codes)))
        mine = and_(or_(of_places, *parts), graves.c.turn > arrival)
    else:
        mine = _OF_ONE
    statement = _ONE if mine is _OF_ONE else _told(mine)
    asked = {"kind": output.kind, "public_id": output.public_id, "arrival": arrival} if mine is _OF_ONE else {}
    found: dict[str, Deleted] = {}
    with db.read() as connection:
        for row in connection.execute(statement, {**asked, "most": limit * 4}):
            found.setdefault(row.public_id, Deleted(id=row.public_id, at=row.at, comment=row.comment))
    return list(found.values())[:limit]
