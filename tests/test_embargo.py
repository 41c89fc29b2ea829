"""Entries under embargo: shown nowhere before its end, then the newest wherever they stand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aggregator.releasing import release_waiting
from feeds.model import Deleted
from storage import embargo, graves, reading, retracting
from storage.database import Database
from storage.model import Decision, JournalLine, OutputKind
from storage.outputs import Ledger
from storage.state_model import State
from storage.withdrawing import hide_and_show
from tests.fakes import NOON, declare, make_entry, make_source, take
from tests.test_taken_out import FEEDS, keys, out

HOUR = timedelta(hours=1)
KEPT_BACK = make_source(embargo=2 * HOUR)


def arrive(db: Database) -> None:
    """One entry of an hour ago under an embargo of two, and later one of three hours ago that is under none."""
    topics = declare(db, KEPT_BACK, topics={"quays": "quay*"})
    said = {"authors": ["Nora Quill"], "title": "A quay"}
    take(db, [make_entry(id="1", published=NOON - HOUR, **said)], topics=topics)
    take(db, [make_entry(id="2", published=NOON - 3 * HOUR, **said)], topics=topics, now=NOON + timedelta(minutes=1))


@pytest.mark.parametrize("feed", FEEDS)
def test_an_embargo_ends_in_time(db: Database, feed: tuple[OutputKind, str]) -> None:
    """A-09: what is under embargo is in no feed; once it is over it is there as the newest, and the feed has changed."""
    arrive(db)
    assert keys(db, *feed) == [2]
    before = out(db, *feed).revision

    assert release_waiting(db, NOON + timedelta(minutes=59)) == 0
    assert keys(db, *feed) == [2]
    assert release_waiting(db, NOON + HOUR) == 1
    assert keys(db, *feed) == [1, 2]
    assert out(db, *feed).revision > before
    assert release_waiting(db, NOON + HOUR) == 0
    assert graves.graves_since(db, out(db, *feed), 0, 10) == []


def test_what_is_withdrawn_or_retracted_meanwhile_is_never_shown(db: Database) -> None:
    """I-14: an entry that is taken back before its embargo is over is not shown at its end, and leaves no tombstone."""
    declare(db, KEPT_BACK)
    take(db, [make_entry(id=str(n), published=NOON + timedelta(minutes=n)) for n in (1, 2)])
    retracting.retract(db, [1], "Wrong", NOON)
    with db.write() as connection:
        gone = Decision(
            state=State(next_poll_at=None),
            journal=JournalLine(at=NOON, outcome="fetched"),
            deleted=(Deleted(id="2", at=NOON),),
        )
        ledger = Ledger(connection, NOON)
        hide_and_show(connection, ledger, 1, gone, NOON)
        ledger.close()
    assert release_waiting(db, NOON + 9 * HOUR) == 0
    assert keys(db, "all") == []
    assert graves.graves_since(db, out(db, "all"), 0, 10) == []


def test_another_embargo_holds_for_what_waits(db: Database) -> None:
    """A source whose embargo is shortened has what waits shown as much sooner."""
    declare(db, KEPT_BACK)
    take(db, [make_entry(published=NOON)])
    declare(db, make_source(embargo=HOUR))
    assert embargo.due(db, NOON + timedelta(minutes=59)) == []
    assert release_waiting(db, NOON + HOUR) == 1


def test_an_entry_without_a_date_waits_from_its_arrival(db: Database) -> None:
    """I-10: where the publisher gives no date, the embargo counts from first sight."""
    declare(db, KEPT_BACK)
    take(db, [make_entry()])
    assert release_waiting(db, NOON + 2 * HOUR - timedelta(seconds=1)) == 0
    assert release_waiting(db, NOON + 2 * HOUR) == 1
    assert reading.entries_of(db, [1])[0].arrival == 2
