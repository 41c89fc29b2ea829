"""Hours as in a crontab, and jobs that tick."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from aggregator.budgeting import share_out, turns_a_day
from aggregator.daemon import utc_now
from aggregator.habit import JITTER, PACE, wait
from aggregator.metronome import Metronome, next_turn, read_hours, read_timezone
from aggregator.rhythm import next_poll
from aggregator.show_status import followed_row, lag_row
from feeds.model import Answer, Unchanged, Validators
from storage import intake, pacing, reading
from storage.database import Database
from storage.rows import habit_of, habit_row
from storage.schema import sources
from storage.state_model import Aim, Habit, State
from tests.fakes import (
    NOON,
    Clock,
    Page,
    Publisher,
    declare,
    item,
    make_entry,
    make_hands,
    make_source,
    poll_all,
    rss,
    take,
)

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("hours", "zone", "after", "turn"),
    [
        ("*/15 6-20 * * mon-fri", "UTC", datetime(2026, 11, 24, 12, 0, tzinfo=UTC), datetime(2026, 11, 24, 12, 15, tzinfo=UTC)),
        ("*/15 6-20 * * mon-fri", "UTC", datetime(2026, 11, 27, 20, 50, tzinfo=UTC), datetime(2026, 11, 30, 6, 0, tzinfo=UTC)),
        ("0 7 * * *", "Europe/Berlin", datetime(2026, 11, 24, 12, 0, tzinfo=UTC), datetime(2026, 11, 25, 6, 0, tzinfo=UTC)),
        ("0 7 * * *", "Europe/Berlin", datetime(2026, 7, 24, 12, 0, tzinfo=UTC), datetime(2026, 7, 25, 5, 0, tzinfo=UTC)),
        ("30 2 * * *", "Europe/Berlin", datetime(2026, 3, 28, 12, 0, tzinfo=UTC), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_the_hours_of_a_source(hours: str, zone: str, after: datetime, turn: datetime) -> None:
    """The next turn is the first after the moment, in the time zone of the settings, summer time kept."""
    assert next_turn(hours, zone, after) == turn


def test_a_poll_on_its_turn_waits_for_the_next() -> None:
    """A poll in the very second of its turn is not followed by another in the same."""
    turn = next_turn("*/15 * * * *", "UTC", NOON)

    assert turn == NOON + timedelta(minutes=15)
    assert next_turn("*/15 * * * *", "UTC", turn) == NOON + timedelta(minutes=30)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("hourly", "expected minute, hour"), ("* * * *", "expected minute, hour"), ("61 * * * *", "names no hours"),
        ("0 6 * * 1-5", "weekdays by name"), ("0 6 * * moon", "names no hours"), ("0 6 31 2 *", "never comes"),
    ],
)  # fmt: skip
def test_wrong_hours_are_refused(text: str, wrong: str) -> None:
    """Hours that are none, or that mean other days to other programs, are refused with what is wrong."""
    with pytest.raises(ValueError, match=wrong):
        read_hours(text)


def test_hours_and_time_zones_are_read() -> None:
    """Spaces and capitals do not matter in hours; a time zone is one of IANA's, and no path."""
    assert read_hours(" */15  6-20 * * MON-FRI ") == "*/15 6-20 * * mon-fri"
    assert read_timezone("Asia/Almaty") == "Asia/Almaty"
    for name in ("Berlin", "", "../etc/passwd", "/etc/passwd", "UTC\0"):
        with pytest.raises(ValueError, match="expected a time zone"):
            read_timezone(name)


def test_hours_outrank_the_habit_and_the_publisher_outranks_them() -> None:
    """F-20, F-26: a source with hours is asked at its turn or up to a minute later, never before the publisher's floor."""
    source, state = make_source(hours="*/15 * * * *"), State(next_poll_at=NOON)
    aim = Aim(turn=NOON + timedelta(minutes=15))
    free = Unchanged(answer=Answer(status=304, url=""), validators=Validators())
    floored = Unchanged(
        answer=Answer(status=304, url="", headers={"cache-control": "max-age=7200"}), validators=Validators()
    )

    planned = next_poll(source, state, free, 0, NOON, None, aim)
    held = next_poll(source, state, floored, 0, NOON, None, aim)

    assert planned.at is not None
    assert planned.reason == "its hours: */15 * * * *"
    assert timedelta(minutes=15) <= planned.at - NOON <= timedelta(minutes=16)
    assert held.at is not None
    assert held.at >= NOON + 2 * HOUR


