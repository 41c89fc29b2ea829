"""The readers' side of the store: feeds with their revisions, pages of entries, lists, the journal.

In: kinds and slugs. Out: records, newest arrival first. Never: a write, or a decision about what may be shown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, bindparam, desc, func, or_, select

from feeds.model import Author, Head, Source
from storage import rows
from storage.articles import pages_among
from storage.database import Database
from storage.filing_model import Pin
from storage.merging import with_article
from storage.model import AuthorKind, Followed, JournalLine, Kept, Listed, Output, OutputKind, Why
from storage.naming import places_among
from storage.pins import pins_among
from storage.schema import (
    authors,
    bylines,
    entries,
    filings,
    former_slugs,
    journal,
    outputs,
    sources,
    topics,
)
from storage.stretch import WHOLE, Shape, Stretch, shape_of, standing, values_of

# What is told of an entry's source beside it.
SOURCE_COLUMNS = (
    sources.c.slug, sources.c.name, sources.c.declared_url, sources.c.learned_url, sources.c.head, sources.c.republish,
    sources.c.lang.label("source_lang"), sources.c.labels, sources.c.rank,
    sources.c.full_text,
)  # fmt: skip


def output(db: Database, kind: OutputKind, slug: str) -> Output | None:
    """A feed that we publish, by its address; under a former address `moved_to` names today's."""
    with db.read() as connection:
        found = _output(connection, kind, slug)
        if found is not None or kind == "all":
            return found
        former = select(former_slugs.c.now).where(former_slugs.c.kind == kind, former_slugs.c.slug == slug)
        now = connection.execute(former).scalar_one_or_none()
        moved = _output(connection, kind, now) if now else None
    if moved is None:
        return None
    return Output(
        kind=kind, slug=slug, title=moved.title, public_id=moved.public_id, revision=moved.revision,
        changed_at=moved.changed_at, moved_to=moved.slug,
    )  # fmt: skip


def _output(connection: Connection, kind: OutputKind, slug: str) -> Output | None:
    if kind == "all":
        row = connection.execute(select(outputs).where(outputs.c.kind == "all")).mappings().one_or_none()
        return _output_of(row, kind, "", "", "", "") if row else None
    table = {"topics": topics, "authors": authors, "sources": sources}[kind]
    joined = select(table, outputs).join(outputs, and_(outputs.c.kind == kind, outputs.c.ref == table.c.id))
    row = connection.execute(joined.where(table.c.slug == slug, table.c.retired_at.is_(None))).mappings().one_or_none()
    if row is None:
        return None
    if kind == "topics":
        return _output_of(row, kind, slug, row["title"], row["query"], "")
    if kind == "authors":
        return _output_of(row, kind, slug, row["name"], row["bio"], row["url"])
    head = rows.head_of(row["head"])
    return _output_of(row, kind, slug, row["name"] or head.title or slug, head.subtitle, head.site_url)


def _output_of(row: RowMapping, kind: OutputKind, slug: str, title: str, detail: str, url: str) -> Output:
    return Output(
        kind=kind, slug=slug, title=title, public_id=row["public_id"], revision=row["revision"],
        changed_at=row["changed_at"], detail=detail, url=url, arrivals=row["arrivals"],
    )  # fmt: skip


def page(
    db: Database, kind: OutputKind, slug: str, *, limit: int, announced: bool = False, stretch: Stretch = WHOLE
) -> list[Kept]:
    """The newest arrivals of a feed in a stretch of it. `announced` leaves out history, re-filed or back-filled: news only."""
    asked = replace(stretch, news=True) if announced else stretch
    with db.read() as connection:
        return standing_kept(connection, kind, slug, asked, limit)


def standing_kept(connection: Connection, kind: OutputKind, slug: str, stretch: Stretch, limit: int) -> list[Kept]:
    """The newest arrivals in a stretch of a feed, each with its place in that feed's order."""
    statement = _standing(kind, shape_of(stretch))
    found = connection.execute(statement, {"slug": slug, "most": limit, **values_of(stretch)})
    return kept_of(connection, found.mappings().all())


@cache
def _standing(kind: OutputKind, shape: Shape) -> Select[Any]:
    return newest(standing(kind, shape))


