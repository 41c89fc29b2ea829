"""How a source is, in a word and a reason: a status of 200 is not life. PURE.

In: what its answers were like, now. Out: facts to remember; one of eight words, and why. Never: a verdict that stops a
poll: health is for people to read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Literal

from aggregator.hints import spoken
from feeds.identity import without_credentials
from feeds.model import Document, Entry, Failed, FailureKind, Outcome
from storage.model import Followed
from storage.state_model import Facts

Word = Literal["new", "healthy", "quiet", "stale", "blocked", "moved", "gone", "broken"]

_STALE = timedelta(days=180)
_QUIET_AT_LEAST = timedelta(days=3)
_QUIET_UNKNOWN = timedelta(days=14)
_GAPS_UNTIL_QUIET = 8
_FUTURE = timedelta(hours=24)
_BLOCKED = (401, 402, 403, 406, 407, 429, 451)
# What passes by itself more often than not: once is no verdict.
_PASSING = (
    FailureKind.DNS, FailureKind.CONNECT, FailureKind.TIMEOUT, FailureKind.TLS, FailureKind.PROTOCOL, FailureKind.BUSY,
    FailureKind.HTTP,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """A word for a table, and a sentence for whoever asks."""

    word: Word
    reason: str


def facts_after(before: Facts, outcome: Outcome, document: Document | None, now: datetime) -> Facts:
    """What to remember of an answer for its source's health."""
    answer = outcome.answer
    if answer is None:
        return before
    came = answer.wire_bytes or answer.size
    facts = replace(
        before,
        status=answer.status,
        content_type=answer.headers.get("content-type", "").partition(";")[0].strip().lower()[:100]
        or (before.content_type if answer.status == 304 else ""),
        received=before.received + came,
        saved=before.saved + (before.packed if answer.status == 304 else 0),
    )
    if document is None or isinstance(outcome, Failed) or answer.partial:
        return facts
    newest, gap = _dates(document.entries, now)
    return replace(facts, size=answer.size, packed=came, items=len(document.entries), newest=newest, gap=gap)


def _dates(entries: Iterable[Entry], now: datetime) -> tuple[datetime | None, int | None]:
    """The latest date that can be true, and the usual seconds between two entries."""
    claimed = (entry.published or entry.updated for entry in entries)
    dates = sorted(date for date in claimed if date is not None and date <= now + _FUTURE)
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(dates)]
    return (dates[-1] if dates else None), (int(median(gaps)) if len(gaps) > 1 else None)


def health(one: Followed, now: datetime) -> Health:
    """How a source is."""
    state = one.state
    if state.gone_since is not None:
        return Health(word="gone", reason=state.reason)
    if state.next_poll_at is None:
        return Health(word="moved", reason=state.reason)
    if one.last_poll_at is None:
        return Health(word="new", reason="not asked yet")
    trouble = _trouble(one, now)
    if trouble is not None:
        return trouble
    moved = _moved(one)
    if moved:
        return Health(word="moved", reason=moved)
    said = _silence(one, now)
    if one.last_kind and said.word == "healthy":
        return replace(said, reason=f"{one.last_kind} once ({one.last_detail}); well before, {_last_good(one, now)}")
    return said


def _trouble(one: Followed, now: datetime) -> Health | None:
    """What a failed poll says of a source; None where it did not fail, or failed once in a way that passes."""
    if not one.last_kind:
        return None
    kind, status = FailureKind(one.last_kind), one.state.facts.status
    if kind in (FailureKind.HTTP, FailureKind.BUSY) and status in _BLOCKED:
        # Other networks may be answered: a refusal says nothing of the feed.
        return Health(word="blocked", reason=f"refused from here: {one.last_detail}; {_last_good(one, now)}")
    if kind in _PASSING and one.state.failures == 1 and one.last_ok_at is not None:
        return None
    times = "" if one.state.failures == 1 else f", {one.state.failures} times in a row"
    return Health(word="broken", reason=f"{kind}{times}: {one.last_detail}; {_last_good(one, now)}")


def _last_good(one: Followed, now: datetime) -> str:
    return f"last good poll {spoken(now - one.last_ok_at)} ago" if one.last_ok_at else "never a good poll"


def _moved(one: Followed) -> str:
    if one.source.url != one.declared_url:
        url = without_credentials(one.source.url)
        return f"moved for good: asked at {url}; write that address into feeds.yaml"
    if one.moved_to:
        url = without_credentials(one.moved_to)
        return f"a permanent redirect to {url} was seen {one.moved_seen} times, believed after a day"
    return ""


def _silence(one: Followed, now: datetime) -> Health:
    """Whether a feed that answers has anything to say."""
    facts = one.state.facts
    if facts.items == 0:
        return Health(word="stale", reason="the feed is there and holds no entry")
    latest = facts.newest or one.last_new_at
    if latest is None:
        return Health(word="healthy", reason="answers; nothing is known of its dates")
    since = now - latest
    what = "newest entry" if facts.newest else "last new entry"
    if since >= _STALE:
        return Health(word="stale", reason=f"{what} {spoken(since)} ago")
    gap = timedelta(seconds=facts.gap) if facts.gap else None
    longest = max(_QUIET_AT_LEAST, gap * _GAPS_UNTIL_QUIET) if gap else _QUIET_UNKNOWN
    if since >= longest:
        habit = f", usually every {spoken(gap)}" if gap else ""
        return Health(word="quiet", reason=f"{what} {spoken(since)} ago{habit}")
    return Health(word="healthy", reason=f"{what} {spoken(max(since, timedelta()))} ago")
