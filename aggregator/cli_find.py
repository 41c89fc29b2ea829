"""The commands that bring sources in: add, import, export, backfill.

In: arguments. Out: tables or JSON, an exit status. Never: a decision about feeds: commands call those who decide.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.prompt import IntPrompt
from rich.text import Text

from aggregator import exporting, lists
from aggregator.adding import NotAddedError, followed_as, offered, search, take
from aggregator.backfill import Filled, NotFilledError, Page, Wish
from aggregator.backfill import backfill as fill
from aggregator.cli_common import (
    VERSION,
    ConfigOption,
    JsonOption,
    err,
    opened,
    out,
    print_json,
    progress_bar,
    progress_of,
    refuse,
    say,
    say_error,
)  # fmt: skip
from aggregator.config import Config, load_config
from aggregator.daemon import hands_of, prober_of, utc_now
from aggregator.finding import Told
from aggregator.importing import Import, plan_import
from aggregator.loop import run_loop
from aggregator.publish import Publisher
from aggregator.show import plain_table, several
from feeds.discover import Candidate
from feeds.opmlreader import MOST_BYTES, read_opml
from storage import following, reading
from storage.database import Database
from storage.following import Held

_TOGETHER = 100


def add(
    url: Annotated[str, typer.Argument(help="The address of a feed, or of a page that has one.")],
    name: Annotated[str, typer.Option("--name", help="Its name. Default: its own title.")] = "",
    slug: Annotated[str, typer.Option("--slug", help="Its name in addresses. Default: made from its title.")] = "",
    list_only: Annotated[bool, typer.Option("--list", help="Only list the feeds that are there.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Follow a feed that feeds.yaml does not declare: a feed's address is asked once, a page is searched for feeds."""
    logging.basicConfig(level=logging.ERROR)
    loaded = load_config(config)
    with opened(loaded) as db:
        try:
            run_loop(_add(loaded, db, url, name=name, slug=slug, list_only=list_only, as_json=as_json))
        except NotAddedError as error:
            say_error(str(error))
            raise typer.Exit(2 if error.bad_usage else 1) from None


async def _add(
    config: Config, db: Database, given: str, *, name: str, slug: str, list_only: bool, as_json: bool
) -> None:
    pick = _pick if not as_json and sys.stdin.isatty() and out.is_terminal else None
    async with hands_of(config, db, VERSION) as hands, prober_of(config, VERSION) as prober:
        with _watched() as told:
            found = await search(given, hands, prober, list_only=list_only, told=told)
        if list_only:
            _show_candidates(offered(found), following.held(db), as_json=as_json)
            return
        added = await take(config.base_url, hands, found, name=name, slug=slug, pick=pick)
    if as_json:
        row = {"slug": added.source.slug, "url": added.source.url, "entries": added.decision.journal.new}
        print_json({**row, "others": [asdict(one) for one in added.others]})
        return
    line = added.decision.journal
    say(f"Following {added.source.slug} ({added.shown}): {line.new} entries.")
    if line.outcome == "failed":
        say_error(f"It was followed before and is again, but did not answer just now: {line.detail}; {line.reason}.")
    if added.others:
        say("The page names more feeds; to follow one of them, add its address:")
        _show_candidates(added.others, following.held(db), as_json=False)


def _pick(candidates: Sequence[Candidate], held: Sequence[Held], first: Candidate) -> Candidate:
    """Ask on the terminal which one."""
    _show_candidates(candidates, held, as_json=False)
    numbers = [str(number) for number in range(1, len(candidates) + 1)]
    default = candidates.index(first) + 1
    return candidates[IntPrompt.ask("Which one", choices=numbers, default=default, console=out) - 1]


def _show_candidates(candidates: Sequence[Candidate], held: Sequence[Held], *, as_json: bool) -> None:
    if as_json:
        print_json([{**asdict(one), "followed_as": followed_as(held, one.url)} for one in candidates])
        return
    table = plain_table("", "Kind", "Address", "Title", "Followed as")
    for number, one in enumerate(candidates, start=1):
        kind = f"{one.kind}, comments" if one.comments else one.kind
        table.add_row(str(number), kind, Text(one.url), Text(one.title), followed_as(held, one.url))
    out.print(table)


@contextmanager
def _watched() -> Iterator[Told]:
    """Says what is being asked, on a terminal."""
    with err.status("") as status:
        yield lambda words: status.update(Text(words))


