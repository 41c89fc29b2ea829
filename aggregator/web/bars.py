"""Entries per month as a small bar chart: numbers and places only, the template draws it.

In: dates. Out: bars. Never: a script or a style: the page's policy allows neither in line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

MONTHS = 24
_WIDTH, _GAP, _HEIGHT = 18, 4, 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A month: how many entries, and where its bar stands, in units of the drawing."""

    month: str
    entries: int
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """The bars of some months, the last one's month being today's; `told` says the same in words."""

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
    most = max(number for _, _, number in shown)
    bars = []
    for at, (year, month, number) in enumerate(shown):
        height = max(1, round(number / most * _HEIGHT)) if number else 0
        bars.append(
            Bar(month=f"{year}-{month:02}", entries=number, x=at * (_WIDTH + _GAP), y=_HEIGHT - height, width=_WIDTH,
                height=height)
        )  # fmt: skip
    total = sum(number for _, _, number in shown)
    told = f"{total} entries from {bars[0].month} to {bars[-1].month}, at most {most} in a month"
    return Chart(bars=tuple(bars), width=len(bars) * (_WIDTH + _GAP) - _GAP, height=_HEIGHT, told=told)
