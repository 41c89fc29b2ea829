from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from aggregator.refiling import refile_waiting
from aggregator.topics.compiling import compile_topic
from storage import reading, upkeep
from storage.database import Database
from storage.model import SourceRow, TopicRow
from storage.schema import work
from storage.work import REFILE, claim_work, fail, finish, give_back, keep_on, put_work, waiting
from tests.fakes import NOON, Clock, declare, make_entry, make_source, take


def put(db: Database, subject: str = "x", kind: str = "test") -> None:
    """Put a piece of work into the queue."""
    with db.write() as connection:
        put_work(connection, kind, subject, {"n": 1}, NOON)


def test_work_is_leased_once(db: Database) -> None:
    """A piece that one worker has is not given to another until it is given back, done or lost."""
    put(db, "a")
    put(db, "b")
    (first,) = claim_work(db, NOON, owner="one", kinds=["test"])
    (second,) = claim_work(db, NOON, owner="two", kinds=["test"])
    assert {first.subject, second.subject} == {"a", "b"}
    assert claim_work(db, NOON, owner="three", kinds=["test"]) == []

    assert finish(db, first)
    give_back(db, [second])
    assert [one.subject for one in claim_work(db, NOON, owner="three", kinds=["test"], limit=9)] == [second.subject]


def test_a_lost_workers_piece_is_taken_over_where_it_stopped(db: Database) -> None:
    """A worker that dies leaves its piece with the progress that it noted; its own later notes count for nothing."""
    put(db)
    (lost,) = claim_work(db, NOON, owner="one", kinds=["test"])
    assert keep_on(db, lost, {"n": 5}, NOON)
    later = NOON + timedelta(minutes=5)
    (taken,) = claim_work(db, later, owner="two", kinds=["test"])

    assert taken.payload == {"n": 5}
    assert not keep_on(db, lost, {"n": 6}, later)
    assert not finish(db, lost)
    assert finish(db, taken)


def test_the_same_subject_again_begins_anew(db: Database) -> None:
    """Work that is put again while somebody does it is done again, from its beginning."""
    put(db)
    (old,) = claim_work(db, NOON, owner="one", kinds=["test"])
    put(db)

    assert not finish(db, old)
    assert [one.payload for one in claim_work(db, NOON, owner="two", kinds=["test"])] == [{"n": 1}]


def test_work_that_fails_waits_longer_each_time_and_is_kept_at_last(db: Database) -> None:
    """Attempts are backed off; after the last one the piece is a dead letter with its error, never lost."""
    put(db)
    now, waits = NOON, []
    while claimed := claim_work(db, now, owner="one", kinds=["test"]):
        fail(db, claimed[0], "no luck", now)
        with db.read() as connection:
            row = connection.execute(select(work)).mappings().one()
        waits.append(row["due_at"] - now)
        now = row["due_at"]

    assert waits == sorted(waits)
    assert len(waits) == 8
    assert waiting(db) == {"dead": 1}
    assert (row["last_error"], row["attempts"]) == ("no luck", 8)


def test_kinds_are_apart(db: Database) -> None:
    """A worker gets only what it can do."""
    put(db, kind="other")

    assert claim_work(db, NOON, owner="one", kinds=["test"]) == []
    assert waiting(db) == {"other": 1}


def changed_rule(db: Database, query: str, clock: Clock) -> list[str]:
    """Give the topic "t" another rule."""
    rule = compile_topic("t", "T", query)
    row = TopicRow(slug="t", title="T", query=query, rule_version=rule.rule_version)
    return upkeep.reconcile(db, upkeep.Declared(sources=[SourceRow(source=make_source())], topics=[row]), clock())


def test_refiling_goes_on_after_a_death(db: Database) -> None:
    """Re-filing that was stopped in the middle is finished by the next worker, nothing twice, nothing missed."""
    clock = Clock()
    declare(db, make_source(), topics={"t": "nothing"})
    take(db, [make_entry(id=str(number), title=f"word {number}") for number in range(700)])
    rules = [compile_topic("t", "T", "word")]
    changed_rule(db, "word", clock)

    first = refile_waiting(db, rules, clock, owner="one", stopping=lambda: True)
    second = refile_waiting(db, rules, clock, owner="two")
    assert (first, second) == (300, 400)
    assert len(reading.page(db, "topics", "t", limit=999)) == 700
    assert waiting(db) == {}


def test_a_poll_judged_by_old_rules_is_filed_again(db: Database) -> None:
    """A poll that was under way while the rules changed does not leave its entries filed by the old ones."""
    clock = Clock()
    old = declare(db, make_source(), topics={"t": "frigate*"})
    changed_rule(db, "helicopter*", clock)
    rules = [compile_topic("t", "T", "helicopter*")]
    refile_waiting(db, rules, clock, owner="one")
    take(db, [make_entry(id="1", title="Helicopters"), make_entry(id="2", title="Frigates")], topics=old)

    assert waiting(db) == {REFILE: 1}
    refile_waiting(db, rules, clock, owner="one")
    assert [one.entry.id for one in reading.page(db, "topics", "t", limit=9)] == ["1"]


def test_an_edit_during_refiling_wins(db: Database) -> None:
    """An entry that was edited after it was judged keeps the filings of its edit."""
    declared = declare(db, make_source(), topics={"t": "word"})
    take(db, [make_entry(title="word")], topics=declared)
    stale = [(one.key, one.fingerprint, ()) for one in reading.entries_after(db, 0, 9)]
    take(db, [make_entry(title="word, edited")], topics=declared, now=NOON + timedelta(hours=1))

    assert upkeep.refile(db, stale, ["t"], NOON) == 0
    assert len(reading.page(db, "topics", "t", limit=9)) == 1


def test_a_fault_while_filing_is_told_and_tried_again(db: Database) -> None:
    """An error in the work is raised, and the piece waits for another attempt."""
    clock = Clock()
    declare(db, make_source(), topics={"t": "word"})
    take(db, [make_entry()])
    changed_rule(db, "title", clock)

    def broken(done: int, total: int) -> None:
        raise RuntimeError("no screen")

    with pytest.raises(RuntimeError):
        refile_waiting(db, [compile_topic("t", "T", "title")], clock, owner="one", progress=broken)
    assert waiting(db) == {REFILE: 1}
    assert claim_work(db, clock(), owner="two", kinds=[REFILE]) == []
    clock.forward(minutes=1)
    assert len(claim_work(db, clock(), owner="two", kinds=[REFILE])) == 1
