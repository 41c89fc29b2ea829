"""What `heliograph status` prints: a table that fits 80 columns, and all of one source.

In: sources with their state, journal lines, now. Out: text on a console, or dictionaries. Never: a query.
"""

from __future__ import annotations

import calendar
import dataclasses
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from aggregator.habit import paced, rate
from aggregator.health import health
from aggregator.hints import spoken
from aggregator.marks import NO_MARKS, UNKNOWN, Mark, Marks
from aggregator.show import STYLE, ago, several, sparkline, stamp
from aggregator.show_topics import MARK_STYLE, print_marked, verdict_row
from feeds.identity import without_credentials
from storage.model import Followed, JournalLine
from storage.state_model import Hints

_HEALTH_STYLE = {
    "healthy": "green", "new": "dim", "quiet": "dim", "stale": "yellow", "moved": "yellow", "blocked": "yellow",
    "gone": "red", "broken": "red",
}  # fmt: skip
_WELL = ("new", "healthy", "quiet")
_MOST_LANGUAGES = 8
_MOST_TOPICS = 5
_KEPT = (("entries", "entry"), ("topics", "topic"), ("authors", "author"))


def followed_row(one: Followed, now: datetime, mark: Mark = UNKNOWN) -> dict[str, Any]:
    """A source for `status --json`: everything, passwords left out."""
    state, found = one.state, health(one, now)
    return {
        "slug": one.source.slug, "name": one.source.name, "title": one.title, "health": found.word, "health_reason": found.reason,
        "url": without_credentials(one.source.url), "declared_url": without_credentials(one.declared_url),
        "origin": one.origin, "host": one.host, "entries": one.entries, "last_poll_at": one.last_poll_at,
        "last_ok_at": one.last_ok_at, "last_new_at": one.last_new_at, "outcome": one.last_outcome, "kind": one.last_kind,
        "detail": one.last_detail, "failures": state.failures, "next_poll_at": state.next_poll_at,
        "reason": state.reason, "floor_until": state.floor_until, "floor_reason": state.floor_reason,
        "gone_since": state.gone_since, "moved_to": without_credentials(one.moved_to), "moved_since": one.moved_since,
        "moved_seen": one.moved_seen, "hints": dataclasses.asdict(state.hints), "facts": dataclasses.asdict(state.facts),
        "habit": habit_row(one), "rhythm": verdict_row(mark.verdict),
    }  # fmt: skip


def habit_row(one: Followed) -> dict[str, Any]:
    """How a source posts and what its schedule goes by, for `status --json`."""
    habit, source = one.state.habit, one.source
    return {
        "posts_a_day": None if habit.until is None else round(rate(habit), 3), "weight": source.weight,
        "every_seconds": round(source.every.total_seconds()), "hours": source.hours, "window": habit.window,
        "last_new_at": habit.last_new, "overflow_at": habit.overflow_at,
    }  # fmt: skip


def lag_row(lags: Sequence[timedelta]) -> dict[str, Any]:
    """How late polls were, in seconds, as percentiles (G-07): None where there are none."""
    ordered = sorted(lags)

    def at(share: float) -> float | None:
        return round(ordered[min(int(len(ordered) * share), len(ordered) - 1)].total_seconds(), 1) if ordered else None

    return {"polls": len(ordered), "p50": at(0.5), "p90": at(0.9), "p99": at(0.99)}


def line_row(line: JournalLine) -> dict[str, Any]:
    """A journal line for `status SOURCE --json`."""
    return {name: getattr(line, name) for name in JournalLine.__slots__}


def shares(languages: Mapping[str, int]) -> str:
    """Which share of all entries is in which language, the most first; what was not judged yet is told apart."""
    total = sum(languages.values())
    told = sorted(languages.items(), key=lambda one: (-one[1], one[0]))
    first = [f"{name or 'not judged yet'} {number / total:.1%}" for name, number in told[:_MOST_LANGUAGES]]
    left = sum(number for _, number in told[_MOST_LANGUAGES:])
    return ", ".join(first) + (f", {len(told) - _MOST_LANGUAGES} others {left / total:.1%}" if left else "")


def status_table(
    console: Console, found: Sequence[Followed], counts: Mapping[str, int], now: datetime,
    spoken_in: Mapping[str, int] | None = None, marks: Marks = NO_MARKS,
) -> None:  # fmt: skip
    """All sources, a line each, then what they come to; `spoken_in` counts entries by language."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Source", overflow="fold")
    for name in ("Health", "Last new", "Next"):
        table.add_column(name, no_wrap=True)
    table.add_column("Entries", justify="right", no_wrap=True)
    words: Counter[str] = Counter()
    for one in found:
        word = health(one, now).word
        words[word] += 1
        coming = "never" if one.state.next_poll_at is None else _coming(one.state.next_poll_at, now)
        table.add_row(
            one.source.slug, _how(word, marks.source(one.source.slug)), ago(one.last_new_at, now), coming,
            str(one.entries),
        )  # fmt: skip
    console.print(table)
    told = ", ".join(f"{number} {word}" for word, number in words.most_common())
    kept = ", ".join(several(counts[name], thing) for name, thing in _KEPT)
    console.print(f"{several(len(found), 'source')}{': ' if told else ''}{told}; {kept}.", highlight=False)
    received, saved = (sum(getattr(one.state.facts, name) for one in found) for name in ("received", "saved"))
    if received:
        console.print(f'{size(received)} received; answers of "nothing new" spared {size(saved)}.', highlight=False)
    if spoken_in:
        console.print(f"Languages: {shares(spoken_in)}.", highlight=False, soft_wrap=True)
    print_marked(console, marks.topics, _MOST_TOPICS)
    if set(words) - set(_WELL) or any(mark.word for mark in marks.sources.values()):
        console.print("Why a source is how it is: heliograph status SOURCE", highlight=False)


def _how(word: str, mark: Mark) -> Text:
    """A source's health, and the mark that it does not tell already."""
    marked = mark.word if mark.word in ("surge", "quiet") and mark.word != word else ""
    return Text.assemble((word, _HEALTH_STYLE[word]), (f" {marked}" if marked else "", MARK_STYLE.get(marked, "")))


