"""The records of our hub: who subscribed, what is to be done for them, how it went.

In: nothing. Out: frozen records. Never: a secret in what is shown: `Subscriber` has none, `Errand` hides its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from storage.model import OutputKind

Doing = Literal["verify", "deliver"]
Result = Literal["agreed", "left", "delivered", "same", "failed", "later", "over"]
"""How an errand ended. agreed, left: the callback wants to subscribe, or to end. delivered, same: it has the content of
now. failed: the callback's fault, tried again. later: ours, or the way there: tried again. over: nothing is left to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a callback's owner asks for, until it is verified; `nonce` tells it from a later wish of the same callback.

    `lease` in seconds. `revision` is that of the feed when it was asked for: what came since is delivered (section 5).
    """

    mode: Literal["subscribe", "unsubscribe"]
    nonce: str
    secret: str = field(default="", repr=False)
    lease: int = 0
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Which feed of ours a topic is an address of."""

    kind: OutputKind
    slug: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A callback to be verified, or to be brought content, leased; with all that this takes.

    `serial` is how often it was asked for, `attempts` how often it was tried in vain.
    """

    work: int
    owner: str
    doing: Doing
    serial: int
    attempts: int
    id: int
    callback: str
    topic: str
    host: str
    secret: str = field(repr=False)
    etag: str
    lease_until: datetime | None
    wish: Wish | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How an errand ended; `etag` is of the content that the callback has now, `due_at` when to try again."""

    errand: Errand
    result: Result
    reason: str = ""
    etag: str = ""
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """A subscription at our hub, as it is shown: no secret, and of the callback its host only."""

    id: int
    host: str
    topic: str
    has_secret: bool
    verified_at: datetime | None
    lease_until: datetime | None
    asked: str
    asked_at: datetime | None
    failures: int
    delivered_at: datetime | None
    last_error: str
