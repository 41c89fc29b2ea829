"""What a changed feeds.yaml would do: sources, topics and authors that change, and the entries that move.

In: a configuration that is not in force yet, and the store. Out: a plan. Never: a change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from aggregator.config import Config
from aggregator.prepare import declared
from aggregator.topics.match import Rules, judge
from aggregator.topics.subject import Told
from storage import reading
from storage.database import Database
from storage.pins import pinned_in
from storage.rehearsal import Change, rehearse

_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A topic whose rule is new or changed: how many stored entries it would gain and lose."""

    topic: str
    gained: int
    lost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that would happen."""

    changes: tuple[Change, ...]
    effects: tuple[Effect, ...]


def make_plan(config: Config, db: Database, now: datetime, progress: Callable[[int, int], None] | None = None) -> Plan:
    """Rehearse the configuration, and hold every stored entry against the rules that it would change."""
    changes, stale = rehearse(db, declared(config), now)
    renamed = {change.slug: change.detail.removeprefix("from ") for change in changes if change.what == "renamed"}
    effects = _effects(config, db, stale, renamed, progress)
    return Plan(changes=tuple(changes), effects=effects)


def _effects(
    config: Config, db: Database, stale: list[str], renamed: dict[str, str], progress: Callable[[int, int], None] | None
) -> tuple[Effect, ...]:
    rules = Rules(topic for topic in config.topics if topic.slug in stale)
    gained: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    declared_now = {row.source.slug: row.source for row in config.sources}
    formerly = {old: row.source for row in config.sources for old in row.formerly}
    after, total = 0, reading.newest_entry(db)
    names = {renamed.get(topic.slug, topic.slug): topic.slug for topic in rules}
    while rules and (batch := reading.entries_after(db, after, _BATCH)):
        keys = [one.key for one in batch]
        filed = reading.open_filings(db, keys, list(names))
        pinned = pinned_in(db, keys, list(names))
        for one in batch:
            origin = one.source_slug
            source = declared_now.get(origin) or formerly.get(origin) or reading.source_named(db, origin)
            told = Told(published=one.published)
            matched = {filing.topic for filing in judge(rules, one.entry, source, one.meaning, told)}
            for slug, is_in in pinned.get(one.key, {}).items():
                (matched.add if is_in else matched.discard)(names[slug])
            held = {names[slug] for slug in filed.get(one.key, ())}
            gained.update(matched - held)
            lost.update(held - matched)
        after = batch[-1].key
        if progress:
            progress(after, max(after, total))
    return tuple(Effect(topic=topic.slug, gained=gained[topic.slug], lost=lost[topic.slug]) for topic in rules)
