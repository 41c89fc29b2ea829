"""A budget of requests an hour, shared out among all sources (G-05).

In: the store, the budget. Out: the pace that every poller goes by, noted in the store. Never: a poll.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from aggregator.habit import pace_within
from aggregator.metronome import next_turn
from feeds.model import Source
from storage import pacing
from storage.database import Database

_A_DAY = timedelta(days=1)
_MOST_TURNS = 1440


def share_out(db: Database, budget: float | None, timezone: str, now: datetime) -> timedelta | None:
    """Solve for the pace at which all sources together keep to the budget, and note it. None where there is no budget."""
    pace = None
    if budget is not None:
        followed = pacing.polled_sources(db)
        fixed = sum(turns_a_day(source, timezone, now) for source, _ in followed if source.hours)
        # What hubs push is asked for once a day, to check (G-06).
        fixed += sum(1 for source, state in followed if state.pushed and not source.hours)
        rest = max(budget - fixed / 24, 0.0)
        pace = pace_within(
            rest, [(source, state.habit) for source, state in followed if not (source.hours or state.pushed)]
        )
    pacing.set_pace(db, pace)
    return pace


def turns_a_day(source: Source, timezone: str, now: datetime) -> int:
    """How often the hours of a source come in the next 24."""
    count, turn = 0, next_turn(source.hours, timezone, now)
    while turn is not None and turn <= now + _A_DAY and count < _MOST_TURNS:
        count, turn = count + 1, next_turn(source.hours, timezone, turn)
    return count
