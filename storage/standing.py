"""All that is published, as it stands at one moment: what publishing as files compares with what it wrote last.

In: nothing, or numbers of entries. Out: every feed with its revision, and marks: what a mark is of has not changed while
the mark has not. Never: a word of an entry, or a write.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, and_, func, select

from storage import rows
from storage.database import Database
from storage.model import Output, OutputKind
from storage.schema import (
    articles,
    authors,
    bylines,
    entries,
    entry_places,
    filings,
    outputs,
    pins,
    sources,
    topics,
)

_CHUNK = 500
_KINDS: tuple[OutputKind, ...] = ("topics", "authors", "sources")
# What pages, feeds and lists tell of a source; what changes with each poll is not among it.
_SOURCE = (
    sources.c.id, sources.c.slug, sources.c.name, sources.c.declared_url, sources.c.learned_url, sources.c.head,
    sources.c.kind, sources.c.lang, sources.c.country, sources.c.region, sources.c.tags, sources.c.labels, sources.c.rank,
    sources.c.full_text, sources.c.republish, sources.c.every_seconds, sources.c.retired_at, sources.c.position,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Every feed that has a row, in the order of its list, and marks of what else pages tell.

    `marks` are of the sources and of the places that are named, by "sources/SLUG" and by code; `mark` is of all of it.
    """

    outputs: tuple[Output, ...]
    marks: Mapping[str, str]
    mark: str

    @property
    def changed_at(self) -> datetime:
        """When anything changed last."""
        return max(one.changed_at for one in self.outputs)


def standing(db: Database) -> Standing:
    """What is published now, in one read whatever it holds."""
    with db.read() as connection:
        known = {(row["kind"], row["ref"]): row for row in connection.execute(select(outputs)).mappings()}
        told = {row["id"]: row for row in connection.execute(select(*_SOURCE)).mappings()}
        lists = {"topics": _topics(connection), "authors": _authors(connection), "sources": _named(told.values())}
        named = _named_places(connection)
    found = [(known["all", 0], _output(known["all", 0], "all", "", "", "", ""))] if ("all", 0) in known else []
    for kind in _KINDS:
        held = ((known[kind, ref], said) for ref, said in lists[kind] if (kind, ref) in known)
        found += [(row, _output(row, kind, *said)) for row, said in held]
    marks = {f"sources/{row['slug']}": _digest(*tuple(row.values())) for row in told.values()} | named
    return Standing(
        outputs=tuple(one for _, one in found), marks=marks,
        mark=_digest(*((*row.values(), one) for row, one in found), sorted(marks.items())),
    )  # fmt: skip


def _topics(connection: Connection) -> list[tuple[int, tuple[str, str, str, str]]]:
    alive = select(topics).where(topics.c.retired_at.is_(None)).order_by(topics.c.position, topics.c.slug)
    found = connection.execute(alive).mappings()
    return [(row["id"], (row["slug"], row["title"], row["query"], "")) for row in found]


def _authors(connection: Connection) -> list[tuple[int, tuple[str, str, str, str]]]:
    alive = select(authors).where(authors.c.retired_at.is_(None)).order_by(authors.c.slug)
    found = connection.execute(alive).mappings()
    return [(row["id"], (row["slug"], row["name"], row["bio"], row["url"])) for row in found]


def _named(told: Iterable[RowMapping]) -> list[tuple[int, tuple[str, str, str, str]]]:
    alive = sorted((row for row in told if row["retired_at"] is None), key=lambda row: (row["position"], row["id"]))
    heads = ((row, rows.head_of(row["head"])) for row in alive)
    return [
        (row["id"], (row["slug"], row["name"] or head.title or row["slug"], head.subtitle, head.site_url))
        for row, head in heads
    ]


def _named_places(connection: Connection) -> dict[str, str]:
    """Of every place that is named, which entries name it, as far as numbers tell."""
    counted = (
        select(entry_places.c.code, func.count(), func.sum(entries.c.id), func.max(entry_places.c.arrival))
        .join(entries, entries.c.id == entry_places.c.entry_id)
        .where(entries.c.hidden_at.is_(None), entries.c.embargo_until.is_(None))
        .group_by(entry_places.c.code)
    )
    return {row[0]: f"{row[1]}/{int(row[2])}/{row[3]}" for row in connection.execute(counted)}


def _output(row: RowMapping, kind: OutputKind, slug: str, title: str, detail: str, url: str) -> Output:
    return Output(
        kind=kind, slug=slug, title=title, public_id=row["public_id"], revision=row["revision"],
        changed_at=row["changed_at"], detail=detail, url=url, arrivals=row["arrivals"],
    )  # fmt: skip


