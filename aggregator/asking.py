"""What is asked of a feed beside its address: the view, how many entries, which page, a day of the past. PURE.

In: the parameters of a query. Out: an `Asked`, and the same as the one query that stands for it. Never: a parameter
that cannot be read and is passed over: `AskedError` says which, and what is expected.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Literal, get_args
from urllib.parse import urlencode

View = Literal["entries", "stories"]
"""How a feed shows entries that tell the same story: each, or one for all."""
VIEWS: tuple[View, ...] = get_args(View)
ENTRIES = 50
"""How many entries a document holds where nobody asks for more or fewer."""
MOST_ENTRIES = 200
MOST_HOURS = 24 * 366
_CURSOR = re.compile(r"(h?)([0-9]{1,18})(?:-([0-9]{1,18}))?\Z")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
# RFC 3339; a + that was not escaped arrives as a space.
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9:]{8}(?:\.[0-9]{1,6})?)(?:([Zz])|([-+ ])([0-9]{2}:[0-9]{2}))\Z"
)
_END_OF_DAY = time.max


class AskedError(ValueError):
    """A parameter that cannot be read or be met: which, and what is expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where a page of a feed begins: with what arrived before the place `before`, of the news or, `in_history`, of history.

    `start` is how many places the feed had when the walk began, None where that does not matter.
    """

    before: int
    in_history: bool = False
    start: int | None = None

    def __str__(self) -> str:
        began = "" if self.start is None else f"-{self.start}"
        return f"{'h' if self.in_history else ''}{self.before}{began}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of a feed; all at its default is the feed itself.

    `view` is None where the feed's own is meant. `limit` is how many entries a document holds at most, None for as many as
    ever. `hours` leaves out what was first seen longer ago, counted from the last full hour. `before` is where a page
    begins, as the page before it says; "" for the newest. `as_of` asks for the feed as it stood at a moment. `key` is the
    key in a private feed's address, "" for what is public.
    """

    view: View | None = None
    limit: int | None = None
    hours: int | None = None
    before: str = ""
    as_of: datetime | None = None
    key: str = field(default="", repr=False)

    @property
    def part(self) -> str:
        """The query that asks for this, in one order whatever the order it was asked in; "" where nothing is asked."""
        moment = said_moment(self.as_of) if self.as_of else None
        said = {
            "view": self.view, "limit": self.limit, "hours": self.hours, "as_of": moment, "before": self.before or None
        }  # fmt: skip
        told = {name: value for name, value in said.items() if value is not None}
        return f"?{urlencode(told, safe=':')}" if told else ""

    @property
    def cursor(self) -> Cursor | None:
        """Where the page begins; None for the newest."""
        found = _CURSOR.match(self.before)
        if found is None:
            return None
        history, before, start = found.groups()
        return Cursor(before=int(before), in_history=bool(history), start=None if start is None else int(start))


def read_asked(parameters: Mapping[str, str]) -> Asked:
    """What the parameters of a query ask for; those that mean nothing here are passed over. Raises AskedError.

    Whether a moment has come yet is for the publisher to say, who knows the time.
    """
    shown = parameters.get("view")
    view = next((one for one in VIEWS if one == shown), None)
    if shown and view is None:
        raise AskedError(f"There is no view {shown[:20]} of a feed: they are entries and stories.")
    before = parameters.get("before", "")
    if before and not _CURSOR.match(before):
        raise AskedError(
            f"before={before[:20]} is no page of a feed: follow the link to the next page of the one before."
        )
    return Asked(
        view=view, limit=_number(parameters, "limit", MOST_ENTRIES), hours=_number(parameters, "hours", MOST_HOURS),
        before=before, as_of=_as_of(parameters.get("as_of", "")),
    )  # fmt: skip


def said_moment(moment: datetime) -> str:
    """A moment as `as_of` takes it: a day where the end of one is meant, else as RFC 3339 has it."""
    if moment.timetz() == _END_OF_DAY.replace(tzinfo=UTC):
        return moment.date().isoformat()
    return moment.isoformat().replace("+00:00", "Z")


def _number(parameters: Mapping[str, str], name: str, most: int) -> int | None:
    given = parameters.get(name, "").strip()
    if not given:
        return None
    if not (given.isascii() and given.isdigit() and len(given) < 10 and 1 <= int(given) <= most):
        raise AskedError(f"{name}= takes a whole number from 1 to {most:,}, not {given[:20]}.")
    return int(given)


def _as_of(given: str) -> datetime | None:
    """The moment that is meant; of a day its end, in UTC."""
    given = given.strip()
    if not given:
        return None
    try:
        if _DAY.match(given):
            return datetime.combine(date.fromisoformat(given), _END_OF_DAY, UTC)
        if found := _MOMENT.match(given):
            day, clock, zulu, sign, offset = found.groups()
            shift = "+00:00" if zulu else f"{'-' if sign == '-' else '+'}{offset}"
            return datetime.fromisoformat(f"{day}T{clock}{shift}").astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise AskedError(f"as_of= takes a day as 2026-11-24 or a moment as 2026-11-24T10:00:00Z, not {given[:40]}.")
