"""Polls in rounds: all sources of a crowded host, one after the other, in one run."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from aggregator.rounds import claiming, poll_in_rounds
from storage import intake, reading
from storage.database import Database, UnavailableError
from storage.model import Claim, Decision
from tests.fakes import Clock, Page, Publisher, declare, item, make_hands, make_source, rss


class Run:
    """Sources of one host behind a publisher that counts how many are asked at a time."""

    def __init__(self, db: Database, count: int) -> None:
        self.db = db
        self.sources = [make_source(slug=f"s{n}", url=f"https://one.example/{n}") for n in range(count)]
        declare(db, *self.sources)
        self.publisher = Publisher({one.url: Page(rss(item(1))) for one in self.sources})
        self.clock = Clock()
        self.ended: list[str] = []

    def __call__(self, *, explicit: bool = True, owner: str = "test") -> list[str]:
        """Poll in rounds with four workers; the slugs polled."""
        self.ended = []
        claim = claiming(self.db, owner, self.clock, slugs=None, explicit=explicit)

        async def polled() -> None:
            hands = make_hands(self.db, self.publisher, clock=self.clock)
            try:
                await poll_in_rounds(claim, hands, workers=4, done=self.done)
            finally:
                await hands.fetcher.close()

        asyncio.run(polled())
        return self.ended

    def done(self, claim: Claim, decision: Decision | None) -> None:
        """Hear of a poll that ended; a second passes, so that it lies behind the start of the next run."""
        self.ended.append(claim.source.slug)
        self.clock.forward(seconds=1)


def test_a_crowded_host_is_polled_to_its_end(db: Database) -> None:
    """F-43: every source of one host is reached by one explicit poll, each once, and no lease is left."""
    run = Run(db, 9)

    assert sorted(run()) == [f"s{n}" for n in range(9)]
    assert len(run.publisher.requests) == 9
    assert sorted(run()) == [f"s{n}" for n in range(9)]
    assert len(intake.claim(db, run.clock(), owner="b", limit=9, explicit=True)) == 1


def test_what_is_not_due_is_left(db: Database) -> None:
    """F-12: a second run that is not explicit finds nothing due."""
    run = Run(db, 3)

    assert len(run(explicit=False)) == 3
    assert run(explicit=False) == []


def test_trouble_of_the_store_ends_a_run_and_its_leases(db: Database) -> None:
    """Where the store fails, the run ends with its error, and what was claimed is free for the next."""
    run = Run(db, 3)
    declare(db, *run.sources, make_source(slug="other", url="https://other.example/"))
    asked: list[int] = []

    def claim(limit: int) -> list[Claim]:
        asked.append(limit)
        if len(asked) > 1:
            raise UnavailableError("the store is away")
        return intake.claim(db, run.clock(), owner="test", limit=limit, explicit=True)

    async def polled() -> None:
        hands = make_hands(db, run.publisher, clock=run.clock)
        try:
            await poll_in_rounds(claim, hands, workers=1, done=run.done)
        finally:
            await hands.fetcher.close()

    with pytest.raises(UnavailableError):
        asyncio.run(polled())
    assert len(run.ended) == 2
    assert len(intake.claim(db, run.clock(), owner="b", limit=9, explicit=True)) == 2


def test_another_pollers_host_is_left_to_it(db: Database) -> None:
    """F-43: a run ends where all that is left is on a host that another poller asks."""
    run = Run(db, 2)
    declare(db, *run.sources, make_source(slug="other", url="https://other.example/"))
    run.publisher.pages["https://other.example/"] = lambda request: httpx.Response(500)
    (held,) = intake.claim(db, run.clock(), owner="b", limit=1, slugs=["s0"], explicit=True)

    assert run() == ["other"]
    assert reading.journal_of(db, held.source.slug) == []
