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
from storage.model import Claim, Decision, Followed, Kept, Listed, Why

STYLE = {
    "failed": "red", "fetched": "green", "pushed": "green", "unchanged": "dim", "waiting": "yellow", "lost": "yellow",
}  # fmt: skip
"""The colour of each outcome."""


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


def why_row(one: Kept, page: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """An entry with its reasons, for `why --json`."""
    entry = one.entry
    return {
        "number": one.key, "id": entry.id, "public_id": entry.public_id, "title": entry.title, "link": entry.link,
        "source": one.source_slug, "first_seen": one.first_seen, "published": one.published,
        "published_note": one.published_note, "updated": one.updated, "revisions": one.revisions,
        "hidden_at": one.hidden_at, "hidden_why": one.hidden_why, "language": one.language, "wire": one.wire,
        "labels": list(one.labels), "places": [tag.code for tag in one.places],
        "authors": [
            {"slug": slug, "name": author.name, "bio": author.bio}
            for author, slug in zip(entry.authors, one.author_slugs, strict=True)
        ],
        "page": page, "topics": [_filing_row(one, filing) for filing in one.filings],
    }  # fmt: skip


def _filing_row(one: Kept, filing: Why) -> dict[str, Any]:
    return {
        "slug": filing.topic, "title": filing.title, "rule_version": filing.rule_version,
        "announced": filing.announced, "opened_at": filing.opened_at, "terms": list(filing.terms),
        "spans": [
            {
                "field": span.field, "start": span.start, "end": span.end, "term": span.term,
                "words": _words(one, span.field, span.start, span.end),
            }
            for span in filing.spans
        ],
    }  # fmt: skip


def why_page(console: Console, one: Kept, page: str = "") -> None:
    """An entry with its reasons, for people: the words that matched, as they stand in it."""
    entry = one.entry
    guessed = f" ({one.published_note}: first seen instead)" if one.published_note else ""
    names = ", ".join(f"{author.name} ({slug})" for author, slug in zip(entry.authors, one.author_slugs, strict=True))
    facts = {
        "Entry": f"{one.key}  {entry.title}",
        "Link": entry.link,
        "Source": f"{one.source_name} ({one.source_slug})",
        "Id": entry.id,
        "Published": f"{stamp(one.published)}{guessed}",
        "First seen": stamp(one.first_seen),
        "Edits kept": str(one.revisions),
        "Authors": names or "none named",
        **({"Page": page} if page else {}),
    }
    if one.hidden_at:
        facts["Hidden"] = f"{stamp(one.hidden_at)}: {one.hidden_why or 'no reason was given'}"
    for name, value in facts.items():
        console.print(Text(f"{name}: {value}"), soft_wrap=True)
    if not one.filings:
        console.print("Topics: none matched.")
    for filing in one.filings:
        console.print(Text(f"\nTopic {filing.topic}: {filing.title} (rule {filing.rule_version})"), soft_wrap=True)
        for span in filing.spans:
            words = _words(one, span.field, span.start, span.end)
            console.print(Text(f"  {span.term} in {span.field}: {words or 'the whole field'}"), soft_wrap=True)


def _words(one: Kept, field: str, start: int, end: int) -> str:
    entry = one.entry
    texts = {"title": entry.title, "text": entry.text, "author": " | ".join(author.name for author in entry.authors)}
    return texts.get(field, "")[start:end]


def plain_table(*columns: str) -> Table:
    """A table without lines; numbers stand to the right."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        numeric = column in ("New", "Edited", "Of", "Entries", "Bytes", "Status", "Gained", "Lost")
        table.add_column(column, justify="right" if numeric else "left", overflow="fold", no_wrap=column == "Outcome")
    return table


def several(number: int, thing: str) -> str:
    """A number of things: 1 entry, 2,000 entries."""
    many = f"{thing[:-1]}ies" if thing.endswith("y") else f"{thing}s"
    return f"{number:,} {thing if number == 1 else many}"


def ago(moment: datetime | None, now: datetime) -> str:
    """How long ago, or in how long."""
    if moment is None:
        return "never"
    return f"in {spoken(moment - now)}" if moment > now else f"{spoken(now - moment)} ago"


def stamp(moment: datetime) -> str:
    """A moment in UTC, to the second."""
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")
