"""What is taken out of our feeds: retracted, erased, withdrawn by its publisher; graves and their places."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select, text

from storage import graves, reading, retracting
from storage.database import Database
from storage.model import Output, OutputKind
from storage.schema import authors, entries, revisions, seen
from tests.fakes import NOON, Clock, Page, Publisher, declare, item, make_hands, make_source, poll_all, rss
from tests.test_tombstones import atom, stone, told

URL = "https://news.example/feed"
SECRET = "quagmirelessness"
TOPICS = {"quays": "quay*", "ships": "ship*"}


def build(db: Database, *items: str) -> tuple[Publisher, Clock]:
    """A store that polled a feed of these items under two topics."""
    publisher, clock = Publisher({URL: Page(rss(*items))}), Clock()
    topics = declare(db, make_source(), topics=TOPICS)
    hands = make_hands(db, publisher, topics, clock)
    poll_all(hands)
    return publisher, clock


def entry(number: int, words: str, author: str = "Nora Quill") -> str:
    """An item with an author."""
    return item(number, title=f"Entry {number}", body=words, extra=f"<dc:creator>{author}</dc:creator>")


def out(db: Database, kind: OutputKind, slug: str = "") -> Output:
    """A feed of ours."""
    found = reading.output(db, kind, slug)
    assert found is not None
    return found


def keys(db: Database, kind: OutputKind, slug: str = "") -> list[int]:
    """The entries of a feed."""
    return [one.key for one in reading.page(db, kind, slug, limit=20)]


FEEDS: tuple[tuple[OutputKind, str], ...] = (
    ("all", ""), ("sources", "news"), ("topics", "quays"), ("authors", "nora-quill"),
)  # fmt: skip


def test_retracting_hides_everywhere(db: Database) -> None:
    """A-08: a retracted entry leaves every feed, each of which has a new revision and its tombstone."""
    build(db, entry(1, "A quay."), entry(2, "Another quay."))
    before = {feed: out(db, *feed).revision for feed in FEEDS}

    assert retracting.retract(db, [1], "The author asked for it", NOON) == [1]

    for feed in FEEDS:
        assert keys(db, *feed) == [2], feed
        assert out(db, *feed).revision > before[feed]
        (grave,) = graves.graves_since(db, out(db, *feed), 0, 10)
        assert (grave.at, grave.comment) == (NOON, "The author asked for it")
    assert graves.graves_since(db, out(db, "topics", "ships"), 0, 10) == []
    assert retracting.retract(db, [1], "Again", NOON) == []


def test_a_retracted_entry_stays_away(db: Database) -> None:
    """I-12: what was retracted does not return with the next poll, edited or not; restored, it stands where it stood."""
    publisher, clock = build(db, entry(1, "A quay."), entry(2, "Another quay."))
    retracting.retract(db, [1], "Wrong figures", NOON)
    publisher.pages[URL] = Page(rss(entry(1, "A better quay."), entry(2, "Another quay.")))
    clock.now = NOON.replace(day=25)
    hands = make_hands(db, publisher, declare(db, make_source(), topics=TOPICS), clock)
    poll_all(hands, explicit=True)
    assert keys(db, "topics", "quays") == [2]

    assert retracting.restore(db, [1], NOON) == [1]
    assert keys(db, "topics", "quays") == [2, 1]
    assert graves.graves_since(db, out(db, "all"), 0, 10) == []


def test_tombstones_scroll_with_the_feed(db: Database) -> None:
    """A grave has a place in the feed's order of arrival: one that lies before the oldest entry shown is shown no more."""
    build(db, entry(1, "A quay."), entry(2, "Another quay."))
    retracting.retract(db, [1], "Wrong", NOON)
    place = out(db, "topics", "quays")
    assert len(graves.graves_since(db, place, 2, 10)) == 1
    assert graves.graves_since(db, place, 3, 10) == []


