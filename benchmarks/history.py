"""A store of made-up history for the benchmark of searching: many entries over many days, indexed for search.

In: how many. Out: an open store. Never: chance that differs between two runs.

The entries are written in bulk, as `db copy` would: what polls cost is measured elsewhere.
"""

from __future__ import annotations

import multiprocessing
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, insert, update

from aggregator.topics.narrow import tokens_of
from benchmarks.words import ENGLISH
from feeds.model import Author, Entry, Source
from storage import search_index
from storage.authors import author_ids
from storage.database import Database, open_database
from storage.model import Byline, Meaning, PlaceTag, SourceRow
from storage.rows import place_row
from storage.schema import bylines, entries, entry_places, outputs, search_due, sources
from storage.upkeep import Declared, reconcile

NEWEST = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAYS = 200
WORDS = (8, 42)
"""Words of a title and of a text."""
SOURCES = 140
"""How many sources the history has."""
_VOCABULARY = 30_000
_CHUNK = 4000
_PLACES = ("KZ", "UZ", "KG", "TJ", "TM", "AZ", "TR", "IN", "PL", "FR")


class Made(NamedTuple):
    """An entry before it is a row."""

    key: int
    title: str
    text: str
    author: int
    place: str


def vocabulary() -> list[str]:
    """Made-up words, the most common first."""
    chance = random.Random("words")

    def word() -> str:
        return "".join(chance.choice("bcdfghklmnprstvz") + chance.choice("aeiou") for _ in range(chance.randint(2, 5)))

    return list(islice(dict.fromkeys(word() for _ in range(_VOCABULARY * 2)), _VOCABULARY))


def build(url: str, count: int) -> Database:
    """A new store with so many entries of the last DAYS days, all indexed."""
    db = open_database(url)
    slugs = [f"outlet-{n}" for n in range(SOURCES)]
    rows = [SourceRow(source=Source(slug=one, url=f"https://{one}.example/feed", name=one, lang="en")) for one in slugs]
    reconcile(db, Declared(sources=rows), NEWEST)
    names = _names()
    with db.write() as connection:
        signers = [Byline(key=name.lower(), name=name, slug=name.lower().replace(" ", "-")) for name in names]
        people = author_ids(connection, signers, NEWEST)
        ids = [int(row.id) for row in connection.execute(sources.select().order_by(sources.c.id))]
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        for chunk, tokens in pool.map(_tokenised, _chunks(count)):
            with db.write() as connection:
                _write(connection, chunk, tokens, ids, [people[name.lower()] for name in names], count)
    with db.write() as connection:
        connection.execute(update(outputs).where(outputs.c.kind == "all").values(arrivals=count))
        connection.execute(delete(search_due))
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("ANALYZE")
    return db


def _names() -> list[str]:
    return [f"{given} {family}" for given in ENGLISH.given for family in ENGLISH.family]


def _chunks(count: int) -> Iterator[list[Made]]:
    """Entries with words as rare as Zipf has them."""
    chance, words, total = random.Random("history"), vocabulary(), 0.0
    bounds = [total := total + 1 / (rank + 10) for rank in range(len(words))]
    each, signers = sum(WORDS), len(_names())
    for start in range(1, count + 1, _CHUNK):
        size = min(_CHUNK, count + 1 - start)
        drawn = chance.choices(words, cum_weights=bounds, k=size * each)
        yield [
            Made(
                start + at, " ".join(own[: WORDS[0]]).capitalize(), " ".join(own[WORDS[0] :]), chance.randrange(signers),
                chance.choice(_PLACES) if chance.random() < 0.3 else "",
            )
            for at, own in ((at, drawn[at * each : (at + 1) * each]) for at in range(size))
        ]  # fmt: skip


def _tokenised(chunk: list[Made]) -> tuple[list[Made], list[str]]:
    """Entries with their tokens, as one string each: quicker to hand over than many."""
    names, source = _names(), Source(slug="s", url="https://s.example/")
    return chunk, [
        " ".join(
            tokens_of(
                Entry(id="", title=one.title, text=one.text, authors=(Author(name=names[one.author]),)), source,
                Meaning(language="en", language_by="text", places=_tags(one)),
            )
        )
        for one in chunk
    ]  # fmt: skip


def _tags(one: Made) -> tuple[PlaceTag, ...]:
    return (PlaceTag(code=one.place, count=1),) if one.place else ()


def _write(
    connection: Connection, chunk: Sequence[Made], tokens: Sequence[str], ids: Sequence[int], people: Sequence[int],
    count: int,
) -> None:  # fmt: skip
    names = _names()
    connection.execute(insert(entries), [_row(one, ids[one.key % len(ids)], count) for one in chunk])
    connection.execute(
        insert(bylines),
        [
            {"entry_id": one.key, "position": 0, "author_id": people[one.author], "key": "k", "name": names[one.author],
             "arrival": one.key}
            for one in chunk
        ],
    )  # fmt: skip
    connection.execute(insert(entry_places), [place_row(tag, one.key, one.key) for one in chunk for tag in _tags(one)])
    search_index.add(connection, [(one.key, words.split()) for one, words in zip(chunk, tokens, strict=True)])


def _row(one: Made, source: int, count: int) -> dict[str, Any]:
    at = NEWEST - timedelta(days=DAYS) * (count - one.key) / count
    link = f"https://outlet.example/{one.key}"
    return {
        "id": one.key, "source_id": source, "entry_id": link, "public_id": link, "link": link, "title": one.title,
        "content": f"<p>{one.text}</p>", "text": one.text, "published": at, "updated": at,
        "first_seen": at, "categories": [], "enclosures": [], "fingerprint": link, "language": "en", "language_by": "text",
    }  # fmt: skip
