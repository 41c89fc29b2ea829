"""The commands that look at topics as a whole: what they hold and when it came, what they share, what they miss.

In: arguments. Out: tables or JSON, an exit status. Never: a judgement of an entry: `aggregator.topics` makes those.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated

import typer

from aggregator import gazetteer, show_topics
from aggregator.cli_common import ConfigOption, JsonOption, opened, out, print_json, progress_of, refuse, say
from aggregator.config import load_config
from aggregator.daemon import utc_now
from aggregator.marks import Marks, marks_of
from aggregator.misses import FEWEST, Gathering, Missed
from aggregator.surges import DAYS
from storage import caught, reading, topic_parts
from storage.arrivals import last_arrivals
from storage.database import Database
from storage.model import Listed
from storage.pins import list_pins
from storage.search import window

_BATCH = 500
_DaysOption = Annotated[int, typer.Option("--days", min=1, max=DAYS, help="How many days to show.")]


def list_all(days: _DaysOption = 14, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Every topic: entries a day, the last arrival, its share of all, a mark where it surges or is quiet; --json: its query."""
    now = utc_now()
    with opened(load_config(config)) as db:
        marks, total = marks_of(db, now), reading.counts(db)["entries"]
        listed = _as_seen(db, marks, reading.list_topics(db))
    rows = [(one, marks.topic(one.slug)) for one in listed]
    if as_json:
        print_json([show_topics.topic_row(one, mark, total, days) for one, mark in rows])
    else:
        show_topics.topic_table(out, rows, total, days, now)


def show(
    slug: Annotated[str, typer.Argument(help="A topic's slug.")],
    days: _DaysOption = 28,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """One topic: its rule, entries by hour and by day, by source and by country named, and its pins."""
    now = utc_now()
    with opened(load_config(config)) as db:
        topics = {one.slug: one for one in reading.list_topics(db)}
        if slug not in topics:
            refuse(f"there is no topic {slug}", slug, topics, "heliograph topics list")
        marks, total = marks_of(db, now), reading.counts(db)["entries"]
        (topic,) = _as_seen(db, marks, [topics[slug]])
        told = show_topics.Told(
            topic=topic, mark=marks.topic(slug), days=days, hourly=topic_parts.hours(db, slug, now),
            sources=topic_parts.by_source(db, slug, now, days), countries=topic_parts.by_country(db, slug, now, days),
            pins=list_pins(db, slug),
        )  # fmt: skip
    if as_json:
        print_json(show_topics.told_row(told, total))
    else:
        show_topics.told_page(out, told, total, now)


def overlap(
    floor: Annotated[
        int, typer.Option("--floor", min=0, max=100, help="Leave out pairs that share less of the smaller, in percent.")
    ] = 10,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Which topics share entries: as a share of both (Jaccard) and of the smaller of the two."""
    with opened(load_config(config)) as db:
        found = [one for one in topic_parts.overlaps(db) if one.of_smaller * 100 >= floor]
    pairs = sorted(found, key=lambda one: (-one.of_smaller, -one.jaccard, one.slug, one.other))
    if as_json:
        print_json([show_topics.overlap_row(one) for one in pairs])
    elif pairs:
        show_topics.overlap_table(out, pairs)
    else:
        say(f"No two topics share {floor} % of the smaller one's entries; --floor sets another bound.")


def misses(
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="Entries of how many days.")] = 7,
    most: Annotated[int, typer.Option("--most", min=1, max=200, help="How many words, phrases and places.")] = 15,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """What the entries that no topic caught are about: frequent words, phrases and places, each with two titles."""
    with opened(load_config(config)) as db:
        found = _missed(db, utc_now() - timedelta(days=days), most)
    places = [replace(one, term=gazetteer.names(one.term) or one.term) for one in found.places]
    if as_json:
        groups = {"phrases": found.phrases, "words": found.words, "places": places}
        print_json(
            {"days": days, "entries": found.entries, "missed": found.missed, "unjudged": found.unjudged}
            | {name: [show_topics.miss_row(one) for one in some] for name, some in groups.items()}
        )
        return
    say(f"{found.missed:,} of {found.entries:,} entries of the last {days} days are in no topic.")
    for name, some in (("Phrase", found.phrases), ("Word", found.words), ("Country named", places)):
        show_topics.miss_table(out, name, some, found.missed)
    if found.unjudged:
        say(f"Not summed up by words: {found.unjudged:,} of them, in languages with fewer than {FEWEST} entries.")


def _as_seen(db: Database, marks: Marks, listed: list[Listed]) -> list[Listed]:
    """The topics with the moment at which the newest entry was first seen, not at which it was filed."""
    silent = [one.slug for one in listed if marks.topic(one.slug).counted.last is None and one.entries]
    older = last_arrivals(db, silent)
    return [replace(one, latest=marks.topic(one.slug).counted.last or older.get(one.slug)) for one in listed]


def _missed(db: Database, since: datetime, most: int) -> Missed:
    """Read what came since then, and sum up what no topic caught."""
    gathering = Gathering()
    came = window(db, since)
    total, after, done = came.entries, came.first - 1, 0
    with progress_of("Reading what came") as progress:
        progress(0, total)
        while batch := caught.came_after(db, after, since, _BATCH):
            for one in batch:
                gathering.add(one)
            after, done = batch[-1].entry, done + len(batch)
            progress(done, max(done, total))
    return gathering.missed(most)
