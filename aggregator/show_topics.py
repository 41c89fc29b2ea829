"""What the commands about topics print: tables that fit 80 columns, plain values for JSON.

In: topics with their counts and marks. Out: text on a console, or dictionaries. Never: a query.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from aggregator import gazetteer
from aggregator.marks import Mark
from aggregator.misses import Miss
from aggregator.show import ago, several, sparkline
from aggregator.surges import Verdict
from storage.arrival_model import Overlap, Share
from storage.filing_model import Pin
from storage.model import Listed

MARK_STYLE = {"surge": "yellow", "quiet": "yellow", "broken": "red"}
"""The colour of each mark."""
_MOST_PARTS = 12
_MOST_PINS = 10
_WIDEST_TERM = 26
_UNCOUNTED = (
    "Entries that were older than two days when they came, or were filed later by a changed rule, count for no day."
)
# What counts, shares and the gaps between columns take.
_NUMBERS = 20


def verdict_row(found: Verdict) -> dict[str, Any]:
    """A verdict for JSON."""
    return {
        "word": found.word, "reason": found.reason, "days": found.days, "seen": found.seen,
        "expected": round(found.expected, 2),
    }  # fmt: skip


def topic_row(one: Listed, mark: Mark, total: int, days: int) -> dict[str, Any]:
    """A topic for `topics list --json`; `daily` is oldest first, `total` how many entries the store holds."""
    return {
        "slug": one.slug, "title": one.title, "entries": one.entries, "share": round(_share(one.entries, total), 4),
        "latest": one.latest, "daily": list(reversed(mark.counted.daily[:days])), "rhythm": verdict_row(mark.verdict),
        "query": one.detail,
    }  # fmt: skip


def topic_table(
    console: Console, rows: Sequence[tuple[Listed, Mark]], total: int, days: int, now: datetime
) -> None:  # fmt: skip
    """Topics, a line each, and why some are marked; `latest` of each is when its newest entry was first seen."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Topic", overflow="fold")
    table.add_column(f"{days} days", no_wrap=True)
    for name in ("24 h", "Last", "Entries", "Share"):
        table.add_column(name, justify="left" if name == "Last" else "right", no_wrap=True)
    table.add_column("Mark", no_wrap=True)
    for one, mark in rows:
        daily = mark.counted.daily[:days]
        table.add_row(
            one.slug, sparkline(daily[::-1]), str(daily[0]), ago(one.latest, now) if one.latest else "never",
            f"{one.entries:,}", _percent(_share(one.entries, total)), Text(mark.word, style=MARK_STYLE.get(mark.word, "")),
        )  # fmt: skip
    console.print(table)
    if any(_came_uncounted(one, mark, days, now) for one, mark in rows):
        console.print(_UNCOUNTED)
    print_marked(console, {one.slug: mark for one, mark in rows})


def _came_uncounted(one: Listed, mark: Mark, days: int, now: datetime) -> bool:
    """Whether something came lately, and yet no day counts it: it was no news when it came."""
    return bool(one.latest and now - one.latest < timedelta(days=days) and not sum(mark.counted.daily[:days]))


