"""The metronome: jobs that run every few seconds, and the hours that an operator writes down for a source.

In: functions with their intervals; hours as in a crontab with a time zone. Out: the functions called; the next moment
that the hours name. Never: a schedule of sources in memory: what is due is a column in the store.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

_SAMPLE = datetime(2026, 1, 1, tzinfo=UTC)


class Metronome:
    """A few jobs, each alone: one that takes longer than its interval is not started a second time."""

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(timezone=UTC)

    def every(self, seconds: float, job: Callable[[], Awaitable[None]], name: str, first: datetime | None) -> None:
        """Call `job` every so many seconds, from `first` on, from one interval on where that is None."""
        when = {} if first is None else {"next_run_time": first}
        self._scheduler.add_job(
            job, "interval", seconds=seconds, id=name, coalesce=True, max_instances=1, misfire_grace_time=None, **when
        )

    def start(self) -> None:
        """Begin to tick."""
        self._scheduler.start()

    def soon(self, name: str, now: datetime) -> None:
        """Call a job now and not at its next turn; nothing happens where there is no such job."""
        if self._scheduler.get_job(name):
            self._scheduler.modify_job(name, next_run_time=now)

    def stop(self) -> None:
        """Call nothing any more."""
        self._scheduler.shutdown(wait=False)


def read_hours(text: str) -> str:
    """Hours as in a crontab: minute, hour, day, month, weekday. Raises ValueError with what is wrong."""
    hours = " ".join(text.split()).lower()
    fields = hours.split(" ")
    if len(fields) != 5:
        raise ValueError(
            f'expected minute, hour, day, month and weekday, such as "*/15 6-20 * * mon-fri", not {text!r}'
        )
    if any(character.isdigit() for character in fields[4].partition("/")[0]):
        raise ValueError(f"expected weekdays by name, such as mon-fri or sat,sun, not {fields[4]!r}")
    try:
        turn = next_turn(hours, "UTC", _SAMPLE)
    except ValueError as error:
        raise ValueError(f"{text!r} names no hours: {error}") from None
    if turn is None:
        raise ValueError(f"{text!r} is a time that never comes")
    return hours


def read_timezone(name: str) -> str:
    """A time zone by its IANA name, such as Europe/Berlin. Raises ValueError."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise ValueError(f"expected a time zone such as UTC or Europe/Berlin, not {name!r}") from None
    return name


def next_turn(hours: str, timezone: str, after: datetime) -> datetime | None:
    """The first moment after `after` that these hours name, None where none ever comes. Raises ValueError."""
    # A trigger counts from a whole second on; the one that we are in is over.
    found: datetime | None = _trigger(hours, timezone).get_next_fire_time(None, after + timedelta(seconds=1))
    return None if found is None else found.astimezone(UTC)


@lru_cache(maxsize=1000)
def _trigger(hours: str, timezone: str) -> CronTrigger:
    return CronTrigger.from_crontab(hours, timezone=ZoneInfo(timezone))
