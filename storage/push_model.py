"""The nouns of push: what was asked of a hub, what its callback needs to know, what it brought.

In: the wire's records. Out: frozen records between the store, those who ask hubs and those who hear them. Never: SQL, nor
a secret or a callback in a record that is shown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from feeds.model import Source

SubscriptionState = Literal["pending", "active", "failing", "denied", "leaving", "off"]
"""Asked of the hub; confirmed; confirmed, but entries came that were not pushed; refused; to be ended; ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What we asked of a hub and what came of it. Its secret and its callback are not in it: nothing shows them.

    `base` is where its callback begins. `attempts` counts requests in a row that led to nothing; `retry_at` is when this
    one's end may be followed by another. `refused` counts pushes that were not taken.
    """

    id: int
    base: str
    hub: str
    topic: str
    state: SubscriptionState
    reason: str
    asked_at: datetime
    attempts: int
    retry_at: datetime | None
    verified_at: datetime | None
    lease_seconds: int
    lease_until: datetime | None
    last_push_at: datetime | None
    pushes: int
    refused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """A subscription as its callback needs it: who it is, and the secret that signs."""

    id: int
    source_id: int
    topic: str
    state: SubscriptionState
    lease_until: datetime | None
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A source that offers push or has asked for it: the offer, and its subscriptions, newest first.

    `found_at` is the address that last answered. `followed` says whether the source is polled at all.
    """

    source_id: int
    source: Source
    found_at: str
    hubs: tuple[str, ...]
    topic: str
    followed: bool
    subscriptions: tuple[Subscription, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """A body that a hub brought, as it came."""

    id: int
    subscription_id: int
    received_at: datetime
    content_type: str
    body: bytes = field(repr=False)
    topic: str
    hub: str
