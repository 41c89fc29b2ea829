"""Whose turn it is at a host."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from feeds.fetch import Fetcher, Limits
from feeds.model import Fetched, Outcome, Validators
from feeds.turns import Turns
from tests.fakes import make_source

SPACING = 0.05
Span = tuple[str, float, float]


class Watched:
    """A publisher that writes down when it was asked, and when it had answered."""

    def __init__(self, redirects: dict[str, str] | None = None) -> None:
        self.visits: list[Span] = []
        self._redirects = redirects or {}

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        clock = asyncio.get_running_loop().time
        start = clock()
        await asyncio.sleep(0.005)
        self.visits.append((str(request.url), start, clock()))
        if to := self._redirects.get(str(request.url)):
            return httpx.Response(302, headers={"Location": to})
        return httpx.Response(200, stream=httpx.ByteStream(b"feed"))


def asked(watched: Watched, *urls: str, seconds: float = 10, spacing: float = SPACING) -> list[Outcome]:
    """What one fetcher makes of these addresses at once."""

    async def once() -> list[Outcome]:
        fetcher = Fetcher(
            user_agent="test", folder=Path(), limits=Limits(seconds=seconds, spacing=spacing),
            transport=httpx.MockTransport(watched),
        )  # fmt: skip
        return await asyncio.gather(*(fetcher.fetch(make_source(url=url), Validators()) for url in urls))

    return asyncio.run(once())


def test_visits_to_a_host_are_spaced() -> None:
    """F-43: from the end of one answer to the next request to the same public host the pause is kept."""
    watched = Watched()
    asked(watched, *(f"https://news.example/{number}" for number in range(4)))

    gaps = [start - end for (_, _, end), (_, start, _) in pairwise(watched.visits)]
    assert len(gaps) == 3
    assert min(gaps) >= SPACING


def test_those_who_wait_come_in_their_order() -> None:
    """F-43: first come, first served, at each host."""
    watched = Watched()
    urls = [f"https://news.example/{number}" for number in range(5)]
    asked(watched, *urls)

    assert [url for url, _, _ in watched.visits] == urls


def test_the_wait_is_no_part_of_the_deadline() -> None:
    """F-43, F-44: a source that waits for its turn longer than its deadline is asked, and has its whole time then."""
    outcomes = asked(Watched(), *(f"https://news.example/{n}" for n in range(4)), seconds=0.1, spacing=0.06)

    assert all(isinstance(outcome, Fetched) for outcome in outcomes)


def test_a_redirect_within_a_host_is_the_same_visit() -> None:
    """F-43: where a host leads on to itself it is followed at once, and nobody comes between."""
    watched = Watched({"https://news.example/a": "https://news.example/b"})
    asked(watched, "https://news.example/a", "https://news.example/c")

    assert [url.rpartition("/")[2] for url, _, _ in watched.visits] == ["a", "b", "c"]
    (_, _, first_end), (_, hop, hop_end), (_, last, _) = watched.visits
    assert hop - first_end < SPACING
    assert last - hop_end >= SPACING


def test_hosts_that_lead_to_each_other_do_not_wait_for_ever() -> None:
    """F-43: two polls that are redirected to each other's host both end."""
    watched = Watched({"https://a.example/": "https://b.example/x", "https://b.example/": "https://a.example/x"})
    outcomes = asked(watched, "https://a.example/", "https://b.example/", spacing=0)

    assert all(isinstance(outcome, Fetched) for outcome in outcomes)


def test_one_who_gives_up_waiting_lets_the_next_one_in() -> None:
    """F-43: a poll that is cancelled in the queue, or in the pause, keeps nobody out."""

    async def once() -> str:
        turns = Turns(60)
        first = await turns.take("news.example")
        in_queue = asyncio.create_task(turns.take("news.example"))
        await asyncio.sleep(0)
        in_queue.cancel()
        first.give_back()
        in_pause = asyncio.create_task(turns.take("news.example"))
        await asyncio.sleep(0.01)
        in_pause.cancel()
        for task in (in_queue, in_pause):
            with pytest.raises(asyncio.CancelledError):
                await task
        return (await turns.take("other.example")).name

    assert asyncio.run(once()) == "other.example"


def test_hosts_that_nobody_asks_are_forgotten() -> None:
    """The record of hosts does not grow without end, and one in use is kept."""

    async def once() -> int:
        turns = Turns(0)
        held = await turns.take("held.example")
        for number in range(5000):
            (await turns.take(f"{number}.example")).give_back()
        waiting = asyncio.create_task(turns.take("held.example"))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        held.give_back()
        (await waiting).give_back()
        return len(turns)

    assert asyncio.run(once()) <= 1000
