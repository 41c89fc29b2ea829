"""The commands.

In: arguments. Out: tables for people, JSON for machines, an exit status: 0 it ran to its end, 1 it could not do its
work, 2 bad usage or configuration. Never: a decision about feeds: commands call those who decide.
"""

from __future__ import annotations

import logging
import shutil
import sys
from collections import Counter
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from aggregator import (
    cli_authors,
    cli_find,
    cli_hub,
    cli_publish,
    cli_retract,
    cli_search,
    cli_store,
    cli_tokens,
    cli_topics,
    show,
    show_status,
)
from aggregator.cli_common import (
    VERSION,
    ConfigOption,
    HostOption,
    JsonOption,
    PortOption,
    index_now,
    opened,
    opened_to_look,
    out,
    print_json,
    progress_bar,
    progress_of,
    refuse,
    say_error,
)  # fmt: skip
from aggregator.config import Config, ConfigError, load_config
from aggregator.daemon import WORKERS, hands_of, utc_now
from aggregator.edits import as_it_was, edits_of
from aggregator.joining import Joiner
from aggregator.loop import run_loop
from aggregator.marks import marks_of
from aggregator.pages import PageReader
from aggregator.prepare import own_lease
from aggregator.refiling import refile_waiting
from aggregator.rejudging import rejudge_waiting
from aggregator.rounds import Claiming, claiming, poll_in_rounds
from aggregator.settings import FileModel
from aggregator.show_edits import edit_lines, edit_row
from aggregator.show_pages import page_row, page_words, pages_words
from aggregator.show_push import push_row, push_words
from aggregator.show_topics import verdict_row
from aggregator.show_why import why_page, why_row
from storage import articles, pacing, push, reading
from storage.database import Database, StorageError
from storage.meaning import languages
from storage.model import Claim, Decision
from storage.revisions import revisions_of

app = typer.Typer(
    name="heliograph",
    help="Polls feeds of defence and regional news and republishes topic feeds and author feeds.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(cli_topics.app, name="topics")
app.add_typer(cli_authors.app, name="authors")
app.add_typer(cli_tokens.app, name="tokens")
app.add_typer(cli_store.app, name="db")
app.command()(cli_store.plan)
app.command()(cli_search.search)
app.command()(cli_find.add)
app.command("import")(cli_find.import_list)
app.command()(cli_find.backfill)
app.command()(cli_find.export)
app.command()(cli_hub.hub)
app.command()(cli_retract.retract)
app.command()(cli_retract.erase)
app.command()(cli_publish.publish)


def main(arguments: list[str] | None = None) -> None:
    """The command line's entry; ends the process with its exit status."""
    try:
        app(arguments)
    except ConfigError as error:
        for complaint in error.complaints:
            say_error(str(complaint))
        sys.exit(2)
    except StorageError as error:
        say_error(str(error))
        sys.exit(1)


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context, show_version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False
) -> None:
    if show_version:
        out.print(VERSION)
        raise typer.Exit
    if context.invoked_subcommand is None:
        out.print(context.get_help())


_PATIENCE = 20.0
"""Seconds that a command waits for a store that is away or full; the daemon waits longer."""


class Only(StrEnum):
    """What one process of several does."""

    POLL = "poll"
    WEB = "web"


@app.command()
def run(
    only: Annotated[
        Only | None, typer.Option("--only", help="Only poll, or only serve: for several processes.")
    ] = None,
    config: ConfigOption = None,
    host: HostOption = None,
    port: PortOption = None,
) -> None:
    """Poll and serve until stopped: the scheduler and the web server in one process."""
    _run(config, host, port, poll=only is not Only.WEB, web=only is not Only.POLL)


@app.command()
def serve(config: ConfigOption = None, host: HostOption = None, port: PortOption = None) -> None:
    """Serve what the store holds, without polling: the same as `run --only web`."""
    _run(config, host, port, poll=False, web=True)


