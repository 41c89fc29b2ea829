"""`heliograph plan` and what then happens agree, for every kind of edit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from aggregator.planning import Plan, make_plan
from aggregator.prepare import prepare
from aggregator.refiling import refile_waiting
from storage.database import Database
from storage.rehearsal import differences, snapshot
from storage.schema import filings, topics
from tests.fakes import Clock, make_entry, take, write_config

BEFORE = """
settings: {allow_private: []}
sources:
  - {url: "https://news.example/feed", slug: news, name: News, tags: [naval]}
  - {url: "https://other.example/feed", slug: other}
topics:
  air: {title: Air, query: "helicopter*"}
  sea: {title: Sea, query: "frigate* OR tag:naval"}
authors:
  ada: {name: Ada Ore, aliases: [A. Ore]}
"""
ENTRIES = ["Helicopters over the sea", "A frigate", "Frigates and helicopters", "Nothing of either", "Drones"]


def swap(old: str, new: str) -> Callable[[str], str]:
    """An edit that replaces a piece of the file."""

    def edit(text: str) -> str:
        assert old in text
        return text.replace(old, new)

    return edit


EDITS: dict[str, tuple[Callable[[str], str], str]] = {
    "nothing": (swap("Air", "Air"), ""),
    "a comment": (swap("topics:", "# a comment\ntopics:"), ""),
    "a source added": (swap("topics:", "  - {url: 'https://third.example/feed', slug: third}\ntopics:"), "added source third"),
    "a source removed": (swap('  - {url: "https://other.example/feed", slug: other}\n', ""), "removed source other"),
    "a source renamed": (swap("slug: other", "slug: newer, formerly: [other]"), "renamed source newer"),
    "a source's address": (swap("news.example", "new.example"), "changed source news"),
    "a source's name": (swap("name: News", "name: The News"), "changed source news"),
    "a source's tags": (swap("[naval]", "[air]"), "changed source news"),
    "a source's policy": (swap("slug: other", "slug: other, republish: full"), "changed source other"),
    "a source's interval": (swap("slug: other", "slug: other, every: 6h"), "changed source other"),
    "a topic added": (swap("authors:", "  drones: {query: drone*}\nauthors:"), "added topic drones"),
    "a topic removed": (swap('  air: {title: Air, query: "helicopter*"}\n', ""), "removed topic air"),
    "a topic renamed": (swap("  air: {", "  aviation: {formerly: [air], "), "renamed topic aviation"),
    "a topic renamed and changed": (
        swap('  air: {title: Air, query: "helicopter*"', '  aviation: {formerly: [air], query: "drone*"'),
        "renamed topic aviation",
    ),
    "a topic's title": (swap("title: Air", "title: Aviation"), "changed topic air"),
    "a topic widened": (swap('"helicopter*"', '"helicopter* OR drone*"'), "changed topic air"),
    "a topic narrowed": (swap('"helicopter*"', '"helicopter* NOT frigate*"'), "changed topic air"),
    "a topic turned round": (swap('"helicopter*"', '"drone*"'), "changed topic air"),
    "an author added": (swap("authors:", "authors:\n  bo: {name: Bo Berg}"), "renamed author bo"),
    "an author removed": (swap('  ada: {name: Ada Ore, aliases: [A. Ore]}', "  {}"), "changed author ada"),
    "an alias added": (swap("[A. Ore]", "[A. Ore, Bo Berg]"), "changed author ada"),
    "an alias taken back": (swap(", aliases: [A. Ore]", ""), "changed author ada"),
    "an author renamed": (swap("  ada: {", "  ada-ore: {formerly: [ada], "), "renamed author ada-ore"),
    "everything at once": (
        lambda text: text.replace("name: News", "name: N").partition("topics:")[0] + "topics: {drones: {query: drone*}}\n",
        "added topic drones",
    ),
}  # fmt: skip


def filled(db: Database, folder: Path) -> Clock:
    """A store with the configuration before the edit, and entries that its topics catch."""
    clock = Clock()
    config = write_config(folder, BEFORE)
    prepare(config, db, clock())
    refile_waiting(db, config.topics, clock, owner="test")
    for slug in ("news", "other"):
        entries = [
            make_entry(
                id=f"{slug}-{number}",
                title=title,
                authors=["Ada Ore", "A. Ore", "Bo Berg"][number % 3 : number % 3 + 1],
            )
            for number, title in enumerate(ENTRIES)
        ]
        take(db, entries, topics=config.topics, slug=slug, now=clock())
    clock.forward(hours=1)
    return clock


def filed(db: Database) -> dict[str, tuple[int, int]]:
    """How many filings each topic ever had, and how many of them are open."""
    opened = select(topics.c.slug, func.count(), func.count(filings.c.closed_at)).join(filings).group_by(topics.c.slug)
    with db.read() as connection:
        return {row[0]: (row[1], row[1] - row[2]) for row in connection.execute(opened)}


@pytest.mark.parametrize("edit", EDITS)
def test_what_was_planned_happens(db: Database, tmp_path: Path, edit: str) -> None:
    """The changes and the entries gained and lost that a plan tells are exactly those that then come about."""
    clock = filled(db, tmp_path)
    change, told = EDITS[edit]
    config = write_config(tmp_path, change(BEFORE))
    with db.read() as connection:
        before = snapshot(connection)
    filed_before = filed(db)
    plan = make_plan(config, db, clock())
    with db.read() as connection:
        assert snapshot(connection) == before
    assert filed(db) == filed_before

    prepare(config, db, clock())
    refile_waiting(db, config.topics, clock, owner="test")
    with db.read() as connection:
        happened = differences(before, snapshot(connection))
    assert [(one.kind, one.slug, one.what, one.detail) for one in plan.changes] == [
        (one.kind, one.slug, one.what, one.detail) for one in happened
    ]
    if told:
        assert told in [f"{one.what} {one.kind} {one.slug}" for one in plan.changes]
    else:
        assert plan == Plan(changes=(), effects=())
    check_effects(plan, filed_before, filed(db))


def check_effects(plan: Plan, before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]]) -> None:
    """Gained filings were opened, lost ones closed, and topics without an effect are as they were."""
    names = {
        one.slug: one.detail.removeprefix("from ")
        for one in plan.changes
        if one.kind == "topic" and one.what == "renamed"
    }
    for effect in plan.effects:
        ever, open_now = before.get(names.get(effect.topic, effect.topic), (0, 0))
        assert after.get(effect.topic, (0, 0)) == (ever + effect.gained, open_now + effect.gained - effect.lost)
    touched = {effect.topic for effect in plan.effects}
    for slug, counts in after.items():
        if slug not in touched:
            assert counts == before[names.get(slug, slug)]


def test_a_topic_that_returns_catches_up(db: Database, tmp_path: Path) -> None:
    """A topic that was taken out and put back is held against what arrived meanwhile, as its plan says."""
    clock = filled(db, tmp_path)
    without = write_config(tmp_path, EDITS["a topic removed"][0](BEFORE))
    prepare(without, db, clock())
    take(db, [make_entry(id="new", title="More helicopters")], topics=without.topics, now=clock.forward(hours=1))
    config = write_config(tmp_path, BEFORE)
    plan = make_plan(config, db, clock())

    assert [(one.topic, one.gained, one.lost) for one in plan.effects] == [("air", 1, 0)]
    assert [(one.kind, one.slug, one.what) for one in plan.changes] == [("topic", "air", "returned")]
