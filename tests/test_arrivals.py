"""What came when: of each source, of each topic, and what topics are made of."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import event, update

from storage import arrivals, topic_parts
from storage.arrival_model import Overlap, Share
from storage.database import Database
from storage.schema import topics
from storage.upkeep import mark_filed
from tests.came import DAY, HOUR, bring, daily
from tests.fakes import NOON, declare, make_source

AIR = {"air": "helicopter*", "sea": "ship"}


def two_sources(db: Database) -> None:
    """A store that follows two sources and files under two topics."""
    declare(db, make_source(), make_source(slug="wire", url="https://wire.example/feed"), topics=AIR)


def test_entries_count_on_the_day_on_which_they_came(db: Database) -> None:
    """E-06: days are stretches of 24 hours that end now, newest first; sources and topics are each counted in one query."""
    two_sources(db)
    bring(db, [NOON - 5 * DAY, NOON - DAY - HOUR], filed=["air"])
    bring(db, [NOON - DAY, NOON - 3 * HOUR, NOON], slug="wire", filed=["air", "sea"])
    asked: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    by_source, by_topic = arrivals.by_source(db, NOON, 4), arrivals.by_topic(db, NOON, 4)

    assert {slug: one.daily for slug, one in by_source.items()} == {"news": (0, 1, 0, 0), "wire": (2, 1, 0, 0)}
    assert {slug: one.daily for slug, one in by_topic.items()} == {"air": (2, 2, 0, 0), "sea": (2, 1, 0, 0)}
    assert (by_source["news"].last, by_source["wire"].last) == (NOON - DAY - HOUR, NOON)
    assert sum("count(" in one for one in asked) == 2


def test_what_was_no_news_does_not_count(db: Database) -> None:
    """A back-fill, what was old when it was first seen, a closed filing and a moment to come make no day busy."""
    two_sources(db)
    bring(db, [NOON - HOUR], filed=["air"])
    bring(db, [NOON - HOUR] * 9, filed=["air"], announced=False)
    bring(db, [NOON - HOUR] * 9, filed=["air"], age=timedelta(days=3))
    bring(db, [NOON - HOUR] * 9, filed=["sea"], closed_at=NOON)
    bring(db, [NOON + HOUR], filed=["air"])

    assert arrivals.by_source(db, NOON, 2)["news"].daily == (10, 0)
    assert {slug: one.daily for slug, one in arrivals.by_topic(db, NOON, 2).items()} == {"air": (1, 0)}


def test_a_rule_run_over_history_is_counted_where_its_entries_came(db: Database) -> None:
    """Filings that are opened today for entries of last week count last week, announced or not."""
    two_sources(db)
    bring(db, daily(3, 10, since=5), filed=["air"], opened_at=NOON)

    assert arrivals.by_topic(db, NOON, 10)["air"].daily == (0,) * 5 + (3,) * 5


def test_newcomers_are_told_apart(db: Database) -> None:
    """What comes from sources that were not followed all the while is counted, and not among what is settled."""
    two_sources(db)
    bring(db, daily(1, 3), filed=["air"])
    bring(db, [NOON - HOUR] * 4, slug="wire", filed=["air"])
    found = arrivals.by_topic(db, NOON, 3, newcomers=["wire"])["air"]

    assert (found.daily, found.settled) == ((5, 1, 1), (1, 1, 1))
    assert arrivals.first_arrivals(db) == {"news": NOON - 2.5 * DAY, "wire": NOON - HOUR}


def test_the_last_arrival_is_told_however_long_ago(db: Database) -> None:
    """Of a topic that got nothing for weeks it is known when it last did; of an empty one, nothing."""
    two_sources(db)
    bring(db, [NOON - 400 * DAY, NOON - 300 * DAY], filed=["air"], opened_at=NOON)

    assert arrivals.last_arrivals(db, ["air", "sea"]) == {"air": NOON - 300 * DAY}
    assert arrivals.last_arrivals(db, []) == {}


def test_topics_whose_history_is_not_filed_yet_are_known(db: Database) -> None:
    """A rule that has not been run over history is told apart from one that has."""
    two_sources(db)
    with db.write() as connection:
        connection.execute(update(topics).where(topics.c.slug == "sea").values(rule_version="new"))

    assert arrivals.filed(db) == {"air": True, "sea": False}
    mark_filed(db, {"sea": "new"})
    assert arrivals.filed(db) == {"air": True, "sea": True}


def test_a_topic_is_told_by_hour_source_and_country(db: Database) -> None:
    """E-06: entries of a topic by each of the last 24 hours, by source and by country named, today and in all."""
    two_sources(db)
    bring(db, [NOON - 3 * DAY, NOON - HOUR / 2], filed=["air"], places=["KZ", "RU", "central-asia"])
    bring(db, [NOON - 23.5 * HOUR, NOON - 9 * DAY], slug="wire", filed=["air"], places=["KZ"])
    bring(db, [NOON - HOUR], filed=["sea"], places=["RU"])

    assert topic_parts.hours(db, "air", NOON) == (1,) + (0,) * 22 + (1,)
    assert topic_parts.by_source(db, "air", NOON, 7) == [
        Share(name="news", today=1, entries=2), Share(name="wire", today=1, entries=1)
    ]  # fmt: skip
    assert topic_parts.by_country(db, "air", NOON, 7) == [
        Share(name="KZ", today=2, entries=3), Share(name="RU", today=1, entries=2)
    ]  # fmt: skip
    assert topic_parts.by_source(db, "land", NOON, 7) == []


def test_topics_that_share_entries_are_paired(db: Database) -> None:
    """Of two topics that share entries: how many, as a share of both together and of the smaller."""
    two_sources(db)
    declare(db, make_source(), topics=AIR | {"land": "tank"})
    bring(db, [NOON] * 2, filed=["air", "sea"])
    bring(db, [NOON] * 6, filed=["air"])
    bring(db, [NOON] * 2, filed=["sea"])
    bring(db, [NOON], filed=["land"])
    bring(db, [NOON], filed=["air", "land"], closed_at=NOON)
    (pair,) = topic_parts.overlaps(db)

    assert pair == Overlap(slug="air", other="sea", entries=8, other_entries=4, shared=2)
    assert (pair.jaccard, pair.of_smaller) == (0.2, 0.5)