def newest(wanted: Select[Any]) -> Select[Any]:
    """The `most` newest among what stands in a feed (`storage.stretch`), with all that is kept of them."""
    chosen = wanted.order_by(desc("turn")).limit(bindparam("most")).subquery()
    return (
        select(entries, *SOURCE_COLUMNS, chosen.c.turn, chosen.c.is_news)
        .join(sources, sources.c.id == entries.c.source_id)
        .join(chosen, chosen.c.entry_id == entries.c.id)
        .order_by(chosen.c.turn.desc())
    )


def find_entry(db: Database, url_or_id: str) -> list[Kept]:
    """Entries by link, by their source's id, by public id, or by the number that commands print."""
    same = [entries.c.link == url_or_id, entries.c.entry_id == url_or_id, entries.c.public_id == url_or_id]
    if url_or_id.isascii() and url_or_id.isdigit() and len(url_or_id) < 19:
        same.append(entries.c.id == int(url_or_id))
    if rows.is_web_url(url_or_id):
        other = url_or_id.rstrip("/") if url_or_id.endswith("/") else url_or_id + "/"
        same.append(entries.c.link == other)
    statement = select(entries, *SOURCE_COLUMNS).join(sources, sources.c.id == entries.c.source_id).where(or_(*same))
    with db.read() as connection:
        found = connection.execute(statement.order_by(entries.c.id).limit(20)).mappings().all()
        return kept_of(connection, found)


def entries_after(db: Database, key: int, limit: int) -> list[Kept]:
    """Entries in order of arrival after `key`: how a rule is re-run over history."""
    statement = (
        select(entries, *SOURCE_COLUMNS)
        .join(sources, sources.c.id == entries.c.source_id)
        .where(entries.c.id > key)
        .order_by(entries.c.id)
        .limit(limit)
    )
    with db.read() as connection:
        return kept_of(connection, connection.execute(statement).mappings().all())


def entry(db: Database, key: int) -> Kept | None:
    """An entry by its number, hidden or not."""
    return next(iter(entries_of(db, [key])), None)


def entries_of(db: Database, keys: Sequence[int]) -> list[Kept]:
    """These entries, in the order of their keys."""
    statement = select(entries, *SOURCE_COLUMNS).join(sources, sources.c.id == entries.c.source_id)
    with db.read() as connection:
        chosen = statement.where(entries.c.id.in_(keys)).order_by(entries.c.id)
        return kept_of(connection, connection.execute(chosen).mappings().all()) if keys else []


def kept_of(connection: Connection, selected: Sequence[RowMapping]) -> list[Kept]:
    """Rows of entries with SOURCE_COLUMNS, as records with their authors, topics and places."""
    # Plain dictionaries: a row of SQLAlchemy takes several times as long to look into, and we look fifty times.
    names = tuple(selected[0].keys()) if selected else ()
    found: list[dict[str, Any]] = [dict(zip(names, row.values(), strict=True)) for row in selected]
    keys = [row["id"] for row in found]
    signed = _signed(connection, keys)
    pinned = pins_among(connection, keys)
    filed = _filed(connection, keys, pinned)
    placed = places_among(connection, keys)
    pages = pages_among(connection, [row["id"] for row in found if row["full_text"] == "page"])
    heads: dict[str, Head] = {}
    kept = []
    for row in found:
        people = signed[row["id"]]
        head = heads.get(row["slug"]) or heads.setdefault(row["slug"], rows.source_head(row))
        kept.append(
            Kept(
                key=row["id"],
                entry=with_article(
                    rows.entry_of(row, tuple(author for author, _ in people), head), pages.get(row["id"])
                ),
                source_slug=row["slug"],
                source_name=row["name"] or head.title or row["slug"],
                republish=row["republish"],
                published=row["published"],
                published_note=row["published_note"],
                updated=row["updated"],
                first_seen=row["first_seen"],
                revisions=row["revisions"],
                fingerprint=row["fingerprint"],
                hidden_at=row["hidden_at"],
                author_slugs=tuple(slug for _, slug in people),
                filings=tuple(filed[row["id"]]),
                hidden_why=row["hidden_why"],
                embargo_until=row["embargo_until"],
                arrival=row.get("turn", row["arrival"]),
                is_news=bool(row.get("is_news", row["announced"])),
                language=row["language"],
                language_by=row["language_by"],
                places=tuple(placed[row["id"]]),
                wire=row["wire"],
                story=row["story_id"],
                labels=tuple(row["labels"] or ()),
                rank=row["rank"],
                pins=tuple(pinned[row["id"]]),
            )
        )
    return kept


