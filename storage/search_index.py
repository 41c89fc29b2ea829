"""The full-text index on both engines: FTS5 on SQLite, a tsvector with GIN on PostgreSQL, both over our own tokens.

In: an entry's number and its tokens; a narrowing. Out: numbers of entries that may match, the newest first.
Never: a word read by an engine's own rules: what is a token is decided by whoever made it. And never one match too few:
an entry that is indexed again may keep tokens that it lost, so the index may name too many.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Connection, text

from storage.search_model import AllOf, AnyOf, Narrowing, Word

TABLE = "search_words"
MOST_BYTES = 900_000
"""PostgreSQL refuses a tsvector of a megabyte; ours ends before, with room for what it notes beside each token."""
_LONGEST = 500
"""Characters of a token, below the 2,046 bytes of a lexeme. A longer one is cut, in entries as in queries."""
_DEEPEST = 12
_MOST_WORDS = 2000
_SHORT = 4
# Both engines see letters only: what ASCII has besides is carried as characters that mean nothing to anybody.
_CARRIED = {code: 0xE000 + code for code in range(128) if not chr(code).isalnum()}

# On SQLite the table is without content and without positions: tokens are looked up, never shown. Version 3.40 cannot
# delete from such a table, but it takes a second row of the same number, which adds to the first.
_ADD_SQLITE = text(f"INSERT INTO {TABLE} (rowid, words) VALUES (:entry, :words)")  # noqa: S608 - no word of a stranger
_ADD_POSTGRESQL = text(
    f"INSERT INTO {TABLE} (entry_id, words) VALUES (:entry, array_to_tsvector(CAST(:words AS text[]))) "  # noqa: S608
    "ON CONFLICT (entry_id) DO UPDATE SET words = excluded.words"
)
_REMOVE_POSTGRESQL = text(f"DELETE FROM {TABLE} WHERE entry_id = :entry")  # noqa: S608
_FIND_SQLITE = text(
    f"SELECT rowid FROM {TABLE} WHERE {TABLE} MATCH :asked AND rowid < :before AND rowid >= :floor "  # noqa: S608
    "ORDER BY rowid DESC LIMIT :most"
)
# PostgreSQL guesses badly how common a word is that is not among the commonest. So it is not asked to choose: the last
# entries are looked through one by one, which finds what is common, and for what is rare the index is asked as a whole.
_NEWEST_POSTGRESQL = text(f"SELECT max(entry_id) FROM {TABLE} WHERE entry_id < :before")  # noqa: S608
_NEAR_POSTGRESQL = text(
    f"SELECT entry_id FROM {TABLE} WHERE words @@ CAST(:asked AS tsquery) AND entry_id < :before AND entry_id >= :floor "  # noqa: S608
    "ORDER BY entry_id DESC LIMIT :most"
)
_ALL_POSTGRESQL = text(
    f"WITH held AS MATERIALIZED (SELECT entry_id FROM {TABLE} WHERE words @@ CAST(:asked AS tsquery)) "  # noqa: S608
    "SELECT entry_id FROM held WHERE entry_id < :before AND entry_id >= :floor ORDER BY entry_id DESC LIMIT :most"
)
_NEAR = 64
"""How many entries are looked through for each that is wanted."""


def clear(connection: Connection) -> None:
    """Empty the index: its tokens mean something else now."""
    if _is_postgresql(connection):
        connection.exec_driver_sql(f"TRUNCATE {TABLE}")
    else:
        connection.exec_driver_sql(f"INSERT INTO {TABLE} ({TABLE}) VALUES ('delete-all')")  # noqa: S608


def remove(connection: Connection, keys: Sequence[int]) -> bool:
    """Take entries out of the index. False where it cannot forget single ones: then it is to be made anew."""
    if not _is_postgresql(connection):
        return False
    connection.execute(_REMOVE_POSTGRESQL, [{"entry": key} for key in keys])
    return True


def add(connection: Connection, found: Sequence[tuple[int, Iterable[str]]]) -> list[int]:
    """Index entries under their tokens. The numbers of those that are too large for it, and are not in it."""
    rows: list[tuple[int, list[str]]] = []
    large: list[int] = []
    for key, tokens in found:
        carried = sorted({_carried(token) for token in tokens if token})
        if sum(len(one.encode()) for one in carried) > MOST_BYTES:
            large.append(key)
        else:
            rows.append((key, carried))
    if rows and _is_postgresql(connection):
        connection.execute(_ADD_POSTGRESQL, [{"entry": key, "words": words} for key, words in rows])
    elif rows:
        connection.execute(_ADD_SQLITE, [{"entry": key, "words": " ".join(words)} for key, words in rows])
    return large


def find(connection: Connection, narrowing: Narrowing, before: int, floor: int, most: int) -> list[int]:
    """The newest numbers below `before`, from `floor` on, of entries that have what is asked for."""
    if _is_postgresql(connection):
        return _find_postgresql(connection, _tsquery(_bounded(narrowing)), before, floor, most)
    values = {"asked": _match(_bounded(narrowing)), "before": before, "floor": floor, "most": most}
    return list(connection.execute(_FIND_SQLITE, values).scalars())


def _find_postgresql(connection: Connection, asked: str, before: int, floor: int, most: int) -> list[int]:
    newest = connection.execute(_NEWEST_POSTGRESQL, {"before": before}).scalar_one_or_none()
    if newest is None:
        return []
    near = max(floor, newest + 1 - most * _NEAR)
    values = {"asked": asked, "before": before, "floor": near, "most": most}
    found = list(connection.execute(_NEAR_POSTGRESQL, values).scalars())
    if len(found) < most and near > floor:
        rest = {"asked": asked, "before": near, "floor": floor, "most": most - len(found)}
        found += connection.execute(_ALL_POSTGRESQL, rest).scalars()
    return found


def is_wieldy(narrowing: Narrowing) -> bool:
    """Whether the index is quicker than to look at entries one by one: not where it would be asked for very much."""
    return sum(map(_weight, _words(narrowing))) <= _MOST_WORDS


def _is_postgresql(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


def _carried(token: str) -> str:
    return token[:_LONGEST].translate(_CARRIED)


def _words(part: Narrowing) -> Iterator[Word]:
    if isinstance(part, Word):
        yield part
        return
    for inner in part.parts:
        yield from _words(inner)


def _weight(word: Word) -> int:
    """What a word costs, in whole words: a beginning is all words that begin so, a short one a good part of all."""
    if not word.is_prefix:
        return 1
    return 100 if len(word.token) <= _SHORT else 5


def _bounded(part: Narrowing, depth: int = 0) -> Narrowing:
    """The same, never deeper than both engines can read: what lies deeper asks for any of its words, which is less."""
    if isinstance(part, Word):
        return part
    if depth == _DEEPEST:
        return AnyOf(tuple(dict.fromkeys(_words(part))))
    return type(part)(tuple(_bounded(inner, depth + 1) for inner in part.parts))


def _match(part: Narrowing) -> str:
    """The question in FTS5's words. (https://www.sqlite.org/fts5.html section 3)"""
    if isinstance(part, Word):
        return f'"{_carried(part.token)}"{"*" if part.is_prefix else ""}'
    return f"({_joint(part, ' OR ', ' AND ').join(map(_match, part.parts))})"


def _tsquery(part: Narrowing) -> str:
    """The question as a literal tsquery, whose lexemes nothing normalises."""
    if isinstance(part, Word):
        return f"'{_carried(part.token)}'{':*' if part.is_prefix else ''}"
    return f"({_joint(part, ' | ', ' & ').join(map(_tsquery, part.parts))})"


def _joint(part: AnyOf | AllOf, some: str, every: str) -> str:
    return some if isinstance(part, AnyOf) else every
