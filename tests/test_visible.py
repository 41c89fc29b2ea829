"""What an output may show of an entry: one question, asked by every output."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from aggregator.visible import Viewer, visible
from feeds.model import Author, Enclosure, Entry, Head, Republish
from storage.model import Kept
from tests.fakes import NOON, make_entry

SOON = timedelta(seconds=1)
ENTRY = make_entry(
    public_id="urn:uuid:1", summary="<p>Short <b>words</b>.</p>", content="<p>All the words.</p>", text="All the words.",
    authors=(Author(name="Ann", url="https://news.example/ann", bio="Writes."),), categories=("Defence",), lang="en",
    enclosures=(Enclosure(url="https://news.example/a.mp3"),), source=Head(title="Inner"), published=NOON - timedelta(days=9),
)  # fmt: skip


def make_kept(entry: Entry = ENTRY, **said: Any) -> Kept:
    """An entry as the store kept it."""
    stamps = {"published": NOON, "updated": NOON + SOON, "first_seen": NOON, "published_note": "", "revisions": 0}
    return Kept(
        **{"key": 1, "entry": entry, "source_slug": "news", "source_name": "News", "republish": None, **stamps, **said}
    )


def shown(kept: Kept, policy: Republish = "summary") -> Entry:
    """The entry as anybody may see it."""
    found = visible(kept, Viewer(policy=policy), NOON)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("of_source", "of_viewer", "expected"),
    [
        (None, "full", "full"), (None, "summary", "summary"), (None, "headline", "headline"),
        ("full", "headline", "full"), ("headline", "full", "headline"), ("summary", "full", "summary"),
    ],
)  # fmt: skip
def test_the_policy_of_the_source_holds(of_source: Republish | None, of_viewer: Republish, expected: str) -> None:
    """A-09: what a source allows decides; the general setting holds where the source says nothing."""
    found = shown(make_kept(republish=of_source), of_viewer)

    assert bool(found.content) is (expected == "full")
    assert bool(found.text) is (expected == "full")
    assert bool(found.summary) is (expected != "headline")


def test_summaries_are_the_rule() -> None:
    """A viewer of whom nothing is known sees summaries."""
    assert Viewer().policy == "summary"


@pytest.mark.parametrize("policy", ["full", "summary", "headline"])
def test_what_is_always_shown(policy: Republish) -> None:
    """Title, link, lasting id, authors and source are shown under every policy, with the dates that we publish."""
    found = shown(make_kept(), policy)

    for field in ("id", "public_id", "title", "link", "authors", "categories", "enclosures", "source", "lang"):
        assert getattr(found, field) == getattr(ENTRY, field)
    assert (found.published, found.updated) == (NOON, NOON + SOON)


def test_full_text_is_passed_on_as_it_is() -> None:
    """Under the policy "full" no word of the publisher's is changed."""
    found = shown(make_kept(), "full")

    assert (found.summary, found.content, found.text) == (ENTRY.summary, ENTRY.content, ENTRY.text)


def test_a_summary_is_plain_words() -> None:
    """A summary passes on words without markup, escaped, so that "<" stays what it was."""
    assert shown(make_kept()).summary == "Short words."
    assert (
        shown(make_kept(make_entry(summary="<p>5 &lt; 6 &amp; more</p><p>End</p>"))).summary
        == "5 &lt; 6 &amp; more End"
    )
    assert shown(make_kept(make_entry(summary=""))).summary == ""


def test_a_long_summary_is_cut_at_a_word() -> None:
    """A summary is five hundred characters at most, ends with a whole word and says that it goes on."""
    words = [f"word{number}" for number in range(200)]
    found = shown(make_kept(make_entry(summary=f"<p>{' '.join(words)}</p>"))).summary

    assert len(found) <= 502
    assert found.endswith(" …")
    assert found.removesuffix(" …").split() == words[: len(found.split()) - 1]


@pytest.mark.parametrize(("letters", "expected"), [("国" * 500, "国" * 500), ("国" * 501, "国" * 500 + " …")])
def test_a_script_without_spaces_is_cut_at_a_character(letters: str, expected: str) -> None:
    """A long summary without a space is cut all the same, and not emptied."""
    assert shown(make_kept(make_entry(summary=letters))).summary == expected


def test_no_punctuation_hangs_at_the_cut() -> None:
    """A cut after a comma or a dash does not leave it standing."""
    summary = "a" * 490 + ", — " + "b" * 100

    assert shown(make_kept(make_entry(summary=summary))).summary == "a" * 490 + " …"


@pytest.mark.parametrize(
    ("hidden_at", "is_shown"), [(None, True), (NOON - SOON, False), (NOON, False), (NOON + SOON, True)]
)
def test_what_is_hidden_is_not_shown(hidden_at: Any, is_shown: bool) -> None:
    """An entry is hidden from the moment that says so on, to everybody."""
    found = visible(make_kept(hidden_at=hidden_at, republish="full"), Viewer(policy="full"), NOON)

    assert (found is not None) is is_shown
