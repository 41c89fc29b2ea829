"""Fixtures for tests of our hub: the hub on each engine or on one, a subscriber's server, what waits in the queue."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from storage.database import Database, open_database
from storage.hub_work import DELIVER, Lane
from storage.schema import work
from tests.subscribers import (
    HubDesk,
    Inbox,
    hub_desk,
    inbox,
)

ANY = Lane(doing=DELIVER, is_proved=None, at_a_time=9, of_a_host=9)


@pytest.fixture
def here(db: Database, tmp_path: Path) -> Iterator[HubDesk]:
    """Our hub, on each engine in turn."""
    with hub_desk(db, tmp_path) as desk:
        yield desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[HubDesk]:
    """Our hub on SQLite, for what has nothing to do with the store."""
    db = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    with hub_desk(db, tmp_path) as found:
        yield found
    db.close()


@pytest.fixture
def there() -> Iterator[Inbox]:
    """A subscriber's server."""
    with inbox() as found:
        yield found


def in_queue(db: Database) -> list[tuple[str, int, int]]:
    """What waits of our hub's work: kind, attempts, how often it was asked for again."""
    with db.read() as connection:
        return in_queue_of(connection)


def in_queue_of(connection: Connection) -> list[tuple[str, int, int]]:
    """The same, as a transaction sees it."""
    rows = select(work.c.kind, work.c.attempts, work.c.serial).where(work.c.kind.in_(["verify", "deliver"]))
    return [(row[0], row[1], row[2]) for row in connection.execute(rows.order_by(work.c.id))]
