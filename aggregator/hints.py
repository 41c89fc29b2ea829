"""What an answer asks for between polls: its headers and its feed as Hints, and hints as times. PURE.

In: an answer, a document, the hints of before, now. Out: hints, floors with their reasons, hours that are open.
Never: a wish of ours: these are the publisher's, and they outlive a 304 and a restart (F-09).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from feeds.model import Answer, Document, Pace
from storage.state_model import Hints

LONGEST_FRESH = timedelta(days=7)
LONGEST_SOFT = timedelta(hours=24)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PERIODS = {"hourly": 3600, "daily": 86400, "weekly": 604800, "monthly": 2592000, "yearly": 31536000}
_HOUR = timedelta(hours=1)


def hints_of(answer: Answer, document: Document | None, before: Hints, now: datetime) -> tuple[Hints, tuple[str, ...]]:
    """What to remember after a good answer, and what of it is not heeded, in words.

    A new document says everything anew; the same body again, only how long it stays fresh; a 304, that too, where it
    says so at all (RFC 9111 section 4.3.4).
    """
    silent = answer.status == 304 and not {"cache-control", "expires"} & answer.headers.keys()
    fresh, by = (before.fresh, before.fresh_by) if silent else freshness(answer.headers, now)
    if document is None:
        same = fresh == before.fresh and by == before.fresh_by
        return before if same else replace(before, fresh=fresh, fresh_by=by), ()
    paced, notes = _paced(document.pace)
    return replace(paced, fresh=fresh, fresh_by=by, ended=document.expired), notes


def _paced(pace: Pace) -> tuple[Hints, tuple[str, ...]]:
    """What the feed itself asks for (F-24, F-25). Garbage says nothing."""
    notes = []
    hours = tuple(sorted({hour % 24 for hour in pace.skip_hours if 0 <= hour <= 24}))
    days = tuple(sorted({_DAYS.index(day.lower()) for day in pace.skip_days if day.lower() in _DAYS}))
    if len(hours) == 24:
        notes.append("the feed asks to skip all 24 hours: not heeded")
        hours = ()
    if len(days) == 7:
        notes.append("the feed asks to skip all seven days: not heeded")
        days = ()
    period = _PERIODS.get(pace.update_period.strip().lower())
    soft = period // max(1, pace.update_frequency) if period else None
    return Hints(ttl=pace.ttl, skip_hours=hours, skip_days=days, soft=soft), tuple(notes)


def freshness(headers: Mapping[str, str], now: datetime) -> tuple[int | None, str]:
    """For how many seconds an answer is fresh by the publisher's word, and by which header (F-21, F-22).

    None where it says nothing, or nothing that lengthens: no-cache, no-store, an invalid value. Of conflicting values
    the most restrictive counts, which is the shortest (RFC 9111 section 4.2.1).
    """
    directives = [part.strip().lower() for part in headers.get("cache-control", "").split(",")]
    if any(part.split("=")[0] in ("no-cache", "no-store") for part in directives):
        return None, ""
    ages = [part.removeprefix("max-age=").strip('"') for part in directives if part.startswith("max-age=")]
    if ages:
        return min(whole_seconds(age) or 0 for age in ages), "max-age"
    # Several values under one name are a conflict: the earliest; and one that cannot be read is a date in the past.
    expires = [http_date(value) for value in _dates(headers.get("expires", ""))]
    if not expires or None in expires:
        return None, ""
    told = http_date(headers.get("date", "")) or now
    lifetime = min(one for one in expires if one) - told
    return max(0, int(lifetime.total_seconds())), "Expires"


def floor_of(hints: Hints, answer: Answer, now: datetime) -> tuple[datetime | None, str]:
    """Before when nothing is to be asked, whoever asks, and why: while the answer is fresh (F-20)."""
    if hints.fresh is None:
        return None, ""
    age = whole_seconds(answer.headers.get("age", "").strip()) or 0
    told = "" if {"cache-control", "expires"} & answer.headers.keys() else ", as the last whole answer said"
    return _capped(timedelta(seconds=hints.fresh - age), f"{hints.fresh_by}: fresh for", told, now)


def ttl_of(hints: Hints, now: datetime) -> tuple[datetime | None, str]:
    """Before when the feed's ttl asks not to be asked, and why (F-24): binding for the schedule, not for a person."""
    return _capped(timedelta(minutes=hints.ttl or 0), "ttl: the feed asks for", "", now)


def _capped(lifetime: timedelta, words: str, told: str, now: datetime) -> tuple[datetime | None, str]:
    if lifetime <= timedelta():
        return None, ""
    if lifetime > LONGEST_FRESH:
        return now + LONGEST_FRESH, f"{words} {spoken(lifetime)}{told}: taken as {spoken(LONGEST_FRESH)}"
    return now + lifetime, f"{words} {spoken(lifetime)}{told}"


def outside(at: datetime, hints: Hints) -> datetime:
    """The first moment from `at` on that is in none of the hours and days that the feed asks to skip (F-24)."""
    for _ in range(24 * 8):
        utc = at.astimezone(UTC)
        if utc.hour not in hints.skip_hours and utc.weekday() not in hints.skip_days:
            return at
        at = utc.replace(minute=0, second=0, microsecond=0) + _HOUR
    return at


def whole_seconds(text: str) -> int | None:
    """A number of seconds, 2^31 at most as RFC 9111 section 1.2.2 has it; None for anything else."""
    if not (text.isascii() and text.isdigit()):
        return None
    # Python refuses to read thousands of digits, which a stranger may well send.
    return min(int(text), 2**31) if len(text) <= 20 else 2**31


def http_date(value: str) -> datetime | None:
    """A date as HTTP writes it; None for what is none."""
    try:
        stamp = parsedate_to_datetime(value) if value else None
        return stamp if stamp is None or stamp.tzinfo else stamp.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _dates(value: str) -> list[str]:
    """The dates of a field that came once or more: a comma parts them, and stands behind each day's name too."""
    parts = [part.strip() for part in value.split(",")]
    dates: list[str] = []
    for part in parts:
        if (
            dates
            and dates[-1][:3].lower() in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
            and "," not in dates[-1]
        ):
            dates[-1] += f", {part}"
        elif part:
            dates.append(part)
    return dates


def spoken(span: timedelta) -> str:
    """A duration as people say it: 45 s, 20 min, 3 h, 2 d."""
    seconds = int(span.total_seconds())
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f}".removesuffix(".0") + f" {unit}"
    return f"{seconds} s"
