"""Archives of ours read by a second Heliograph, over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.backfill import Filled, Wish, backfill
from aggregator.publish import Publisher
from aggregator.web.app import make_app
from storage import reading
from storage.archives import SIZE
from storage.database import Database, open_database
from tests.fakes import NOON, Clock, declare, make_entry, make_source, poll_all, take, write_config
from tests.live import served
from tests.seam import led_hands, no_pause

SETTINGS = "settings: {base_url: 'http://h.example', title: Desk}\n"
COUNT = 2 * SIZE + 30


@dataclass(frozen=True)
class At:
    """Where the first Heliograph listens."""

    host: str
    port: int


@pytest.fixture
def second(tmp_path: Path) -> Iterator[Database]:
    """The store of a second Heliograph, which follows the feed of everything of the first."""
    opened = open_database(f"sqlite:///{tmp_path}/second.db")
    declare(opened, make_source(slug="first", url="http://h.example/all.atom", name="First"))
    yield opened
    opened.close()


@contextmanager
def first(db: Database, folder: Path) -> Iterator[At]:
    """A Heliograph that publishes COUNT entries, asked as http://h.example."""
    declare(db, make_source())
    for start in range(0, COUNT, 40):
        several = range(start, min(COUNT, start + 40))
        take(
            db,
            [
                make_entry(id=str(at), title=f"Entry {at}", published=NOON - timedelta(hours=COUNT - at))
                for at in several
            ],
        )
    with served(make_app(Publisher(db, write_config(folder, SETTINGS)))) as client:
        yield At("127.0.0.1", client.base_url.port or 80)


def filled(second: Database, at: At, *, pages: int = 10) -> Filled:
    """What a back-fill of the second does."""

    async def run() -> Filled:
        hands = led_hands(second, at, clock=Clock(NOON + timedelta(hours=1)))
        try:
            return await backfill(Wish(slug="first", pages=pages), hands, pause=no_pause)
        finally:
            await hands.fetcher.close()

    return asyncio.run(run())


def ids(db: Database) -> set[str]:
    """The public ids that a store holds."""
    return {one.entry.public_id for one in reading.page(db, "all", "", limit=999)}


def test_a_second_heliograph_reads_all_that_we_published(db: Database, second: Database, tmp_path: Path) -> None:
    """P-04, A-10: from the feed through its archives every entry arrives, under its id; a second run asks for nothing again."""
    with first(db, tmp_path) as at:
        poll_all(led_hands(second, at, clock=Clock()))
        assert len(ids(second)) == 50
        done = filled(second, at)
        assert [page.problem for page in done.pages] == ["", ""]
        assert done.ended == "the oldest document was reached"
        assert ids(second) == ids(db)
        assert (again := filled(second, at)).pages == []
        assert again.passed == 2


def test_what_was_changed_is_read_again_under_its_new_address(db: Database, second: Database, tmp_path: Path) -> None:
    """P-03, P-04: an edit gives an archive another address, and only what has another address is asked for again."""
    with first(db, tmp_path) as at:
        poll_all(led_hands(second, at, clock=Clock()))
        filled(second, at)
        take(db, [make_entry(id=str(SIZE + 5), title="Corrected", published=NOON - timedelta(hours=2))], now=NOON)
        hands = led_hands(second, at, clock=Clock(NOON + timedelta(hours=2)))
        poll_all(hands, explicit=True)
        done = filled(second, at)
        assert (len(done.pages), done.passed) == (1, 1)
        assert done.pages[0].newer == 1
        titles = {one.entry.id: one.entry.title for one in reading.page(second, "all", "", limit=999)}
        assert "Corrected" in titles.values()