def _run(config: Path | None, host: str | None, port: int | None, *, poll: bool, web: bool) -> None:
    from aggregator.serving import run_server

    _logging()
    loaded = load_config(config, host=host, port=port)
    with opened(loaded) as db:
        run_loop(run_server(loaded, db, VERSION, poll=poll, web=web))


@app.command()
def poll(
    sources: Annotated[list[str] | None, typer.Argument(help="Slugs of sources to poll now.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Poll every source now, due or not.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 when a source fails.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Poll once and end: the sources that are due, or those named, or all.

    Naming sources, or --all, ignores our own schedule, never a publisher's.
    """
    _logging(logging.ERROR)
    loaded = load_config(config)
    with opened(loaded) as db:
        followed = {one.source.slug: one for one in reading.followed(db)}
        unknown = [slug for slug in sources or [] if slug not in followed]
        if unknown:
            refuse(f"there is no source {unknown[0]}", unknown[0], followed)
        now = utc_now()
        explicit = every or bool(sources)
        wanted = sources or (list(followed) if every else [])
        total = len(wanted) or sum(1 for one in followed.values() if show.is_due(one, now))
        claim = claiming(db, own_lease(), utc_now, slugs=sources or None, explicit=explicit)
        results = run_loop(_poll_now(loaded, db, claim, total, quiet=as_json))
        _file_again(loaded, db)
        Joiner().join_waiting(db, utc_now, owner=own_lease())
        index_now(db)
        polled = {claim.source.slug for claim, _ in results}
        skipped = [followed[slug] for slug in wanted if slug not in polled]
    rows = show.outcomes(results, skipped, now)
    if as_json:
        print_json(rows)
    else:
        show.outcome_table(out, rows)
    if strict and any(row["outcome"] == "failed" for row in rows):
        raise typer.Exit(1)


async def _poll_now(
    config: Config, db: Database, claim: Claiming, total: int, *, quiet: bool
) -> list[tuple[Claim, Decision | None]]:
    results: list[tuple[Claim, Decision | None]] = []
    counted: Counter[str] = Counter()
    with progress_bar(quiet=quiet) as progress:
        task = progress.add_task("Polling", total=total, said="")

        def done(claim: Claim, decision: Decision | None) -> None:
            results.append((claim, decision))
            counted[decision.journal.outcome if decision else "lost"] += 1
            said = ", ".join(f"{number} {name}" for name, number in sorted(counted.items()))
            progress.update(task, advance=1, said=said)

        async with hands_of(config, db, VERSION, patience=_PATIENCE) as hands:
            await poll_in_rounds(claim, hands, workers=WORKERS, done=done)
            reader = PageReader(own_lease(), utc_now)
            await reader.read_all(hands, lambda number: progress.update(task, said=f"{show.several(number, 'page')}"))
    return results


@app.command()
def check(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Check the configuration, and say what it holds."""
    loaded = load_config(config)
    held = {
        "file": str(loaded.path),
        "sources": len(loaded.sources),
        "topics": len(loaded.topics),
        "authors": len(loaded.authors),
        "feeds": len(loaded.feeds),
    }
    if as_json:
        print_json(held)
    else:
        counted = {"source": "sources", "topic": "topics", "author": "authors", "combined feed": "feeds"}
        kinds = ", ".join(show.several(len(getattr(loaded, name)), kind) for kind, name in counted.items())
        out.print(f"{loaded.path.name} is good: {kinds}.", highlight=False, soft_wrap=True)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Where to write feeds.yaml and samples/.")] = Path(),
) -> None:
    """Write a configuration to start from; nothing that is there is overwritten."""
    starter = _starter()
    target = folder / "feeds.yaml"
    if target.exists():
        say_error(f"{target} is there already; it is left as it is.")
        raise typer.Exit(2)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(starter / "feeds.yaml", target)
    for sample in sorted((starter / "samples").iterdir()):
        (folder / "samples").mkdir(exist_ok=True)
        if not (folder / "samples" / sample.name).exists():
            shutil.copyfile(sample, folder / "samples" / sample.name)
    out.print(f"Wrote {target}. Next: heliograph run --config {target}", highlight=False, soft_wrap=True)


@app.command()
def status(
    source: Annotated[str | None, typer.Argument(help="A source's slug, for its last polls.")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """How the sources are, and when they are asked next; of one source also why then, and its last polls."""
    with opened_to_look(config) as db:
        found = reading.followed(db, source)
        if source is not None and not found:
            refuse(f"there is no source {source}", source, [one.source.slug for one in reading.followed(db)])
        lines = reading.journal_of(db, source) if source is not None else []
        lag, pace = show_status.lag_row(pacing.lags(db, utc_now() - timedelta(days=1))), pacing.pace(db)
        held = push.subscription_of(db, source) if source is not None else None
        counts, spoken_in = ({}, {}) if source is not None else (reading.counts(db), languages(db))
        pages = articles.pages_of_source(db, source) if source is not None else {}
        now = utc_now()
        marks = marks_of(db, now, found)
    if as_json:
        rows = [show_status.followed_row(one, now, marks.source(one.source.slug)) for one in found]
        print_json(
            {
                **rows[0],
                "push": push_row(held),
                "pages": pages,
                "journal": [show_status.line_row(line) for line in lines],
            }
            if source
            else {
                "counts": counts,
                "languages": dict(spoken_in),
                "lag_seconds": lag,
                "pace_seconds": pace and pace.total_seconds(),
                "sources": rows,
                "topics": {slug: verdict_row(mark.verdict) for slug, mark in marks.topics.items()},
            }
        )
    elif source is not None:
        mark = marks.source(found[0].source.slug)
        pushed = push_words(held, now)
        show_status.source_page(out, found[0], lines, now, pushed=pushed, pages=pages_words(pages), mark=mark)
    else:
        show_status.status_table(out, found, counts, now, spoken_in, marks)


@app.command()
def why(
    entry: Annotated[str, typer.Argument(metavar="URL-OR-ID", help="An entry's link, its id, or its number.")],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Why an entry is where it is: its source, its authors, its topics and the words that matched; and its edits."""
    with opened(load_config(config)) as db:
        found = reading.find_entry(db, entry)
        before = [[(one, as_it_was(kept, one).entry) for one in revisions_of(db, kept.key)] for kept in found]
        pages = {one.key: articles.page_of(db, one.key) for one in found}
    if not found:
        say_error(f"No entry has the link, id or number {entry}.")
        raise typer.Exit(1)
    if as_json:
        rows = [
            {
                **why_row(one, page_row(pages[one.key])),
                "edits": [edit_row(edit) for edit in edits_of(one.entry, was)],
            }
            for one, was in zip(found, before, strict=True)
        ]
        print_json(rows)
    else:
        for at, (one, was) in enumerate(zip(found, before, strict=True)):
            if at:
                out.print()
            why_page(out, one, page_words(pages[one.key], utc_now()))
            edit_lines(out, edits_of(one.entry, was))


@app.command()
def schema() -> None:
    """Print the JSON Schema of feeds.yaml, for editors."""
    print_json({"$schema": "https://json-schema.org/draft/2020-12/schema", **FileModel.model_json_schema()})


def _file_again(config: Config, db: Database) -> None:
    """Do the re-filing that waits, with a progress bar where somebody watches."""
    with progress_of("Judging again") as progress:
        rejudge_waiting(db, utc_now, owner=own_lease(), progress=progress)
    with progress_of("Filing again") as progress:
        refile_waiting(db, config.topics, utc_now, owner=own_lease(), progress=progress)


def _starter() -> Path:
    """Where the starter configuration lies: in the wheel beside this file, in a checkout at its root."""
    packed = Path(__file__).parent / "starter"
    return packed if packed.is_dir() else Path(__file__).parent.parent


def _logging(level: int = logging.INFO) -> None:
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    for chatty in ("httpx", "apscheduler", "alembic", "watchfiles"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
