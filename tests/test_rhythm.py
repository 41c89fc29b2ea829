"""When a source is asked again, and by whose word."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.rhythm import Next, next_poll, retry_after, spoken
from feeds.model import (
    Answer,
    Failed,
    FailureKind,
    Fetched,
    Outcome,
    Source,
    Unchanged,
    Validators,
)
from storage.state_model import State
from tests.fakes import NOON, make_source

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
BLANK = State(next_poll_at=NOON)


def answered(status: int = 200, **headers: str) -> Answer:
    """An answer with these headers, underscores for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, url="https://news.example/feed", headers=named)


def fetched(**headers: str) -> Outcome:
    """New bytes with these headers."""
    return Fetched(answer=answered(200, **headers), body=b"x", validators=Validators())


def failed(kind: FailureKind, status: int | None = None, **headers: str) -> Failed:
    """Trouble of this kind; a status where a server answered."""
    return Failed(kind=kind, detail="", answer=answered(status, **headers) if status else None)


def after(outcome: Outcome, source: Source | None = None, state: State = BLANK, failures: int = 0) -> Next:
    """When to ask after this outcome at noon."""
    return next_poll(source or make_source(), state, outcome, failures, NOON)


def wait_after(outcome: Outcome, source: Source | None = None, state: State = BLANK, failures: int = 0) -> timedelta:
    """How long to wait after this outcome."""
    at = after(outcome, source, state, failures).at
    assert at is not None
    return at - NOON


def http_date(moment: datetime) -> str:
    """A moment as HTTP writes it."""
    return format_datetime(moment, usegmt=True)


def test_the_schedule_has_a_little_jitter() -> None:
    """F-14: sources added together drift apart: each waits its own time, never less than its own, never a quarter more."""
    waits = {wait_after(fetched(), make_source(slug=f"source-{number}")) for number in range(200)}

    assert len(waits) > 190
    assert min(waits) >= HOUR
    assert max(waits) <= HOUR * 1.25
    assert max(waits) - min(waits) > timedelta(minutes=10)


def test_the_same_poll_is_planned_the_same() -> None:
    """F-12: the next poll depends on nothing but source and moment, so that deciding twice plans once."""
    assert after(fetched()) == after(fetched())
    assert after(fetched()).reason == "every 1 h"


@pytest.mark.parametrize(
    ("headers", "floor"),
    [
        ({"cache_control": "max-age=43200"}, 12 * HOUR),
        ({"cache_control": "max-age=43200", "age": "3600"}, 11 * HOUR),
        ({"cache_control": 'public, Max-Age="43200"'}, 12 * HOUR),
        ({"cache_control": "max-age=43200, must-revalidate"}, 12 * HOUR),
        ({"cache_control": "max-age=43200, max-age=7200"}, 2 * HOUR),
        ({"cache_control": "max-age=7200", "expires": http_date(NOON + DAY), "date": http_date(NOON)}, 2 * HOUR),
        ({"expires": http_date(NOON + DAY), "date": http_date(NOON)}, DAY),
        ({"expires": http_date(NOON + DAY + HOUR), "date": http_date(NOON + HOUR)}, DAY),
        ({"expires": http_date(NOON + DAY)}, DAY),
        ({"cache_control": "max-age=504576000"}, 7 * DAY),
        ({"cache_control": "max-age=99999999999999999999"}, 7 * DAY),
        ({"cache_control": f"max-age={'9' * 5000}"}, 7 * DAY),
        ({"expires": "Fri, 31 Dec 9999 23:59:59 GMT"}, 7 * DAY),
    ],
)
def test_freshness_is_a_floor(headers: dict[str, str], floor: timedelta) -> None:
    """F-20, F-21, F-23: no request while the answer is fresh by the publisher's word, seven days at most."""
    found = after(fetched(**headers))

    assert found.floor_until == NOON + floor
    assert found.at is not None
    assert NOON + floor <= found.at <= NOON + floor + HOUR / 4
    assert found.reason == found.floor_reason != ""


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"cache_control": "no-cache, max-age=43200"},
        {"cache_control": "no-store", "expires": http_date(NOON + DAY)},
        {"cache_control": 'no-cache="set-cookie", max-age=43200'},
        {"cache_control": "max-age=0"},
        {"cache_control": "must-revalidate"},
        {"cache_control": "max-age=0, must-revalidate", "expires": http_date(NOON + DAY)},
        {"cache_control": "max-age=soon", "expires": http_date(NOON + DAY)},
        {"cache_control": "max-age=-5"},
        {"cache_control": "max-age=3600", "age": "7200"},
        {"cache_control": "s-maxage=43200"},
        {"expires": "0"},
        {"expires": "-1"},
        {"expires": "never"},
        {"expires": http_date(NOON - DAY), "date": http_date(NOON)},
        {"expires": http_date(NOON + HOUR), "date": http_date(NOON + 2 * HOUR)},
    ],
)
def test_what_is_not_fresh_leaves_our_own_schedule(headers: dict[str, str]) -> None:
    """F-21, F-22: no-cache, no-store, max-age=0, an invalid or a past Expires lengthen nothing and shorten nothing."""
    found = after(fetched(**headers))

    assert found.floor_until is None
    assert found.reason == "every 1 h"
    assert found.at == after(fetched()).at


