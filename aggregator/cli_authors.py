"""The commands about authors: who they are, who may be one, who is.

In: arguments. Out: tables or JSON, an exit status. Never: a merge that nobody commanded.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated

import typer
from rich.text import Text

from aggregator import show
from aggregator.alike import pairs_alike
from aggregator.authors import author_key
from aggregator.cli_common import ConfigOption, JsonOption, opened, out, print_json, say, say_error
from aggregator.config import load_config
from aggregator.daemon import utc_now
from feeds.identity import slugify
from storage import namesakes, reading
from storage.model import AuthorKind

app = typer.Typer(help="Who the authors are, and which of them are one.", no_args_is_help=True)

_ROOMS: tuple[AuthorKind, ...] = ("desk", "organisation")


@app.command("list")
def list_all(
    desks: Annotated[bool, typer.Option("--desks", help="Desks and agencies, not persons.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Every person who writes: how many entries, the last arrival; with --json what is told of them."""
    with opened(load_config(config)) as db:
        listed = reading.list_authors(db, kinds=_ROOMS) if desks else reading.list_authors(db)
    if as_json:
        print_json([show.listed_row(one, "bio") for one in listed])
    else:
        show.listed_table(out, "Author", listed, utc_now())


@app.command()
def suggest(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Authors of one outlet whose names are alike, in any script: they may be one. Nothing is merged."""
    with opened(load_config(config)) as db:
        pairs = pairs_alike(namesakes.profiles(db), namesakes.apart(db))
    if as_json:
        print_json([asdict(pair) for pair in pairs])
        return
    if not pairs:
        say("No two authors of one outlet have names that are alike.")
        return
    table = show.plain_table("Author", "Name", "May be", "Name", "Alike", "Scripts")
    for pair in pairs:
        table.add_row(
            pair.slug, Text(pair.name), pair.other, Text(pair.other_name), f"{pair.likeness} %",
            "two" if pair.scripts else "one",
        )  # fmt: skip
    out.print(table)
    say("heliograph authors merge SLUG INTO makes two one; heliograph authors refuse A B ends the question.")


@app.command()
def merge(
    slug: Annotated[str, typer.Argument(help="The author to be merged: its address will lead to the other.")],
    into: Annotated[str, typer.Argument(help="The author that stays.")],
    config: ConfigOption = None,
) -> None:
    """Make two authors one. It stays so when feeds.yaml is read again."""
    with opened(load_config(config)) as db, _refusals():
        taken = namesakes.merge(db, slug, into, utc_now())
    say(f"{slug} is {into} from now on: {show.several(taken, 'name')} taken over; /authors/{slug} leads there.")


@app.command()
def split(
    name: Annotated[str, typer.Argument(help="The name, as it is written in bylines.")], config: ConfigOption = None
) -> None:
    """Make a name that was merged an author of its own again."""
    with opened(load_config(config)) as db, _refusals():
        slug = namesakes.split(db, author_key(name), name, slugify(name), utc_now())
    say(f"{name} is an author of its own again, at /authors/{slug}.")


@app.command()
def refuse(
    author: Annotated[str, typer.Argument(metavar="A", help="An author's slug.")],
    other: Annotated[str, typer.Argument(metavar="B", help="Another's.")],
    config: ConfigOption = None,
) -> None:
    """Remember that two authors are not one: they are not suggested again."""
    with opened(load_config(config)) as db, _refusals():
        namesakes.refuse(db, author, other, utc_now())
    say(f"{author} and {other} stay two.")


@contextmanager
def _refusals() -> Iterator[None]:
    """What the store will not do, said in a sentence: exit status 2."""
    try:
        yield
    except namesakes.NotMergedError as error:
        say_error(f"{error}.")
        raise typer.Exit(2) from None
