"""Pages of entries: those that wait to be read, what they said, and hosts that want to be left alone.

In: entries' numbers, articles. Out: work leased for one host at a time, what is known of pages. Never: a request, or a word
of the feed changed: a page's words have a table of their own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, RowMapping, and_, delete, func, insert, or_, select, update

from feeds.model import Article, Author, FailureKind
from storage.database import Database
from storage.model import Judged, Work
from storage.recording import write_again
from storage.schema import articles, entries, sources, work
from storage.search_queue import put_due
from storage.settling import leave_alone
from storage.work import PAGE

PageState = Literal["fetched", "refused", "failed"]
LEASE = timedelta(minutes=10)
"""How long a reader may take for a page: redirects, their robots.txt and the turns at every host."""
_WINDOW = 50
_CHUNK = 500
_HOST = work.c.payload["host"].as_string()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What became of an entry's page: "waiting", "fetched", "refused" or "failed", and why.

    `size` is the characters of its text; `at` is when it was read or given up, or when it is tried next.
    """

    state: PageState | Literal["waiting"]
    url: str = ""
    reason: str = ""
    at: datetime | None = None
    size: int = 0


def claim_pages(
    db: Database, now: datetime, *, owner: str, limit: int, busy: Collection[str], lease: timedelta = LEASE
) -> list[Work]:
    """Lease pages that are due, the longest due first: one of a host, none of a host that is `busy` or asked by others."""
    free = or_(work.c.lease_until.is_(None), work.c.lease_until <= now, work.c.lease_until > now + lease * 2)
    due = and_(work.c.kind == PAGE, work.c.dead_at.is_(None), work.c.due_at <= now, free)
    asked = select(_HOST).where(work.c.kind == PAGE, work.c.lease_until > now, work.c.lease_until <= now + lease * 2)
    with db.write() as connection:
        taken = {*busy, *connection.execute(asked).scalars()}
        chosen: list[int] = []
        whole = False
        while len(chosen) < limit and not whole:
            others = select(work.c.id, _HOST.label("host")).where(due, _HOST.not_in(sorted(taken)))
            found = connection.execute(others.order_by(work.c.due_at, work.c.id).limit(_WINDOW)).all()
            whole = len(found) < _WINDOW
            for row in found:
                if len(chosen) < limit and row.host not in taken:
                    chosen.append(row.id)
                    taken.add(row.host)
        if not chosen:
            return []
        mine = select(work.c.id).where(work.c.id.in_(chosen), free).with_for_update(skip_locked=True)
        leased = (
            update(work)
            .where(work.c.id.in_(mine.scalar_subquery()))
            .values(lease_owner=owner, lease_until=now + lease)
            .returning(work.c.id, work.c.kind, work.c.subject, work.c.payload, work.c.attempts)
        )
        return [Work(**row, owner=owner) for row in connection.execute(leased).mappings()]


def rest_of(db: Database, host: str, now: datetime) -> datetime | None:
    """Until when a host wants to be left alone, as polls were told (F-32); None where nothing is known."""
    told = and_(
        sources.c.last_kind == FailureKind.BUSY.value, sources.c.floor_until > now, sources.c.host.in_(_near(host))
    )
    with db.read() as connection:
        return connection.execute(select(func.max(sources.c.floor_until)).where(told)).scalar_one_or_none()


def leave_host_alone(db: Database, host: str, until: datetime, reason: str) -> None:
    """A page's 429 is said to all that is asked of the host: its other pages wait, and so do polls (F-32)."""
    with db.write() as connection:
        waits = and_(work.c.kind == PAGE, host == _HOST, work.c.due_at < until, work.c.lease_owner.is_(None))
        connection.execute(update(work).where(waits).values(due_at=until))
        for name in _near(host):
            leave_alone(connection, {"host": name, "id": 0, "slug": "a page"}, until, reason)


def _near(host: str) -> tuple[str, ...]:
    bare = host.removeprefix("www.")
    return (bare, f"www.{bare}")


