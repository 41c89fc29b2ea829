"""How often a source posts, and how long to wait for its next post."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.habit import JITTER, LONGEST, PACE, learn, often, pace_within, rate, wait
from feeds.model import Source
from storage.state_model import Habit
from tests.fakes import NOON, make_source

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
# Nearly a day, so that posts come at every hour of it.
ABOUT_A_DAY = timedelta(hours=25)
LONGEST_BASE = LONGEST / (1 + JITTER)


def every(span: timedelta, count: int, until: datetime = NOON) -> list[datetime]:
    """So many posts, one each span, the last one just before `until`."""
    return [until - timedelta(minutes=1) - span * at for at in reversed(range(count))]


def first_look(posts: Sequence[datetime | None], now: datetime = NOON, window: int | None = None) -> Habit:
    """The habit after a first document with these posts."""
    return learn(Habit(), now, new=posts, window=len(posts) if window is None else window)


def waits(habit: Habit, source: Source | None = None, now: datetime = NOON, pace: timedelta | None = None) -> timedelta:
    """How long a source with this habit waits."""
    return wait(source or make_source(), habit, now, pace)[0]


def polled(
    habit: Habit,
    now: datetime,
    polls: int | timedelta,
    posts: Callable[[datetime, datetime], list[datetime | None]],
    window: int = 20,
) -> tuple[Habit, datetime, list[timedelta]]:
    """Poll so often, or for so long, each time after the wait that the habit asks for: the habit, the moment, the waits."""
    taken: list[timedelta] = []
    for _ in range(1000):
        if len(taken) == polls or (isinstance(polls, timedelta) and sum(taken, timedelta()) >= polls):
            break
        span = waits(habit, now=now)
        new = posts(now, now + span)
        now += span
        taken.append(span)
        habit = learn(habit, now, new=new, window=window if new else None)
    return habit, now, taken


def silent(begin: datetime, end: datetime) -> list[datetime | None]:
    """A source that posts nothing."""
    return []


def hourly(begin: datetime, end: datetime) -> list[datetime | None]:
    """A source that posts each full hour."""
    full = begin.replace(minute=0, second=0, microsecond=0)
    return [full + HOUR * at for at in range(1, 200) if begin < full + HOUR * at <= end]


def test_a_first_document_tells_the_rate_at_once() -> None:
    """G-03: the dates of the posts that a first poll brings are enough to know the habit."""
    busy, calm, slow = (first_look(every(span, 20)) for span in (HOUR, ABOUT_A_DAY, 10 * ABOUT_A_DAY))

    assert rate(busy) == pytest.approx(24, rel=0.15)
    assert rate(calm) == pytest.approx(0.96, rel=0.15)
    assert rate(slow) == pytest.approx(0.096, rel=0.15)
    assert waits(busy) == HOUR
    assert HOUR < waits(calm) < waits(slow, now=NOON + 9 * DAY) <= LONGEST_BASE


def test_polls_follow_the_square_root_of_the_rate() -> None:
    """G-01: a source that posts four times as often is asked twice as often, between the floor and a day."""
    quick, slow = (waits(first_look(every(span, 40))) for span in (ABOUT_A_DAY / 2, ABOUT_A_DAY * 2))

    assert slow / quick == pytest.approx(2, rel=0.15)
    assert waits(first_look(every(ABOUT_A_DAY, 40))) == pytest.approx(PACE, rel=0.1)


def test_a_source_without_history_begins_hourly() -> None:
    """G-03: nothing known, or a first document without dates: asked after an hour, or what its operator says."""
    assert waits(Habit()) == HOUR
    assert waits(first_look([None] * 20)) == HOUR
    assert waits(first_look([NOON] * 20)) == HOUR
    assert waits(first_look([])) == HOUR
    assert waits(first_look([None] * 20), make_source(every=timedelta(minutes=15))) == timedelta(minutes=15)


def test_a_source_without_dates_is_known_after_ten_polls() -> None:
    """G-03: from nothing known to a habit in about ten polls: a busy source stays at the floor, a silent one is left alone."""
    start = first_look([None] * 20)
    _, _, quiet = polled(start, NOON, 10, silent)
    busy, _, often_asked = polled(start, NOON, 10, lambda begin, end: [None] * len(hourly(begin, end)))

    assert quiet == sorted(quiet)
    assert quiet[-1] > 4 * HOUR
    assert set(often_asked) == {HOUR}
    assert rate(busy) == pytest.approx(24, rel=0.3)


@pytest.mark.parametrize("dated", [True, False])
def test_a_source_that_wakes_up_is_heard_at_once(dated: bool) -> None:
    """G-03: a source that was silent for two months and then posts hourly is asked hourly after two polls."""
    habit, now, before = polled(first_look(every(DAY, 20)), NOON, 60 * DAY, silent)
    _, _, after = polled(
        habit, now, 5, lambda begin, end: [post if dated else None for post in hourly(begin, end)]
    )  # the first of these waits is still the silent one's

    assert before[-1] > 6 * HOUR
    assert after[2:] == [HOUR] * 3


def test_one_post_after_a_silence_is_followed_up() -> None:
    """G-03: the first post after a long silence may be one of many: asked after an hour, two, four, and left alone again."""
    habit, now, _ = polled(first_look(every(30 * DAY, 5)), NOON, 40, silent)
    habit = learn(habit, now, new=[now - HOUR], window=20)
    _, _, after = polled(habit, now, 6, silent)

    assert after[:4] == [HOUR, HOUR, 2 * HOUR, 4 * HOUR]
    assert after[5] > 8 * HOUR


def test_a_source_that_falls_silent_is_asked_less_and_less() -> None:
    """G-03: a busy source that stops is asked less after a few days, and once a day in the end."""
    habit, now, _ = polled(first_look(every(HOUR, 50)), NOON, 24, hourly)
    _, _, after = polled(habit, now, 30 * DAY, silent)

    assert after[0] == HOUR
    assert after[-1] > 8 * HOUR


def test_no_source_waits_longer_than_a_day() -> None:
    """G-02: jitter included, no source waits for more than 24 hours, unless its operator says so."""
    dead = first_look(every(400 * DAY, 3))

    assert waits(dead, now=NOON + 60 * DAY) > 0.9 * LONGEST_BASE
    assert LONGEST_BASE * (1 + JITTER) <= DAY
    assert waits(dead, make_source(every=7 * DAY)) == 7 * DAY


def test_the_operator_has_the_first_word() -> None:
    """G-01: `every` is the shortest wait of a busy source; a shorter one than usual quickens the whole schedule."""
    busy, calm = first_look(every(timedelta(minutes=5), 50)), first_look(every(ABOUT_A_DAY, 50))

    assert waits(busy, make_source(every=6 * HOUR)) == 6 * HOUR
    assert waits(calm, make_source(every=6 * HOUR)) == 6 * HOUR
    assert waits(calm, make_source(every=timedelta(minutes=15))) == pytest.approx(waits(calm) / 4, rel=0.1)


def test_weight_is_worth_the_square_of_its_polls() -> None:
    """G-05: a source of weight four is asked twice as often, one of a quarter half as often."""
    calm = first_look(every(ABOUT_A_DAY, 50))

    assert waits(calm, make_source(weight=4)) == pytest.approx(waits(calm) / 2, rel=0.1)
    assert waits(calm, make_source(weight=0.25)) == pytest.approx(waits(calm) * 2, rel=0.1)


def test_nothing_scrolls_out_unseen() -> None:
    """G-04: a small document of a steady source is asked for before half of it is new, floor permitting."""
    posts = every(4 * HOUR, 60)
    small = first_look(posts[-2:])
    for at in range(1, 30):
        small = learn(small, NOON + 4 * HOUR * at, new=[NOON + 4 * HOUR * at], window=2)
    span, why = wait(make_source(weight=0.01), small, NOON + 120 * HOUR)

    assert HOUR <= span <= 4 * HOUR * 1.2
    assert "its document holds 2 entries" in why


def test_a_sudden_rush_halves_the_wait() -> None:
    """G-04: where a poll finds most of a document new, the next comes before the same can happen again."""
    calm = first_look(every(2 * ABOUT_A_DAY, 20))
    rushed = learn(calm, NOON + 10 * HOUR, new=every(HOUR, 10, NOON + 10 * HOUR), window=20)

    assert waits(calm) > 3 * HOUR
    assert waits(rushed, make_source(weight=0.01), NOON + 10 * HOUR) <= 10 * HOUR


def test_an_overflow_is_noticed() -> None:
    """G-04: a document without any entry that was known is remembered, a first or an empty one is not."""
    habit = first_look(every(HOUR, 10))
    later = NOON + DAY

    assert habit.overflow_at is None
    assert learn(habit, later, new=every(HOUR, 10, later), window=10, known=True).overflow_at is None
    assert learn(habit, later, new=[], window=0, known=False).overflow_at is None
    lost = learn(habit, later, new=every(HOUR, 10, later), window=10, known=False)
    assert lost.overflow_at == later
    assert learn(lost, later + HOUR).overflow_at == later


def test_a_source_that_sleeps_at_night_is_left_alone_at_night() -> None:
    """G-01: a source that posts by day is asked by day, and its first post of the morning is not late."""
    posts = [NOON.replace(hour=hour) - DAY * day for day in range(1, 40) for hour in (8, 10, 12, 14)]
    habit = first_look(sorted(posts))
    by_day = waits(habit, now=NOON.replace(hour=9))
    by_night = waits(habit, now=NOON.replace(hour=18) + DAY)

    assert by_night > 2 * by_day
    assert NOON.replace(hour=18) + by_night < NOON.replace(hour=9) + DAY


def test_a_move_is_no_rush() -> None:
    """G-03: a document whose old posts all have new ids is one event, not a source that posts a hundred times a day."""
    habit = first_look(every(10 * DAY, 20))
    moved = learn(habit, NOON + 6 * HOUR, new=every(10 * DAY, 20), window=20, known=False)

    assert rate(moved) < 2


def test_a_pinned_post_does_not_slow_a_busy_source() -> None:
    """G-03: one post of ten years ago on top of a day's news does not make the source a slow one."""
    assert rate(first_look([NOON - 3650 * DAY, *every(HOUR, 24)])) == pytest.approx(24, rel=0.2)


