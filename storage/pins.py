"""What persons said of entries and topics, as the rest of the store needs it.

In: entries, topics, filings that rules ask for. Out: pins; filings as the pins leave them. Never: a pin made or taken away.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, bindparam, select

from feeds.model import Pinned
from storage.database import Database
from storage.filing_model import Pin
from storage.model import Filing
from storage.schema import pins, topics

BY_HAND = Filing(topic="", rule_version="")
"""The filing of an entry that is pinned into a topic whose rule does not ask for it: no rule, no words."""


def pins_among(connection: Connection, keys: Sequence[int]) -> defaultdict[int, list[Pin]]:
    """The pins of these entries in topics that are not retired."""
    found: defaultdict[int, list[Pin]] = defaultdict(list)
    for row in connection.execute(_of_entries(), {"keys": keys}).mappings() if keys else ():
        found[row["entry_id"]].append(_pin_of(row))
    return found


@cache
def _of_entries() -> Select[Any]:
    named = pins.c.entry_id.in_(bindparam("keys", expanding=True))
    return _chosen().where(named, topics.c.retired_at.is_(None))


def list_pins(db: Database, topic: str | None = None) -> list[Pin]:
    """Every pin, or those of one topic, the newest first; topics that are retired included."""
    chosen = _chosen() if topic is None else _chosen().where(topics.c.slug == topic)
    with db.read() as connection:
        rows = connection.execute(chosen.order_by(None).order_by(pins.c.at.desc(), pins.c.entry_id, topics.c.slug))
        return [_pin_of(row) for row in rows.mappings()]


def pinned_in(db: Database, keys: Sequence[int], slugs: Sequence[str]) -> dict[int, dict[str, bool]]:
    """Of these entries, the topics among `slugs` that they are pinned into (True) or out of (False)."""
    found: dict[int, dict[str, bool]] = {}
    chosen = _chosen().where(pins.c.entry_id.in_(keys), topics.c.slug.in_(list(slugs)))
    with db.read() as connection:
        for row in connection.execute(chosen).mappings():
            found.setdefault(row["entry_id"], {})[row["slug"]] = row["is_in"]
    return found


def pinned_topics(connection: Connection, keys: Sequence[int | None]) -> dict[int, dict[int, bool]]:
    """The topics, by number, that these entries are pinned into (True) or out of (False), retired ones too."""
    found: dict[int, dict[int, bool]] = {}
    for row in connection.execute(select(pins).where(pins.c.entry_id.in_(keys))).mappings():
        found.setdefault(row["entry_id"], {})[row["topic_id"]] = row["is_in"]
    return found


def with_pins(wanted: Mapping[int, Filing], pinned: Mapping[int, bool]) -> dict[int, Filing]:
    """The filings that rules ask for, by topic, as the pins of the entry leave them."""
    by_hand = {topic: BY_HAND for topic, is_in in pinned.items() if is_in}
    return by_hand | {topic: filing for topic, filing in wanted.items() if pinned.get(topic, True)}


def _chosen() -> Select[tuple[object, ...]]:
    chosen: Select[tuple[object, ...]] = select(pins, topics.c.slug).join(topics, topics.c.id == pins.c.topic_id)
    return chosen.order_by(pins.c.entry_id, topics.c.position, topics.c.slug)


def _pin_of(row: RowMapping) -> Pin:
    said = Pinned(at=row["at"], by=row["who"], because=row["why"])
    return Pin(topic=row["slug"], entry=row["entry_id"], is_in=row["is_in"], said=said)
