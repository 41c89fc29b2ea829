"""When to ask again, and why. PURE.

In: what a poll brought, what the source had before, now. Out: two times with their reasons: ours, which an explicit
poll may ignore, and the publisher's, which nothing may. Never: a random number: jitter comes from the source's slug.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from feeds.identity import digest
from feeds.model import Answer, Failed, FailureKind, Outcome, Source
from storage.model import State

_LONGEST_FRESH = timedelta(days=7)
_LONGEST_BUSY = timedelta(days=2)
_BUSY_WITHOUT_WORD = timedelta(hours=1)
_FIRST_BACK_OFF = timedelta(minutes=15)
_FIRST_UNREACHED = timedelta(minutes=5)
_LONGEST_BACK_OFF = timedelta(hours=24)
_GONE_AGAIN = timedelta(days=1)
_GONE_FOR_GOOD = timedelta(days=3)
_FILE_EVERY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """When and why: `at` is None once a source is gone for good."""

    at: datetime | None
    reason: str
    floor_until: datetime | None = None
    floor_reason: str = ""
    gone_since: datetime | None = None


def next_poll(source: Source, state: State, outcome: Outcome, failures: int, now: datetime) -> Next:
    """The next poll of a source after this outcome; `failures` counts this one."""
    if source.url.startswith("file:"):
        return Next(at=now + min(_FILE_EVERY, source.every), reason="a file beside the configuration, looked at often")
    answer = outcome.answer
    if isinstance(outcome, Failed):
        return _after_failure(source, state, outcome, failures, now)
    floor, why = _freshness(answer, now) if answer else (None, "")
    planned = now + _jittered(source.every, source.slug, now)
    if floor and floor > planned:
        return Next(at=floor, reason=why, floor_until=floor, floor_reason=why)
    return Next(at=planned, reason=f"every {spoken(source.every)}", floor_until=floor, floor_reason=why)


def _after_failure(source: Source, state: State, failed: Failed, failures: int, now: datetime) -> Next:
    if failed.kind is FailureKind.GONE:
        since = state.gone_since or now
        if now - since >= _GONE_FOR_GOOD:
            return Next(at=None, reason="410 for three days: gone for good, not asked again", gone_since=since)
        again = now + _GONE_AGAIN
        why = "410: the publisher says that the feed is gone; asked once more a day for three days"
        return Next(at=again, reason=why, floor_until=again, floor_reason=why, gone_since=since)
    if failed.kind is FailureKind.BUSY and failed.answer:
        floor, why = retry_after(failed.answer.headers, now)
        fresh, fresh_why = _freshness(failed.answer, now)
        if fresh and fresh > floor:
            floor, why = fresh, fresh_why
        # "Retry-After: 1" is leave to come back, not a wish to be asked every second (F-26).
        planned = now + _jittered(source.every, source.slug, now)
        return Next(at=max(floor, planned), reason=why, floor_until=floor, floor_reason=why)
    # Where the publisher was not even reached, the trouble may be ours: a line that comes back should not wait long.
    unreached = failed.kind in (FailureKind.DNS, FailureKind.CONNECT)
    first = _FIRST_UNREACHED if unreached else max(source.every, _FIRST_BACK_OFF)
    longest = _LONGEST_BACK_OFF if unreached else max(source.every, _LONGEST_BACK_OFF)
    wait = min(longest, first * 2 ** min(failures - 1, 10))
    at = now + _jittered(wait, source.slug, now)
    times = "once" if failures == 1 else f"{failures} times in a row"
    return Next(at=at, reason=f"failed {times}: waiting {spoken(wait)}")


def retry_after(headers: Mapping[str, str], now: datetime) -> tuple[datetime, str]:
    """Until when a busy publisher wants to be left alone (F-30, F-31): seconds, or a date against its own clock."""
    value = headers.get("retry-after", "").strip()
    seconds = _whole_seconds(value)
    if seconds is not None:
        wait = timedelta(seconds=seconds)
    else:
        stamp = _http_date(value)
        wait = stamp - (_http_date(headers.get("date", "")) or now) if stamp else timedelta()
    if wait <= timedelta():
        return (
            now + _BUSY_WITHOUT_WORD,
            f"the publisher is busy and does not say for how long: waiting {spoken(_BUSY_WITHOUT_WORD)}",
        )
    taken = f": taken as {spoken(_LONGEST_BUSY)}" if wait > _LONGEST_BUSY else ""
    return now + min(wait, _LONGEST_BUSY), f"Retry-After: the publisher asks for {spoken(wait)}{taken}"


def _freshness(answer: Answer, now: datetime) -> tuple[datetime | None, str]:
    """How long the answer stays fresh by the publisher's word (F-20 to F-23): no request before that."""
    headers = answer.headers
    directives = [part.strip().lower() for part in headers.get("cache-control", "").split(",")]
    if any(part.split("=")[0] in ("no-cache", "no-store") for part in directives):
        return None, ""
    ages = [part.removeprefix("max-age=").strip('"') for part in directives if part.startswith("max-age=")]
    if ages:
        # Conflicting values: the most restrictive, which is the shortest (RFC 9111 section 4.2.1).
        values = [_whole_seconds(age) or 0 for age in ages]
        seconds = min(values) - (_whole_seconds(headers.get("age", "").strip()) or 0)
        return _capped(timedelta(seconds=seconds), "max-age", now)
    expires = _http_date(headers.get("expires", ""))
    if expires is None:
        return None, ""
    return _capped(expires - (_http_date(headers.get("date", "")) or now), "Expires", now)


def _capped(lifetime: timedelta, name: str, now: datetime) -> tuple[datetime | None, str]:
    if lifetime <= timedelta():
        return None, ""
    if lifetime > _LONGEST_FRESH:
        return now + _LONGEST_FRESH, f"{name} asks for {spoken(lifetime)}: taken as {spoken(_LONGEST_FRESH)}"
    return now + lifetime, f"{name}: fresh for {spoken(lifetime)}"


def _whole_seconds(text: str) -> int | None:
    """A number of seconds, 2^31 at most as RFC 9111 section 1.2.2 has it; None for anything else."""
    if not (text.isascii() and text.isdigit()):
        return None
    # Python refuses to read thousands of digits, which a stranger may well send.
    return min(int(text), 2**31) if len(text) <= 20 else 2**31


def _http_date(value: str) -> datetime | None:
    try:
        stamp = parsedate_to_datetime(value) if value else None
        return stamp if stamp is None or stamp.tzinfo else stamp.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _jittered(wait: timedelta, slug: str, now: datetime) -> timedelta:
    """Up to a quarter more, so that sources added together do not stay together (F-14)."""
    share = int(digest(slug, now.isoformat())[:8], 16) / 0xFFFFFFFF
    return wait + wait * 0.25 * share


def spoken(span: timedelta) -> str:
    """A duration as people say it: 45 s, 20 min, 3 h, 2 d."""
    seconds = int(span.total_seconds())
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f}".removesuffix(".0") + f" {unit}"
    return f"{seconds} s"