def print_marked(console: Console, marks: Mapping[str, Mark], most: int = 100) -> None:
    """A sentence on each that is marked, `most` of them."""
    found = [(slug, mark) for slug, mark in marks.items() if mark.word]
    for slug, mark in found[:most]:
        said = Text.assemble(f"{slug}: ", (mark.word, MARK_STYLE[mark.word]), f", {mark.verdict.reason}.")
        console.print(said, soft_wrap=True)
    if len(found) > most:
        console.print(f"And {several(len(found) - most, 'more topic')}: heliograph topics list", highlight=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """All that `topics show` tells of a topic; `hourly` is newest first, shares are of the last `days` days."""

    topic: Listed
    mark: Mark
    days: int
    hourly: Sequence[int]
    sources: Sequence[Share]
    countries: Sequence[Share]
    pins: Sequence[Pin]


def told_row(told: Told, total: int) -> dict[str, Any]:
    """The same for `topics show --json`; hours and days are oldest first."""
    return {
        **topic_row(told.topic, told.mark, total, told.days), "hourly": list(reversed(told.hourly)),
        "sources": [asdict(one) for one in told.sources],
        "countries": [{**asdict(one), "title": gazetteer.names(one.name)} for one in told.countries],
        "pins": [
            {"entry": one.entry, "is_in": one.is_in, "at": one.said.at, "by": one.said.by, "because": one.said.because}
            for one in told.pins
        ],
    }  # fmt: skip


def told_page(console: Console, told: Told, total: int, now: datetime) -> None:
    """A topic: its rule, when entries came, from where, about where, its pins."""
    one, mark = told.topic, told.mark
    console.print(Text(f"{one.slug}: {one.title}", style="bold"))
    daily = mark.counted.daily[: told.days]
    share = _percent(_share(one.entries, total))
    facts = (
        ("Rule", " ".join(one.detail.split())),
        ("Entries", f"{one.entries:,}, {share} of all; last {ago(one.latest, now) if one.latest else 'never'}"),
        ("Last 24 hours", f"{sparkline(told.hourly[::-1])} {several(sum(told.hourly), 'entry')}, an hour a mark"),
        (f"Last {told.days} days", f"{sparkline(daily[::-1])} {several(sum(daily), 'entry')}, a day a mark"),
        ("Rhythm", f"{mark.verdict.word}, {mark.verdict.reason}"),
    )
    for name, value in facts:
        console.print(Text.assemble((f"{name}: ", "bold"), value), soft_wrap=True)
    if _came_uncounted(one, mark, told.days, now):
        console.print(_UNCOUNTED)
    _parts(console, "Source", told.sources, told.days, lambda slug: slug)
    _parts(console, "Country named", told.countries, told.days, lambda code: gazetteer.names(code) or code)
    for pin in told.pins[:_MOST_PINS]:
        console.print(Text(f"Entry {pin.entry}: {pin.told}"), soft_wrap=True)
    if len(told.pins) > _MOST_PINS:
        console.print(f"All {several(len(told.pins), 'pin')}: heliograph topics pins {one.slug}", highlight=False)


def _parts(console: Console, name: str, parts: Sequence[Share], days: int, called: Callable[[str], str]) -> None:
    if not parts:
        return
    console.print()
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(name, overflow="fold")
    table.add_column("24 h", justify="right", no_wrap=True)
    table.add_column(f"{days} days", justify="right", no_wrap=True)
    for part in parts[:_MOST_PARTS]:
        table.add_row(Text(called(part.name)), str(part.today), f"{part.entries:,}")
    left = parts[_MOST_PARTS:]
    if left:
        rest = sum(part.entries for part in left)
        table.add_row(f"{len(left)} others", str(sum(part.today for part in left)), f"{rest:,}")
    console.print(table)


def overlap_row(one: Overlap) -> dict[str, Any]:
    """A pair for `topics overlap --json`."""
    return {**asdict(one), "jaccard": round(one.jaccard, 4), "of_smaller": round(one.of_smaller, 4)}


def overlap_table(console: Console, pairs: Sequence[Overlap]) -> None:
    """Pairs of topics, one below the other, so that names of usual length fit unbroken."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Two topics", overflow="fold")
    for name in ("Entries", "Shared", "Of both", "Of the smaller"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in pairs:
        table.add_row(
            f"{one.slug}\n{one.other}", f"{one.entries:,}\n{one.other_entries:,}", f"{one.shared:,}",
            _percent(one.jaccard), _percent(one.of_smaller),
        )  # fmt: skip
    console.print(table)


def miss_row(one: Miss) -> dict[str, Any]:
    """A term or place for `topics misses --json`."""
    return {"term": one.term, "entries": one.entries, "examples": [asdict(example) for example in one.examples]}


def miss_table(console: Console, name: str, found: Sequence[Miss], total: int) -> None:
    """Terms or places of entries that no topic caught, each with the titles of two that have it."""
    if not found:
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    widest = min(max(cell_len(one.term) for one in found), _WIDEST_TERM)
    table.add_column(name, overflow="fold", min_width=widest, max_width=widest)
    for head in ("Entries", "Share"):
        table.add_column(head, justify="right", no_wrap=True)
    left = max(console.width - widest - _NUMBERS, 10)
    table.add_column("Two of them", no_wrap=True, overflow="ellipsis", max_width=left)
    for one in found:
        titles = "\n".join(example.title or f"entry {example.entry}" for example in one.examples)
        table.add_row(Text(one.term), f"{one.entries:,}", _percent(_share(one.entries, total)), Text(titles))
    console.print(table)


def _share(part: int, total: int) -> float:
    return part / total if total else 0.0


def _percent(share: float) -> str:
    return f"{share:.1%}"