def test_dates_of_tomorrow_count_as_today() -> None:
    """G-03: posts dated after the poll that brought them appeared before it."""
    habit = first_look(every(ABOUT_A_DAY, 20))
    tomorrow = learn(habit, NOON + HOUR, new=[NOON + 20 * HOUR], window=20)

    assert tomorrow == learn(habit, NOON + HOUR, new=[NOON + HOUR], window=20)


def test_a_clock_that_jumps_back_does_no_harm() -> None:
    """G-02: a poll before the last one counts its posts and nothing else."""
    habit = first_look(every(DAY, 20))
    back = learn(habit, NOON - 3 * DAY, new=[NOON - 3 * DAY], window=20)

    assert back.until == NOON
    assert HOUR <= waits(back) <= LONGEST_BASE


def test_the_reason_is_in_words() -> None:
    """G-07: what the journal and `heliograph status` say of the wait."""
    assert wait(make_source(), first_look(every(8 * HOUR, 40)), NOON)[1] == "posts about 3 times a day"
    assert wait(make_source(), first_look([None]), NOON)[1] == "no new post seen yet"
    assert wait(make_source(), Habit(), NOON)[1] == ""


@pytest.mark.parametrize(
    ("per_day", "said"),
    [
        (120.4, "about 120 times a day"), (3.1, "about 3 times a day"), (1.0, "about once a day"),
        (0.5, "about 4 times a week"), (1 / 7, "about once a week"), (0.06, "about 2 times a month"),
        (0.03, "about once a month"), (0.001, "less than once a month"),
    ],
)  # fmt: skip
def test_rates_are_spoken(per_day: float, said: str) -> None:
    """G-07: a rate as people say it."""
    assert often(per_day) == said


