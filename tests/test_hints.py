"""What the publisher asks for between polls, and how it outlives a 304."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from aggregator.rhythm import Next, after_pause, next_poll
from feeds.model import Document, FailureKind, Head, Pace, Source, Unchanged, Validators
from storage.state_model import State
from tests.fakes import NOON, make_entry, make_source
from tests.test_rhythm import BLANK, DAY, HOUR, after, answered, failed, fetched, http_date, wait_after


def document(expired: bool = False, **pace: Any) -> Document:
    """A document that asks for this pace."""
    return Document(head=Head(title="News"), entries=(make_entry(),), pace=Pace(**pace), expired=expired)


def read(paced: Document, source: Source | None = None, now: datetime = NOON, **headers: str) -> Next:
    """What is planned after a new document."""
    return next_poll(source or make_source(), BLANK, fetched(**headers), 0, now, paced)


def then_304(before: Next, **headers: str) -> Next:
    """What is planned after a 304 that followed."""
    state = State(next_poll_at=NOON, hints=before.hints)
    return after(Unchanged(answer=answered(304, **headers), validators=Validators()), state=state)


def after_304(before: Next) -> datetime:
    """When a source is asked again after a 304 that followed."""
    at = then_304(before).at
    assert at is not None
    return at


def test_a_floor_outlives_a_304_that_says_nothing() -> None:
    """F-09: after a 304 without a word of its own, max-age, Expires and ttl of the last whole answer hold on."""
    aged = read(document(), cache_control="max-age=14400")
    dated = read(document(), expires=http_date(NOON + 3 * HOUR), date=http_date(NOON))
    slow = read(document(ttl=300))

    assert then_304(aged).floor_until == NOON + 4 * HOUR
    assert then_304(then_304(aged)).floor_until == NOON + 4 * HOUR
    assert "as the last whole answer said" in then_304(aged).floor_reason
    assert then_304(dated).floor_until == NOON + 3 * HOUR
    assert NOON + 5 * HOUR <= after_304(slow) <= NOON + 6.25 * HOUR


def test_a_304_with_a_word_of_its_own_overrides() -> None:
    """F-08, F-09: a 304 that brings Cache-Control or Expires decides, and what it said holds from then on."""
    whole = read(document(ttl=60), cache_control="max-age=14400")
    shorter = then_304(whole, cache_control="max-age=7200")

    assert shorter.floor_until == NOON + 2 * HOUR
    assert then_304(shorter).floor_until == NOON + 2 * HOUR
    assert then_304(whole, cache_control="no-cache").floor_until is None
    assert then_304(whole, expires="0").floor_until is None
    assert then_304(whole, age="3600").floor_until == NOON + 3 * HOUR


def test_the_same_body_again_speaks_by_its_own_headers() -> None:
    """F-06, F-09: a 200 with the body of last time renews how long it is fresh, and keeps what the feed asks for."""
    whole = read(document(ttl=120), cache_control="max-age=14400")
    again = after(
        Unchanged(answer=answered(200), validators=Validators()), state=State(next_poll_at=NOON, hints=whole.hints)
    )

    assert (again.floor_until, again.hints.fresh, again.hints.ttl) == (None, None, 120)
    assert again.reason == "ttl: the feed asks for 2 h"


def test_a_failure_forgets_no_hint() -> None:
    """F-09, F-37: what the publisher asked for holds on after a failure."""
    whole = read(document(ttl=120, skip_hours=(1,)), cache_control="max-age=14400")
    state = State(next_poll_at=NOON, hints=whole.hints)

    assert after(failed(FailureKind.HTTP, 500), state=state, failures=1).hints == whole.hints


@pytest.mark.parametrize(("ttl", "least"), [(120, 2 * HOUR), (1, HOUR), (0, HOUR), (None, HOUR), (99_999_999, 7 * DAY)])
def test_ttl_is_a_floor_of_the_schedule(ttl: int | None, least: timedelta) -> None:
    """F-24, F-23, F-26: no scheduled poll comes before ttl, in minutes, is over, seven days at most; a person may ask."""
    found = read(document(ttl=ttl))
    assert found.at is not None
    assert least <= found.at - NOON <= least * 1.25
    assert found.floor_until is None
    fresh = read(document(ttl=ttl), cache_control="max-age=86400")
    assert (fresh.at or NOON) - NOON >= max(DAY, least)
    assert fresh.floor_until == NOON + DAY


@pytest.mark.parametrize(
    ("hours", "days", "opens"),
    [
        ((12, 13, 14), (), NOON + 3 * HOUR),
        ((13,), (), NOON + 2 * HOUR),
        ((*range(13, 24), 24), (), NOON + 13 * HOUR),
        ((), ("Tuesday",), NOON + 12 * HOUR),
        ((), ("tuesday", "WEDNESDAY"), NOON + 36 * HOUR),
        ((0, 1), ("Tuesday",), NOON + 14 * HOUR),
        ((), ("Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"), NOON + 5.5 * DAY),
    ],
)
def test_hours_and_days_to_skip_are_skipped(hours: tuple[int, ...], days: tuple[str, ...], opens: datetime) -> None:
    """F-24: a poll that would fall into skipHours (GMT, 24 is midnight) or skipDays waits for the first open hour."""
    found = read(document(skip_hours=hours, skip_days=days))

    assert found.at is not None
    assert opens <= found.at <= opens + HOUR / 4
    assert found.reason == "every 1 h; not in the hours or days that the feed asks to skip"
    assert found.floor_until is None
    later = then_304(found).at
    assert later is not None
    assert later >= opens


@pytest.mark.parametrize(
    ("hours", "days"), [((3, 25, 77), ()), ((), ("Dienstag", "Tue", "Someday")), ((11, 15), ("Monday",))]
)
def test_what_does_not_skip_now_changes_nothing(hours: tuple[int, ...], days: tuple[str, ...]) -> None:
    """F-24: hours that are none, days in another language and windows that are elsewhere leave the schedule alone."""
    found = read(document(skip_hours=hours, skip_days=days))

    assert (found.at, found.notes) == (after(fetched()).at, ())


def test_to_skip_everything_is_not_heeded() -> None:
    """F-24: a feed that asks to skip all 24 hours or all seven days is polled all the same, and the journal says so."""
    days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    found = read(document(skip_hours=tuple(range(24)), skip_days=days))

    assert found.at == after(fetched()).at
    assert found.notes == (
        "the feed asks to skip all 24 hours: not heeded", "the feed asks to skip all seven days: not heeded"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("period", "frequency", "wait"),
    [
        ("hourly", 1, HOUR), ("daily", 4, 6 * HOUR), ("daily", 1, DAY), ("Weekly", 1, DAY), ("yearly", 1, DAY),
        ("hourly", 0, HOUR), ("hourly", -2, HOUR), ("hourly", 10**9, HOUR), ("sometimes", 1, HOUR), ("", 5, HOUR),
    ],
)  # fmt: skip
def test_the_syndication_module_is_a_soft_floor(period: str, frequency: int, wait: timedelta) -> None:
    """F-25, F-26: sy:updatePeriod by its frequency is heeded, a day at most, and never shortens; explicit polls may pass."""
    found = read(document(update_period=period, update_frequency=frequency))

    assert found.at is not None
    assert NOON + wait <= found.at <= NOON + wait + HOUR / 4
    assert found.floor_until is None


def test_a_capped_period_says_so() -> None:
    """F-23, F-25: what the feed says of itself and what was made of it can both be read."""
    assert read(document(update_period="weekly")).reason == "sy: the feed changes every 7 d: taken as 1 d"


def test_floors_have_jitter_too() -> None:
    """F-14: sources that were asked together with the same max-age drift apart, and none comes before its floor."""
    sources = [make_source(slug=f"source-{number}") for number in range(100)]
    times = {after(fetched(cache_control="max-age=43200"), one).at for one in sources}

    assert len(times) > 95
    assert min(filter(None, times)) >= NOON + 12 * HOUR


@pytest.mark.parametrize("kind", [FailureKind.HTML, FailureKind.NOT_A_FEED, FailureKind.EMPTY])
def test_an_answer_that_was_no_feed_is_left_while_it_is_fresh(kind: FailureKind) -> None:
    """F-20, F-38: max-age on a 200 that could not be read is a floor, a day at most: it may be mended soon."""
    assert after(failed(kind, 200, cache_control="max-age=43200"), failures=1).floor_until == NOON + 12 * HOUR
    assert after(failed(kind, 200, cache_control="max-age=604800"), failures=1).floor_until == NOON + DAY
    assert after(failed(FailureKind.HTTP, 404, cache_control="max-age=604800"), failures=1).floor_until is None


@pytest.mark.parametrize(("status", "floor"), [(429, HOUR), (503, None)])
def test_a_busy_publisher_without_a_word_is_backed_off(status: int, floor: timedelta | None) -> None:
    """F-31, F-37: again and again busy without a Retry-After doubles the wait, up to a day."""
    waits = [wait_after(failed(FailureKind.BUSY, status), failures=number) for number in (1, 3, 20)]

    assert after(failed(FailureKind.BUSY, status), failures=3).floor_until == (NOON + floor if floor else None)
    assert HOUR <= waits[0] <= 1.25 * HOUR
    assert 4 * HOUR <= waits[1] <= 5 * HOUR
    assert DAY <= waits[2] <= 1.25 * DAY


def test_a_feed_that_has_ended_counts_as_gone() -> None:
    """J-03, F-36: expired is asked again once a day for three days, also where a 304 repeats it; then no more."""
    first = read(document(expired=True))
    state = State(next_poll_at=NOON, hints=first.hints, gone_since=NOON - DAY)
    second = after(Unchanged(answer=answered(304), validators=Validators()), state=state)
    last = next_poll(
        make_source(), State(next_poll_at=NOON, gone_since=NOON - 3 * DAY), fetched(), 0, NOON, document(expired=True)
    )

    assert (first.at, first.gone_since) == (NOON + DAY, NOON)
    assert (second.at, second.gone_since) == (NOON + DAY, NOON - DAY)
    assert (last.at, last.reason) == (
        None,
        "the feed says that it has ended, for three days: gone for good, not asked again",
    )
    assert next_poll(make_source(), state, fetched(), 0, NOON, document()).gone_since is None


def test_a_source_is_not_asked_more_than_hourly_by_default() -> None:
    """F-13: without a word of the operator's a source is asked once an hour, whatever shorter times its publisher allows."""
    eager = read(document(ttl=5, update_period="hourly", update_frequency=12), cache_control="max-age=60")

    assert Source(slug="a", url="https://a.example/").every == HOUR
    assert eager.at is not None
    assert eager.at >= NOON + HOUR


def test_after_a_pause_sources_are_taken_up_one_by_one() -> None:
    """F-12, F-14: what fell due while nobody polled is spread over a quarter of its interval, 15 minutes at most."""
    waits = [after_pause(make_source(slug=f"s{n}"), BLANK, NOON)[0] - NOON for n in range(100)]
    short = after_pause(make_source(every=timedelta(minutes=4)), BLANK, NOON)
    closed = State(next_poll_at=NOON, hints=read(document(skip_hours=(12,))).hints)

    assert len(set(waits)) > 95
    assert timedelta() <= min(waits) < max(waits) <= timedelta(minutes=15)
    assert short[0] <= NOON + timedelta(minutes=1)
    assert short[1] == "overdue after a pause: taken up within 1 min"
    assert after_pause(make_source(), closed, NOON)[0] >= NOON + HOUR