def put_page(
    db: Database, key: int, url: str, found: Article | None, now: datetime, *, state: PageState, reason: str = "",
    judged: Judged | None = None, sign: bool = True,
) -> bool:  # fmt: skip
    """Keep what became of an entry's page, and what is made of the entry with it, in one transaction; with `sign` its authors.

    False, and nothing is written, where the entry was edited or removed since it was judged.
    """
    row: dict[str, Any] = {
        "entry_id": key, "url": url, "state": state, "reason": reason[:1000], "fetched_at": now,
    }  # fmt: skip
    if found is not None:
        row |= {
            "url": found.url, "title": found.title, "content": found.content, "text": found.text,
            "authors": [dataclasses.asdict(author) for author in found.authors], "published": found.published,
            "lang": found.lang,
        }  # fmt: skip
    with db.write() as connection:
        if judged is not None and not write_again(connection, judged, now, sign=sign):
            return False
        if connection.execute(select(entries.c.id).where(entries.c.id == key)).first() is None:
            return False
        connection.execute(delete(articles).where(articles.c.entry_id == key))
        connection.execute(insert(articles).values(row))
        put_due(connection, [key])
    return True


def pages_among(connection: Connection, keys: Sequence[int]) -> dict[int, Article]:
    """What the pages of these entries said, where they were read."""
    found: dict[int, Article] = {}
    for start in range(0, len(keys), _CHUNK):
        which = and_(articles.c.entry_id.in_(keys[start : start + _CHUNK]), articles.c.state == "fetched")
        for row in connection.execute(select(articles).where(which)).mappings():
            found[row["entry_id"]] = _article_of(row)
    return found


def pages_of_entries(db: Database, source_id: int, ids: Sequence[str]) -> dict[str, Article]:
    """The same for entries of a source, by the ids that it gives them."""
    if not ids:
        return {}
    with db.read() as connection:
        mine = select(entries.c.id, entries.c.entry_id).where(entries.c.source_id == source_id)
        keys = {row.id: row.entry_id for row in connection.execute(mine.where(entries.c.entry_id.in_(list(ids))))}
        return {keys[key]: article for key, article in pages_among(connection, list(keys)).items()}


def _article_of(row: RowMapping) -> Article:
    return Article(
        url=row["url"], title=row["title"], content=row["content"], text=row["text"],
        authors=tuple(Author(**one) for one in row["authors"] or ()), published=row["published"], lang=row["lang"],
    )  # fmt: skip


def page_of(db: Database, key: int) -> Page | None:
    """What became of one entry's page; None where none was wanted."""
    size = func.length(articles.c.text).label("size")
    held = select(articles.c.url, articles.c.state, articles.c.reason, articles.c.fetched_at, size)
    waits = select(work.c.payload, work.c.last_error, work.c.due_at).where(
        work.c.kind == PAGE, work.c.subject == str(key)
    )
    with db.read() as connection:
        row = connection.execute(held.where(articles.c.entry_id == key)).mappings().one_or_none()
        coming = connection.execute(waits).one_or_none()
    if row is not None:
        return Page(state=row["state"], url=row["url"], reason=row["reason"], at=row["fetched_at"], size=row["size"])
    if coming is None:
        return None
    return Page(state="waiting", url=coming.payload["url"], reason=coming.last_error, at=coming.due_at)


def pages_of_source(db: Database, slug: str) -> dict[str, int]:
    """How many pages of a source's entries were read, refused, given up, and wait; and the last reason, by state."""
    joined = articles.join(entries, entries.c.id == articles.c.entry_id).join(
        sources, sources.c.id == entries.c.source_id
    )
    counted = select(articles.c.state, func.count()).select_from(joined).where(sources.c.slug == slug)
    mine = select(entries.c.id).join(sources, sources.c.id == entries.c.source_id).where(sources.c.slug == slug)
    with db.read() as connection:
        found = {row[0]: int(row[1]) for row in connection.execute(counted.group_by(articles.c.state))}
        subjects = select(work.c.subject).where(work.c.kind == PAGE, work.c.dead_at.is_(None))
        keys = [int(one) for one in connection.execute(subjects).scalars()]
        waiting = 0
        for start in range(0, len(keys), _CHUNK):
            part = select(func.count()).select_from(
                mine.where(entries.c.id.in_(keys[start : start + _CHUNK])).subquery()
            )
            waiting += int(connection.execute(part).scalar_one())
    return found | ({"waiting": waiting} if waiting else {})
