"""What commands print: tables for people, plain values for JSON.

In: records. Out: tables on a console, or dictionaries. Never: a query or a decision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from aggregator.rhythm import spoken
from storage.model import Claim, Decision, Followed, Listed

STYLE = {
    "failed": "red", "fetched": "green", "pushed": "green", "unchanged": "dim", "waiting": "yellow", "lost": "yellow",
}  # fmt: skip
"""The colour of each outcome."""
_BLOCKS = "▁▂▃▄▅▆▇█"


def outcomes(
    results: Sequence[tuple[Claim, Decision | None]], skipped: Sequence[Followed], now: datetime
) -> list[dict[str, Any]]:
    """One row a source: those polled, and those that a publisher's floor or another poller kept from it."""
    rows = [_polled(claim, decision) for claim, decision in results]
    return sorted([*rows, *(_skipped(one, now) for one in skipped)], key=lambda row: str(row["source"]))


def _polled(claim: Claim, decision: Decision | None) -> dict[str, Any]:
    if decision is None:
        return {
            "source": claim.source.slug,
            "outcome": "lost",
            "detail": "another poller took it",
            "new": 0,
            "changed": 0,
        }
    line = decision.journal
    detail = f"{line.kind}: {line.detail}" if line.kind else line.detail
    return {
        "source": claim.source.slug, "outcome": line.outcome, "kind": line.kind, "detail": detail, "status": line.status,
        "entries": line.entries, "new": line.new, "changed": line.changed, "bytes": line.size,
        "milliseconds": line.milliseconds, "next_poll_at": line.next_poll_at, "reason": line.reason,
    }  # fmt: skip


def is_due(one: Followed, now: datetime) -> bool:
    """Whether a source's time has come."""
    return one.state.next_poll_at is not None and one.state.next_poll_at <= now


def _skipped(one: Followed, now: datetime) -> dict[str, Any]:
    state = one.state
    if state.floor_until is not None and state.floor_until > now:
        detail = f"{state.floor_reason}; not before {stamp(state.floor_until)}"
    elif state.next_poll_at is None:
        detail = state.reason
    else:
        detail = "another poller has it, or asks another feed of its host"
    return {"source": one.source.slug, "outcome": "waiting", "detail": detail, "new": 0, "changed": 0}


def outcome_table(console: Console, rows: Sequence[Mapping[str, Any]]) -> None:
    """The table that ends a poll."""
    if not rows:
        console.print("No source is due. `heliograph poll --all` polls them all the same.", highlight=False)
        return
    table = plain_table("Source", "Outcome", "New", "Edited", "Of", "Detail")
    for row in rows:
        table.add_row(
            row["source"], Text(row["outcome"], style=STYLE.get(row["outcome"], "")), str(row["new"]), str(row["changed"]),
            str(row.get("entries") or ""), Text(str(row["detail"])),
        )  # fmt: skip
    console.print(table)
    totals: dict[str, int] = {}
    for row in rows:
        totals[row["outcome"]] = totals.get(row["outcome"], 0) + 1
    said = ", ".join(f"{number} {name}" for name, number in sorted(totals.items()))
    new, changed = sum(row["new"] for row in rows), sum(row["changed"] for row in rows)
    console.print(
        f"{several(len(rows), 'source')}: {said}; {several(new, 'new entry')}, {changed} edited.", highlight=False
    )


def listed_row(one: Listed, detail: str) -> dict[str, Any]:
    """A topic or author for --json; `detail` is what its detail is called."""
    return {"slug": one.slug, "title": one.title, "entries": one.entries, "latest": one.latest, detail: one.detail}


def listed_table(console: Console, name: str, listed: Sequence[Listed], now: datetime) -> None:
    """Topics or authors, a line each."""
    table = plain_table(name, "Title", "Entries", "Last arrival")
    for one in listed:
        table.add_row(one.slug, Text(one.title), str(one.entries), ago(one.latest, now) if one.latest else "")
    console.print(table)


def plain_table(*columns: str) -> Table:
    """A table without lines; numbers stand to the right."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        numeric = column in ("New", "Edited", "Of", "Entries", "Bytes", "Status", "Gained", "Lost")
        table.add_column(column, justify="right" if numeric else "left", overflow="fold", no_wrap=column == "Outcome")
    return table


def several(number: int, thing: str) -> str:
    """A number of things: 1 entry, 2,000 entries."""
    many = f"{thing[:-1]}ies" if thing.endswith("y") and thing[-2] not in "aeou" else f"{thing}s"
    return f"{number:,} {thing if number == 1 else many}"


def sparkline(counts: Sequence[int]) -> str:
    """Counts in their order as a row of blocks, the greatest the highest; a dot where there is none."""
    most = max(counts, default=0)
    return "".join(_BLOCKS[-(-number * len(_BLOCKS) // most) - 1] if number else "·" for number in counts)


def ago(moment: datetime | None, now: datetime) -> str:
    """How long ago, or in how long."""
    if moment is None:
        return "never"
    return f"in {spoken(moment - now)}" if moment > now else f"{spoken(now - moment)} ago"


def stamp(moment: datetime) -> str:
    """A moment in UTC, to the second."""
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")
