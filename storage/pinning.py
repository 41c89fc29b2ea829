"""A pin made or taken away, and the one filing that this opens, closes or renews.

In: what a person said; what the rule says of the entry's words. Out: both written in one transaction.
Never: an entry announced as new that nobody asked to announce.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, select, update

from storage import archives
from storage.database import Database
from storage.filing_model import Pin
from storage.model import Filing
from storage.outputs import ALL, Ledger
from storage.pins import with_pins
from storage.recording import refile_entry
from storage.schema import entries, filings, pins, topics


class EditedError(Exception):
    """The entry or its topic changed while the rule was asked: ask again."""


def put_pin(db: Database, pin: Pin, fingerprint: str, ruled: Filing | None, *, announced: bool = False) -> None:
    """Pin an entry; what was said before of it and the topic is forgotten.

    `ruled` is the filing that the rule asks for, by the words with this `fingerprint`. `announced` makes an entry news
    that is pinned in. Raises EditedError.
    """
    with db.write() as connection:
        topic = _topic(connection, pin.topic)
        this = _this(topic, pin.entry)
        connection.execute(delete(pins).where(this))
        row = {"topic_id": topic, "entry_id": pin.entry, "is_in": pin.is_in, "at": pin.said.at}
        connection.execute(insert(pins).values(**row, who=pin.said.by, why=pin.said.because))
        _settle(connection, topic, pin.entry, fingerprint, ruled, pin.said.at, is_in=pin.is_in, announced=announced)


def drop_pin(db: Database, slug: str, entry: int, fingerprint: str, ruled: Filing | None, now: datetime) -> bool:
    """Take a pin away: what the rule says holds again. Whether there was one. Raises EditedError."""
    with db.write() as connection:
        topic = _topic(connection, slug)
        if connection.execute(delete(pins).where(_this(topic, entry))).rowcount == 0:
            return False
        _settle(connection, topic, entry, fingerprint, ruled, now, is_in=None, announced=False)
    return True


def _topic(connection: Connection, slug: str) -> int:
    found = connection.execute(select(topics.c.id).where(topics.c.slug == slug)).scalar_one_or_none()
    if found is None:
        raise EditedError(slug)
    return int(found)


def _this(topic: int, entry: int) -> Any:
    return and_(pins.c.topic_id == topic, pins.c.entry_id == entry)


def _settle(
    connection: Connection, topic: int, key: int, fingerprint: str, ruled: Filing | None, now: datetime,
    *, is_in: bool | None, announced: bool,
) -> None:  # fmt: skip
    """Open, close or renew the entry's filing in the topic."""
    ledger = Ledger(connection, now)
    ledger.lock([ALL, ("topics", topic)])
    today = connection.execute(select(entries.c.fingerprint).where(entries.c.id == key)).scalar_one_or_none()
    if today != fingerprint:
        raise EditedError(key)
    of_both = and_(filings.c.topic_id == topic, filings.c.entry_id == key)
    ever = connection.execute(select(filings).where(of_both).order_by(filings.c.id.desc()).limit(1)).mappings().first()
    held = {topic: int(ever["id"])} if ever is not None and ever["closed_at"] is None else {}
    wanted = with_pins({topic: ruled} if ruled else {}, {} if is_in is None else {topic: is_in})
    # What was news here before it was kept out is no more and no less than that again.
    was_news = ever is not None and bool(ever["announced"])
    archives.disturb(connection, [key], within=[("topics", topic)])
    opened = refile_entry(connection, ledger, key, held, wanted, now, announced=announced or was_news)
    if opened:
        connection.execute(insert(filings), opened)
    elif announced and held and not was_news:
        as_news = {"announced": True, "arrival": ledger.place(("topics", topic))}
        connection.execute(update(filings).where(filings.c.id == held[topic]).values(as_news))
    ledger.touch([("topics", topic)])
    ledger.close()