_SIGNED = (
    select(bylines, authors.c.slug, authors.c.bio, authors.c.url.label("page"))
    .join(authors, authors.c.id == bylines.c.author_id)
    .where(bylines.c.entry_id.in_(bindparam("keys", expanding=True)))
    .order_by(bylines.c.entry_id, bylines.c.position)
)


def _signed(connection: Connection, keys: Sequence[int]) -> defaultdict[int, list[tuple[Author, str]]]:
    found: defaultdict[int, list[tuple[Author, str]]] = defaultdict(list)
    for row in connection.execute(_SIGNED, {"keys": keys}).mappings().all():
        found[row["entry_id"]].append((Author(name=row["name"], url=row["url"], bio=row["bio"]), row["slug"]))
    return found


_FILED = (
    select(filings, topics.c.slug, topics.c.title)
    .join(topics, topics.c.id == filings.c.topic_id)
    .where(filings.c.entry_id.in_(bindparam("keys", expanding=True)))
    .where(filings.c.closed_at.is_(None), topics.c.retired_at.is_(None))
    .order_by(filings.c.entry_id, topics.c.position, topics.c.slug)
)


def _filed(
    connection: Connection, keys: Sequence[int], pinned: Mapping[int, Sequence[Pin]]
) -> defaultdict[int, list[Why]]:
    found: defaultdict[int, list[Why]] = defaultdict(list)
    for row in connection.execute(_FILED, {"keys": keys}).mappings().all():
        said = [pin.said for pin in pinned.get(row["entry_id"], ()) if pin.topic == row["slug"]]
        found[row["entry_id"]].append(
            Why(
                topic=row["slug"], title=row["title"], rule_version=row["rule_version"], opened_at=row["opened_at"],
                announced=row["announced"], spans=rows.spans_of(row["spans"]), pinned=next(iter(said), None),
            )
        )  # fmt: skip
    return found


def open_filings(db: Database, keys: Sequence[int], slugs: Sequence[str]) -> dict[int, set[str]]:
    """Under which of these topics, retired ones included, each of these entries is filed."""
    statement = (
        select(filings.c.entry_id, topics.c.slug)
        .join(topics, topics.c.id == filings.c.topic_id)
        .where(filings.c.entry_id.in_(keys), topics.c.slug.in_(list(slugs)), filings.c.closed_at.is_(None))
    )
    found: dict[int, set[str]] = {}
    with db.read() as connection:
        for row in connection.execute(statement):
            found.setdefault(row.entry_id, set()).add(row.slug)
    return found


def list_topics(db: Database) -> list[Listed]:
    """Every topic in the configuration's order, with how many entries are filed and the newest."""
    count = func.count(filings.c.id)
    statement = (
        select(topics.c.slug, topics.c.title, topics.c.query, count, func.max(filings.c.opened_at))
        .select_from(topics)
        .outerjoin(filings, and_(filings.c.topic_id == topics.c.id, filings.c.closed_at.is_(None)))
        .where(topics.c.retired_at.is_(None))
        .group_by(topics.c.id, topics.c.slug, topics.c.title, topics.c.query, topics.c.position)
        .order_by(topics.c.position, topics.c.slug)
    )
    return _listed(db, statement)


def list_authors(db: Database, *, limit: int = 1000, kinds: Sequence[AuthorKind] = ("person",)) -> list[Listed]:
    """Persons with entries, or declared in the configuration, those with most entries first; other `kinds` on demand."""
    count = func.count(func.distinct(bylines.c.entry_id))
    statement = (
        select(authors.c.slug, authors.c.name, authors.c.bio, count, func.max(entries.c.first_seen))
        .select_from(authors)
        .outerjoin(bylines, bylines.c.author_id == authors.c.id)
        .outerjoin(entries, entries.c.id == bylines.c.entry_id)
        .where(authors.c.retired_at.is_(None), authors.c.kind.in_(list(kinds)))
        .group_by(authors.c.id, authors.c.slug, authors.c.name, authors.c.bio, authors.c.origin)
        .having(or_(count > 0, authors.c.origin == "file"))
        .order_by(count.desc(), authors.c.name, authors.c.slug)
        .limit(limit)
    )
    return _listed(db, statement)


