"""What every command needs: consoles, options, an opened store.

In: a configuration file. Out: a configuration, a store, output on the right stream. Never: a command.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from difflib import get_close_matches
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from aggregator.config import Config, ConfigError, load_config, store_of
from aggregator.daemon import utc_now
from aggregator.indexing import index_waiting
from aggregator.prepare import open_store, prepare
from storage.database import Database, open_database

VERSION = version("heliograph")
# Where nobody watches, a table is wide enough for grep to find whole sentences in it.
out = Console(width=None if sys.stdout.isatty() else 160)
err = Console(stderr=True)

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="The configuration. Default: $HELIOGRAPH_CONFIG, else feeds.yaml here.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a machine.")]
HostOption = Annotated[str | None, typer.Option("--host", help="The address to listen on.")]
PortOption = Annotated[int | None, typer.Option("--port", min=1, max=65535, help="The port to listen on.")]


@contextmanager
def opened(config: Config) -> Iterator[Database]:
    """The store, reconciled with the configuration."""
    db = open_store(config)
    try:
        prepare(config, db, utc_now())
        yield db
    finally:
        db.close()


@contextmanager
def opened_to_look(path: Path | None) -> Iterator[Database]:
    """The store, to be looked at: also where the configuration is broken, with a warning, if the store can be found."""
    try:
        config = load_config(path)
    except ConfigError as error:
        url = store_of(path)
        if not url:
            raise
        for complaint in error.complaints:
            err.print(str(complaint), style="yellow", markup=False, highlight=False, soft_wrap=True)
        err.print("The configuration cannot be used. This is what the store holds:", style="yellow", soft_wrap=True)
        db = open_database(url)
        try:
            yield db
        finally:
            db.close()
        return
    with opened(config) as db:
        yield db


def progress_bar(*, quiet: bool = False) -> Progress:
    """A bar on a terminal, nothing elsewhere."""
    said = TextColumn("{task.fields[said]}")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), said)
    return Progress(*columns, console=err, transient=True, disable=quiet or not err.is_terminal)


@contextmanager
def progress_of(description: str) -> Iterator[Callable[[int, int], None]]:
    """A bar that is told how much is done of how much."""
    with progress_bar() as progress:
        task = progress.add_task(description, total=None, said="")
        yield lambda done, total: progress.update(task, completed=done, total=total)


def index_now(db: Database) -> None:
    """Put what waits into the full-text index, with a bar where somebody watches."""
    with progress_of("Indexing") as progress:
        index_waiting(db, progress=progress)


def refuse(message: str, wanted: str, known: Iterable[str], listing: str = "heliograph status") -> None:
    """End with 2: what was named is not there; the nearest that is, or the command that lists all."""
    near = get_close_matches(wanted, list(known), 1)
    hint = f"; did you mean {near[0]}?" if near else f"; `{listing}` lists them"
    say_error(message + hint)
    raise typer.Exit(2)


def say(message: str) -> None:
    """A sentence for people."""
    out.print(message, markup=False, highlight=False, soft_wrap=True)


def say_error(message: str) -> None:
    """A sentence about trouble, on stderr."""
    err.print(message, style="red", markup=False, highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """A value for a machine; times in ISO 8601."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=_told) + "\n")


def _told(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
