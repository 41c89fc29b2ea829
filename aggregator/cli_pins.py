"""The commands of a person's last word: an entry pinned into a topic or out of it, left to the rule again, all pins.

In: arguments. Out: sentences, tables or JSON, an exit status. Never: a decision about a rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from aggregator import pinning
from aggregator.cli_common import ConfigOption, JsonOption, opened, out, print_json, say, say_error
from aggregator.config import load_config
from aggregator.daemon import utc_now
from aggregator.pinning import Done, NotPinnedError, Wish
from aggregator.show import plain_table, stamp
from storage import reading
from storage.database import Database
from storage.filing_model import Pin
from storage.model import Kept
from storage.pins import list_pins

_Entry = Annotated[str, typer.Argument(metavar="ENTRY", help="An entry's link, its id, or its number.")]
_Topic = Annotated[str, typer.Argument(metavar="TOPIC", help="A topic's slug.")]
_LONGEST_TITLE = 80


def pin(
    entry: Annotated[
        str | None, typer.Argument(metavar="ENTRY", help="An entry's link, its id, or its number.")
    ] = None,
    topic: Annotated[str | None, typer.Argument(metavar="TOPIC", help="A topic's slug.")] = None,
    is_out: Annotated[bool, typer.Option("--out", help="Keep the entry out of the topic.")] = False,
    because: Annotated[str, typer.Option("--because", help="Why; feeds and pages say it.")] = "",
    by: Annotated[str, typer.Option("--by", help="Whose word it is; feeds and pages say it too.")] = "",
    announce: Annotated[bool, typer.Option("--announce", help="As news: in the topic's feeds, not only on its page.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Put an entry into a topic, or keep it out, whatever the topic's rule says. Without arguments: every pin."""
    if entry is None:
        _list(config, None, as_json=as_json)
        return
    if topic is None:
        say_error("name an entry and a topic: heliograph topics pin ENTRY TOPIC")
        raise typer.Exit(2)
    if is_out and announce:
        say_error("--out keeps an entry out: there is nothing to announce")
        raise typer.Exit(2)
    loaded = load_config(config)
    wish = Wish(entry=entry, topic=topic, is_in=not is_out, by=by, because=because, announced=announce)
    with opened(loaded) as db, _refusals():
        done = pinning.pin(db, loaded.topics, wish, utc_now())
    _told(done, as_json=as_json)


def unpin(entry: _Entry, topic: _Topic, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Leave an entry to the topic's rule again: what the rule says of it now holds at once."""
    loaded = load_config(config)
    with opened(loaded) as db, _refusals():
        done = pinning.unpin(db, loaded.topics, entry, topic, utc_now())
    _told(done, as_json=as_json)


def pins(
    topic: Annotated[str | None, typer.Argument(metavar="TOPIC", help="A topic's slug.")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Every pin, or those of a topic: who said so, when and why."""
    _list(config, topic, as_json=as_json)


def _list(config: Path | None, topic: str | None, *, as_json: bool) -> None:
    loaded = load_config(config)
    with opened(loaded) as db, _refusals():
        slug = pinning.topic_named(db, loaded.topics, topic).slug if topic is not None else None
        found = list_pins(db, slug)
        held = _entries(db, found)
    if as_json:
        print_json([_row(one, held[one.entry]) for one in found])
    elif not found:
        say("Nothing is pinned." if topic is None else f"Nothing is pinned in {topic} or out of it.")
    else:
        table = plain_table("Topic", "Pinned", "Entry", "When", "By", "Because", "Title")
        for one in found:
            title = held[one.entry].entry.title
            table.add_row(
                one.topic, "in" if one.is_in else "out", str(one.entry), stamp(one.said.at), Text(one.said.by),
                Text(one.said.because), Text(title[:_LONGEST_TITLE]),
            )  # fmt: skip
        out.print(table)


def _entries(db: Database, found: list[Pin]) -> dict[int, Kept]:
    return {one.key: one for one in reading.entries_of(db, sorted({pin.entry for pin in found}))}


def _row(one: Pin, entry: Kept) -> dict[str, Any]:
    return {
        "topic": one.topic, "entry": one.entry, "title": entry.entry.title, "link": entry.entry.link,
        "pinned": "in" if one.is_in else "out", "at": one.said.at, "by": one.said.by, "because": one.said.because,
    }  # fmt: skip


def _told(done: Done, *, as_json: bool) -> None:
    if as_json:
        pinned = _row(done.pin, done.entry) if done.pin else None
        changed = {"was_in": done.was_in, "is_in": done.is_in, "by_rule": done.by_rule}
        print_json({"topic": done.topic, "entry": done.entry.key, "pin": pinned, **changed})
        return
    entry = f"Entry {done.entry.key} ({done.entry.entry.title[:_LONGEST_TITLE] or 'without a title'})"
    now = "is in" if done.is_in else "is not in"
    before = "as before" if done.was_in == done.is_in else "from now on"
    asks = "asks for it" if done.by_rule else "does not ask for it"
    if not done.pin:
        say(f"{entry} {now} {done.topic} {before}: it is pinned no more, and the rule {asks}.")
        return
    is_news = any(why.topic == done.topic and why.announced for why in done.entry.filings)
    shown = "It is in the topic's feeds as news." if is_news else "It is on the topic's page, not in its feeds."
    said = f"{entry} {now} {done.topic} {before}: {done.pin.told}. Its rule {asks}."
    say(f"{said} {shown}" if done.is_in else said)


@contextmanager
def _refusals() -> Iterator[None]:
    """What cannot be pinned, said in a sentence: exit status 2."""
    try:
        yield
    except NotPinnedError as error:
        say_error(str(error))
        raise typer.Exit(2) from None
