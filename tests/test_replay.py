"""The schedule on made-up posts: fewer requests than a poll every hour, hardly later."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from benchmarks.arrivals import START, Posting, lively, rates, steady
from benchmarks.replay import by_habit, every_hour, replay, simulate


@pytest.mark.parametrize("arrivals", [steady, lively])
def test_requests_are_saved_at_little_delay(arrivals: Callable[[int, int], Iterator[Posting]]) -> None:
    """G-01, G-02: 70 % fewer requests than hourly at 1.15 times its mean delay, warm-up included; nobody waits over a day."""
    replayed = replay(arrivals(200, 14), 14)

    assert replayed.saved >= 0.71
    assert replayed.delay <= 1.14
    assert replayed.ours.longest <= timedelta(hours=24)


def test_made_up_sources_are_like_those_of_the_literature() -> None:
    """G-01: 17 % of the sources bring 97 % of the posts, and the mean is 5.5 a day."""
    made = rates(1000)

    assert sum(made) / 1000 == pytest.approx(5.5)
    assert sum(made[-170:]) / sum(made) == pytest.approx(0.97, abs=0.001)
    assert made == sorted(made)


def test_the_replay_counts_what_it_should() -> None:
    """G-01: on posts that can be counted by hand, polls, delays and posts that scrolled away are right."""
    posts = tuple(START + timedelta(hours=2, minutes=10 * at) for at in range(100))
    whole = simulate(Posting(name="whole", posts=posts, window=100), 2, every_hour)
    narrow = simulate(Posting(name="narrow", posts=posts, window=2), 2, every_hour)

    assert len(whole.delays) == 100
    assert whole.missed == 0
    assert 0 < max(whole.delays) <= 75
    assert 48 / 1.25 <= whole.polls <= 48
    assert len(narrow.delays) + narrow.missed == 100
    assert narrow.missed > 50


def test_both_schedules_see_every_post() -> None:
    """G-04: what hourly polls see of a small document, ours see too."""
    posts = tuple(START + timedelta(hours=3 * at) for at in range(-50, 110))
    for schedule in (by_habit, every_hour):
        tally = simulate(Posting(name="small", posts=posts, window=3), 14, schedule)
        assert tally.missed == 0
        assert len(tally.delays) >= 109
