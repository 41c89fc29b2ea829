"""What `heliograph hub` prints: who subscribed to our feeds, and how deliveries go.

In: subscriptions, now. Out: a table for people, dictionaries for machines. Never: a secret, or a callback's path, which is
as good as one: the record has neither.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from aggregator.show import ago, plain_table, several
from storage.hub_model import Subscriber


def subscriber_row(one: Subscriber, now: datetime) -> dict[str, Any]:
    """A subscription for `hub --json`."""
    return {"state": _state(one, now), **dataclasses.asdict(one)}


def _state(one: Subscriber, now: datetime) -> str:
    if one.verified_at is None:
        return "asked"
    if one.lease_until is None or one.lease_until <= now:
        return "over"
    return "failing" if one.failures else "active"


_STYLES = {"active": "green", "failing": "red", "asked": "yellow", "over": "dim"}


def hub_table(console: Console, found: Sequence[Subscriber], base_url: str, waiting: int, now: datetime) -> None:
    """A line a subscription, then what they come to."""
    if found:
        table = plain_table("Callback's host", "Topic", "State", "Lease ends", "Delivered", "Trouble")
        for one in found:
            state = _state(one, now)
            failed = f"{several(one.failures, 'time')} in a row: " if one.failures else ""
            table.add_row(
                one.host, one.topic.removeprefix(base_url), Text(state, style=_STYLES[state]),
                ago(one.lease_until, now) if one.lease_until else "", ago(one.delivered_at, now),
                f"{failed}{one.last_error}" if one.last_error else "",
            )  # fmt: skip
        console.print(table)
    states = [_state(one, now) for one in found]
    told = ", ".join(f"{states.count(name)} {name}" for name in _STYLES if name in states)
    waits = f"; deliveries that wait: {waiting}" if waiting else ""
    console.print(f"{several(len(found), 'subscription')}{': ' if told else ''}{told}{waits}.", highlight=False)
