"""What commands print of searches: entries with the words that matched marked, counts as bars.

In: what was found. Out: tables on a console, rows for JSON and CSV. Never: a search.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from rich.console import Console
from rich.text import Text

from aggregator import gazetteer
from aggregator.excerpts import Run, excerpt, marked
from aggregator.previewing import Difference, Preview
from aggregator.searching import Found
from aggregator.show import plain_table, several, sparkline, stamp

CSV_HEAD = (
    "number", "arrived", "published", "source", "title", "link", "authors", "language", "places", "matched", "excerpt"
)  # fmt: skip
_BAR = 40
_MOST_BLOCKS = 60
_MOST_LISTED = 12
_WIDE = 100
"""Columns of a console from which on an entry's number, arrival, source and words stand side by side."""


def found_table(console: Console, found: Sequence[Found]) -> None:
    """Entries, the newest arrival first, with what stands around the words that matched: below one another where it is narrow."""
    narrow = console.width < _WIDE
    table = plain_table("Number", "Entry") if narrow else plain_table("Number", "Arrived", "Source", "Entry")
    for one in found:
        kept = one.kept
        words = _text(console, marked(kept.entry.title, one.spans, "title"), "bold")
        around = _text(console, excerpt(kept.entry.text, one.spans), "dim")
        arrived = kept.first_seen.strftime("%Y-%m-%d %H:%M")
        if narrow:
            origin = Text(f"{kept.source_slug}, arrived {arrived}")
            table.add_row(str(kept.key), Text("\n").join([part for part in (words, origin, around) if part]))
        else:
            entry = Text("\n").join([part for part in (words, around) if part])
            table.add_row(str(kept.key), arrived, kept.source_slug, entry)
    console.print(table)


def _text(console: Console, runs: Iterable[Run], style: str) -> Text:
    """Runs as one line: marks in colour on a terminal, between « and » elsewhere."""
    colour = console.is_terminal and not console.no_color
    line = Text()
    for run in runs:
        words = " ".join(run.words.split("\n"))
        if run.hit and not colour:
            line.append(f"«{words}»")
        else:
            line.append(words, style="bold yellow" if run.hit else style)
    return line


def found_row(one: Found) -> dict[str, Any]:
    """An entry for --json."""
    kept = one.kept
    return {
        "number": kept.key, "public_id": kept.entry.public_id, "title": kept.entry.title, "link": kept.entry.link,
        "source": kept.source_slug, "published": kept.published, "first_seen": kept.first_seen,
        "authors": [author.name for author in kept.entry.authors], "language": kept.language,
        "places": [tag.code for tag in kept.places], "terms": _terms(one),
        "spans": [
            {"field": span.field, "start": span.start, "end": span.end, "term": span.term} for span in one.spans
        ],
    }  # fmt: skip


def csv_row(one: Found) -> tuple[str, ...]:
    """An entry for --csv, in the order of CSV_HEAD."""
    kept = one.kept
    around = "".join(f"«{run.words}»" if run.hit else run.words for run in excerpt(kept.entry.text, one.spans))
    return (
        str(kept.key), stamp(kept.first_seen), stamp(kept.published), kept.source_name, kept.entry.title,
        kept.entry.link, ", ".join(author.name for author in kept.entry.authors), kept.language,
        " ".join(tag.code for tag in kept.places), ", ".join(_terms(one)), " ".join(around.split()),
    )  # fmt: skip


def _terms(one: Found) -> list[str]:
    return list(dict.fromkeys(span.term for span in one.spans))


def preview_page(console: Console, made: Preview, days: int) -> None:
    """What a query would catch, for people."""
    share = f", {made.entries / made.stored:.1%} of all that arrived" if made.stored else ""
    console.print(f"{several(made.entries, 'entry')} of the last {several(days, 'day')}{share}.", highlight=False)
    if not made.entries:
        return
    console.print(_by_day(made.days), highlight=False)
    sources = [(slug, number) for slug, number in made.sources]
    places = [(f"{gazetteer.names(code) or code} ({code})", number) for code, number in made.places]
    for name, counted in (("Source", sources), ("Place", places)):
        if counted:
            _counts(console, name, counted)
    console.print()
    found_table(console, made.samples)


def _by_day(days: Mapping[date, int]) -> str:
    """A block a day, or so many weeks where there are many days that all of them fit."""
    counts = list(days.values())
    if len(counts) <= _MOST_BLOCKS:
        return f"A day: {sparkline(counts)}  {_span(days)}"
    weeks = -(-len(counts) // (7 * _MOST_BLOCKS))
    # From the end, so that the last stretch is whole.
    stretches = [sum(counts[max(0, end - 7 * weeks) : end]) for end in range(len(counts), 0, -7 * weeks)]
    name = "A week" if weeks == 1 else f"{weeks} weeks a mark"
    return f"{name}: {sparkline(stretches[::-1])}  {_span(days)}"


def _span(days: Mapping[date, int]) -> str:
    """From when to when, how many a day, and how many on the best day."""
    best = max(days, key=lambda day: (days[day], day))
    average = sum(days.values()) / len(days)
    return f"{min(days)} to {max(days)}, {average:.1f} a day on average, {days[best]:,} on {best}"


def _counts(console: Console, name: str, counted: Sequence[tuple[str, int]]) -> None:
    table = plain_table(name, "Entries", "")
    for title, number in counted[:_MOST_LISTED]:
        table.add_row(Text(title), f"{number:,}", "█" * max(1, round(number / counted[0][1] * _BAR)))
    console.print()
    console.print(table)
    if len(counted) > _MOST_LISTED:
        console.print(f"and {several(len(counted) - _MOST_LISTED, name.lower())} more", highlight=False)


def preview_row(made: Preview, days: int) -> dict[str, Any]:
    """The same for --json."""
    return {
        "days": days, "entries": made.entries, "stored": made.stored, "looked": made.looked,
        "by_day": {str(day): number for day, number in made.days.items()}, "by_source": dict(made.sources),
        "by_place": dict(made.places), "samples": [found_row(one) for one in made.samples],
    }  # fmt: skip


def difference_page(console: Console, made: Difference, slug: str, days: int) -> None:
    """What another query would change, for people."""
    console.print(
        f"{slug}, last {several(days, 'day')}: {made.gained:,} gained, {made.lost:,} lost, {made.same:,} the same.",
        highlight=False,
    )
    for title, number, found in (("Gained", made.gained, made.gained_samples), ("Lost", made.lost, made.lost_samples)):
        if found:
            of_all = f" ({len(found):,} of {number:,}; --samples shows more)" if len(found) < number else ""
            console.print(f"\n{title}{of_all}:", highlight=False)
            found_table(console, found)


def difference_row(made: Difference, slug: str, days: int) -> dict[str, Any]:
    """The same for --json."""
    return {
        "topic": slug, "days": days, "gained": made.gained, "lost": made.lost, "same": made.same,
        "gained_samples": [found_row(one) for one in made.gained_samples],
        "lost_samples": [found_row(one) for one in made.lost_samples],
    }  # fmt: skip
