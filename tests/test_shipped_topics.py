"""The 25 topics of the shipped feeds.yaml do what their own examples say.

Every example is invented. Where real feeds are at hand, the topics are held against them, too: few of their entries concern an
analyst of this field, so a topic that catches many of them is too wide.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from aggregator.config import Config, load_config
from aggregator.examples import Outcome, try_examples
from aggregator.meaning import meaning_of
from aggregator.topics.match import judge
from feeds.model import Document
from feeds.parse import parse
from tests.fakes import make_source

ROOT = Path(__file__).parent.parent
REAL = ROOT.parent / "shared" / "corpus" / "real"


@cache
def shipped() -> Config:
    """The shipped configuration, read once."""
    return load_config(ROOT / "feeds.yaml", environment={})


@cache
def outcomes() -> tuple[Outcome, ...]:
    """What became of every example."""
    return tuple(try_examples(shipped(), lambda url: None))


def test_there_is_a_topic_for_each_field_of_work() -> None:
    """There are 25 topics, and each has at least three examples of what it must match and three of what it must not."""
    counts = Counter((one.topic, one.must_match) for one in outcomes())

    assert len(shipped().topics) == 25
    assert [
        key for topic in shipped().topics for key in ((topic.slug, True), (topic.slug, False)) if counts[key] < 3
    ] == []


@pytest.mark.parametrize("slug", [topic.slug for topic in shipped().topics])
def test_topic_does_what_its_examples_say(slug: str) -> None:
    """Every example of the topic is matched, or is not, as it says."""
    mine = [one for one in outcomes() if one.topic == slug]

    assert mine
    assert [(one.must_match, one.number, one.shown, one.words) for one in mine if not one.passed] == []


@pytest.mark.corpus
@pytest.mark.skipif(not REAL.is_dir(), reason="the shared corpus of real feeds is not here")
def test_topics_are_quiet_on_general_news() -> None:
    """Of thousands of entries of general feeds, about one in a hundred is filed, and no topic takes half a percent."""
    entries = 0
    caught: Counter[str] = Counter()
    for file in sorted(REAL.iterdir()):
        document = parse(file.read_bytes(), f"https://feed.example/{file.name}") if file.suffix != ".tsv" else None
        for entry in document.entries if isinstance(document, Document) else ():
            source = make_source(lang=document.head.lang if isinstance(document, Document) else "")
            entries += 1
            caught.update(one.topic for one in judge(shipped().topics, entry, source, meaning_of(entry, source)))

    assert entries > 3_000
    assert 10 < caught.total() < entries / 100
    assert [topic for topic, count in caught.items() if count > entries / 200] == []
