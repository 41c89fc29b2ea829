"""A picture of the replay as SVG: how long sources wait by their rate, and how late posts are found.

In: posts and polls a day of sources, delays of posts. Out: one SVG, readable on light and dark pages. Never: a library
for a dozen lines and dots.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence

_WIDTH, _HEIGHT, _LEFT, _TOP = 400, 240, 60, 40
_OURS, _HOURLY, _INK = "#1f77b4", "#d62728", "#777777"
_Scale = Callable[[float], float]


def picture(waits: Sequence[tuple[float, float]], ours: Sequence[float], hourly: Sequence[float]) -> str:
    """Both panels. `waits` has posts and polls a day of each source, the others are delays in minutes."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * (_WIDTH + _LEFT) + 30} {_HEIGHT + 100}" '
            f'font-family="sans-serif" font-size="12" fill="{_INK}">',
            *_rates(waits),
            f'<g transform="translate({_WIDTH + _LEFT + 20} 0)">',
            *_delays(sorted(ours), sorted(hourly)),
            "</g>",
            "</svg>",
            "",
        ]
    )


def _rates(waits: Sequence[tuple[float, float]]) -> Iterable[str]:
    """Hours between two polls against posts a day, both in powers of ten."""
    across, up = _powers(0.03, 1000, _LEFT, _LEFT + _WIDTH), _powers(0.5, 30, _TOP + _HEIGHT, _TOP)
    yield from _frame("Hours between two polls, by posts a day", "posts a day of a source")
    yield from _ticks(
        [(across(one), f"{one:g}") for one in (0.1, 1, 10, 100, 1000)],
        [(up(one), f"{one} h") for one in (1, 3, 6, 12, 24)],
    )
    for posts, polls in waits:
        if posts >= 0.03 and polls:
            yield f'<circle cx="{across(posts):.1f}" cy="{up(24 / polls):.1f}" r="1.8" fill="{_OURS}" fill-opacity="0.45"/>'
    yield _line([(_LEFT, up(1.125)), (_LEFT + _WIDTH, up(1.125))], _HOURLY)


def _delays(ours: Sequence[float], hourly: Sequence[float]) -> Iterable[str]:
    """The share of posts that were found within so many minutes."""
    across, up = _even(0, 240, _LEFT, _LEFT + _WIDTH), _even(0, 1, _TOP + _HEIGHT, _TOP)
    yield from _frame("Posts found, by minutes since they appeared", "minutes")
    yield from _ticks(
        [(across(one), f"{one}") for one in range(0, 241, 30)],
        [(up(one / 100), f"{one} %") for one in range(0, 101, 20)],
    )
    for delays, colour in ((hourly, _HOURLY), (ours, _OURS)):
        yield _line([(across(x), up(bisect_right(delays, x) / len(delays))) for x in range(0, 241, 2)], colour)
    for number, (name, colour) in enumerate((("Heliograph", _OURS), ("a poll every hour", _HOURLY))):
        y = _TOP + _HEIGHT - 40 + 18 * number
        yield _line([(_LEFT + 230, y), (_LEFT + 255, y)], colour)
        yield f'<text x="{_LEFT + 262}" y="{y + 4}">{name}</text>'


def _frame(title: str, below: str) -> Iterable[str]:
    yield f'<text x="{_LEFT}" y="{_TOP - 16}" font-size="14">{title}</text>'
    yield f'<rect x="{_LEFT}" y="{_TOP}" width="{_WIDTH}" height="{_HEIGHT}" fill="none" stroke="{_INK}"/>'
    yield f'<text x="{_LEFT + _WIDTH / 2}" y="{_TOP + _HEIGHT + 40}" text-anchor="middle">{below}</text>'


def _ticks(across: Iterable[tuple[float, str]], up: Iterable[tuple[float, str]]) -> Iterable[str]:
    for x, name in across:
        yield f'<text x="{x:.1f}" y="{_TOP + _HEIGHT + 18}" text-anchor="middle">{name}</text>'
    for y, name in up:
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{name}</text>'
        yield f'<path d="M{_LEFT} {y:.1f}h{_WIDTH}" stroke="{_INK}" stroke-opacity="0.25"/>'


def _line(points: Iterable[tuple[float, float]], colour: str) -> str:
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>'


def _even(low: float, high: float, start: float, end: float) -> _Scale:
    return lambda value: start + (value - low) / (high - low) * (end - start)


def _powers(low: float, high: float, start: float, end: float) -> _Scale:
    even = _even(math.log(low), math.log(high), start, end)
    return lambda value: even(math.log(min(max(value, low), high)))