def test_a_budget_is_kept() -> None:
    """G-05: the pace is such that all sources together take the requests an hour that the operator allows."""
    followed = [(make_source(), first_look(every(span * HOUR, 30))) for span in (1, 3, 5, 11, 25, 49, 101)] * 10

    for budget in (8.0, 20.0, 40.0):
        pace = pace_within(budget, followed)
        moments = [NOON + HOUR * 7 * at for at in range(24)]
        waited = [sum(waits(habit, now=now, pace=pace) / HOUR for now in moments) / 24 for _, habit in followed]
        assert 0.75 * budget <= sum(1 / (1 + JITTER / 2) / hours for hours in waited) <= 1.05 * budget


def test_a_budget_out_of_reach_leaves_the_bounds() -> None:
    """G-05, G-02: too small a budget asks each source once a day, too large a one each at its floor."""
    followed = [(make_source(), first_look(every(span * HOUR, 30), window=1000)) for span in (1, 25, 101)]

    small, large = pace_within(0.001, followed), pace_within(1000, followed)

    assert [waits(habit, pace=small) for _, habit in followed] == [LONGEST_BASE] * 3
    assert [waits(habit, pace=large) for _, habit in followed] == [HOUR] * 3
    assert pace_within(10, []) > timedelta()


moments = st.integers(-20_000, 30_000).map(lambda days: NOON + timedelta(days=days / 1.1))


@given(
    st.lists(st.none() | moments, max_size=30),
    st.lists(st.tuples(moments, st.lists(st.none() | moments, max_size=5)), max_size=8),
    st.floats(0.01, 100), st.integers(1, 60 * 24 * 30),
)  # fmt: skip
def test_whatever_is_learned_the_wait_is_in_bounds(
    first: list[datetime | None], later: list[tuple[datetime, list[datetime | None]]], weight: float, minutes: int
) -> None:
    """G-02: no history, however odd, makes a source wait less than its `every` or, unless that is longer, over a day."""
    source = make_source(every=timedelta(minutes=minutes), weight=weight)
    habit = first_look(first)
    for now, new in later:
        habit = learn(habit, now, new=new, window=len(new), known=False)
        span = waits(habit, source, now)
        assert source.every <= span <= max(source.every, LONGEST_BASE)
        assert all(value == value for value in dataclasses.astuple(habit) if isinstance(value, float))