def entry_marks(db: Database, keys: Sequence[int]) -> dict[int, str]:
    """A mark of each of these entries: of its words, its topics, authors, places, source, and those who tell its story.

    An entry that is no more has none.
    """
    found: dict[int, str] = {}
    wanted = sorted(set(keys))
    for start in range(0, len(wanted), _CHUNK):
        with db.read() as connection:
            found |= _marks(connection, wanted[start : start + _CHUNK])
    return found


def _marks(connection: Connection, keys: Sequence[int]) -> dict[int, str]:
    said: defaultdict[int, list[Any]] = defaultdict(list)
    stories: defaultdict[int, list[int]] = defaultdict(list)
    for row in connection.execute(_ENTRY.where(entries.c.id.in_(keys))).mappings():
        said[row["id"]].append(tuple(row.values()))
        if row["story_id"] is not None:
            stories[row["story_id"]].append(row["id"])
    for statement in _ABOUT:
        for one in connection.execute(statement(keys)):
            said[one[0]].append(tuple(one[1:]))
    tellers: defaultdict[int, list[Any]] = defaultdict(list)
    for one in connection.execute(_TELLERS.where(entries.c.story_id.in_(stories))) if stories else ():
        tellers[one[0]].append(tuple(one[1:]))
    for story, telling in tellers.items():
        for key in stories[story]:
            said[key].append(telling)
    return {key: _digest(*about) for key, about in said.items()}


_WHOSE = (sources.c.slug, sources.c.name, sources.c.head, sources.c.republish, sources.c.labels, sources.c.rank)
_ENTRY = select(
    entries.c.id, entries.c.fingerprint, entries.c.published, entries.c.updated, entries.c.revisions, entries.c.hidden_at,
    entries.c.embargo_until, entries.c.language, entries.c.language_by, entries.c.wire, entries.c.story_id,
    sources.c.declared_url, sources.c.learned_url, sources.c.lang, sources.c.full_text, sources.c.retired_at, *_WHOSE,
).join(sources, sources.c.id == entries.c.source_id)  # fmt: skip
_TELLERS = (
    select(
        entries.c.story_id, entries.c.id, entries.c.fingerprint, entries.c.hidden_at, entries.c.embargo_until, entries.c.wire,
        *_WHOSE,
    )
    .join(sources, sources.c.id == entries.c.source_id)
    .order_by(entries.c.story_id, entries.c.id)
)  # fmt: skip


def _filed(keys: Sequence[int]) -> Select[Any]:
    is_open = and_(filings.c.closed_at.is_(None), topics.c.retired_at.is_(None))
    columns = (filings.c.entry_id, topics.c.slug, topics.c.title, filings.c.rule_version, filings.c.opened_at)
    found = select(*columns, filings.c.announced).join(topics, topics.c.id == filings.c.topic_id)
    return found.where(filings.c.entry_id.in_(keys), is_open).order_by(
        filings.c.entry_id, topics.c.position, topics.c.slug
    )


def _pinned(keys: Sequence[int]) -> Select[Any]:
    columns = (pins.c.entry_id, pins.c.topic_id, pins.c.is_in, pins.c.at, topics.c.slug, topics.c.retired_at)
    found = select(*columns).join(topics, topics.c.id == pins.c.topic_id)
    return found.where(pins.c.entry_id.in_(keys)).order_by(pins.c.entry_id, pins.c.topic_id)


def _signed(keys: Sequence[int]) -> Select[Any]:
    columns = (bylines.c.entry_id, bylines.c.position, bylines.c.name, bylines.c.url, authors.c.slug)
    whose = (authors.c.bio, authors.c.url.label("page"), authors.c.retired_at)
    found = select(*columns, *whose).join(authors, authors.c.id == bylines.c.author_id)
    return found.where(bylines.c.entry_id.in_(keys)).order_by(bylines.c.entry_id, bylines.c.position)


def _placed(keys: Sequence[int]) -> Select[Any]:
    columns = (entry_places.c.entry_id, entry_places.c.code, entry_places.c.count)
    return (
        select(*columns).where(entry_places.c.entry_id.in_(keys)).order_by(entry_places.c.entry_id, entry_places.c.code)
    )


def _read(keys: Sequence[int]) -> Select[Any]:
    """What became of its page, where it was read."""
    columns = (articles.c.entry_id, articles.c.state, articles.c.fetched_at)
    return select(*columns).where(articles.c.entry_id.in_(keys))


_ABOUT = (_filed, _pinned, _signed, _placed, _read)


def _digest(*said: object) -> str:
    return hashlib.sha256(repr(said).encode("utf-8", "surrogatepass")).hexdigest()[:20]
