"""What is remembered of a source between two polls: hints, facts, habit, schedule.

In: the wire's validators. Out: frozen records. Never: SQL.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from feeds.model import Validators


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What the publisher's last whole answer asks for between polls; a 304 without a word of its own leaves it standing.

    `fresh` is a lifetime in seconds, by the header `fresh_by` ("max-age", "Expires"); `ttl` is in minutes; `skip_hours`
    are hours in GMT, `skip_days` days from Monday 0; `soft` is the period of sy:updatePeriod in seconds. `ended` says
    that the feed calls itself expired (J-03).
    """

    fresh: int | None = None
    fresh_by: str = ""
    ttl: int | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()
    soft: int | None = None
    ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a source's answers were like, for its health.

    `status` and `content_type` are of the last answer. `size` and `packed` (bytes, decoded and as they came), `items`,
    `newest` (the latest date of an entry) and `gap` (the usual seconds between two entries) are of the last document
    that could be read. `received` and
    `saved` are bytes since the source was first asked: bodies as they came, packed, and bodies that a 304 spared.
    """

    status: int | None = None
    content_type: str = ""
    size: int = 0
    packed: int = 0
    items: int | None = None
    newest: datetime | None = None
    gap: int | None = None
    received: int = 0
    saved: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """How a source posts, as far as its polls have shown.

    Posts are counted from `since` to `until`, the last poll that was answered. `posts` are counts at `until` that fade,
    some sooner, some later; `hours` and `weekdays` say when posts come (UTC, Monday first); all three are empty while no
    post was counted. `window` is how many entries the last document held, `rush` the posts a day between the last two
    polls. `last_new` is the last poll that brought something; `overflow_at` the last one whose document shared no entry
    with those before, so that some may have been missed (G-04).
    """

    since: datetime | None = None
    until: datetime | None = None
    last_new: datetime | None = None
    posts: tuple[float, ...] = ()
    hours: tuple[float, ...] = ()
    weekdays: tuple[float, ...] = ()
    window: int = 0
    rush: float = 0.0
    overflow_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What a schedule goes by beside the source itself.

    `pace` is how long a budget lets pass between two polls of a source that posts once a day, None where there is no
    budget (G-05); `turn` the next moment that the hours of the source name, None where it has none.
    """

    pace: timedelta | None = None
    turn: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What we remember of a source between two polls.

    `next_poll_at` is our own schedule, None once a source is gone. `floor_until` is the publisher's: no request before
    it, explicit or not. `failures` counts failed polls in a row; `gone_since` is the first 410 of an unbroken row.
    `hints`, `facts` and `habit` are what its answers have taught: what it asks for, how it is, how it posts.
    `pushed` is the host of the hub whose pushes have proved themselves, "" where none has (W-11).
    """

    next_poll_at: datetime | None
    reason: str = ""
    floor_until: datetime | None = None
    floor_reason: str = ""
    failures: int = 0
    gone_since: datetime | None = None
    validators: Validators = field(default_factory=Validators)
    hints: Hints = Hints()
    facts: Facts = Facts()
    habit: Habit = Habit()
    pushed: str = ""
