"""Entries for a search: which may match, told by the index, and of each no more than the evaluator needs.

In: a narrowing, numbers of entries. Out: numbers, the newest arrival first; candidates. Never: an answer, and never one
candidate too few: what waits to be indexed is always a candidate.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, func, select

from feeds.model import Article, Author, Entry, Source
from storage import rows, search_index
from storage.articles import pages_among
from storage.database import Database
from storage.merging import with_article
from storage.model import Meaning
from storage.naming import places_among
from storage.schema import bylines, entries, search_due, sources
from storage.search_model import Narrowing

NO_END = 2**62
"""A number that no entry reaches: the newest arrivals are before it."""
_CHUNK = 500
_COLUMNS = (
    entries.c.id, entries.c.source_id, entries.c.entry_id, entries.c.link, entries.c.external_link, entries.c.title,
    entries.c.text, entries.c.published, entries.c.first_seen, entries.c.lang, entries.c.categories,
    entries.c.language, entries.c.language_by, entries.c.wire, entries.c.story_id,
)  # fmt: skip

# No more than a Source is made of: what polls remember of one lies beside it.
_SOURCES = select(
    sources.c.id, sources.c.slug, sources.c.declared_url, sources.c.learned_url, sources.c.name, sources.c.kind, sources.c.lang,
    sources.c.country, sources.c.region, sources.c.tags, sources.c.labels, sources.c.rank, sources.c.full_text,
    sources.c.every_seconds, sources.c.hours, sources.c.weight, sources.c.republish, sources.c.origin,
    sources.c.embargo_seconds,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An entry as the evaluator sees it: without its markup, with its source, what it is, and its published moment.

    `outlets` is how many sources tell its story, itself among them.
    """

    key: int
    entry: Entry
    source: Source
    meaning: Meaning
    published: datetime
    first_seen: datetime
    outlets: int = 1


def candidates(
    connection: Connection, narrowing: Narrowing | None, *, before: int = NO_END, floor: int = 0, most: int
) -> list[int]:
    """The newest entries below the number `before`, from `floor` on, that may match: whoever is not among them does not.

    Fewer than `most` only where there are no more. Without a narrowing, every entry may.
    """
    if narrowing is None or not search_index.is_wieldy(narrowing):
        every = select(entries.c.id).where(entries.c.id < before, entries.c.id >= floor)
        return list(connection.execute(every.order_by(entries.c.id.desc()).limit(most)).scalars())
    indexed = search_index.find(connection, narrowing, before, floor, most)
    unindexed = select(search_due.c.entry_id).where(search_due.c.entry_id < before, search_due.c.entry_id >= floor)
    newest = connection.execute(unindexed.order_by(search_due.c.entry_id.desc()).limit(most)).scalars()
    return sorted({*indexed, *newest}, reverse=True)[:most]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The entries that arrived since some moment: the lowest number, the highest, how many."""

    first: int
    last: int
    entries: int


def window(db: Database, since: datetime) -> Window:
    """The entries that arrived since then."""
    told = select(func.min(entries.c.id), func.max(entries.c.id), func.count()).where(entries.c.first_seen >= since)
    with db.read() as connection:
        first, last, number = connection.execute(told).one()
    return Window(first=first or 0, last=last or 0, entries=number)


def first_since(connection: Connection, since: datetime) -> int:
    """The lowest number of an entry that arrived since then."""
    lowest = select(func.min(entries.c.id)).where(entries.c.first_seen >= since)
    found = connection.execute(lowest).scalar_one_or_none()
    return NO_END if found is None else int(found)


def load(
    connection: Connection, keys: Sequence[int], known: MutableMapping[int, Source], *, hidden: bool = False
) -> list[Candidate]:
    """These entries for the evaluator, the newest first; without those that are hidden, unless `hidden`.

    `known` remembers sources from one batch to the next.
    """
    found: list[Candidate] = []
    for start in range(0, len(keys), _CHUNK):
        part = list(keys[start : start + _CHUNK])
        which = select(*_COLUMNS).where(entries.c.id.in_(part)).order_by(entries.c.id.desc())
        shown = which if hidden else which.where(entries.c.hidden_at.is_(None))
        held = connection.execute(shown).mappings().all()
        found += _candidates(connection, held, known)
    return found


def _candidates(
    connection: Connection, held: Sequence[RowMapping], known: MutableMapping[int, Source]
) -> Iterator[Candidate]:
    keys = [row["id"] for row in held]
    _learn(connection, {row["source_id"] for row in held} - known.keys(), known)
    signed, placed, outlets = _signed(connection, keys), places_among(connection, keys), _outlets(connection, held)
    pages = pages_among(connection, [row["id"] for row in held if known[row["source_id"]].full_text == "page"])
    for row in held:
        key = row["id"]
        yield Candidate(
            key=key, entry=_entry(row, signed[key], pages.get(key)), source=known[row["source_id"]],
            meaning=Meaning(
                language=row["language"], language_by=row["language_by"], places=tuple(placed[key]), wire=row["wire"]
            ),
            published=row["published"], first_seen=row["first_seen"], outlets=outlets.get(row["story_id"], 1),
        )  # fmt: skip


def _entry(row: RowMapping, authors: Sequence[Author], page: Article | None) -> Entry:
    entry = Entry(
        id=row["entry_id"], link=row["link"], external_link=row["external_link"], title=row["title"], text=row["text"],
        published=row["published"], lang=row["lang"], authors=tuple(authors),
        categories=tuple(row["categories"]),
    )  # fmt: skip
    return with_article(entry, page)


def _learn(connection: Connection, ids: Iterable[int], known: MutableMapping[int, Source]) -> None:
    wanted = sorted(ids)
    if wanted:
        for row in connection.execute(_SOURCES.where(sources.c.id.in_(wanted))).mappings():
            known[row["id"]] = rows.source_of(row)


def _signed(connection: Connection, keys: Sequence[int]) -> defaultdict[int, list[Author]]:
    statement = select(bylines.c.entry_id, bylines.c.name).where(bylines.c.entry_id.in_(keys))
    found: defaultdict[int, list[Author]] = defaultdict(list)
    for row in connection.execute(statement.order_by(bylines.c.entry_id, bylines.c.position)):
        found[row.entry_id].append(Author(name=row.name))
    return found


def _outlets(connection: Connection, held: Sequence[RowMapping]) -> dict[int, int]:
    """How many sources tell each story."""
    told = sorted({row["story_id"] for row in held if row["story_id"] is not None})
    if not told:
        return {}
    counted = (
        select(entries.c.story_id, func.count(entries.c.source_id.distinct()).label("number"))
        .where(entries.c.story_id.in_(told), entries.c.hidden_at.is_(None))
        .group_by(entries.c.story_id)
    )
    return {row.story_id: row.number for row in connection.execute(counted)}
