"""The command that holds the examples of topics against their rules: topics test.

In: a configuration with examples. Out: a table or JSON; 1 where an example fails. Never: a change.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict
from functools import cache
from typing import Annotated

import typer
from rich.text import Text

from aggregator.cli_common import ConfigOption, JsonOption, out, print_json, refuse, say
from aggregator.config import Config, load_config
from aggregator.examples import Finder, Outcome, Stored, try_examples
from aggregator.prepare import open_store
from aggregator.show import plain_table, several
from aggregator.topics.subject import Told
from storage import reading
from storage.database import Database


def try_topics(
    topics: Annotated[list[str] | None, typer.Argument(help="Slugs of topics; all by default.")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Hold each topic's must_match and must_not_match against its rule. Ends with 1 where one fails."""
    loaded = load_config(config)
    known = [topic.slug for topic in loaded.topics]
    for slug in topics or ():
        if slug not in known:
            refuse(f"there is no topic {slug}", slug, known, "heliograph topics list")
    with ExitStack() as opened:
        outcomes = list(try_examples(loaded, _finder(loaded, opened), topics or ()))
    if as_json:
        print_json([{**asdict(one), "passed": one.passed} for one in outcomes])
    else:
        _show([slug for slug in known if not topics or slug in topics], outcomes)
    if not all(one.passed for one in outcomes):
        raise typer.Exit(1)


def _finder(config: Config, opened: ExitStack) -> Finder:
    """Looks into the store, which is opened when the first example asks for it."""

    @cache
    def store() -> Database:
        return opened.enter_context(closing(open_store(config)))

    def find(url: str) -> Stored | None:
        found = reading.find_entry(store(), url)
        if not found:
            return None
        kept = found[0]
        source = reading.source_named(store(), kept.source_slug)
        return Stored(entry=kept.entry, source=source, meaning=kept.meaning, told=Told(published=kept.published))

    return find


def _show(slugs: Sequence[str], outcomes: Sequence[Outcome]) -> None:
    table = plain_table("Topic", "Must match", "Must not", "")
    for slug in slugs:
        mine = [one for one in outcomes if one.topic == slug]
        told = Text("no examples") if not mine else Text("ok", style="green")
        if not all(one.passed for one in mine):
            told = Text("FAILED", style="red")
        table.add_row(slug, _score(mine, must_match=True), _score(mine, must_match=False), told)
    out.print(table)
    for one in outcomes:
        if not one.passed:
            say(_complaint(one))
    failed = sum(1 for one in outcomes if not one.passed)
    say(f"{several(len(outcomes), 'example')}, {failed} failed.")


def _score(outcomes: Sequence[Outcome], *, must_match: bool) -> str:
    mine = [one for one in outcomes if one.must_match is must_match]
    return f"{sum(1 for one in mine if one.passed)} of {len(mine)}" if mine else ""


def _complaint(one: Outcome) -> str:
    kind = "must_match" if one.must_match else "must_not_match"
    if one.missing:
        why = "the store holds no entry with this address"
    elif one.matched:
        why = f"matched by {', '.join(one.words)}"
    else:
        why = "not matched"
    shown = one.shown if len(one.shown) < 90 else one.shown[:89] + "…"
    return f"{one.topic}: {kind} {one.number}: {shown}: {why}"
