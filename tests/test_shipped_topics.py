"""The 25 topics of the shipped feeds.yaml do what their own examples say.

Every example is invented. What the topics catch in real feeds is bounded where those are at hand.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from aggregator.config import Config, load_config
from aggregator.examples import Outcome, try_examples

ROOT = Path(__file__).parent.parent


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
