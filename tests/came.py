"""Entries that came at given moments, written straight into a store: what counting is tested on."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy import func, insert, select, update

from storage.database import Database
from storage.schema import entries, entry_places, filings, sources, topics
from tests.fakes import NOON

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def bring(
    db: Database, moments: Iterable[datetime], *, slug: str = "news", filed: Collection[str] = (),
    places: Collection[str] = (), announced: bool = True, age: timedelta = HOUR, opened_at: datetime | None = None,
    closed_at: datetime | None = None, title: str = "A title", text: str = "", language: str = "en",
    hidden_at: datetime | None = None,
) -> list[int]:  # fmt: skip
    """A source brings an entry at each moment, published `age` before, filed under topics. Their numbers."""
    with db.write() as connection:
        first = int(connection.execute(select(func.coalesce(func.max(entries.c.id), 0))).scalar_one()) + 1
        source = connection.execute(select(sources.c.id).where(sources.c.slug == slug)).scalar_one()
        known = {row.slug: row.id for row in connection.execute(select(topics.c.slug, topics.c.id))}
        rows = [
            {
                "id": key, "source_id": source, "entry_id": f"{slug}-{key}", "public_id": f"urn:{key}",
                "link": f"https://{slug}.example/{key}", "title": title, "text": text, "published": at - age,
                "updated": at - age, "first_seen": at, "categories": [], "enclosures": [], "fingerprint": "f",
                "announced": announced, "language": language, "hidden_at": hidden_at,
            }
            for key, at in enumerate(moments, first)
        ]  # fmt: skip
        if not rows:
            return []
        connection.execute(insert(entries), rows)
        under = [
            {
                "topic_id": known[topic], "entry_id": row["id"], "rule_version": "v", "spans": [], "announced": announced,
                "opened_at": opened_at or row["first_seen"], "closed_at": closed_at, "arrival": row["id"],
            }
            for row in rows for topic in filed
        ]  # fmt: skip
        named = [
            {"entry_id": row["id"], "code": code, "count": 1, "spans": [], "arrival": row["id"]}
            for row in rows
            for code in places
        ]
        if under:
            connection.execute(insert(filings), under)
        if named:
            connection.execute(insert(entry_places), named)
    return [first + at for at in range(len(rows))]


def daily(number: int, days: int, *, now: datetime = NOON, since: int = 0) -> list[datetime]:
    """So many moments on each of these days before now, `since` days ago the newest; the oldest first."""
    return [
        now - (day + (at + 0.5) / number) * DAY
        for day in range(days - 1, since - 1, -1)
        for at in reversed(range(number))
    ]


def heard(db: Database, at: datetime, **said: object) -> None:
    """Every source was polled well at this moment."""
    with db.write() as connection:
        well = {"last_poll_at": at, "last_ok_at": at, "next_poll_at": at + HOUR, "last_outcome": "fetched"}
        connection.execute(update(sources).values(well | said))
