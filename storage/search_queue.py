"""Entries that wait to be indexed for search: later work, of which a poll does no more than note who waits.

In: numbers of entries, inside whatever transaction changed them; later their tokens. Out: rows of the index.
Never: an entry taken out that changed since its tokens were made: each time that one is put here its turn is another.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from itertools import groupby

from sqlalchemy import BigInteger, Connection, bindparam, delete, func, insert, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage import search_index
from storage.database import Database
from storage.schema import entries, search_due

_NEVER = 0
"""The turn of an entry that is too large to be indexed: it stays, and every search looks at it."""
_THIS = (search_due.c.entry_id == bindparam("this")) & (search_due.c.turn == bindparam("its_turn"))
_DONE = delete(search_due).where(_THIS)
_TOO_LARGE = update(search_due).where(_THIS).values(turn=_NEVER)
# Both engines know the same ON CONFLICT; SQLAlchemy spells it once for each.
_sqlite, _postgresql = sqlite.insert(search_due), postgresql.insert(search_due)
_PUT = {
    "sqlite": _sqlite.on_conflict_do_update(index_elements=["entry_id"], set_={"turn": _sqlite.excluded.turn}),
    "postgresql": _postgresql.on_conflict_do_update(
        index_elements=["entry_id"], set_={"turn": _postgresql.excluded.turn}
    ),
}


def put_due(connection: Connection, keys: Iterable[int]) -> None:
    """Have these entries indexed, or indexed again, once there is time; until then every search looks at them."""
    turn = _new_turn()
    waiting = [{"entry_id": key, "turn": turn} for key in sorted(keys)]
    if waiting:
        connection.execute(_PUT[connection.dialect.name], waiting)


def put_source_due(connection: Connection, source_id: int) -> None:
    """Have every entry of a source indexed again: what is said of the source is among their tokens."""
    mine = select(entries.c.id).where(entries.c.source_id == source_id)
    put_due(connection, list(connection.execute(mine).scalars()))


def put_all_due(connection: Connection) -> None:
    """Empty the index, and have every entry indexed."""
    search_index.clear(connection)
    connection.execute(delete(search_due))
    every = select(entries.c.id, literal(_new_turn(), BigInteger))
    connection.execute(insert(search_due).from_select(["entry_id", "turn"], every))


def waiting(db: Database) -> int:
    """How many entries wait to be indexed."""
    counted = select(func.count()).select_from(search_due).where(search_due.c.turn != _NEVER)
    with db.read() as connection:
        return int(connection.execute(counted).scalar_one())


def due(db: Database, limit: int) -> list[tuple[int, int]]:
    """Entries that wait to be indexed, the newest first, each with its turn."""
    statement = select(search_due.c.entry_id, search_due.c.turn).where(search_due.c.turn != _NEVER)
    with db.read() as connection:
        found = connection.execute(statement.order_by(search_due.c.entry_id.desc()).limit(limit))
        return [(row.entry_id, row.turn) for row in found]


def index(db: Database, found: Sequence[tuple[int, int, Iterable[str]]]) -> None:
    """Index entries: number, turn, tokens. One that was put here again meanwhile goes on waiting."""
    # In the order of `put_due`: whoever takes the same rows in another order could wait for us as we wait for him.
    ordered = sorted(found, key=lambda one: one[0])
    with db.write() as connection:
        large = set(search_index.add(connection, [(key, tokens) for key, _, tokens in ordered]))
        done = ((key in large, {"this": key, "its_turn": turn}) for key, turn, _ in ordered)
        for is_large, rows in groupby(done, key=lambda pair: pair[0]):
            connection.execute(_TOO_LARGE if is_large else _DONE, [row for _, row in rows])


def _new_turn() -> int:
    return random.getrandbits(62) | 1
