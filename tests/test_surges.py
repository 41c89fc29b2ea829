"""What surges, what is quiet: false alarms and alarms, on arrivals that chance made."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from random import Random

import pytest

from aggregator.surges import BASELINE, DAYS, FEWEST, at_least, at_most, only_watched, verdict

STEADY = [10, 12, 9, 11, 10, 8, 13] * 5
WEEK = (1.2, 1.2, 1.2, 1.2, 1.2, 0.5, 0.5)


def poisson(chance: Random, mean: float) -> int:
    """A count of independent arrivals."""
    count, left = -1, 1.0
    while left > math.exp(-mean):
        count, left = count + 1, left * chance.random()
    return count


def even(chance: Random, mean: float) -> Iterator[int]:
    """Days of independent arrivals."""
    while True:
        yield poisson(chance, mean)


def weekly(chance: Random, mean: float) -> Iterator[int]:
    """Days of independent arrivals, with less than half as many at weekends."""
    while True:
        for share in WEEK:
            yield poisson(chance, mean * share)


def bursts(chance: Random, mean: float) -> Iterator[int]:
    """Days on which arrivals come four at a time on average, fewer at weekends."""
    while True:
        for share in WEEK:
            batches = poisson(chance, mean / 4 * share)
            yield sum(1 + int(math.log(chance.random()) / math.log(0.75)) for _ in range(batches))


def held(made: Iterator[int], days: int, change: Callable[[list[int]], list[int]] = list) -> Counter[str]:
    """The words of the verdicts on so many days, each with its past behind it; `change` is what happened on each."""
    past = [next(made) for _ in range(DAYS)]
    words: Counter[str] = Counter()
    for _ in range(days):
        past = [next(made), *past[:-1]]
        words[verdict(change(past)).word] += 1
    return words


@pytest.mark.parametrize(
    ("arrivals", "mean", "most"),
    [
        (even, 0.3, 1), (even, 2, 1), (even, 10, 2), (even, 50, 2), (weekly, 2, 1), (weekly, 10, 3), (weekly, 50, 2),
        (bursts, 0.3, 20), (bursts, 2, 15), (bursts, 10, 10), (bursts, 50, 10),
    ],
)  # fmt: skip
def test_false_alarms_are_rare(arrivals: Callable[[Random, float], Iterator[int]], mean: float, most: int) -> None:
    """E-06: of 1,000 days on which nothing changed, a thousandth is marked where arrivals are independent, at most one in
    fifty where they come in bursts.
    """
    words = held(arrivals(Random(6), mean), 1000)

    assert words["surge"] + words["quiet"] <= most
    assert words["unknown"] == 0


@pytest.mark.parametrize(
    ("arrivals", "mean", "least"),
    [(even, 10, 98), (weekly, 10, 80), (even, 50, 100), (weekly, 50, 95), (bursts, 50, 70)],
)
def test_four_times_as_many_is_a_surge(
    arrivals: Callable[[Random, float], Iterator[int]], mean: float, least: int
) -> None:
    """E-06: a day with four times as many arrivals is marked: always where ten independent ones a day are usual, mostly else."""
    more = arrivals(Random(7), mean * 3)
    words = held(arrivals(Random(8), mean), 100, lambda past: [past[0] + next(more), *past[1:]])

    assert words["surge"] >= least


@pytest.mark.parametrize(
    ("arrivals", "mean", "days", "least"),
    [
        (even, 10, 1, 95),
        (even, 50, 1, 100),
        (weekly, 50, 1, 98),
        (even, 2, 7, 90),
        (bursts, 10, 7, 95),
        (bursts, 50, 3, 98),
    ],
)
def test_a_silence_is_marked(
    arrivals: Callable[[Random, float], Iterator[int]], mean: float, days: int, least: int
) -> None:
    """E-06: a silence shows in a day where much is usual, in a week where two entries a day are."""
    words = held(arrivals(Random(9), mean), 100, lambda past: [0] * days + past[days:])

    assert words["quiet"] >= least


def test_a_verdict_says_what_was_seen_and_what_is_usual() -> None:
    """A person reads why: the numbers, the time they are of."""
    surge = verdict([44, *STEADY[1:]])
    quiet = verdict([0, *STEADY[1:]])

    assert (surge.word, surge.seen, surge.reason) == ("surge", 44, "44 in the last 24 hours, where 10 are usual")
    assert (quiet.word, quiet.days, quiet.reason) == ("quiet", 1, "none in the last 24 hours, where 10 are usual")
    assert verdict(STEADY).word == "steady"


def test_what_is_small_is_no_surge() -> None:
    """A few where hardly any are usual is no surge, however unlikely; many are."""
    rare = [0] * 13 + [1] + [0] * 21

    assert verdict([4, *rare[1:]]).word == "steady"
    assert verdict([9, *rare[1:]]).word == "surge"
    assert verdict([9, *rare[1:]]).reason == "9 in the last 24 hours, where less than one is usual"


def test_a_quiet_weekend_is_usual() -> None:
    """Who never posts on two days of the week is not quiet on them, and is on another."""
    week = [0, 0, 20, 22, 19, 21, 20]

    friday = week[2:] + week[:2]

    assert verdict(week * 5).word == "steady"
    assert verdict(friday * 5).word == "steady"
    assert verdict([0, *(friday * 5)[1:]]).word == "quiet"


@pytest.mark.parametrize("days", [0, 1, FEWEST])
def test_without_a_past_nothing_is_said(days: int) -> None:
    """A store or a source that was only just begun has no mark, whatever comes."""
    found = verdict([500, *STEADY][:days])

    assert found.word == "unknown"
    assert not found.is_marked
    assert "14 are needed to say what is usual" in found.reason
    assert verdict([500, *STEADY][: FEWEST + 1]).word == "surge"


def test_a_source_that_cannot_be_asked_is_broken_not_quiet() -> None:
    """What fails is broken: its silence says nothing. While it still brings what is usual, it is steady."""
    found = verdict([0, *STEADY[1:]], trouble="http: 500, 9 times in a row")

    assert (found.word, found.is_marked) == ("broken", True)
    assert found.reason == "none in the last 24 hours, where 10 are usual; http: 500, 9 times in a row"
    assert verdict(STEADY, trouble="http: 500, 9 times in a row").word == "steady"


def test_what_nobody_could_have_heard_is_not_missed() -> None:
    """A source that is asked once a day is not quiet because its last poll was long ago."""
    assert verdict([0, *STEADY[1:]], unheard=0.9).word == "steady"
    assert verdict([0, *STEADY[1:]], unheard=0.1).word == "quiet"
    assert verdict([0, *STEADY[1:]], unheard=3.0).word == "steady"


def test_an_outage_is_no_silence_and_what_waited_no_surge() -> None:
    """A day on which nothing came from anywhere is not known; nor is the day after it, which brings what waited, a surge."""
    totals = [0, *[100] * 34]
    silent = verdict(only_watched([0, *STEADY[1:]], totals))
    after = verdict(only_watched([45, 0, *STEADY[2:]], [400, 0, *[100] * 33]))

    assert (silent.word, silent.reason) == ("unknown", "nothing came from anywhere in the last 24 hours")
    assert after.word == "steady"
    assert only_watched([1, 0, 2], [1, 0, 3]) == [1, 0, 2]
    assert verdict(only_watched([45, 9, 0, *STEADY[3:]], [400, 90, 0, *[100] * 32])).word == "surge"


@pytest.mark.parametrize(("mean", "variance"), [(0.2, 0.3), (5.0, 5.01), (40.0, 400.0), (3000.0, 9000.0)])
def test_tails_are_those_of_the_distribution(mean: float, variance: float) -> None:
    """What lies above a number and what lies below it come to one; a tail falls with its distance from the mean."""
    far = [mean + math.sqrt(variance) * step for step in (1, 2, 4)]
    above = [at_least(math.ceil(number), mean, variance) for number in far]

    assert all(one > other for one, other in pairwise(above))
    assert math.isclose(
        at_least(math.ceil(mean), mean, variance) + at_most(math.ceil(mean) - 1, mean, variance), 1, rel_tol=1e-6
    )
    assert at_most(0, mean, variance) <= math.exp(-mean) ** (mean / variance) * 1.001


def test_the_past_that_counts_is_four_weeks() -> None:
    """What was longer ago than the baseline does not matter."""
    assert verdict([10] * (BASELINE + 1) + [0] * 6).word == verdict([10] * DAYS).word == "steady"
    assert verdict([10] * (BASELINE + 1) + [900] * 6) == verdict([10] * (BASELINE + 1))
