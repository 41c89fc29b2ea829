"""How a source posts, learned poll by poll, and how long to wait for its next post. PURE.

In: what each poll brought. Out: a Habit, a wait, and the reason for it in words. Never: a publisher's wish, a back-off
or jitter: `aggregator.rhythm` puts those on top.

Polls are shared out in proportion to the square root of the rate at which a source posts, which makes the mean delay of
a post least for a given number of polls (Sia, Cho and Cho, TKDE 2007).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache

from feeds.model import Source
from storage.state_model import Habit

PACE = timedelta(hours=2, minutes=20)
"""How long between two polls of a source that posts once a day, where no budget says otherwise."""
JITTER = 0.25
"""How much longer than planned a wait may become, as a share of it (F-14)."""
LONGEST = timedelta(hours=24)
"""No source waits longer by our own schedule, jitter included, unless its operator says so (G-02)."""
USUAL = timedelta(hours=1)
"""The shortest wait where the operator does not name one, and that of a source of which nothing is known (G-03)."""
_DAY = timedelta(days=1)

# How many days a post is remembered by each count: a busy source is judged by its last days, a quiet one by months.
_MEMORIES = (1.0, 4.0, 16.0, 64.0)
_NOTHING = (0.0,) * len(_MEMORIES)
_ENOUGH = 6.0
# What is believed before anything is known: a third of a post, at the rate that is asked hourly (G-03).
_PRIOR_POSTS = 0.3
_PRIOR_RATE = (PACE / USUAL) ** 2
# Hours and weekdays are believed as far as posts bear them out: this many posts speak for no difference.
_EVEN_HOURS, _EVEN_WEEKDAYS, _PROFILE_POSTS = 24.0, 14.0, 200.0
_HOUR = timedelta(hours=1)
# A date so long before the last answered poll is no news: the publisher re-issued something.
_OLD = timedelta(days=2)
# So many posts are not left out by chance: a silence in which they were due is a change.
_BY_CHANCE = 4.0
# Below this many posts a day, a new post may be the first of many, and the source is asked again soon.
_RARE = 0.15
_UNSEEN = "no new post seen yet"


def learn(
    habit: Habit, now: datetime, *, new: Sequence[datetime | None] = (), window: int | None = None, known: bool = True
) -> Habit:
    """The habit after a poll that was answered at `now`.

    `new` are the dates of entries that we had not seen, None where a date cannot be believed. `window` is how many
    entries the document held, None where it was unchanged. `known` says whether one of them had been seen before.
    """
    if habit.until is None:
        return _first(new, window or 0, now)
    # A clock that jumped back must not make the past heavier.
    now = max(now, habit.until)
    gap = now - habit.until
    times = _times(new, habit.until, gap)
    missed = bool(window) and habit.window > 0 and not known
    if window is None and not times and not habit.rush:
        return _counted(habit, times, now)  # the usual poll: nothing new
    return replace(
        _counted(habit, times, now),
        window=habit.window if window is None else window,
        rush=round(len(times) / max(gap / _DAY, 1 / 1440), 2) if len(times) > 1 else 0.0,
        overflow_at=now if missed else habit.overflow_at,
    )


def _first(new: Sequence[datetime | None], window: int, now: datetime) -> Habit:
    """A first document brings old posts: their dates tell the rate at once, where there are dates."""
    dated = sorted(min(date, now) for date in new if date is not None)
    # The oldest tenth may be pinned or left over. Posts that all have one date were stamped when they were asked for.
    dated = dated[len(dated) // 10 :]
    if len(set(dated)) < 2:
        return Habit(since=now, until=now, last_new=now if new else None, window=window)
    opened = dated[0]
    return replace(_counted(Habit(since=opened, until=opened), dated[1:], now), window=window, last_new=dated[-1])


def _times(new: Sequence[datetime | None], last: datetime, gap: timedelta) -> list[datetime]:
    """When the posts of a poll appeared: at their dates, inside the gap; those without a date are spread over it."""
    fresh = [date for date in new if date is None or date >= last - _OLD]
    # Many old ones at once are a move or a new numbering, which is one event.
    fresh += [date for date in new if date is not None and date < last - _OLD][:1]
    return [
        last + gap * ((at + 0.5) / len(fresh)) if date is None else min(max(date, last), last + gap)
        for at, date in enumerate(fresh)
    ]


def _counted(habit: Habit, times: Sequence[datetime], now: datetime) -> Habit:
    """The counts at `now`, with these posts in them."""
    assert habit.until is not None
    days = (now - habit.until) / _DAY
    ages = [(now - time) / _DAY for time in times]
    posts = tuple([
        round(before * math.exp(-days / memory) + sum([math.exp(-age / memory) for age in ages]), 4)
        for memory, before in zip(_MEMORIES, habit.posts or _NOTHING, strict=True)
    ])  # fmt: skip
    counted = replace(habit, until=now, posts=posts)
    if not times:
        return counted
    keep = (1 - 1 / _PROFILE_POSTS) ** len(times)
    return replace(
        counted,
        last_new=now,
        hours=_tallied(habit.hours, 24, keep, (time.hour for time in times)),
        weekdays=_tallied(habit.weekdays, 7, keep, (time.weekday() for time in times)),
    )


def _tallied(before: Sequence[float], size: int, keep: float, places: Iterable[int]) -> tuple[float, ...]:
    tally = [one * keep for one in before] or [0.0] * size
    for place in places:
        tally[place] += 1
    return tuple(round(one, 2) for one in tally)


def rate(habit: Habit) -> float:
    """Posts a day: those of the shortest memory that holds enough of them, or of the last day where they are more."""
    if habit.since is None or habit.until is None:
        return _PRIOR_RATE
    age = (habit.until - habit.since) / _DAY
    counts = habit.posts or _NOTHING
    usual = (counts[-1] + _PRIOR_POSTS) / (_watched(age, _MEMORIES[-1]) + _PRIOR_POSTS / _PRIOR_RATE)
    for memory, posts in zip(_MEMORIES, counts, strict=True):
        if posts >= _ENOUGH:
            usual = posts / max(_watched(age, memory), 0.02)
            break
    if habit.last_new is not None:
        # Who posts once a day is not silent for a week by chance.
        usual = min(usual, _BY_CHANCE / max((habit.until - habit.last_new) / _DAY, 0.02))
    # One post is no row of posts: those beyond the first speak for a change.
    lately = (counts[0] - 1) / max(_watched(age, _MEMORIES[0]), 0.25)
    return max(usual, lately)


def _watched(age: float, memory: float) -> float:
    """How many days a memory has seen of a source that has been watched for `age` days."""
    return memory * (1 - math.exp(-age / memory))


def wait(source: Source, habit: Habit, now: datetime, pace: timedelta | None = None) -> tuple[timedelta, str]:
    """How long to wait after a poll at `now`, before jitter, and what of the habit asks for that, "" if none is known.

    `pace` is what a budget allows (see `pace_within`), None where there is none.
    """
    if habit.until is None:
        return source.every, ""
    floor, longest = source.every, max(source.every, LONGEST / (1 + JITTER))
    per_day = rate(habit)
    why = f"posts {often(per_day)}" if _seen(habit) else _UNSEEN
    span = min(max(_until_due(source, habit, now, per_day, pace or PACE), floor), longest)
    if per_day < _RARE and habit.last_new is not None and now - habit.last_new < span:
        # Silent for an hour: ask in an hour; silent for two: in two. A source that wakes up is heard at once (G-03).
        span, why = max(floor, now - habit.last_new), f"{why}, and did so just now"
    guard = _half_full(habit, per_day)
    if guard < span:
        span, why = max(floor, guard), f"{why}, and its document holds {habit.window} entries"
    return span, why


def paced(habit: Habit) -> str:
    """How often a source posts, in words; before a second dated post nothing is known but a guess, which is not told."""
    return often(rate(habit)) if _seen(habit) else _UNSEEN


def _seen(habit: Habit) -> bool:
    return bool(habit.posts) and habit.posts[-1] > 0.01


def often(per_day: float) -> str:
    """A rate in words: about 3 times a day."""
    for days, unit in ((1, "day"), (7, "week"), (30, "month")):
        times = per_day * days
        if times >= 1.5:
            return f"about {times:.0f} times a {unit}"
        if times >= 0.75:
            return f"about once a {unit}"
    return "less than once a month"


def pace_within(budget: float, followed: Sequence[tuple[Source, Habit]]) -> timedelta:
    """The pace at which these sources take `budget` requests an hour together (G-05).

    Every source is still asked once in 24 hours, and none more often than its `every`: where that takes more or less
    than the budget, the pace is the slowest or the quickest there is.
    """
    wanted = [(source, math.sqrt(source.weight * rate(habit)), _quickness(source)) for source, habit in followed]
    low, high = PACE / 100, PACE * 100
    for _ in range(30):
        # In the middle of their ratio: the pace is a factor.
        middle = low * math.sqrt(high / low)
        spent = sum(_a_day(source, root * quick / (middle / _DAY)) for source, root, quick in wanted)
        low, high = (middle, high) if spent / 24 > budget else (low, middle)
    return timedelta(seconds=round(high.total_seconds()))


def _a_day(source: Source, polls: float) -> float:
    """So many polls a day, within the bounds of a source, as many as jitter leaves of them."""
    least, most = _bounds(source)
    return min(max(polls, least), most) / (1 + JITTER / 2)


def _bounds(source: Source) -> tuple[float, float]:
    """The fewest and the most polls a day of a source, before jitter."""
    most = _DAY / source.every
    return min(most, _DAY / LONGEST * (1 + JITTER)), most


def _quickness(source: Source) -> float:
    """A shorter `every` than usual asks for the whole schedule to be so much quicker, not for its floor alone."""
    return max(1.0, USUAL / source.every)


def _until_due(source: Source, habit: Habit, now: datetime, per_day: float, pace: timedelta) -> timedelta:
    """Until the polls that its posts are worth add up to one, hour by hour, as the source is awake or asleep."""
    density = math.sqrt(source.weight * per_day) * _quickness(source) / (pace / _DAY)
    least, most = _bounds(source)
    hours, weekdays = _roots(habit.hours, habit.weekdays)
    # Plain numbers, as this is asked at every poll: hours since now, and days of 24 of them.
    done = at = 0.0
    longest = LONGEST / _HOUR
    hour, weekday = now.hour, now.weekday()
    step = 1 - (now.minute * 60 + now.second) / 3600
    of_day = density * weekdays[weekday]
    while at < longest:
        if at + step > longest:
            step = longest - at
        a_day = of_day * hours[hour]
        polls = (least if a_day < least else most if a_day > most else a_day) * step / 24
        if done + polls >= 1:
            return timedelta(hours=at + step * ((1 - done) / polls))
        done += polls
        at += step
        step = 1.0
        hour += 1
        if hour == 24:
            hour, weekday = 0, (weekday + 1) % 7
            of_day = density * weekdays[weekday]
    return LONGEST


@lru_cache(4096)  # a source that posts nothing keeps its habits
def _roots(hours: tuple[float, ...], weekdays: tuple[float, ...]) -> tuple[list[float], list[float]]:
    """The square roots of what each hour, its neighbours heard, and each weekday has of the posts: 1 on average."""
    of_hours, of_days = _shape(hours, _EVEN_HOURS), _shape(weekdays, _EVEN_WEEKDAYS)
    heard = [(of_hours[at - 1] + 2 * of_hours[at] + of_hours[(at + 1) % 24]) / 4 for at in range(len(of_hours))]
    return [math.sqrt(one) for one in heard] or [1.0] * 24, [math.sqrt(one) for one in of_days] or [1.0] * 7


def _shape(tally: Sequence[float], even: float) -> list[float]:
    """Each place's share of the posts, 1 on average, as far as there are posts to tell."""
    total = sum(tally) + even
    return [(one * len(tally) + even) / total for one in tally]


def _half_full(habit: Habit, per_day: float) -> timedelta:
    """Half of the time in which new posts push all others out of the document (G-04)."""
    if not habit.window:
        return LONGEST
    return min(_DAY * (habit.window / 2 / max(per_day, habit.rush)), LONGEST)
