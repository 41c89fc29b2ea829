from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError

from aggregator.decide import decide
from aggregator.recorder import Recorder
from feeds.model import Answer, Document, Fetched, Head, Unchanged, Validators
from storage import intake, reading
from storage.database import Database, UnavailableError, open_database
from storage.model import Claim, Decision, Known
from tests.fakes import NOON, declare, make_entry, make_source
from tests.postgres import Server


def claims(db: Database, number: int) -> list[Claim]:
    """Claims on so many new sources."""
    declare(db, *(make_source(slug=f"s{n}", url=f"https://s{n}.example/feed") for n in range(number)))
    return intake.claim(db, NOON, owner="test", limit=number)


def quiet(claim: Claim) -> Decision:
    """A poll that found nothing new."""
    answer = Answer(status=304, url=claim.source.url)
    return decide(claim, Unchanged(answer=answer, validators=Validators()), None, Known(), [], NOON)


def loud(claim: Claim) -> Decision:
    """A poll that brought an entry."""
    answer = Answer(status=200, url=claim.source.url)
    document = Document(head=Head(title="N"), entries=(make_entry(),))
    return decide(claim, Fetched(answer=answer, body=b"", validators=Validators()), document, Known(), [], NOON)


def record_all(recorder: Recorder, decided: Sequence[tuple[Claim, Decision]]) -> list[bool]:
    """Record all of these at once."""

    async def together() -> list[bool]:
        return list(await asyncio.gather(*(recorder.record(*one) for one in decided)))

    return asyncio.run(together())


def commits_of(db: Database) -> list[int]:
    """A list that grows with each commit."""
    counted: list[int] = []
    event.listen(db.engine, "commit", lambda connection: counted.append(1))
    return counted


def test_quiet_polls_share_a_transaction(db: Database) -> None:
    """Polls that found nothing new are written with one commit for many; each has its own line in the journal."""
    taken = claims(db, 40)
    commits = commits_of(db)
    assert record_all(Recorder(db), [(claim, quiet(claim)) for claim in taken]) == [True] * 40

    assert len(commits) <= 2
    assert all(len(reading.journal_of(db, claim.source.slug)) == 1 for claim in taken)


def test_polls_that_brought_something_share_one_too(db: Database) -> None:
    """Polls with entries are written together with quiet ones, in the order in which they came."""
    taken = claims(db, 6)
    decided = [(claim, loud(claim) if number % 2 else quiet(claim)) for number, claim in enumerate(taken)]
    commits = commits_of(db)

    assert record_all(Recorder(db), decided) == [True] * 6
    assert len(commits) <= 2
    assert [one.source_slug for one in reading.entries_after(db, 0, 10)] == [
        claim.source.slug for claim, decision in decided if decision.new
    ]


def test_a_poll_that_cannot_be_written_harms_no_other(db: Database) -> None:
    """Where one decision of a shared transaction is refused by the store, the others are written, and it alone is told."""
    taken = claims(db, 3)
    broken = loud(taken[1])
    twice = replace(broken, new=(*broken.new, *broken.new))
    decided = [(taken[0], loud(taken[0])), (taken[1], twice), (taken[2], loud(taken[2]))]

    async def together() -> list[bool | BaseException]:
        recorder = Recorder(db)
        return await asyncio.gather(*(recorder.record(*one) for one in decided), return_exceptions=True)

    first, second, third = asyncio.run(together())
    assert (first, third) == (True, True)
    assert isinstance(second, IntegrityError)
    assert reading.counts(db)["entries"] == 2


def test_a_lost_lease_is_told_to_its_own_poll_only(db: Database) -> None:
    """In a shared transaction, a poll whose lease was lost is not written, and the others are."""
    taken = claims(db, 3)
    lost = replace(taken[1], owner="somebody else")
    decided = [(claim, quiet(claim)) for claim in (taken[0], lost, taken[2])]

    assert record_all(Recorder(db), decided) == [True, False, True]


def test_a_store_that_is_away_for_a_while_loses_nothing(postgresql: Server) -> None:
    """PostgreSQL gone in the middle: the decision waits, and is written when the server is back."""
    url = postgresql.new_database("prepared")
    db = open_database(url)
    (claim,) = claims(db, 1)
    postgresql.stop("immediate")

    async def outage() -> bool:
        recording = asyncio.create_task(Recorder(db, first_wait=0.1).record(claim, loud(claim)))
        done, _ = await asyncio.wait([recording], timeout=0.5)
        assert not done
        await asyncio.to_thread(postgresql.start)
        return await recording

    assert asyncio.run(outage())
    assert reading.counts(db)["entries"] == 1
    db.close()
    postgresql.drop(url)


def test_patience_ends(postgresql: Server) -> None:
    """A store that stays away is told at last, with what is wrong."""
    url = postgresql.new_database("prepared")
    db = open_database(url)
    (claim,) = claims(db, 1)
    postgresql.stop("immediate")
    try:
        with pytest.raises(UnavailableError, match="cannot be used just now"):
            record_all(Recorder(db, patience=0.3, first_wait=0.1), [(claim, quiet(claim))])
    finally:
        postgresql.start()
    db.close()
    postgresql.drop(url)


def test_a_read_only_file_is_told(tmp_path: Path) -> None:
    """A SQLite store that cannot be written is an UnavailableError with SQLite's own words, not a traceback."""
    url = f"sqlite:///{tmp_path / 'store.db'}"
    made = open_database(url)
    (claim,) = claims(made, 1)
    made.close()
    db = open_database(f"sqlite:///file:{tmp_path / 'store.db'}?mode=ro&uri=true")

    with pytest.raises(UnavailableError, match="readonly"):
        record_all(Recorder(db, patience=0.2, first_wait=0.1), [(claim, quiet(claim))])
    db.close()