def import_list(
    file: Annotated[str, typer.Argument(help="An OPML file, or - for standard input.")],
    tags: Annotated[
        list[str] | None, typer.Option("--tag", help="A tag for every new source; may be repeated.")
    ] = None,
    as_yaml: Annotated[
        bool, typer.Option("--yaml", help="Store nothing: print the new sources as lines for feeds.yaml.")
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Follow the feeds of an OPML file. What is followed already stays as it is; nothing is asked now: the daemon does."""
    content = _content(file)
    loaded = load_config(config)
    with opened(loaded) as db:
        now = utc_now()
        plan = plan_import(read_opml(content), following.held(db), now, base_url=loaded.base_url, tags=tags or ())
        if not as_yaml:
            with progress_of("Importing") as progress:
                for start in range(0, len(plan.new), _TOGETHER):
                    part = [newcomer for _, newcomer in plan.new[start : start + _TOGETHER]]
                    following.follow(db, part, now)
                    progress(start + len(part), len(plan.new))
    unusable = not plan.new and not plan.known
    if as_json:
        print_json(_import_row(plan))
    else:
        for one in plan.complaints:
            say_error(f"{file}:{one.line}: {one.message}" if one.line else f"{file}: {one.message}")
        if as_yaml:
            exporting.print_yaml(sys.stdout, [newcomer.source for _, newcomer in plan.new])
        else:
            _show_import(file, plan)
    if unusable and plan.complaints:
        raise typer.Exit(2)


def _content(file: str) -> bytes:
    try:
        if file == "-":
            return sys.stdin.buffer.read(MOST_BYTES + 1)
        with Path(file).open("rb") as stream:
            return stream.read(MOST_BYTES + 1)
    except OSError as error:
        say_error(f"{file} cannot be read: {error.strerror or error}")
        raise typer.Exit(2) from None


def _show_import(file: str, plan: Import) -> None:
    again = [one for one in plan.known if one.earlier]
    for one in again:
        say(f"{file}:{one.line}: {one.url} stands in line {one.earlier} already")
    held = len(plan.known) - len(again)
    trouble = f", {several(len(plan.complaints), 'complaint')}" if plan.complaints else ""
    say(f"{several(len(plan.new), 'new source')}, {held} followed already, {len(again)} twice in the file{trouble}.")
    if plan.new:
        last = max(newcomer.due for _, newcomer in plan.new)
        say(f"A running Heliograph asks each for the first time between now and {last:%Y-%m-%d %H:%M} UTC.")


def _import_row(plan: Import) -> dict[str, Any]:
    return {
        "new": [
            {"line": line, "slug": one.source.slug, "url": one.source.url, "first_poll": one.due, "tags": list(one.source.tags)}
            for line, one in plan.new
        ],
        "followed": [{"line": one.line, "url": one.url, "slug": one.slug} for one in plan.known if not one.earlier],
        "twice": [{"line": one.line, "url": one.url, "earlier": one.earlier} for one in plan.known if one.earlier],
        "complaints": [asdict(one) for one in plan.complaints],
    }  # fmt: skip


def export(
    opml: Annotated[
        bool, typer.Option("--opml", help="Everything that is followed, as OPML with our settings.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Print what the store follows beyond feeds.yaml as YAML, to be copied into it; or all of it as OPML."""
    loaded = load_config(config)
    with opened(loaded) as db:
        if opml:
            sys.stdout.buffer.write(lists.followed(Publisher(db, loaded)).content)
            sys.stdout.buffer.flush()
            return
        added = [one for one in reading.followed(db) if one.origin != "file"]
    exporting.print_yaml(sys.stdout, [replace(one.source, url=one.declared_url) for one in added])


def backfill(
    source: Annotated[str, typer.Argument(help="A source's slug.")],
    pages: Annotated[int, typer.Option("--pages", min=1, max=1000, help="How many older documents to read.")] = 10,
    start: Annotated[
        str, typer.Option("--from", help="An archive's address to begin at. Default: what the feed names.")
    ] = "",
    paged: Annotated[
        bool, typer.Option("--paged", help="Follow pages too, which may lose entries as they shift.")
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read older entries from a feed's archives (RFC 5005). They come onto pages, not into feeds; again goes on further."""
    logging.basicConfig(level=logging.ERROR)
    loaded = load_config(config)
    with opened(loaded) as db:
        if not reading.followed(db, source):
            refuse(f"there is no source {source}", source, [one.source.slug for one in reading.followed(db)])
        wish = Wish(slug=source, pages=pages, start=start, paged=paged)
        try:
            filled = run_loop(_fill(loaded, db, wish, quiet=as_json))
        except NotFilledError as error:
            say_error(str(error))
            raise typer.Exit(2 if error.bad_usage else 1) from None
    if as_json:
        print_json(asdict(filled))
    else:
        _show_filled(source, filled)
    if filled.pages and all(page.problem for page in filled.pages):
        raise typer.Exit(1)


async def _fill(config: Config, db: Database, wish: Wish, *, quiet: bool) -> Filled:
    with progress_bar(quiet=quiet) as bar:
        task = bar.add_task("Back-filling", total=wish.pages, said="")

        def told(page: Page) -> None:
            bar.update(task, advance=1, said=f"{page.new} new of {page.entries}")

        async with hands_of(config, db, VERSION) as hands:
            return await fill(wish, hands, told=told)


def _show_filled(source: str, filled: Filled) -> None:
    if filled.pages:
        table = plain_table("Page", "Entries", "New", "Edited", "Bytes", "Trouble")
        for one in filled.pages:
            table.add_row(
                Text(one.url), str(one.entries), str(one.new), str(one.newer), f"{one.size:,}", Text(one.problem)
            )
        out.print(table)
    passed = f", {filled.passed} read before" if filled.passed else ""
    brought = several(sum(one.new for one in filled.pages), "older entry")
    say(f"{source}: {brought} from {several(len(filled.pages), 'page')}{passed}.")
    say(f"Ended: {filled.ended}.")
