"""A draft's preview, the filing of what arrives and the filing of what is stored give the same entries, for the same words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC
from functools import cache
from pathlib import Path

import pytest

from aggregator.config import Config, load_config
from aggregator.examples import invented
from aggregator.indexing import index_waiting
from aggregator.previewing import preview
from aggregator.refiling import refile_waiting
from aggregator.searching import judged
from aggregator.topics.match import Rules
from feeds.identity import digest
from feeds.model import Document, Entry
from feeds.parse import parse
from storage import reading, upkeep
from storage.database import Database, open_database
from storage.model import SourceRow, Span
from storage.upkeep import Declared
from tests.fakes import NOON, make_source, take

ROOT = Path(__file__).parent.parent
REAL = ROOT.parent / "shared" / "corpus" / "real"
Found = Mapping[str, Mapping[str, tuple[Span, ...]]]
"""The spans by the entry's id, by topic."""


@cache
def shipped() -> Config:
    """The shipped configuration, read once."""
    return load_config(ROOT / "feeds.yaml", environment={})


def examples() -> Iterator[Entry]:
    """Every example of the shipped topics as an entry of a feed."""
    for slug, model in shipped().examples.items():
        for number, example in enumerate((*model.must_match, *model.must_not_match)):
            assert not isinstance(example, str)
            entry = invented(example, {}).entry
            yield replace(entry, id=f"{slug}-{number}", link=entry.link or f"https://news.example/{slug}/{number}")


def real_entries() -> Iterator[Entry]:
    """Every entry of the real feeds, each with an id of its own."""
    for path in sorted(REAL.iterdir()):
        if path.suffix in (".rss", ".atom", ".rdf", ".xml"):
            read = parse(path.read_bytes(), f"https://feed.example/{path.name}")
            for number, entry in enumerate(read.entries if isinstance(read, Document) else ()):
                yield replace(entry, id=digest(path.name, str(number), entry.id))


def arrived(url: str, entries: Sequence[Entry], *, live: bool) -> Database:
    """A store in which these entries arrived: `live` with the topics in force, otherwise before anybody thought of them."""
    db = open_database(url)
    config = shipped()
    sources = [SourceRow(source=make_source(lang="en"))]
    topics = Declared(sources=sources, topics=config.topic_rows)
    upkeep.reconcile(db, topics if live else Declared(sources=sources), NOON)
    refile_waiting(db, config.topics, lambda: NOON, owner="test")
    take(db, entries, topics=config.topics if live else ())
    if not live:
        upkeep.reconcile(db, topics, NOON)
        refile_waiting(db, config.topics, lambda: NOON, owner="test")
    return db


def filed(db: Database) -> Found:
    """What each topic holds."""
    found: dict[str, dict[str, tuple[Span, ...]]] = {}
    for kept in reading.entries_after(db, 0, 100_000):
        for why in kept.filings:
            found.setdefault(why.topic, {})[kept.entry.id] = why.spans
    return found


def previewed(db: Database) -> Found:
    """What each topic's rule would catch as a draft."""
    found: dict[str, dict[str, tuple[Span, ...]]] = {}
    for topic in shipped().topics:
        matches = [match for batch in judged(db, Rules([topic]), NOON, since=NOON) for match in batch.matches]
        if matches:
            found[topic.slug] = {match.candidate.entry.id: match.filings[0].spans for match in matches}
    return found


def check(folder: Path, entries: Sequence[Entry]) -> None:
    """Hold the three ways against one another."""
    with closing(arrived(f"sqlite:///{folder / 'live.db'}", entries, live=True)) as db:
        live = filed(db)
        index_waiting(db)
        drafts = previewed(db)
        told = {topic.slug: preview(db, topic, NOON, days=1, zone=UTC, samples=0).entries for topic in shipped().topics}
    with closing(arrived(f"sqlite:///{folder / 'later.db'}", entries, live=False)) as db:
        again = filed(db)
        announced = any(why.announced for kept in reading.entries_after(db, 0, 100_000) for why in kept.filings)

    assert len(live) == 25
    assert drafts == live
    assert told == {slug: len(held) for slug, held in live.items()}
    assert again == live
    assert not announced


def test_the_three_ways_agree_on_the_examples(tmp_path: Path) -> None:
    """E-03: for all 25 topics, a preview, live filing and the re-run over what is stored find the same, which is no news."""
    check(tmp_path, [*examples()])


@pytest.mark.corpus
@pytest.mark.skipif(not REAL.is_dir(), reason="the shared corpus of real feeds is not here")
def test_the_three_ways_agree_on_real_feeds(tmp_path: Path) -> None:
    """E-03: the same over every third real entry, the examples among them."""
    entries = [*[*real_entries()][::3], *examples()]

    assert len(entries) > 1500
    check(tmp_path, entries)