def source_page(
    console: Console, one: Followed, lines: Sequence[JournalLine], now: datetime, *, pushed: str = "", pages: str = "",
    mark: Mark = UNKNOWN,
) -> None:  # fmt: skip
    """One source: how it is, when it is asked next by our plan and by its publisher's word, its push, and its last polls."""
    found = health(one, now)
    console.print(Text(f"{one.source.slug}: {one.called or 'no name yet'}", style="bold"))
    for name, value in (
        *_facts(one, now),
        *((name, said) for name, said in (("Push", pushed), ("Pages", pages)) if said),
        ("Last 28 days", f"{sparkline(mark.counted.daily[:28][::-1])}, a day a mark"),
        ("Rhythm", f"{mark.verdict.word}, {mark.verdict.reason}"),
    ):
        console.print(Text.assemble((f"{name}: ", "bold"), value), soft_wrap=True)
    console.print(
        Text.assemble(("Health: ", "bold"), (found.word, _HEALTH_STYLE[found.word]), f", {found.reason}"),
        soft_wrap=True,
    )
    console.print(Text("\nLast polls", style="bold") if lines else "\nNo poll yet.")
    for line in lines:
        _line(console, line)


def _facts(one: Followed, now: datetime) -> Iterator[tuple[str, str]]:
    state = one.state
    yield "Feed", without_credentials(one.source.url)
    if one.declared_url != one.source.url:
        yield "Declared as", without_credentials(one.declared_url)
    yield "Followed by", {"file": "feeds.yaml", "command": "a command"}.get(one.origin, one.origin)
    yield "Entries", f"{one.entries:,}, last new one {ago(one.last_new_at, now)}"
    yield "Last good poll", ago(one.last_ok_at, now)
    if state.next_poll_at is None:
        yield "Next poll", f"never: {state.reason}"
    else:
        yield "Next poll", f"{_coming(state.next_poll_at, now)} ({stamp(state.next_poll_at)}): {state.reason}"
    if state.habit.until is not None:
        yield "Posts", f"{paced(state.habit)}; {several(state.habit.window, 'entry')} in its document"
    if state.habit.overflow_at is not None:
        missed = "a document had no entry that was known; a shorter `every` or a higher `weight` helps"
        yield "Overflow", f"{ago(state.habit.overflow_at, now)}: {missed}"
    if state.floor_until and state.floor_until > now:
        yield "Not before", f"{stamp(state.floor_until)}, also when asked for: {state.floor_reason}"
    asked = ", ".join(_asked(state.hints))
    if asked:
        yield "The feed asks for", asked
    if state.facts.received:
        yield "Received", f"{size(state.facts.received)}; 304 spared {size(state.facts.saved)}"


def _asked(hints: Hints) -> Iterator[str]:
    """What the publisher asks for between polls, in words."""
    if hints.fresh:
        yield f"{hints.fresh_by} {spoken(timedelta(seconds=hints.fresh))}"
    if hints.ttl:
        yield f"ttl {spoken(timedelta(minutes=hints.ttl))}"
    if hints.soft:
        yield f"sy: {spoken(timedelta(seconds=hints.soft))}"
    if hints.skip_hours:
        yield f"no polls in the hours {' '.join(map(str, hints.skip_hours))} GMT"
    if hints.skip_days:
        yield f"no polls on {' '.join(calendar.day_name[day] for day in hints.skip_days)}"


def _line(console: Console, line: JournalLine) -> None:
    """A poll: when, what, and why the next is when it is; each on its own line."""
    what = Text(stamp(line.at) + "  ")
    what.append(f"{line.outcome}{f' ({line.kind})' if line.kind else ''}", style=STYLE.get(line.outcome, ""))
    if line.status:
        what.append(f", {line.status}")
    if line.size:
        what.append(f", {size(line.size)}")
    if line.outcome == "fetched":
        what.append(f", {several(line.entries, 'entry')}: {line.new} new, {line.changed} edited")
    console.print(what)
    again = f"next {stamp(line.next_poll_at)}" if line.next_poll_at else "no next poll"
    whole = f"asked for whole: {line.whole}" if line.whole else ""
    for said in filter(None, (line.detail, whole, f"{again}: {line.reason}")):
        console.print(Padding(Text(said), (0, 0, 0, 4), expand=False))


def size(number: int) -> str:
    """Bytes as people say them: 345 B, 12 kB, 3.4 MB."""
    amount = float(number)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.3g} {unit}"
        amount /= 1000
    return f"{amount:,.1f} GB"


def _coming(moment: datetime, now: datetime) -> str:
    """In how long; what is due, is due."""
    return "now" if moment <= now else ago(moment, now)
