"""What is asked of a feed beside its address: the view, how many entries, which page, a day of the past. PURE.

In: the parameters of a query. Out: an `Asked`, and the same as the one query that stands for it. Never: a parameter
that cannot be read and is passed over: `AskedError` says which, and what is expected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args
from urllib.parse import urlencode

View = Literal["entries", "stories"]
"""How a feed shows entries that tell the same story: each, or one for all."""
VIEWS: tuple[View, ...] = get_args(View)


class AskedError(ValueError):
    """A parameter that cannot be read: which, and what is expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of a feed; all at its default is the feed itself.

    `view` is None where the feed's own is meant. `limit` is how many entries a document holds at most, None for as many as
    ever. `before` is where a page begins, as the page before it says; "" for the newest. `as_of` asks for the feed as it
    stood at a moment. `key` is the key in a private feed's address, "" for what is public.
    """

    view: View | None = None
    limit: int | None = None
    before: str = ""
    as_of: datetime | None = None
    key: str = ""

    @property
    def part(self) -> str:
        """The query that asks for this, in one order whatever the order it was asked in; "" where nothing is asked."""
        moment = self.as_of.isoformat().replace("+00:00", "Z") if self.as_of else None
        said = {"view": self.view, "limit": self.limit, "as_of": moment, "before": self.before or None}
        told = {name: value for name, value in said.items() if value is not None}
        return f"?{urlencode(told, safe=':')}" if told else ""


def read_asked(parameters: Mapping[str, str]) -> Asked:
    """What the parameters of a query ask for; those that mean nothing here are passed over. Raises AskedError."""
    shown = parameters.get("view")
    view = next((one for one in VIEWS if one == shown), None)
    if shown and view is None:
        raise AskedError(f"There is no view {shown[:20]} of a feed: they are entries and stories.")
    return Asked(view=view)
