"""The command that writes the whole public site as files.

In: a folder. Out: a table or JSON, an exit status: 1 where the folder cannot be written, 2 where it is somebody else's.
Never: a page: `aggregator.static_site` makes those.
"""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from aggregator.cli_common import (
    VERSION,
    ConfigOption,
    JsonOption,
    err,
    opened,
    out,
    print_json,
    progress_of,
    say_error,
)
from aggregator.config import Config, load_config
from aggregator.daemon import utc_now
from aggregator.publish import Publisher
from aggregator.show import plain_table
from aggregator.static_folder import BusyError, NotOursError, opened_folder

_HERE = ("127.0.0.1", "::1", "localhost")


def publish(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write: a folder of its own.")],
    force: Annotated[
        bool, typer.Option("--force", help="Publish among files of yours, and replace those at addresses of ours.")
    ] = False,
    zipped: Annotated[
        bool, typer.Option("--gzip", help="Write a compressed sibling, .gz, of every file, for servers that take it.")
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write every public page, feed and list as files for any web server. Only what changed is written."""
    from aggregator.static_archives import archive_pieces
    from aggregator.static_site import publish as published  # with all that draws pages, which other commands need not

    begun = time.perf_counter()
    loaded = load_config(config)
    _warn(loaded)
    try:
        with (
            opened_folder(folder, force=force, zipped=zipped) as target,
            opened(loaded) as db,
            progress_of("Publishing") as told,
        ):
            made = published(Publisher(db, loaded), target, utc_now(), VERSION, more=(archive_pieces,), told=told)
    except NotOursError as error:
        say_error(str(error))
        raise typer.Exit(2) from None
    except BusyError as error:
        say_error(str(error))
        raise typer.Exit(1) from None
    except OSError as error:
        where = error.filename or folder
        say_error(
            f"{where} cannot be written: {error.strerror or error}. What was written is whole; the same again goes on."
        )
        raise typer.Exit(1) from None
    seconds = round(time.perf_counter() - begun, 2)
    if as_json:
        print_json({"folder": str(folder), **asdict(made), "seconds": seconds})
        return
    table = plain_table("Files written", "Unchanged", "Removed", "Bytes written", "Seconds")
    table.add_row(f"{made.written:,}", f"{made.unchanged:,}", f"{made.removed:,}", f"{made.size:,}", f"{seconds:.2f}")
    out.print(table)


def _warn(config: Config) -> None:
    """An address that only this machine knows would stand in every feed."""
    if urlsplit(config.base_url).hostname in _HERE:
        err.print(
            f"The files name this server as {config.base_url}, which nobody else can reach: set settings.base_url.",
            style="yellow", markup=False, highlight=False, soft_wrap=True,
        )  # fmt: skip