def test_a_poll_goes_by_the_hours_of_its_source(db: Database) -> None:
    """From the declared source to its next poll: the hours are stored, and read in the time zone of the settings."""
    declare(db, make_source(hours="0 18 * * *"))
    poll_all(make_hands(db, Publisher({"https://news.example/feed": Page(rss(item()))})))

    (followed,) = reading.followed(db)
    assert followed.source.hours == "0 18 * * *"
    assert followed.state.next_poll_at is not None
    assert timedelta() <= followed.state.next_poll_at - NOON.replace(hour=18) <= timedelta(minutes=1)


@pytest.mark.parametrize(
    "answer",
    [
        Page(rss(item()), headers={"cache-control": "max-age=7200"}),
        Page(b"", status=429, headers={"retry-after": "7200"}),
    ],
    ids=["a floor", "a busy publisher"],
)
def test_what_ends_between_two_turns_waits_for_the_next(db: Database, answer: Page) -> None:
    """F-26: a floor that ends at 14:00 and hours that name 18:00 together mean 18:00, not two in the afternoon."""
    declare(db, make_source(hours="0 13,18 * * *"))
    poll_all(make_hands(db, Publisher({"https://news.example/feed": answer})))

    (followed,) = reading.followed(db)
    assert followed.state.next_poll_at is not None
    assert timedelta() <= followed.state.next_poll_at - NOON.replace(hour=18) <= timedelta(minutes=1)
    assert "then at its hours" in followed.state.reason


def test_jobs_tick_until_stopped() -> None:
    """A job runs at its first moment and when it is wanted soon; after the end it does not."""
    ran = asyncio.Event()
    count = 0

    async def job() -> None:
        nonlocal count
        count += 1
        ran.set()

    async def main() -> None:
        metronome = Metronome()
        metronome.every(3600, job, "job", utc_now())
        metronome.start()
        await asyncio.wait_for(ran.wait(), 10)
        ran.clear()
        metronome.soon("job", utc_now())
        metronome.soon("no such job", utc_now())
        await asyncio.wait_for(ran.wait(), 10)
        metronome.stop()

    asyncio.run(main())

    assert count == 2


def test_a_habit_survives_in_the_store(db: Database) -> None:
    """G-03, F-12: what was learned of a source is there for the next poll, whoever makes it, and a new address forgets it."""
    declare(db, make_source())
    decision = take(db, [make_entry(id=str(at), published=NOON - HOUR * at) for at in range(1, 20)])
    (claim,) = intake.claim(db, NOON + HOUR, owner="b", limit=1, explicit=True)

    assert claim.state.habit == decision.state.habit
    assert claim.state.habit.posts[0] > 5
    assert habit_of(habit_row(Habit())) == Habit()
    declare(db, make_source(url="https://other.example/feed"))
    assert reading.followed(db)[0].state.habit == Habit()


def test_an_overflow_is_in_the_journal(db: Database) -> None:
    """G-04: a document of which nothing is known any more is told of in the journal and in `heliograph status`."""
    declare(db, make_source())
    take(db, [make_entry(id=str(at)) for at in range(10)])
    take(db, [make_entry(id=str(at)) for at in range(9, 19)], now=NOON + HOUR)
    take(db, [make_entry(id=str(at)) for at in range(30, 40)], now=NOON + 2 * HOUR)

    details = [line.detail for line in reading.journal_of(db, "news")]
    assert [("no entry in it was known" in detail) for detail in details] == [True, False, False]
    row = followed_row(reading.followed(db)[0], NOON)
    assert row["habit"]["overflow_at"] == NOON + 2 * HOUR


