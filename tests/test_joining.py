"""Entries of a store joined into stories: after their filing, over restarts, by one of several processes."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from aggregator.joining import Joiner, restored
from feeds.model import Source
from storage import reading
from storage.database import Database, open_database
from storage.schema import entries, stories, work
from storage.stories import begin, is_behind, join, story_of, tellers
from storage.work import STORIES, claim_work
from tests.fakes import NOON, Clock, declare, make_entry, make_source, take
from tests.test_stories import QUAY, QUAY_FOLLOWED, QUAY_REWRITTEN

TITLE = "Crane falls on barges in Port Amsel"


def sources(*slugs: str) -> list[Source]:
    """Sources of these slugs; of the first the rank is best."""
    return [
        make_source(slug=slug, url=f"https://{slug}.example/feed", name=slug.title(), rank=10 * (at + 1))
        for at, slug in enumerate(slugs)
    ]


def bring(db: Database, slug: str, title: str, text: str, *, now: datetime = NOON, **said: object) -> int:
    """Let a source bring one entry. Its key."""
    link = said.pop("link", f"https://{slug}.example/{title}-{now:%H%M}".replace(" ", "-"))
    take(db, [make_entry(id=f"{title} {now}", title=title, text=text, summary=text, link=link, published=now, **said)],
         slug=slug, now=now)  # fmt: skip
    return reading.newest_entry(db)


def told(db: Database) -> dict[int, int | None]:
    """The story of each entry."""
    with db.read() as connection:
        rows = connection.execute(select(entries.c.id, entries.c.story_id)).all()
    return {row.id: row.story_id for row in rows}


def revision(db: Database, kind: str = "all", slug: str = "") -> int:
    """The revision of a feed of ours."""
    found = reading.output(db, kind, slug)  # type: ignore[arg-type] # a test names only kinds that there are
    assert found is not None
    return found.revision


def test_entries_are_joined_after_they_came(db: Database) -> None:
    """N-02, N-05: three outlets tell one event, a fourth a follow-up: two stories, numbered by their first entries."""
    declare(db, *sources("one", "two", "three"))
    clock, joiner = Clock(), Joiner()
    first = bring(db, "one", TITLE, QUAY)
    second = bring(db, "two", "Northern quay closed", QUAY_REWRITTEN, now=NOON + timedelta(hours=1))
    assert told(db) == {first: None, second: None}

    assert joiner.join_waiting(db, clock, owner="me") == 2
    third = bring(db, "three", "Crane", QUAY, now=NOON + timedelta(hours=2))
    later = bring(db, "one", "Offices searched", QUAY_FOLLOWED, now=NOON + timedelta(hours=46))
    assert joiner.join_waiting(db, clock, owner="me") == 2
    assert told(db) == {first: first, second: first, third: first, later: later}
    assert tellers(db, [first, later]) == {first: [first, second, third]}
    assert joiner.join_waiting(db, clock, owner="me") == 0


def test_nothing_to_do_writes_nothing(db: Database) -> None:
    """A store without new entries is looked at, and left as it is."""
    declare(db, *sources("one"))
    joiner = Joiner()
    assert joiner.join_waiting(db, Clock(), owner="me") == 0
    bring(db, "one", TITLE, QUAY)
    joiner.join_waiting(db, Clock(), owner="me")
    before = revision(db)
    assert not is_behind(db)
    assert joiner.join_waiting(db, Clock(), owner="me") == 0
    assert revision(db) == before


def test_after_a_restart_the_index_is_what_it_was(db: Database, db_url: str) -> None:
    """N-05: another process joins a later copy to the story that the first one made."""
    declare(db, *sources("one", "two"))
    first = bring(db, "one", TITLE, QUAY)
    Joiner().join_waiting(db, Clock(), owner="one")
    later = bring(db, "two", "Northern quay closed", QUAY_REWRITTEN, now=NOON + timedelta(hours=5))

    again = open_database(db_url)
    assert Joiner().join_waiting(again, Clock(), owner="two") == 1
    again.close()
    assert told(db) == {first: first, later: first}


def test_a_copy_is_known_days_later_after_a_restart(db: Database) -> None:
    """N-01: an exact copy five days later is the same story, for a process that has just begun."""
    declare(db, *sources("one", "two"))
    first = bring(db, "one", TITLE, QUAY)
    Joiner().join_waiting(db, Clock(), owner="one")
    clock = Clock(NOON + timedelta(days=5))
    later = bring(db, "two", "Reprint", QUAY, now=clock())
    Joiner().join_waiting(db, clock, owner="two")
    assert told(db)[later] == first


def test_two_processes_take_turns(db: Database) -> None:
    """Two joiners, each with an index of its own, never answer by one that is behind the store."""
    declare(db, *sources("one", "two", "three"))
    here, there = Joiner(), Joiner()
    first = bring(db, "one", TITLE, QUAY)
    here.join_waiting(db, Clock(), owner="here")
    second = bring(
        db, "two", "Other news", "The bakers of Lower Wend ask the council for cheaper flour and longer days."
    )
    there.join_waiting(db, Clock(), owner="there")
    third = bring(db, "three", "Flour", "The bakers of Lower Wend ask the council for cheaper flour and longer days.")
    fourth = bring(db, "two", "Northern quay closed", QUAY_REWRITTEN, now=NOON + timedelta(hours=1))
    here.join_waiting(db, Clock(), owner="here")
    assert told(db) == {first: first, second: second, third: second, fourth: first}


def test_what_another_holds_is_left_alone(db: Database) -> None:
    """While one process has the lease another joins nothing; when the lease runs out it goes on from there."""
    declare(db, *sources("one"))
    bring(db, "one", TITLE, QUAY)
    clock = Clock()
    begin(db, clock())
    assert len(claim_work(db, clock(), owner="other", kinds=[STORIES])) == 1
    joiner = Joiner()
    assert joiner.join_waiting(db, clock, owner="me") == 0
    clock.forward(minutes=3)
    assert joiner.join_waiting(db, clock, owner="me") == 1


def test_a_lost_lease_writes_nothing(db: Database) -> None:
    """What is written after the lease went to another is not written."""
    declare(db, *sources("one"))
    first = bring(db, "one", TITLE, QUAY)
    clock = Clock()
    begin(db, clock())
    (mine,) = claim_work(db, clock(), owner="me", kinds=[STORIES])
    clock.forward(minutes=3)
    claim_work(db, clock(), owner="other", kinds=[STORIES])
    assert not join(db, mine, {first: first}, {}, first, clock())
    assert told(db) == {first: None}


def test_a_stop_in_the_middle_loses_nothing(db: Database) -> None:
    """A worker that is told to stop gives the work back; the next one goes on after the last entry that was written."""
    declare(db, *sources("one"))
    take(
        db, [make_entry(id=str(n), title=f"Title {n}", link=f"https://one.example/{n}") for n in range(450)], slug="one"
    )
    answers = iter((False, True))
    assert Joiner().join_waiting(db, Clock(), owner="one", stopping=lambda: next(answers)) == 200
    assert Joiner().join_waiting(db, Clock(), owner="two") == 250
    with db.read() as connection:
        assert connection.execute(select(func.count()).select_from(stories)).scalar_one() == len(set(told(db).values()))
    assert None not in told(db).values()


def test_two_stories_become_one(db: Database) -> None:
    """N-05: an entry that belongs to two makes them one: the older stands, and the younger leads there."""
    declare(db, *sources("one", "two", "three"))
    joiner = Joiner()
    first = bring(db, "one", "A", "", link="https://one.example/quay")
    second = bring(db, "two", TITLE, QUAY)
    joiner.join_waiting(db, Clock(), owner="me")
    assert told(db) == {first: first, second: second}
    bring(db, "three", "Both", QUAY, link="https://one.example/quay", now=NOON + timedelta(hours=1))
    joiner.join_waiting(db, Clock(), owner="me")

    assert set(told(db).values()) == {first}
    moved, stands = story_of(db, second), story_of(db, first)
    assert moved == stands
    assert stands is not None
    assert (stands["id"], stands["merged_into"]) == (first, None)


def test_feeds_that_show_a_story_are_renewed(db: Database) -> None:
    """S-02, N-05: a story that grows renews the feeds that show it, and no others; a new story renews none."""
    declare(db, *sources("one", "two", "three"))
    joiner = Joiner()
    bring(db, "one", TITLE, QUAY)
    bring(db, "three", "Ballet returns", "After nine years of building, dancers take the stage of the old opera again.")
    before = [revision(db), revision(db, "sources", "one"), revision(db, "sources", "three")]
    joiner.join_waiting(db, Clock(), owner="me")
    assert [revision(db), revision(db, "sources", "one"), revision(db, "sources", "three")] == before

    bring(db, "two", "Northern quay closed", QUAY_REWRITTEN, now=NOON + timedelta(hours=1))
    all_before = revision(db)
    joiner.join_waiting(db, Clock(), owner="me")
    assert revision(db) == all_before + 1
    assert revision(db, "sources", "one") == before[1] + 1
    assert revision(db, "sources", "three") == before[2]


def test_an_edit_stays_in_its_story(db: Database) -> None:
    """N-05: an entry that its publisher edits goes on telling the story that it told."""
    declare(db, *sources("one", "two"))
    joiner = Joiner()
    first = bring(db, "one", TITLE, QUAY)
    second = bring(db, "two", "Northern quay closed", QUAY_REWRITTEN)
    joiner.join_waiting(db, Clock(), owner="me")
    edited = make_entry(
        id=f"Northern quay closed {NOON}", title="Corrected", text="Corrected.", link="https://two.example/x"
    )
    take(db, [edited], slug="two", now=NOON + timedelta(hours=1))
    assert joiner.join_waiting(db, Clock(), owner="me") == 0
    assert told(db) == {first: first, second: first}


def test_a_fault_is_told_and_tried_again(db: Database) -> None:
    """An error in the joining is raised and backed off; a new process gives work that was given up another chance."""
    declare(db, *sources("one"))
    bring(db, "one", TITLE, QUAY)
    clock, joiner = Clock(), Joiner()

    def broken() -> bool:
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError):
        joiner.join_waiting(db, clock, owner="me", stopping=broken)
    assert joiner.join_waiting(db, clock, owner="me") == 0
    clock.forward(minutes=1)
    assert joiner.join_waiting(db, clock, owner="me") == 1
    bring(db, "one", "Another", "Dancers take the stage of the old opera again after nine years of building.")
    with db.write() as connection:
        connection.execute(update(work).values(dead_at=clock()))
    assert joiner.join_waiting(db, clock, owner="me") == 0
    assert Joiner().join_waiting(db, clock, owner="me") == 1


def test_hidden_entries_are_no_tellers(db: Database) -> None:
    """A hidden entry stays in its story and is not named as one that tells it."""
    declare(db, *sources("one", "two"))
    first = bring(db, "one", TITLE, QUAY)
    second = bring(db, "two", "Northern quay closed", QUAY_REWRITTEN)
    Joiner().join_waiting(db, Clock(), owner="me")
    with db.write() as connection:
        connection.execute(update(entries).where(entries.c.id == second).values(hidden_at=NOON))
    assert tellers(db, [first]) == {}
    assert told(db)[second] == first


def test_old_entries_are_known_by_their_copies_only(db: Database) -> None:
    """What came more than four days ago is not compared any more after a restart, and is still known for a copy."""
    declare(db, *sources("one"))
    key = bring(db, "one", TITLE, QUAY)
    Joiner().join_waiting(db, Clock(), owner="me")
    assert len(restored(db, key, NOON + timedelta(days=1))) == 1
    assert len(restored(db, key, NOON + timedelta(days=5))) == 0