def test_a_304_is_as_fresh_as_it_says() -> None:
    """F-20: a 304 with max-age is a floor like a 200."""
    outcome = Unchanged(answer=answered(304, cache_control="max-age=43200"), validators=Validators())

    assert after(outcome).floor_until == NOON + 12 * HOUR


def test_the_longer_of_two_wishes_holds() -> None:
    """F-26: the next poll is at the later of our schedule and the publisher's floor, never the earlier."""
    short = after(fetched(cache_control="max-age=1800"))

    assert short.floor_until == NOON + HOUR / 2
    assert short.at is not None
    assert short.at >= NOON + HOUR
    assert wait_after(fetched(cache_control="max-age=7200"), make_source(every=DAY)) >= DAY


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry_after": "7200"}, 2 * HOUR),
        ({"retry_after": " 7200 "}, 2 * HOUR),
        ({"retry_after": http_date(NOON + 2 * HOUR)}, 2 * HOUR),
        ({"retry_after": http_date(NOON + 5 * HOUR), "date": http_date(NOON + 3 * HOUR)}, 2 * HOUR),
        ({"retry_after": "1000000000000"}, 2 * DAY),
        ({"retry_after": "9" * 5000}, 2 * DAY),
        ({"retry_after": http_date(NOON + 30 * DAY)}, 2 * DAY),
        ({"retry_after": "60", "cache_control": "max-age=172800"}, 2 * DAY),
    ],
)
def test_a_busy_publisher_is_left_alone(status: int, headers: dict[str, str], wait: timedelta) -> None:
    """F-30: Retry-After, in seconds or as a date by the publisher's clock, is obeyed on 429 and 503; max-age too (F-20)."""
    found = after(failed(FailureKind.BUSY, status, **headers), failures=1)

    assert found.floor_until == NOON + wait
    assert found.at is not None
    assert found.at >= NOON + wait


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"retry_after": "0"}, {"retry_after": "-5"}, {"retry_after": "abc"}, {"retry_after": ""}, {"retry_after": "1.5"},
        {"retry_after": "٣"}, {"retry_after": http_date(NOON - HOUR)},
        {"retry_after": http_date(NOON + HOUR), "date": http_date(NOON + 2 * HOUR)},
    ],
)  # fmt: skip
def test_a_busy_publisher_that_does_not_say_is_left_an_hour(headers: dict[str, str]) -> None:
    """F-31: 429 without a Retry-After that can be read means an hour at least, and it is the publisher's floor."""
    found = after(failed(FailureKind.BUSY, 429, **headers), failures=1)

    assert found.floor_until == NOON + HOUR
    assert "busy" in found.reason


def test_retry_after_never_brings_a_poll_forward() -> None:
    """F-26, F-30: "Retry-After: 1" allows a request in a second; our schedule does not ask for one."""
    found = after(failed(FailureKind.BUSY, 429, retry_after="1"), make_source(every=6 * HOUR), failures=1)

    assert found.floor_until == NOON + timedelta(seconds=1)
    assert found.at is not None
    assert found.at >= NOON + 6 * HOUR


def test_a_capped_retry_after_says_so() -> None:
    """F-23, F-30: what the publisher asked for and what was made of it can both be read."""
    assert retry_after({"retry-after": "864000"}, NOON)[1] == "Retry-After: the publisher asks for 10 d: taken as 2 d"
    assert after(fetched(cache_control="max-age=864000")).reason == "max-age: fresh for 10 d: taken as 7 d"