def test_a_budget_reaches_every_poller(db: Database) -> None:
    """G-05: the pace is solved for, noted in the store, and comes along with each claim; without a budget it is gone."""
    names = [f"news-{at}" for at in range(20)]
    declare(db, *(make_source(slug=name, url=f"https://{name}.example/feed") for name in names))
    for name in names:
        take(db, [make_entry(id=str(at), published=NOON - 25 * HOUR * at) for at in range(1, 30)], slug=name)

    pace = share_out(db, 2.0, "UTC", NOON)
    claims = intake.claim(db, NOON + HOUR, owner="b", limit=30, explicit=True)
    waits = [wait(one.source, one.state.habit, NOON, one.aim.pace)[0] / HOUR for one in claims]

    assert pace is not None
    assert pace > PACE
    assert len(waits) == 20
    assert 1.2 < sum(1 / (1 + JITTER / 2) / hours for hours in waits) < 2.6
    assert pacing.pace(db) == pace
    assert share_out(db, None, "UTC", NOON) is None
    assert pacing.pace(db) is None


def test_hours_count_into_the_budget(db: Database) -> None:
    """G-05: what sources with hours take is taken off the budget first."""
    assert turns_a_day(make_source(hours="0 */6 * * *"), "UTC", NOON) == 4
    assert turns_a_day(make_source(hours="0 6 1 1 *"), "UTC", NOON) == 0
    often = make_source(slug="often", url="https://often.example/", hours="*/10 * * * *")
    declare(db, often, make_source())
    for slug in ("often", "news"):
        take(db, [make_entry(id=str(at), published=NOON - 5 * HOUR * at) for at in range(1, 30)], slug=slug)

    alone, beside = share_out(db, 7.0, "UTC", NOON), share_out(db, 6.1, "UTC", NOON)

    assert alone is not None
    assert beside is not None
    assert alone < PACE < beside


def test_an_edited_rhythm_is_soon_in_force(db: Database) -> None:
    """G-05: a source whose `every`, `hours` or `weight` was edited is asked within its `every`, not after its old wait."""
    declare(db, make_source())
    take(db, [make_entry(id=str(at), published=NOON - 500 * HOUR * at) for at in range(1, 10)])
    before = reading.followed(db)[0].state.next_poll_at
    declare(db, make_source(weight=50), now=NOON)

    after = reading.followed(db)[0]
    assert before is not None
    assert before > NOON + 3 * HOUR
    assert after.state.next_poll_at == NOON + HOUR
    assert after.source.weight == 50


def test_lags_are_measured(db: Database) -> None:
    """G-07: how late polls came is read from the journal, as percentiles; a poll before its time does not count."""
    declare(db, make_source())
    clock = Clock()
    due = take(db, [make_entry()], now=clock.now).state.next_poll_at
    assert due is not None
    take(db, [make_entry()], now=due + timedelta(seconds=90))
    take(db, [make_entry()], now=due + timedelta(seconds=91))

    lags = pacing.lags(db, NOON - HOUR)
    assert lags == [timedelta(seconds=90)]
    assert lag_row(lags) == {"polls": 1, "p50": 90.0, "p90": 90.0, "p99": 90.0}
    assert lag_row([]) == {"polls": 0, "p50": None, "p90": None, "p99": None}
    assert lag_row([timedelta(seconds=at) for at in range(100)])["p90"] == 90.0


def test_the_column_of_the_weight_is_a_number(db: Database) -> None:
    """G-05: weights are kept as they are written, on both engines."""
    declare(db, make_source(weight=0.25))
    with db.read() as connection:
        assert connection.execute(select(sources.c.weight)).scalar_one() == 0.25


def test_a_first_poll_teaches_a_store_that_is_older_than_habits(db: Database) -> None:
    """G-03: where entries are held and nothing is known of the habit, the dates of the held ones tell it."""
    declare(db, make_source())
    held = [make_entry(id=str(at), published=NOON - 25 * HOUR * at) for at in range(1, 20)]
    take(db, held)
    with db.write() as connection:
        connection.execute(sources.update().values(habit=None))

    habit = take(db, held, now=NOON + HOUR).state.habit
    assert habit.posts[-1] > 10
