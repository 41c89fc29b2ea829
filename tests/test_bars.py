"""The chart on an author's page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from aggregator.web.bars import MONTHS, chart, first_day
from tests.fakes import NOON


def test_a_chart_reaches_from_the_first_month_with_an_entry_to_today() -> None:
    """One bar a month, the tallest as high as the drawing, empty months between without height."""
    dates = [datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC), datetime(2026, 11, 3, tzinfo=UTC)]
    made = chart(dates, NOON)

    assert made is not None
    assert [(bar.label, bar.entries, bar.height) for bar in made.bars] == [
        ("2026-09", 1, made.height // 2), ("2026-10", 0, 0), ("2026-11", 2, made.height)
    ]  # fmt: skip
    assert made.told == "3 entries from 2026-09 to 2026-11, at most 2 in a month"


def test_a_chart_of_nothing_is_none() -> None:
    """Where no entry is, or all are older than the chart reaches, there is no chart."""
    assert chart([], NOON) is None
    assert chart([NOON - timedelta(days=31 * (MONTHS + 2))], NOON) is None
    assert chart([NOON + timedelta(days=40)], NOON) is None


def test_the_first_day_is_the_beginning_of_a_month() -> None:
    """The chart's first month is two years back, counted with today's."""
    assert first_day(NOON) == datetime(2024, 12, 1, tzinfo=UTC)
    assert first_day(datetime(2026, 12, 31, 9, tzinfo=UTC)) == datetime(2025, 1, 1, tzinfo=UTC)
    assert len(chart([first_day(NOON)], NOON).bars) == MONTHS  # type: ignore[union-attr] # one entry makes a chart
