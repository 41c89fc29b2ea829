"""When sources post: made-up arrivals that behave like the published measurements, and the dates of recorded feeds.

In: a number of sources and a seed, or a folder of feeds. Out: publishers, each with its posts in order of time.
Never: chance that differs between two runs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from statistics import NormalDist

from feeds.model import Document
from feeds.parse import parse

START = datetime(2026, 3, 2, tzinfo=UTC)
"""A Monday: every publisher is asked for the first time within its first hour."""
_DAY = timedelta(days=1)
# 17 % of the feeds bring 97 % of the posts (Travers and others, 2014), and the mean is 5.5 posts a day.
_TOP, _SHARE, _MEAN = 0.17, 0.97, 5.5
_WINDOWS = (10, 10, 15, 20, 20, 25, 30, 50, 100)
_UNDATED = 0.15
# How many days of posts there were before START, at the least and at the most.
_BEFORE = (7, 1001)
_WEEKEND = (5, 6)
# With more posts a day than this, somebody is always at work.
_TIRELESS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """A publisher: its posts in order, how many of them its document holds, and whether they carry dates."""

    name: str
    posts: tuple[datetime, ...]
    window: int
    dated: bool = True


def rates(count: int) -> list[float]:
    """Posts a day of so many sources, each the mean of its part of the log-normal distribution that fits the literature."""
    normal = NormalDist()
    # Of a log-normal, the top 17 % bring Phi(sigma - z) of the whole, where z cuts off the top 17 %.
    sigma = normal.inv_cdf(_SHARE) + normal.inv_cdf(1 - _TOP)
    cuts = [-math.inf, *(normal.inv_cdf(at / count) for at in range(1, count)), math.inf]
    return [_MEAN * count * (normal.cdf(high - sigma) - normal.cdf(low - sigma)) for low, high in pairwise(cuts)]


def steady(count: int, days: int, seed: int = 1) -> Iterator[Posting]:
    """Sources that post at any hour alike (a Poisson process)."""
    return _made("steady", count, days, seed, lambda chance, rate, span: list(_poisson(chance, rate, span)))


def lively(count: int, days: int, seed: int = 1) -> Iterator[Posting]:
    """Sources with waking hours, quiet weekends and bursts of posts about one event; quiet ones may be silent for weeks."""
    return _made("lively", count, days, seed, _lively)


def _made(
    name: str, count: int, days: int, seed: int, posts: Callable[[Random, float, float], list[float]]
) -> Iterator[Posting]:
    for at, rate in enumerate(rates(count)):
        chance = Random(f"{name} {seed} {at}")
        # A busy publisher's document holds some hours of posts at the least.
        window = max(chance.choice(_WINDOWS), round(rate / 4))
        # Whole weeks, so that the days that are counted from there begin on a Monday too.
        before = 7 * round(min(max(2 * window / rate, _BEFORE[0]), _BEFORE[1]) / 7)
        found = sorted(posts(chance, rate, before + days))
        yield Posting(
            name=f"{name}-{at}",
            posts=tuple(START + timedelta(days=day - before) for day in found),
            window=window,
            dated=chance.random() >= _UNDATED,
        )


def _poisson(chance: Random, rate: float, span: float) -> Iterator[float]:
    day = chance.expovariate(rate)
    while day < span:
        yield day
        day += chance.expovariate(rate)


def _lively(chance: Random, rate: float, span: float) -> list[float]:
    """A burst begins where a Poisson process says so and the source is awake."""
    noon = chance.choice((4, 7, 8, 9, 11, 12, 16)) / 24
    weekend = chance.choice((0.2, 0.4, 1.0))
    burst = chance.choice((1.0, 1.5, 3.0))
    silences = _silences(chance, span) if rate < _TIRELESS and chance.random() < 0.25 else []
    mean = 0.5 * (5 + 2 * weekend) / 7 * (0.5 if silences else 1.0)
    found: list[float] = []
    for day in _poisson(chance, rate / burst / mean, span):
        awake = (1 + math.cos(2 * math.pi * (day - noon))) / 2 * (weekend if int(day) % 7 in _WEEKEND else 1.0)
        if chance.random() < awake and not any(begin <= day < end for begin, end in silences):
            found.append(day)
            while chance.random() < 1 - 1 / burst:
                found.append(found[-1] + chance.expovariate(24))
    return [day for day in found if day < span]


def _silences(chance: Random, span: float) -> list[tuple[float, float]]:
    """Times in which a source says nothing: weeks between weeks."""
    edges = [0.0]
    while edges[-1] < span:
        edges.append(edges[-1] + chance.uniform(5, 40))
    return list(pairwise(edges))[chance.randrange(2) :: 2]


def recorded(folder: Path, days: int) -> Iterator[Posting]:
    """The dates of real documents, moved to end when the replay ends, and repeated where they reach less far back.

    They are moved by whole weeks, and repeated after whole weeks or days where they span as much, so that weekdays and
    hours stay. Left out are documents with fewer than five different dates, or with all of them within half a day.
    """
    for path in sorted(folder.iterdir()):
        body = path.read_bytes() if path.is_file() and len(path.suffix) > 1 and path.stat().st_size < 2_000_000 else b""
        document = parse(body, f"https://{path.stem}.example/feed", "") if body else None
        if isinstance(document, Document):
            dates = sorted({one.published for one in document.entries if one.published and one.published.year > 1999})
            if len(dates) >= 5 and dates[-1] - dates[0] > _DAY / 2:
                yield Posting(name=path.stem, posts=tuple(_repeated(dates, days)), window=len(document.entries))


def _repeated(dates: list[datetime], days: int) -> list[datetime]:
    end = START + timedelta(days=days)
    span = dates[-1] - dates[0]
    period = span + span / (len(dates) - 1)
    for unit in (timedelta(weeks=1), _DAY):
        if period > 1.5 * unit:
            period = -(-period // unit) * unit
            break
    moved = (end - dates[-1]) // timedelta(weeks=1) * timedelta(weeks=1)
    latest = [date + moved for date in dates]
    found = latest + [date + period for date in latest]
    while found[0] > START - period:
        found = [date - period for date in latest[: len(dates)]] + found
        latest = found
    return [date for date in found if date <= end + timedelta(days=2)]
