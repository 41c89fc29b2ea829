"""When to ask again, and why. PURE.

In: what a poll brought, what the source had before, now. Out: two times with their reasons: ours, which an explicit
poll may ignore, and the publisher's, which nothing may. Never: a random number: jitter comes from the source's slug.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache

from aggregator.habit import JITTER, wait
from aggregator.hints import (
    LONGEST_SOFT,
    floor_of,
    freshness,
    hints_of,
    http_date,
    outside,
    spoken,
    ttl_of,
    whole_seconds,
)
from feeds.identity import digest
from feeds.model import Document, Failed, FailureKind, Outcome, Source
from storage.state_model import Aim, Hints, State

__all__ = ["LONGEST_BUSY", "Next", "after_pause", "jittered", "next_poll", "retry_after", "spoken"]

LONGEST_BUSY = timedelta(days=2)
_BUSY_WITHOUT_WORD = timedelta(hours=1)
_FIRST_BACK_OFF = timedelta(minutes=15)
_FIRST_UNREACHED = timedelta(minutes=5)
_LONGEST_BACK_OFF = timedelta(hours=24)
_GONE_AGAIN = timedelta(days=1)
_GONE_FOR_GOOD = timedelta(days=3)
_FILE_EVERY = timedelta(minutes=5)
_LATE_FOR_A_TURN = timedelta(minutes=1)
_LONGEST_TAKING_UP = timedelta(minutes=15)
# Answers whose word on their freshness is the feed's own; an error page's is not (F-20).
_SPEAK_FOR_THE_FEED = (200, 304, 429, 503)
_BACKUP = timedelta(hours=19)


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """When and why: `at` is None once a source is gone for good. `hints` are to be remembered; `notes` are for the journal."""

    at: datetime | None
    reason: str
    floor_until: datetime | None = None
    floor_reason: str = ""
    gone_since: datetime | None = None
    hints: Hints = field(default_factory=Hints)
    notes: tuple[str, ...] = ()


def next_poll(
    source: Source, state: State, outcome: Outcome, failures: int, now: datetime, document: Document | None = None,
    aim: Aim = Aim(),
) -> Next:  # fmt: skip
    """The next poll of a source after this outcome; `failures` counts this one; `document` is what a new body said.

    `state` is what the source had before, with the habit as this outcome left it.
    """
    if source.url.startswith("file:"):
        return Next(at=now + min(_FILE_EVERY, source.every), reason="a file beside the configuration, looked at often")
    if isinstance(outcome, Failed):
        return _after_failure(source, state, outcome, failures, now, aim)
    hints, notes = hints_of(outcome.answer, document, state.hints, now)
    if hints.ended:
        return _gone(state, "the feed says that it has ended", hints, now)
    floor, why = floor_of(hints, outcome.answer, now)
    at, reason = planned(source, state, now, aim)
    wishes = (_soft(source, hints, now), _with_jitter(source, *ttl_of(hints, now), now))
    at, reason = _latest(at, reason, *wishes, _with_jitter(source, floor, why, now))
    at, reason = _in_open_hours(source, at, reason, hints, now)
    return Next(at=at, reason=reason, floor_until=floor, floor_reason=why, hints=hints, notes=notes)


def planned(source: Source, state: State, now: datetime, aim: Aim) -> tuple[datetime, str]:
    """Our own plan for a source that is well, before anything that the publisher asks for, and why (F-13, G-01)."""
    if aim.turn is not None:
        # Sources with the same hours need not all come in the same second (F-14).
        return aim.turn + _LATE_FOR_A_TURN * _share(source, now), f"its hours: {source.hours}"
    if state.pushed and source.every < _BACKUP:
        # W-11: with jitter once a day at least, and no push postpones it.
        return now + jittered(_BACKUP, source, now), f"pushed by {state.pushed}; asked once a day to check"
    span, why = wait(source, state.habit, now, aim.pace)
    return now + jittered(span, source, now), f"{why}: every {spoken(span)}" if why else f"every {spoken(span)}"


def after_pause(source: Source, state: State, now: datetime) -> tuple[datetime, str]:
    """When to take up a source whose time passed while nobody polled: not all in one moment (F-12)."""
    within = min(_LONGEST_TAKING_UP, source.every / 4)
    at, why = now + within * _share(source, now), f"overdue after a pause: taken up within {spoken(within)}"
    return _in_open_hours(source, at, why, state.hints, now)


def _soft(source: Source, hints: Hints, now: datetime) -> tuple[datetime, str] | None:
    """How often the feed says that it changes: a wish, which an explicit poll may pass over (F-25)."""
    if not hints.soft:
        return None
    period = timedelta(seconds=hints.soft)
    taken = f": taken as {spoken(LONGEST_SOFT)}" if period > LONGEST_SOFT else ""
    at = now + min(period, LONGEST_SOFT)
    return at + _jitter(min(period, source.every), source, now), f"sy: the feed changes every {spoken(period)}{taken}"


def _with_jitter(source: Source, floor: datetime | None, why: str, now: datetime) -> tuple[datetime, str] | None:
    """A while after a floor, so that sources that were asked together are not asked together for ever (F-14)."""
    return (floor + _jitter(min(source.every, floor - now), source, now), why) if floor else None


def _latest(at: datetime, reason: str, *others: tuple[datetime, str] | None) -> tuple[datetime, str]:
    """The latest of all that is wanted, never the earliest (F-26)."""
    return max([(at, reason), *filter(None, others)], key=lambda one: one[0])


def _in_open_hours(source: Source, at: datetime, reason: str, hints: Hints, now: datetime) -> tuple[datetime, str]:
    later = outside(at, hints)
    if later == at:
        return at, reason
    # Within the first open hour.
    later += _jitter(timedelta(hours=1), source, now)
    return later, f"{reason}; not in the hours or days that the feed asks to skip"


def _gone(state: State, what: str, hints: Hints, now: datetime) -> Next:
    """A feed that says it is gone is believed when it has said so over days (F-36, J-03)."""
    since = state.gone_since or now
    if now - since >= _GONE_FOR_GOOD:
        why = f"{what}, for three days: gone for good, not asked again"
        return Next(at=None, reason=why, gone_since=since, hints=hints)
    again = now + _GONE_AGAIN
    why = f"{what}; asked once more a day for three days"
    return Next(at=again, reason=why, floor_until=again, floor_reason=why, gone_since=since, hints=hints)


def _after_failure(source: Source, state: State, failed: Failed, failures: int, now: datetime, aim: Aim) -> Next:
    if failed.kind is FailureKind.GONE:
        return _gone(state, "410: the publisher says that the feed is gone", state.hints, now)
    floor, why = _floor_after(failed, now)
    # Where the publisher was not even reached, the trouble may be ours: a line that comes back should not wait long.
    unreached = failed.kind in (FailureKind.DNS, FailureKind.CONNECT)
    first = _FIRST_UNREACHED if unreached else max(source.every, _FIRST_BACK_OFF)
    longest = _LONGEST_BACK_OFF if unreached else max(source.every, _LONGEST_BACK_OFF)
    span = min(longest, first * 2 ** min(failures - 1, 10))
    times = "once" if failures == 1 else f"{failures} times in a row"
    at, reason = now + jittered(span, source, now), f"failed {times}: waiting {spoken(span)}"
    if failed.kind is FailureKind.BUSY and failed.answer and retry_after(failed.answer.headers, now)[0]:
        # It said when to come: our schedule decides from then on. "Retry-After: 1" is leave, not a wish (F-26).
        at, reason = planned(source, state, now, aim)
    reason = f"{why}; {reason}" if failed.kind is FailureKind.BUSY and floor else reason
    at, reason = _latest(at, reason, _with_jitter(source, floor, why, now))
    at, reason = _in_open_hours(source, at, reason, state.hints, now)
    return Next(at=at, reason=reason, floor_until=floor, floor_reason=why, hints=state.hints)


def _floor_after(failed: Failed, now: datetime) -> tuple[datetime | None, str]:
    """Until when a publisher wants to be left alone after an answer that brought nothing."""
    answer = failed.answer
    if answer is None or answer.status not in _SPEAK_FOR_THE_FEED:
        return None, ""
    fresh, by = freshness(answer.headers, now)
    floor, why = floor_of(Hints(fresh=fresh, fresh_by=by), answer, now)
    if failed.kind is not FailureKind.BUSY:
        # What could not be read may be mended soon, whatever its lifetime: a day at most.
        if floor and floor > now + _LONGEST_BACK_OFF:
            return now + _LONGEST_BACK_OFF, f"{why}: taken as {spoken(_LONGEST_BACK_OFF)}, since it could not be read"
        return floor, why
    later, asked = retry_after(answer.headers, now)
    if later is None and answer.status == 429:
        words = f"429: the publisher is busy and does not say for how long: {spoken(_BUSY_WITHOUT_WORD)} at least"
        later, asked = now + _BUSY_WITHOUT_WORD, words
    return (later, asked) if later and (floor is None or later > floor) else (floor, why)


def retry_after(headers: Mapping[str, str], now: datetime) -> tuple[datetime | None, str]:
    """Until when a busy publisher wants to be left alone (F-30): seconds, or a date against its own clock.

    None where it does not say, or says a time that is over.
    """
    value = headers.get("retry-after", "").strip()
    seconds = whole_seconds(value)
    if seconds is not None:
        span = timedelta(seconds=seconds)
    else:
        stamp = http_date(value)
        span = stamp - (http_date(headers.get("date", "")) or now) if stamp else timedelta()
    if span <= timedelta():
        return None, ""
    taken = f": taken as {spoken(LONGEST_BUSY)}" if span > LONGEST_BUSY else ""
    return now + min(span, LONGEST_BUSY), f"Retry-After: the publisher asks for {spoken(span)}{taken}"


def jittered(span: timedelta, source: Source, now: datetime) -> timedelta:
    """A wait with its jitter (F-14)."""
    return span + _jitter(span, source, now)


def _jitter(span: timedelta, source: Source, now: datetime) -> timedelta:
    """Up to a quarter more, so that sources added together do not stay together (F-14)."""
    return span * JITTER * _share(source, now)


def _share(source: Source, now: datetime) -> float:
    """From 0 to 1, by slug and time: the same poll is planned the same, however often."""
    return _share_of(source.slug, now)


@lru_cache(maxsize=1000)
def _share_of(slug: str, now: datetime) -> float:
    return int(digest(slug, now.isoformat())[:8], 16) / 0xFFFFFFFF
