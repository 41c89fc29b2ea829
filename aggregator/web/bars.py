"""Entries per month or per day as a small bar chart: numbers and places only, the template draws it.

In: dates. Out: bars. Never: a script or a style: the page's policy allows neither in line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

MONTHS = 24
_WIDTH, _GAP, _HEIGHT = 18, 4, 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A month or a day: how many entries, and where its bar stands, in units of the drawing."""

    label: str
    entries: int
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """The bars of some months or days, the last one being today's; `told` says the same in words."""

    bars: tuple[Bar, ...]
    width: int
    height: int
    told: str


def first_day(now: datetime) -> datetime:
    """The beginning of the first month that a chart shows."""
    years, month = divmod(now.year * 12 + now.month - MONTHS, 12)
    return now.replace(year=years, month=month + 1, day=1, hour=0, minute=0, second=0, microsecond=0)


def chart(published: Sequence[datetime], now: datetime) -> Chart | None:
    """Entries per month, from the first month that has one to today's; None where there is none."""
    counted = Counter((one.year, one.month) for one in published)
    start = first_day(now)
    months = [divmod(start.year * 12 + start.month - 1 + step, 12) for step in range(MONTHS)]
    shown = [(year, month + 1, counted[(year, month + 1)]) for year, month in months]
    while shown and not shown[0][2]:
        shown.pop(0)
    if not shown:
        return None
    bars = _bars([(f"{year}-{month:02}", number) for year, month, number in shown])
    total, most = sum(bar.entries for bar in bars), max(bar.entries for bar in bars)
    told = f"{total} entries from {bars[0].label} to {bars[-1].label}, at most {most} in a month"
    return Chart(bars=bars, width=_width(bars), height=_HEIGHT, told=told)


def day_chart(daily: Sequence[int], now: datetime) -> Chart | None:
    """Entries of each 24 hours until now; `daily` is newest first. None where there is none."""
    if not any(daily):
        return None
    days = [
        ((now - timedelta(days=ago)).strftime("until %Y-%m-%d %H:%M UTC"), number) for ago, number in enumerate(daily)
    ]
    bars = _bars(days[::-1])
    told = f"{sum(daily)} entries in the last {len(daily)} days, at most {max(daily)} in a day, {daily[0]} in the last"
    return Chart(bars=bars, width=_width(bars), height=_HEIGHT, told=told)


def _bars(counts: Sequence[tuple[str, int]]) -> tuple[Bar, ...]:
    most = max(number for _, number in counts)
    bars = []
    for at, (label, number) in enumerate(counts):
        height = max(1, round(number / most * _HEIGHT)) if number else 0
        bars.append(
            Bar(label=label, entries=number, x=at * (_WIDTH + _GAP), y=_HEIGHT - height, width=_WIDTH, height=height)
        )  # fmt: skip
    return tuple(bars)


def _width(bars: Sequence[Bar]) -> int:
    return len(bars) * (_WIDTH + _GAP) - _GAP
