"""The commands about the store: what a changed file would do to it, its schema, its health, a copy.

In: arguments. Out: tables or JSON, an exit status. Never: a change that a person did not ask for.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from aggregator.cli_common import ConfigOption, JsonOption, out, print_json, progress_bar, progress_of, say, say_error
from aggregator.config import load_config
from aggregator.daemon import utc_now
from aggregator.planning import Plan, make_plan
from aggregator.prepare import open_store
from aggregator.show import plain_table
from storage import reading, transfer
from storage.database import current_schema, open_database

app = typer.Typer(help="The store: its schema, its health, a copy of it.", no_args_is_help=True)


def plan(
    file: Annotated[Path | None, typer.Argument(help="The changed file. Default: the configuration itself.")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """What a changed feeds.yaml would do: sources, topics and authors that change, entries that move. Nothing is done."""
    loaded = load_config(file or config)
    # A draft that lies elsewhere is about the store of the configuration in force.
    home = load_config(config) if file is not None else loaded
    db = open_store(home)
    try:
        with progress_of("Judging") as progress:
            made = make_plan(loaded, db, utc_now(), progress)
    finally:
        db.close()
    if as_json:
        print_json({"changes": [asdict(one) for one in made.changes], "topics": [asdict(one) for one in made.effects]})
    else:
        _show_plan(made)


def _show_plan(made: Plan) -> None:
    if not made.changes and not made.effects:
        say(
            "Nothing would change: the store is as this file says. (A running Heliograph takes an edit up by itself; to see"
        )
        say("beforehand what an edit does, edit a copy and name it: heliograph plan copy.yaml)")
        return
    table = plain_table("Change", "Kind", "Name", "Entries", "Detail")
    for change in made.changes:
        table.add_row(change.what, change.kind, Text(change.slug), str(change.entries or ""), Text(change.detail))
    out.print(table)
    if made.effects:
        table = plain_table("Topic to be filed again", "Gained", "Lost")
        for effect in made.effects:
            table.add_row(effect.topic, str(effect.gained), str(effect.lost))
        out.print(table)


@app.command()
def upgrade(config: ConfigOption = None) -> None:
    """Bring the store's schema up to date. Every command does so when it opens the store; this one does only that."""
    db = open_store(load_config(config))
    try:
        with db.read() as connection:
            say(f"The schema is at {current_schema(connection)}, which is today's.")
    finally:
        db.close()


@app.command()
def check(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Look for damage in the store: its pages, its references, and what must hold in it. Exits with 1 where there is any."""
    db = open_store(load_config(config))
    try:
        complaints = transfer.check(db)
        counts = reading.counts(db)
    finally:
        db.close()
    if as_json:
        print_json({"complaints": complaints, "counts": counts})
    elif complaints:
        for complaint in complaints:
            say_error(complaint)
    else:
        say(f"The store is sound: {', '.join(f'{number:,} {name}' for name, number in counts.items())}.")
    if complaints:
        raise typer.Exit(1)


def _as_url(given: str) -> str:
    """A database URL; a plain path is a SQLite file."""
    return given if "://" in given else f"sqlite:///{given}"


@app.command()
def copy(
    source: Annotated[
        str, typer.Argument(metavar="FROM", help="The store to copy: a database URL, or a SQLite file's path.")
    ],
    target: Annotated[str, typer.Argument(metavar="TO", help="A new, empty store: a database URL, or a path.")],
    as_json: JsonOption = False,
) -> None:
    """Copy a store to another database, SQLite or PostgreSQL, and compare counts and hashes of every table."""
    ours = open_database(_as_url(source))
    try:
        theirs = open_database(_as_url(target))
        try:
            with progress_bar(quiet=as_json) as bar:
                tasks: dict[str, object] = {}

                def told(table: str, done: int, total: int) -> None:
                    task = tasks.setdefault(
                        table, bar.add_task(table, total=total, said="") if table not in tasks else 0
                    )
                    bar.update(task, completed=done)  # type: ignore[arg-type]

                rows = transfer.copy(ours, theirs, told)
        finally:
            theirs.close()
    finally:
        ours.close()
    if as_json:
        print_json(rows)
    else:
        say(f"Copied and compared: {sum(rows.values()):,} rows in {len(rows)} tables are equal.")
