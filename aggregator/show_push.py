"""How `heliograph status SOURCE` tells of push.

In: what was asked of a hub. Out: words, or a dictionary. Never: a secret or a callback, which the record does not have.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aggregator.show import ago
from storage.push_model import Subscription

_SHOWN = (
    "hub", "topic", "state", "reason", "asked_at", "verified_at", "lease_until", "last_push_at", "pushes", "refused",
    "retry_at",
)  # fmt: skip


def push_row(held: Subscription | None) -> dict[str, Any] | None:
    """What was asked of a hub, for `status SOURCE --json`."""
    return None if held is None else {name: getattr(held, name) for name in _SHOWN}


def push_words(held: Subscription | None, now: datetime) -> str:
    """The same as a sentence; "" where no hub was asked."""
    if held is None:
        return ""
    said = [f"{held.state} at {held.hub}"]
    if held.reason:
        said.append(held.reason)
    if held.state in ("active", "failing"):
        said.append(f"lease ends {ago(held.lease_until, now)}")
    if held.verified_at:
        said.append(f"pushes: {held.pushes}, the last {ago(held.last_push_at, now)}" if held.pushes else "no push yet")
    if held.refused:
        said.append(f"{held.refused} not taken")
    if held.retry_at and held.state in ("off", "denied"):
        said.append(f"asked again {ago(held.retry_at, now)}")
    return "; ".join(said)
