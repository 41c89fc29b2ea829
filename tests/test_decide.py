"""What one poll changes: entries, dates, validators, the way to a new address, and a line for the journal."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.decide import date_of, decide
from aggregator.topics.compiling import Topic, compile_topic
from feeds.identity import fingerprint
from feeds.model import (
    Answer,
    Document,
    Entry,
    Fetched,
    Head,
    Outcome,
    Validators,
)
from storage.model import Claim, DateNote, Decision, Known, KnownEntry
from storage.state_model import State
from tests.fakes import NOON, make_entry, make_source

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
URL = "https://news.example/feed"
OLD = Validators(url=URL, etag='"old"', last_modified="Mon", body_hash="old")
NEW = Validators(url=URL, etag='"new"', last_modified="Tue", body_hash="new")
ANSWER = Answer(status=200, url=URL, size=321)
FETCHED = Fetched(answer=ANSWER, body=b"x", validators=NEW)
HEAD = Head(title="News", updated=NOON - DAY)


def make_claim(**state: object) -> Claim:
    """A claim on a source that was fine so far."""
    before = dataclasses.replace(State(next_poll_at=NOON, validators=OLD), **state)  # type: ignore[arg-type]
    return Claim(source_id=1, source=make_source(url=URL), declared_url=URL, state=before, owner="me")


def held(entry: Entry, key: int = 7, note: DateNote = "", published: datetime = NOON - 2 * DAY) -> KnownEntry:
    """An entry as the store holds it since two days ago."""
    return KnownEntry(
        key=key, fingerprint=fingerprint(entry), published=published, published_note=note,
        published_claimed=entry.published, updated=published, updated_claimed=entry.updated,
    )  # fmt: skip


def decided(
    *entries: Entry,
    known: Known | None = None,
    outcome: Outcome = FETCHED,
    topics: tuple[Topic, ...] = (),
    now: datetime = NOON,
) -> Decision:
    """What a poll decides that brought these entries."""
    return decide(make_claim(), outcome, Document(head=HEAD, entries=entries), known or Known(), topics, now)


def without_document(outcome: Outcome, **state: object) -> Decision:
    """What a poll decides that brought no document."""
    return decide(make_claim(**state), outcome, None, Known(), (), NOON, 12)


# --- Entries -------------------------------------------------------------------------------------------------


def test_entries_are_new_changed_or_the_same() -> None:
    """I-07: an unknown id is new, a known one with other words is changed under its key, one with the same is neither."""
    same, before, after = make_entry(id="same"), make_entry(id="edit"), make_entry(id="edit", title="Another title")
    decision = decided(
        same, after, make_entry(id="new"), known=Known(entries={"same": held(same), "edit": held(before, key=8)})
    )

    assert [(one.entry.id, one.key) for one in decision.new] == [("new", None)]
    assert [(one.entry.id, one.key) for one in decision.changed] == [("edit", 8)]
    assert decision.changed[0].fingerprint == fingerprint(after) != fingerprint(before)


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Other"}, {"summary": "<p>Other</p>"}, {"content": "<p>Other</p>"}, {"link": "https://news.example/2"},
        {"authors": ("Ann",)}, {"categories": ("Defence",)},
    ],
)  # fmt: skip
def test_what_counts_as_an_edit(change: dict[str, object]) -> None:
    """I-07: title, summary, content, link, authors and categories make an edit."""
    assert len(decided(make_entry(**change), known=Known(entries={"1": held(make_entry())})).changed) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"title": "  A \n title "}, {"link": "https://NEWS.example/1?utm_source=feed"}, {"updated": NOON}, {"lang": "en"},
        {"published": NOON - HOUR},
    ],
)  # fmt: skip
def test_what_is_no_edit(change: dict[str, object]) -> None:
    """I-08, I-09: white space, tracking parameters and a date that was only bumped change nothing."""
    assert decided(make_entry(**change), known=Known(entries={"1": held(make_entry())})).changed == ()


def test_what_was_removed_stays_away() -> None:
    """I-12: an id that was seen once and whose entry is gone here does not return as new."""
    decision = decided(make_entry(id="gone"), make_entry(id="new"), known=Known(seen=frozenset({"gone", "other"})))

    assert [one.entry.id for one in decision.new] == ["new"]


def test_what_left_the_feed_is_left_alone() -> None:
    """I-12: an entry that the document no longer holds is not mentioned in the decision."""
    decision = decided(known=Known(entries={"1": held(make_entry())}))

    assert (decision.new, decision.changed) == ((), ())


def test_entries_are_judged_and_signed() -> None:
    """Each new or changed entry carries the topics that it belongs to and its authors, but not the outlet as an author."""
    topics = (compile_topic("uav", "UAVs", "drone*"), compile_topic("sea", "Sea", "ship*"))
    entry = make_entry(title="Drones", authors=("By Ann Smith", "NEWS"))
    new = decided(entry, topics=topics).new[0]
    changed = decided(entry, topics=topics, known=Known(entries={"1": held(make_entry())})).changed[0]

    for one in (new, changed):
        assert [filing.topic for filing in one.filings] == ["uav"]
        assert [byline.name for byline in one.bylines] == ["Ann Smith"]
        assert dataclasses.replace(one.entry, public_id="") == entry


def test_an_entry_keeps_its_lasting_id() -> None:
    """A-01, A-02: an id that is an IRI is lasting; another is minted from the declared address, wherever we ask now."""
    moved = dataclasses.replace(make_claim(), source=make_source(url="https://new.example/feed"))
    entries = (make_entry(id="tag:news.example,2026:1"), make_entry(id="17"))
    here, there = (
        decide(claim, FETCHED, Document(head=HEAD, entries=entries), Known(), (), NOON)
        for claim in (make_claim(), moved)
    )

    assert here.new[0].entry.public_id == "tag:news.example,2026:1"
    assert here.new[1].entry.public_id.startswith("urn:uuid:")
    assert [one.entry.public_id for one in here.new] == [one.entry.public_id for one in there.new]


# --- Dates ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "of_feed", "date", "note"),
    [
        ({"published": NOON - DAY}, NOON, NOON - DAY, ""),
        ({"published": NOON - DAY, "updated": NOON}, NOON, NOON - DAY, ""),
        ({"updated": NOON - HOUR}, NOON, NOON - HOUR, ""),
        ({}, NOON - HOUR, NOON - HOUR, "missing"),
        ({}, NOON + HOUR, NOON, "missing"),
        ({}, datetime(1980, 1, 1, tzinfo=UTC), NOON, "missing"),
        ({}, None, NOON, "missing"),
        ({"published": NOON + 24 * HOUR}, None, NOON + 24 * HOUR, ""),
        ({"published": NOON + 24 * HOUR + timedelta(seconds=1)}, None, NOON, "future"),
        ({"published": datetime(2106, 2, 7, tzinfo=UTC), "updated": NOON - DAY}, None, NOON, "future"),
        ({"published": datetime(1970, 1, 1, tzinfo=UTC)}, None, NOON, "implausible"),
        ({"published": datetime(1, 1, 1, tzinfo=UTC)}, None, NOON, "implausible"),
        ({"published": datetime(1989, 12, 31, tzinfo=UTC)}, None, NOON, "implausible"),
        ({"published": datetime(1990, 1, 1, tzinfo=UTC)}, None, datetime(1990, 1, 1, tzinfo=UTC), ""),
    ],
)
def test_the_date_of_an_entry(
    said: dict[str, datetime], of_feed: datetime | None, date: datetime, note: DateNote
) -> None:
    """I-10, I-11: its own date, else its updated, else the feed's, else now; what cannot be is first seen, and flagged."""
    assert date_of(make_entry(**said), of_feed, NOON) == (date, note)


