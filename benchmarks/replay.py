"""requests_saved_vs_hourly and delay_vs_hourly: our schedule beside a poll every hour, replayed on the same posts.

In: publishers with their posts. Out: figures, and pictures of them. Never: a rate that is told to the schedule, or a
day that is left out: the replay begins with the first poll of every source, of which nothing is known.
"""

from __future__ import annotations

import statistics
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from aggregator.habit import learn
from aggregator.rhythm import jittered, next_poll
from benchmarks.arrivals import START, Posting, lively, recorded, steady
from benchmarks.chart import picture
from benchmarks.figures import Figure, figure
from benchmarks.server import ROOT
from feeds.identity import digest
from feeds.model import Answer, Source, Unchanged, Validators
from storage.state_model import Habit, State

DAYS = 14
SOURCES = 1000
PICTURE = ROOT / "docs" / "polling.svg"
_DRAWN = "diurnal and bursty"
CORPUS = ROOT.parent / "shared" / "corpus" / "real"
_BOTH = ("requests_saved_vs_hourly", "delay_vs_hourly")
NAMES = (*_BOTH, *(f"recorded_{name}" for name in _BOTH))
_HOUR = timedelta(hours=1)
_ANSWER = Answer(status=304, url="")
Schedule = Callable[[Source, Habit, datetime], datetime]
"""When to ask again, after a poll at this moment that left the habit so."""


@dataclass(slots=True, kw_only=True)
class Tally:
    """What a schedule cost and brought: polls, minutes of delay of each post, posts never seen, the longest wait."""

    polls: int = 0
    delays: list[float] = field(default_factory=list)
    missed: int = 0
    longest: timedelta = timedelta()

    def add(self, other: Tally) -> None:
        """Sum up."""
        self.polls += other.polls
        self.delays += other.delays
        self.missed += other.missed
        self.longest = max(self.longest, other.longest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """Both schedules on the same posts; `waits` has posts and polls a day of each source under ours."""

    ours: Tally
    hourly: Tally
    waits: list[tuple[float, float]]

    @property
    def saved(self) -> float:
        """The share of hourly's requests that we do not make."""
        return 1 - self.ours.polls / self.hourly.polls

    @property
    def delay(self) -> float:
        """Our mean delay of a post by hourly's: every post counts alike."""
        return statistics.fmean(self.ours.delays) / statistics.fmean(self.hourly.delays)


def by_habit(source: Source, habit: Habit, now: datetime) -> datetime:
    """Our schedule, as the daemon has it, for a publisher who asks for nothing himself."""
    unchanged = Unchanged(answer=_ANSWER, validators=Validators())
    following = next_poll(source, State(next_poll_at=now, habit=habit), unchanged, 0, now)
    assert following.at is not None
    return following.at


def every_hour(source: Source, habit: Habit, now: datetime) -> datetime:
    """A poll an hour, with the same jitter."""
    return now + jittered(_HOUR, source, now)


def replay(postings: Iterable[Posting], days: int) -> Replayed:
    """Poll these publishers for so many days by both schedules."""
    ours, hourly, waits = Tally(), Tally(), []
    for one in postings:
        mine = simulate(one, days, by_habit)
        waits.append((len(mine.delays) / days, mine.polls / days))
        ours.add(mine)
        hourly.add(simulate(one, days, every_hour))
    return Replayed(ours=ours, hourly=hourly, waits=waits)


def simulate(one: Posting, days: int, schedule: Schedule) -> Tally:
    """Poll a publisher for so many days, and on until the last post of these days has come."""
    tally, habit, source = Tally(), Habit(), Source(slug=one.name, url=f"https://{one.name}.example/feed")
    end = START + timedelta(days=days)
    begin = now = START + timedelta(seconds=int(digest(one.name)[:6], 16) % 3600)
    owed = bisect_right(one.posts, end)
    seen = shown = bisect_right(one.posts, now)
    while True:
        first = max(shown - one.window, 0)
        new = one.posts[max(first, seen) : shown] if now > begin else one.posts[first:shown]
        if now > begin:
            tally.delays += [(now - post) / timedelta(minutes=1) for post in new if post <= end]
            tally.missed += max(first - seen, 0)
        tally.polls += now <= end
        if now > end and shown >= owed:
            return tally
        changed = bool(new) or now == begin
        habit = learn(
            habit, now, new=[post if one.dated else None for post in new],
            window=shown - first if changed else None, known=first < seen or now == begin,
        )  # fmt: skip
        seen, before = shown, now
        now = schedule(source, habit, now)
        tally.longest = max(tally.longest, now - before)
        shown = bisect_right(one.posts, now)


def inputs() -> dict[str, Callable[[], Iterable[Posting]]]:
    """What is replayed, by name; recorded dates only where they lie beside the checkout."""
    made: dict[str, Callable[[], Iterable[Posting]]] = {
        "poisson": lambda: steady(SOURCES, DAYS),
        _DRAWN: lambda: lively(SOURCES, DAYS),
    }
    return made | ({"recorded": lambda: recorded(CORPUS, DAYS)} if CORPUS.is_dir() else {})


def steps() -> int:
    """How many steps `measure` takes."""
    return len(inputs())


def measure(step: Callable[[], None]) -> Iterator[Figure]:
    """Both figures of every input, and the picture of one."""
    for name, postings in inputs().items():
        replayed = replay(postings(), DAYS)
        if name == _DRAWN:
            PICTURE.write_text(picture(replayed.waits, replayed.ours.delays, replayed.hourly.delays), "utf-8")
        yield from _figures(name, replayed)
        step()


def _figures(name: str, replayed: Replayed) -> Iterator[Figure]:
    # A collection of feeds is no fair draw of all feeds: its figures are others, and have names of their own.
    prefix = "recorded_" if name == "recorded" else ""
    most, least = ("", "") if prefix else (", at least 0.7 wanted", ", at most 1.15 wanted")
    ours, hourly, count = replayed.ours, replayed.hourly, len(replayed.waits)
    material = f"{count} sources, {len(hourly.delays)} posts in {DAYS} days from the first poll on"
    asked = f"{ours.polls / count / DAYS:.1f} requests a source and day against {hourly.polls / count / DAYS:.1f}"
    saved = figure(
        f"{prefix}requests_saved_vs_hourly", replayed.saved, "of hourly's requests", "hourly", 1, rounds=1, source=name,
        material=material,
        note=f"the ratio is the share saved{most}; {name}: {asked}, the longest wait {_spoken(ours.longest)}",
    )  # fmt: skip
    yield replace(saved, ratio=round(replayed.saved, 3))
    middle, slow = (statistics.quantiles(ours.delays, n=10)[at] for at in (4, 8))
    delay = figure(
        f"{prefix}delay_vs_hourly", statistics.fmean(ours.delays), "min", "hourly", statistics.fmean(hourly.delays), rounds=1,
        source=name, material=material,
        note=f"less is better{least}; {name}: half of the posts within {middle:.0f} min, nine in ten within "
        f"{slow:.0f}; posts gone from their document unseen: {ours.missed}, hourly {hourly.missed}",
    )  # fmt: skip
    yield replace(delay, ratio=round(replayed.delay, 3))


def _spoken(span: timedelta) -> str:
    return f"{span / _HOUR:.1f} h"