def test_gone_is_asked_for_three_days_and_no_longer() -> None:
    """F-36: 410 is confirmed once a day for three days; then polling stops for good."""
    gone = failed(FailureKind.GONE, 410)
    first = after(gone, failures=1)
    second = after(gone, state=State(next_poll_at=NOON, gone_since=NOON - DAY), failures=2)
    last = after(gone, state=State(next_poll_at=NOON, gone_since=NOON - 3 * DAY), failures=4)

    assert (first.at, first.floor_until, first.gone_since) == (NOON + DAY, NOON + DAY, NOON)
    assert (second.at, second.gone_since) == (NOON + DAY, NOON - DAY)
    assert (last.at, last.gone_since) == (None, NOON - 3 * DAY)


@pytest.mark.parametrize("outcome", [fetched(), failed(FailureKind.HTTP, 500), failed(FailureKind.TIMEOUT)])
def test_any_other_answer_ends_a_row_of_410(outcome: Outcome) -> None:
    """F-36: only an unbroken row of 410 makes a feed gone."""
    assert after(outcome, state=State(next_poll_at=NOON, gone_since=NOON - 2 * DAY), failures=1).gone_since is None


def test_failures_back_off_up_to_a_day() -> None:
    """F-37: each failure in a row doubles the wait, up to a day and its jitter; it never becomes silence."""
    waits = [wait_after(failed(FailureKind.HTTP, 500), failures=number) for number in range(1, 40)]

    for number, wait in enumerate(waits):
        planned = min(DAY, HOUR * 2 ** min(number, 20))
        assert planned <= wait <= planned * 1.25


@pytest.mark.parametrize("kind", [one for one in FailureKind if one not in (FailureKind.GONE, FailureKind.BUSY)])
def test_every_kind_of_failure_is_asked_again(kind: FailureKind) -> None:
    """F-37: whatever the trouble, the source is asked again, with a reason and without a floor of the publisher's."""
    found = after(failed(kind), failures=3)

    assert found.at is not None
    assert NOON < found.at <= NOON + 1.25 * DAY
    assert found.reason.startswith("failed 3 times in a row: waiting")
    assert found.floor_until is None


@pytest.mark.parametrize("kind", [FailureKind.DNS, FailureKind.CONNECT])
def test_a_publisher_that_was_not_reached_is_asked_soon(kind: FailureKind) -> None:
    """F-37: where the line may be ours, the first wait is minutes, and doubles from there."""
    assert timedelta(minutes=5) <= wait_after(failed(kind), failures=1) <= timedelta(minutes=6.25)
    assert timedelta(minutes=20) <= wait_after(failed(kind), failures=3) <= timedelta(minutes=25)


def test_a_failure_never_shortens_the_schedule() -> None:
    """F-26, F-37: a source that is asked once a week is not asked daily because its server is in trouble."""
    assert wait_after(failed(FailureKind.HTTP, 500), make_source(every=7 * DAY), failures=5) >= 7 * DAY


def test_a_file_is_looked_at_often() -> None:
    """A file: source costs nobody anything: it is looked at every five minutes, after failures too."""
    file = make_source(url="file:samples/a.xml", every=DAY)

    assert wait_after(fetched(), file) == timedelta(minutes=5)
    assert wait_after(failed(FailureKind.FILE), file, failures=9) == timedelta(minutes=5)
    assert wait_after(fetched(), make_source(url="file:a.xml", every=timedelta(minutes=1))) == timedelta(minutes=1)


@given(
    st.dictionaries(
        st.sampled_from(["cache-control", "expires", "date", "age", "retry-after"]),
        st.text(max_size=40) | st.text("max-ge=0123456789, :GMTFriDc", max_size=60) | st.integers().map(str),
    )
)
def test_no_header_stops_the_schedule(headers: dict[str, str]) -> None:
    """F-37: whatever a stranger's headers say, there is a next poll between now and the longest we accept."""
    answer = Answer(status=429, url="https://news.example/feed", headers=headers)
    calm = after(Fetched(answer=answer, body=b"", validators=Validators()))
    busy = after(Failed(kind=FailureKind.BUSY, detail="", answer=answer), failures=1)

    for found in (calm, busy):
        assert found.at is not None
        assert NOON + HOUR <= found.at <= NOON + 7 * DAY + HOUR / 4


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(), "0 s"), (timedelta(seconds=45), "45 s"), (timedelta(minutes=20), "20 min"), (90 * HOUR / 60, "1.5 h"),
        (3 * HOUR, "3 h"), (36 * HOUR, "1.5 d"), (7 * DAY, "7 d"),
    ],
)  # fmt: skip
def test_durations_are_spoken(span: timedelta, said: str) -> None:
    """A duration reads as people say it."""
    assert spoken(span) == said
