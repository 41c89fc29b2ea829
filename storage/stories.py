"""Stories in the store: which entries tell the same, and how far the joining has come.

In: stories that somebody found. Out: entries that name their story, feeds of ours renewed where that shows.
Never: a story's number given to another, or a story deleted: one that was joined to an older one leads there (N-05).
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, bindparam, func, insert, select, update

from storage.database import Database
from storage.model import Work
from storage.outputs import ALL, Ledger, Ref
from storage.schema import bylines, entries, filings, sources, stories, work
from storage.work import STORIES

SUBJECT = "entries"
_CHUNK = 1000
_COLUMNS = (
    entries.c.id, sources.c.slug, entries.c.published, entries.c.first_seen, entries.c.title, entries.c.text,
    entries.c.link, entries.c.canonical, entries.c.story_id,
)  # fmt: skip
_FRESH = select(*_COLUMNS).join(sources, sources.c.id == entries.c.source_id)
_TELL = update(entries).where(entries.c.id == bindparam("this")).values(story_id=bindparam("told"))
_MINE = and_(work.c.kind == STORIES, work.c.subject == SUBJECT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What is needed of an entry to find its story. `story` is None where it was not joined yet."""

    key: int
    source: str
    published: datetime
    first_seen: datetime
    title: str
    text: str
    link: str
    canonical: str
    story: int | None


def begin(db: Database, now: datetime) -> None:
    """Have the piece of work that joins entries in the queue, and alive: one that was given up gets another chance."""
    fresh = {"kind": STORIES, "subject": SUBJECT, "payload": {"after": 0}, "due_at": now}
    again = update(work).where(_MINE, work.c.dead_at.is_not(None)).values(dead_at=None, attempts=0, due_at=now)
    with db.write() as connection:
        connection.execute(db.insert(work).values(fresh).on_conflict_do_nothing())
        connection.execute(again)


def is_behind(db: Database) -> bool:
    """Whether entries wait to be joined."""
    with db.read() as connection:
        payload = connection.execute(select(work.c.payload).where(_MINE)).scalar_one_or_none()
        newest = connection.execute(select(func.max(entries.c.id))).scalar_one_or_none() or 0
    return payload is None or int(payload["after"]) < newest


def words_after(db: Database, key: int, limit: int) -> list[Words]:
    """Entries in order of arrival after `key`."""
    statement = _FRESH.where(entries.c.id > key).order_by(entries.c.id).limit(limit)
    with db.read() as connection:
        return [_words(row) for row in connection.execute(statement).mappings()]


def joined_since(db: Database, since: datetime, upto: int, limit: int) -> Iterator[Words]:
    """Entries that were joined already and came since then, up to the key `upto`, the last first; `limit` at most."""
    left, key = limit, upto + 1
    while left > 0:
        statement = _FRESH.where(entries.c.id < key).order_by(entries.c.id.desc()).limit(min(_CHUNK, left))
        with db.read() as connection:
            found = connection.execute(statement).mappings().all()
        for row in found:
            if row["first_seen"] < since:
                return
            if row["story_id"] is not None:
                yield _words(row)
        if not found:
            return
        left, key = left - len(found), found[-1]["id"]


def join(
    db: Database, piece: Work, told: Mapping[int, int], merged: Mapping[int, int], after: int, now: datetime,
    lease: timedelta = timedelta(minutes=2),
) -> bool:  # fmt: skip
    """Write down which story each entry tells (`told`, by key), which stories are others now (`merged`), and how far
    the work has come. False where its lease was lost: then nothing is written.

    A story that nobody told before gets the number of its entry. Our feeds that show an entry of a story that others tell
    too get a new revision.
    """
    mine = and_(work.c.id == piece.id, work.c.lease_owner == piece.owner)
    come = {"payload": {**piece.payload, "after": after}, "lease_until": now + lease, "attempts": 0}
    with db.write() as connection:
        if connection.execute(update(work).where(mine).values(come)).rowcount != 1:
            return False
        grown = {story for key, story in told.items() if story != key} | set(merged.values())
        ledger = Ledger(connection, now)
        if grown:  # first of all, as whoever records an edit does
            ledger.lock([ALL])
        _write(connection, told, merged, now)
        if grown:
            connection.execute(update(stories).where(stories.c.id.in_(grown)).values(changed_at=now))
            ledger.touch(_feeds_telling(connection, grown))
            ledger.close()
    return True


def _write(connection: Connection, told: Mapping[int, int], merged: Mapping[int, int], now: datetime) -> None:
    held = set(connection.execute(select(stories.c.id).where(stories.c.id.in_(told.values()))).scalars())
    new = [
        {"id": story, "public_id": f"urn:uuid:{uuid.uuid4()}", "made_at": now, "changed_at": now}
        for story in sorted(set(told.values()) - held)
    ]
    if new:
        connection.execute(insert(stories), new)
    if told:
        connection.execute(_TELL, [{"this": key, "told": story} for key, story in sorted(told.items())])
    for gone, story in sorted(merged.items()):
        connection.execute(update(entries).where(entries.c.story_id == gone).values(story_id=story))
        led = (stories.c.id == gone) | (stories.c.merged_into == gone)
        connection.execute(update(stories).where(led).values(merged_into=story, changed_at=now))


def _feeds_telling(connection: Connection, told: Collection[int]) -> set[Ref]:
    """Every feed of ours in which an entry of these stories stands."""
    mine = entries.c.story_id.in_(told)
    from_sources = select(entries.c.source_id).where(mine).distinct()
    filed = select(filings.c.topic_id).join(entries, entries.c.id == filings.c.entry_id).where(mine).distinct()
    signed = select(bylines.c.author_id).join(entries, entries.c.id == bylines.c.entry_id).where(mine).distinct()
    found: set[Ref] = {ALL}
    for kind, statement in (("sources", from_sources), ("topics", filed), ("authors", signed)):
        found |= {(kind, ref) for ref in connection.execute(statement).scalars()}
    return found


def story_of(db: Database, number: int) -> dict[str, Any] | None:
    """A story's row, under its own number or one that was joined to it; None where there is none."""
    with db.read() as connection:
        row = connection.execute(select(stories).where(stories.c.id == number)).mappings().one_or_none()
        if row is not None and row["merged_into"] is not None:
            now = select(stories).where(stories.c.id == row["merged_into"])
            row = connection.execute(now).mappings().one_or_none()
    return dict(row) if row is not None else None


def _words(row: RowMapping) -> Words:
    return Words(
        key=row["id"], source=row["slug"], published=row["published"], first_seen=row["first_seen"], title=row["title"],
        text=row["text"], link=row["link"], canonical=row["canonical"], story=row["story_id"],
    )  # fmt: skip


def tellers(db: Database, told: Sequence[int]) -> dict[int, list[int]]:
    """The keys of the entries that tell each of these stories, the preferred source's first, then the first published.

    Hidden entries are left out, and stories that one entry alone tells.
    """
    if not told:
        return {}
    statement = (
        select(entries.c.story_id, entries.c.id)
        .join(sources, sources.c.id == entries.c.source_id)
        .where(entries.c.story_id.in_(told), entries.c.hidden_at.is_(None))
        .order_by(entries.c.story_id, sources.c.rank, entries.c.published, entries.c.id)
    )
    found: dict[int, list[int]] = {}
    with db.read() as connection:
        for row in connection.execute(statement):
            found.setdefault(row.story_id, []).append(row.id)
    return {story: keys for story, keys in found.items() if len(keys) > 1}