def test_an_id_that_another_source_shows_has_no_tombstone(db: Database) -> None:
    """I-01: two sources hold one id; retracting the entry of one does not make readers remove that of the other."""
    page = Page(rss(item(1, guid="tag:a.example,2026:1")))
    publisher = Publisher({URL: page, "https://other.example/feed": page})
    other = make_source(slug="other", url="https://other.example/feed")
    poll_all(make_hands(db, publisher, declare(db, make_source(), other), Clock()))
    retracting.retract(db, [1], "Wrong", NOON)
    assert graves.graves_since(db, out(db, "all"), 0, 10) == []
    retracting.retract(db, [2], "Wrong too", NOON)
    assert [one.id for one in graves.graves_since(db, out(db, "all"), 0, 10)] == ["tag:a.example,2026:1"]


def test_erasing_leaves_no_word(db: Database, tmp_path: Path) -> None:
    """I-12: an erased entry is gone with its revisions, its author and its words in every file; its id stays seen."""
    first, edited = entry(1, f"A quay of {SECRET}.", "Solo Scribe"), entry(1, f"A quay, {SECRET} again.", "Solo Scribe")
    publisher, clock = build(db, first, entry(2, "A quay."))
    publisher.pages[URL] = Page(rss(edited, entry(2, "A quay.")))
    clock.now = NOON.replace(day=25)
    hands = make_hands(db, publisher, declare(db, make_source(), topics=TOPICS), clock)
    poll_all(hands, explicit=True)
    (held,) = reading.entries_of(db, [1])
    public_id, edits = held.entry.public_id, held.revisions
    assert edits == 1

    assert retracting.erase(db, [1], "A court says so", NOON) == [1]

    with db.read() as connection:
        assert connection.execute(select(revisions.c.id)).all() == []
        assert connection.execute(select(entries.c.id)).scalars().all() == [2]
        assert connection.execute(select(authors.c.name)).scalars().all() == ["Nora Quill"]
        assert len(connection.execute(select(seen.c.key)).all()) == 2
        (grave,) = graves.graves_since(db, out(db, "topics", "quays"), 0, 10)
        assert (grave.id, grave.comment) == (public_id, "A court says so")
    if db.engine.dialect.name == "sqlite":
        words = b"".join(one.read_bytes() for one in tmp_path.iterdir() if ".db" in one.name)
        assert SECRET.encode() not in words
        assert b"Entry 2" in words
    else:
        with db.read() as connection:
            for table in ("entries", "revisions", "search_words"):
                rows = connection.execute(text(f"SELECT count(*) FROM {table} t WHERE t::text ILIKE '%{SECRET}%'"))
                assert rows.scalar_one() == 0
    clock.now = NOON.replace(day=26)
    poll_all(hands, explicit=True)
    assert keys(db, "all") == [2]


def test_erasing_twice_is_erasing_once(db: Database) -> None:
    """What is gone cannot be erased again, and nothing else is."""
    build(db, entry(1, "A quay."), entry(2, "A ship."))
    assert retracting.erase(db, [1], "Because", NOON) == [1]
    assert retracting.erase(db, [1], "Because", NOON) == []
    assert keys(db, "all") == [2]


@pytest.mark.parametrize("feed", FEEDS)
def test_a_publishers_tombstone_is_ours_too(db: Database, feed: tuple[OutputKind, str]) -> None:
    """I-14: an entry that its publisher withdraws leaves a tombstone in our feeds, and none once he lists it again."""
    publisher, clock = Publisher({URL: Page(atom(told(1), told(2)))}), Clock()
    hands = make_hands(db, publisher, declare(db, make_source(), topics={"quays": "bridges"}), clock)
    poll_all(hands)
    publisher.pages[URL] = Page(atom(stone("tag:news.example,2026:1", inner="<at:comment>Wrong</at:comment>"), told(2)))
    clock.now = NOON.replace(day=25)
    poll_all(hands, explicit=True)
    (grave,) = graves.graves_since(db, out(db, *feed), 0, 10)
    assert (grave.id, grave.comment) == ("tag:news.example,2026:1", "Wrong")

    publisher.pages[URL] = Page(atom(told(1, updated="2026-11-25T08:00:00Z"), told(2)))
    clock.now = NOON.replace(day=26)
    poll_all(hands, explicit=True)
    assert graves.graves_since(db, out(db, *feed), 0, 10) == []