def test_a_new_entry_without_dates_is_dated_by_its_feed() -> None:
    """I-10: the feed's own date serves where an entry has none; the entry's words stay as they came."""
    new = decided(make_entry()).new[0]

    assert (new.published, new.published_note, new.updated) == (NOON - DAY, "missing", NOON - DAY)
    assert new.entry.published is None


def test_a_guessed_date_stays() -> None:
    """I-10: an entry without a date keeps the time of its first sight when the feed is read or the entry edited later."""
    known = Known(entries={"1": held(make_entry(), note="missing")})
    edited = decided(make_entry(title="Edited"), known=known, now=NOON + HOUR).changed[0]

    assert (edited.published, edited.published_note) == (NOON - 2 * DAY, "missing")
    assert decided(make_entry(), known=known, now=NOON + HOUR).changed == ()


def test_a_date_in_the_future_stays_where_it_was_put() -> None:
    """I-11: what claimed to come from the future keeps its first sight, also once that future has come."""
    claimed = make_entry(published=NOON - HOUR)
    known = Known(entries={"1": held(claimed, note="future")})
    edited = decided(dataclasses.replace(claimed, title="Edited"), known=known).changed[0]

    assert (edited.published, edited.published_note) == (NOON - 2 * DAY, "future")


def test_an_edit_keeps_the_published_date() -> None:
    """I-09: an edit with a newer `updated` does not move the entry."""
    before = make_entry(published=NOON - 3 * DAY)
    edited = dataclasses.replace(before, title="Edited", updated=NOON - HOUR)
    changed = decided(edited, known=Known(entries={"1": held(before)})).changed[0]

    assert (changed.published, changed.updated) == (NOON - 2 * DAY, NOON - HOUR)


@pytest.mark.parametrize(
    ("claimed", "published", "note"),
    [
        (NOON - 5 * DAY, NOON - 5 * DAY, ""),
        (NOON + 3 * DAY, NOON - 2 * DAY, "missing"),
        (datetime(1970, 1, 1, tzinfo=UTC), NOON - 2 * DAY, "missing"),
        (None, NOON - 2 * DAY, "missing"),
    ],
)
def test_a_publisher_may_correct_a_date(claimed: datetime | None, published: datetime, note: DateNote) -> None:
    """I-09: a date that the publisher itself changed is taken over, unless it is no better than what we have."""
    known = Known(entries={"1": held(make_entry(), note="missing")})
    changed = decided(make_entry(title="Edited", published=claimed), known=known).changed[0]

    assert (changed.published, changed.published_note) == (published, note)


@pytest.mark.parametrize(
    ("said", "updated"),
    [
        (None, NOON), (NOON - HOUR, NOON - HOUR), (NOON - 9 * DAY, NOON), (NOON + HOUR, NOON), (NOON, NOON),
    ],
)  # fmt: skip
def test_an_edit_is_dated(said: datetime | None, updated: datetime) -> None:
    """I-07: an edit is as new as the publisher says, if that is later than before and not in the future; else now."""
    known = Known(entries={"1": held(make_entry())})

    assert decided(make_entry(title="Edited", updated=said), known=known).changed[0].updated == updated


def test_updated_is_never_before_published() -> None:
    """A date in the publisher's near future is not older than the update that brought it."""
    soon = NOON + HOUR
    new = decided(make_entry(published=soon, updated=NOON - DAY)).new[0]
    known = Known(entries={"1": held(make_entry())})
    changed = decided(make_entry(title="Edited", published=soon), known=known).changed[0]

    assert new.updated == new.published == soon
    assert changed.updated == changed.published == soon