def _listed(db: Database, statement: Select[Any]) -> list[Listed]:
    with db.read() as connection:
        found = connection.execute(statement).all()
    return [Listed(slug=r[0], title=r[1], detail=r[2], entries=r[3], latest=r[4]) for r in found]


def followed(db: Database, slug: str | None = None) -> list[Followed]:
    """Sources with their state, in the configuration's order; one, or all that are not retired."""
    counted = select(entries.c.source_id, func.count().label("held")).group_by(entries.c.source_id).subquery()
    which: ColumnElement[bool] = sources.c.retired_at.is_(None)
    if slug is not None:
        which = sources.c.slug == slug
    statement = (
        select(sources, func.coalesce(counted.c.held, 0).label("held"))
        .outerjoin(counted, counted.c.source_id == sources.c.id)
        .where(which)
        .order_by(sources.c.position, sources.c.id)
    )
    with db.read() as connection:
        found = connection.execute(statement).mappings().all()
    return [
        Followed(
            source=rows.source_of(row), declared_url=row["declared_url"], site_url=head.site_url, title=head.title,
            description=head.subtitle,
            origin=row["origin"], state=rows.state_of(row), entries=row["held"], last_poll_at=row["last_poll_at"],
            last_ok_at=row["last_ok_at"], last_new_at=row["last_new_at"], last_outcome=row["last_outcome"],
            last_detail=row["last_detail"], last_kind=row["last_kind"], host=row["host"], moved_to=row["moved_to"],
            moved_since=row["moved_since"], moved_seen=row["moved_seen"],
        )
        for row, head in ((row, rows.head_of(row["head"])) for row in found)
    ]  # fmt: skip


def sources_of(db: Database, kept: Sequence[Kept]) -> dict[str, Source]:
    """The sources that some entries came from, by slug, retired or not."""
    wanted = select(sources).where(sources.c.slug.in_({one.source_slug for one in kept}))
    with db.read() as connection:
        return {row["slug"]: rows.source_of(row) for row in connection.execute(wanted).mappings()}


def source_named(db: Database, slug: str) -> Source:
    """A source as it is stored, retired or not. Raises LookupError."""
    with db.read() as connection:
        row = connection.execute(select(sources).where(sources.c.slug == slug)).mappings().one_or_none()
    if row is None:
        raise LookupError(slug)
    return rows.source_of(row)


def journal_of(db: Database, slug: str, *, limit: int = 20) -> list[JournalLine]:
    """The last polls of a source, newest first."""
    statement = (
        select(journal)
        .join(sources, sources.c.id == journal.c.source_id)
        .where(sources.c.slug == slug)
        .order_by(journal.c.id.desc())
        .limit(limit)
    )
    with db.read() as connection:
        found = connection.execute(statement).mappings().all()
    return [JournalLine(**{name: row[name] for name in JournalLine.__slots__}) for row in found]


def newest_entry(db: Database) -> int:
    """The key of the newest entry, 0 where there is none."""
    with db.read() as connection:
        return int(connection.execute(select(func.max(entries.c.id))).scalar_one_or_none() or 0)


def counts(db: Database) -> dict[str, int]:
    """How many entries, sources, topics and persons who write the store holds."""
    current = {
        "entries": select(func.count()).select_from(entries),
        "sources": select(func.count()).select_from(sources).where(sources.c.retired_at.is_(None)),
        "topics": select(func.count()).select_from(topics).where(topics.c.retired_at.is_(None)),
        "authors": select(func.count())
        .select_from(authors)
        .where(authors.c.retired_at.is_(None), authors.c.kind == "person"),
    }
    with db.read() as connection:
        return {name: int(connection.execute(statement).scalar_one()) for name, statement in current.items()}
