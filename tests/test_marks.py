"""Which sources and topics are marked: a store's counts held against its own past."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import update

from aggregator.marks import Watch, marked, marks_of
from storage.database import Database
from storage.schema import sources, topics
from tests.came import DAY, HOUR, bring, daily, heard
from tests.fakes import NOON, declare, make_source

TOPICS = {"air": "helicopter*", "sea": "ship"}


@pytest.fixture
def past(db: Database) -> Database:
    """A store that has followed three sources for fifty days: ten entries a day each, two topics."""
    declare(
        db,
        *(make_source(slug=slug, url=f"https://{slug}.example/feed") for slug in ("news", "wire", "late")),
        topics=TOPICS,
    )
    bring(db, daily(10, 50, since=1), filed=["air"])
    bring(db, daily(10, 50, since=1), slug="wire", filed=["sea"])
    heard(db, NOON)
    return db


def words(db: Database, now: datetime = NOON) -> dict[str, str]:
    """The verdicts on everything, in a word each."""
    marks = marks_of(db, now)
    return {slug: mark.verdict.word for slug, mark in {**marks.sources, **marks.topics}.items()}


def test_what_is_as_usual_has_no_mark(past: Database) -> None:
    """E-06: sources and topics that bring what they always bring are steady; one that never brought anything is unknown."""
    bring(past, daily(11, 1), filed=["air"])
    bring(past, daily(9, 1), slug="wire", filed=["sea"])

    assert words(past) == {"news": "steady", "wire": "steady", "late": "unknown", "air": "steady", "sea": "steady"}


def test_a_surge_and_a_silence_are_marked(past: Database) -> None:
    """E-06: a source and a topic with five times as many entries surge, those without any are quiet."""
    bring(past, daily(50, 1), filed=["air"])
    found = marks_of(past, NOON)

    assert words(past) == {"news": "surge", "wire": "quiet", "late": "unknown", "air": "surge", "sea": "quiet"}
    assert found.topic("air").verdict.reason == "50 in the last 24 hours, where 10 are usual"
    assert found.topic("air").counted.daily[:3] == (50, 10, 10)
    assert {slug: one.word for slug, one in marked(found.topics).items()} == {"air": "surge", "sea": "quiet"}
    assert found.topic("land").word == found.source("nobody").word == ""


def test_a_store_that_was_just_begun_has_no_marks(db: Database) -> None:
    """Without two weeks behind it, nothing is marked, whatever the first documents bring."""
    declare(db, make_source(), topics=TOPICS)
    bring(db, [NOON - 12 * DAY] * 60, filed=["air"])
    bring(db, daily(2, 12, since=1), filed=["air"])
    bring(db, daily(90, 1), filed=["air"])
    heard(db, NOON)

    assert words(db) == {"news": "unknown", "air": "unknown", "sea": "unknown"}
    assert words(db, NOON + 8 * DAY)["air"] != "unknown"


def test_a_new_source_makes_no_surge(past: Database) -> None:
    """What a source brings that was added a week ago surges in no topic; nor does the source in itself."""
    bring(past, [NOON - 6 * DAY] * 40, slug="late", filed=["air"])
    bring(past, daily(40, 6), slug="late", filed=["air"])
    bring(past, daily(10, 1), filed=["air"])
    bring(past, daily(10, 1), slug="wire", filed=["sea"])

    assert words(past) == {"news": "steady", "wire": "steady", "late": "unknown", "air": "steady", "sea": "steady"}
    assert marks_of(past, NOON).topic("air").counted.daily[0] == 50


def test_a_source_that_fails_is_broken_not_quiet(past: Database) -> None:
    """A source that cannot be asked is broken; one that has not been asked again yet is steady, and pushed ones need not be."""
    bring(past, daily(10, 1), filed=["air", "sea"])
    heard(past, NOON - DAY, last_kind="http", last_detail="500 Server Error", failures=9)
    assert words(past)["wire"] == "steady"

    with past.write() as connection:
        connection.execute(update(sources).values(last_ok_at=NOON - 0.1 * DAY))
    broken = marks_of(past, NOON).source("wire")
    assert broken.word == "broken"
    assert "http, 9 times in a row: 500 Server Error" in broken.verdict.reason

    heard(past, NOON - DAY, last_kind="", failures=0)
    assert words(past)["wire"] == "steady"
    heard(past, NOON - DAY, pushed="hub.example")
    assert words(past)["wire"] == "quiet"


def test_a_topic_with_a_new_rule_waits_for_its_history(past: Database) -> None:
    """While a changed rule is run over what is stored, its topic has no mark; nor has it one by that afterwards."""
    bring(past, daily(90, 1), filed=["air"])
    with past.write() as connection:
        connection.execute(update(topics).where(topics.c.slug == "air").values(rule_version="new"))

    assert (words(past)["air"], words(past)["sea"]) == ("unknown", "quiet")
    assert "rule" in marks_of(past, NOON).topic("air").verdict.reason


def test_an_outage_is_no_silence(past: Database) -> None:
    """Where nothing came from anywhere, nothing is quiet."""
    assert words(past) == {"news": "unknown", "wire": "unknown", "late": "unknown", "air": "unknown", "sea": "unknown"}


def test_marks_are_kept_for_a_minute(past: Database) -> None:
    """Pages count once a minute; a clock that jumped back is no reason to wait for it."""
    watch = Watch(past)
    before = watch.marks(NOON)
    bring(past, daily(50, 1), filed=["air"])

    assert watch.marks(NOON + 59 * HOUR / 3600) is before
    assert watch.mark("topics", "air", NOON + HOUR / 60).word == "surge"  # type: ignore[union-attr] # a topic has one
    assert watch.marks(NOON - DAY) is not watch.marks(NOON)
    assert watch.mark("authors", "ada", NOON) is None
