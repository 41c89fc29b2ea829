"""The commands that search what is stored: for entries, for what a draft of a topic would catch or change.

In: a query. Out: tables, JSON, CSV, an exit status: 2 where the query cannot be read. Never: a filing opened or closed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.text import Text

from aggregator import show_search
from aggregator.cli_common import (
    ConfigOption,
    JsonOption,
    err,
    index_now,
    opened,
    out,
    print_json,
    progress_bar,
    progress_of,
    refuse,
    say,
    say_error,
)
from aggregator.config import Config, load_config
from aggregator.daemon import utc_now
from aggregator.previewing import difference
from aggregator.previewing import preview as made_preview
from aggregator.searching import LONGEST_DAYS, Found, Page, compile_search, find, since_of
from aggregator.show import several
from aggregator.spreadsheet import to_csv
from aggregator.topics.compiling import Topic
from aggregator.topics.tree import QueryError
from storage.database import Database

_PORTION = 500
_SHOWN = 200
_Told = Callable[[int, int], None]
Query = Annotated[str, typer.Argument(help="What to look for, in the language of topics.")]
Days = Annotated[int, typer.Option("--days", min=1, max=LONGEST_DAYS, help="Of the last so many days.")]


def search(
    query: Query,
    days: Annotated[
        int | None, typer.Option("--days", min=1, max=LONGEST_DAYS, help="Arrived in the last so many days.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="How many entries at most.")] = 20,
    before: Annotated[
        int | None, typer.Option("--before", min=1, help="Go on before the entry of this number.")
    ] = None,
    csv: Annotated[
        str, typer.Option("--csv", metavar="FILE", help="Write CSV to this file; - is the standard output.")
    ] = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find entries in what is stored, the newest arrival first, with the words that matched."""
    loaded = load_config(config)
    topic = _compiled(query, loaded)
    with opened(loaded) as db:
        index_now(db)
        now = utc_now()
        page = _found(db, topic, now, limit, before, since_of(days, now))
    if as_json:
        rows = [show_search.found_row(one) for one in page.found]
        print_json({"query": query, "days": days, "looked": page.looked, "before": page.before, "entries": rows})
    elif csv:
        _write_csv(csv, page)
    elif not page.found:
        say("Nothing that is stored matches." if days is None else f"Nothing of the last {days} days matches.")
    else:
        show_search.found_table(out, page.found)
        if page.before is not None:
            say(f"There may be more: --before {page.before} goes on.")


def preview(
    query: Query,
    days: Days = 30,
    samples: Annotated[int, typer.Option("--samples", min=0, max=500, help="How many entries to show.")] = 5,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """What a query would catch: entries a day, by source, by place, and examples with the words that matched."""
    loaded = load_config(config)
    topic = _compiled(query, loaded)
    with opened(loaded) as db:
        index_now(db)
        zone = ZoneInfo(loaded.settings.timezone)
        with progress_of("Judging") as progress:
            made = made_preview(db, topic, utc_now(), days=days, zone=zone, samples=samples, progress=progress)
    if as_json:
        print_json({"query": query, **show_search.preview_row(made, days)})
    else:
        show_search.preview_page(out, made, days)


def diff(
    slug: Annotated[str, typer.Argument(help="A topic's slug.")],
    query: Annotated[str, typer.Option("--with", help="The query that it would have instead.")],
    days: Days = 30,
    samples: Annotated[int, typer.Option("--samples", min=0, max=500, help="How many entries of each to show.")] = 5,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """What a topic would gain and lose with another query. Nothing is changed."""
    loaded = load_config(config)
    held = {topic.slug: topic for topic in loaded.topics}
    if slug not in held:
        refuse(f"there is no topic {slug}", slug, held, "heliograph topics list")
    topic = _compiled(query, loaded)
    with opened(loaded) as db:
        index_now(db)
        with progress_of("Judging") as progress:
            made = difference(db, held[slug], topic, utc_now(), days=days, samples=samples, progress=progress)
    if as_json:
        print_json({"with": query, **show_search.difference_row(made, slug, days)})
    else:
        show_search.difference_page(out, made, slug, days)


def _compiled(query: str, config: Config) -> Topic:
    """The query, ready to judge; where it cannot be read, the end with 2: what, where, and the place shown."""
    try:
        return compile_search(query, config)
    except QueryError as error:
        say_error(str(error))
        line = query.split("\n")[error.line - 1] if error.line <= query.count("\n") + 1 else ""
        if line.isprintable() and 0 < len(line) <= _SHOWN:
            err.print(Text(f"  {line}\n  {' ' * (error.column - 1)}^"), soft_wrap=True)
        raise typer.Exit(2) from None


def _found(db: Database, topic: Topic, now: datetime, limit: int, before: int | None, since: datetime | None) -> Page:
    """As many entries as were asked for, however many pages that takes."""
    found: list[Found] = []
    looked = 0
    with _looking() as told:
        while True:
            page = find(db, topic, now, limit=min(limit - len(found), _PORTION), before=before, since=since)
            found += page.found
            looked += page.looked
            before = page.before
            told(looked, len(found))
            if before is None or len(found) >= limit:
                return Page(found=tuple(found), before=before, looked=looked)


@contextmanager
def _looking() -> Iterator[_Told]:
    """A bar without an end: nobody knows how much there is to look at."""
    with progress_bar() as progress:
        task = progress.add_task("Looking", total=None, said="")
        yield lambda looked, found: progress.update(task, completed=looked, said=f"{found:,} found")


def _write_csv(target: str, page: Page) -> None:
    written = to_csv([show_search.CSV_HEAD, *(show_search.csv_row(one) for one in page.found)])
    if target == "-":
        sys.stdout.write(written)
        return
    try:
        # Spreadsheets tell UTF-8 by the mark at its beginning.
        Path(target).write_text(written, "utf-8-sig", newline="")
    except OSError as error:
        say_error(f"{target} cannot be written: {error.strerror}")
        raise typer.Exit(1) from None
    say(f"Wrote {several(len(page.found), 'entry')} to {target}.")
