"""Entries known again under new ids, and those that are not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aggregator.again import known_again, strangers
from feeds.identity import fingerprint
from feeds.model import Document, Entry, Head
from storage.again import held_by_link
from storage.database import Database
from storage.model import Known, KnownEntry
from tests.fakes import NOON, declare, make_entry, make_source, take

LINK = "https://news.example/1"


def document(*entries: Entry) -> Document:
    """A document of these."""
    return Document(head=Head(), entries=entries)


def held(entry: Entry) -> KnownEntry:
    """What the store knows of an entry."""
    return KnownEntry(
        key=1, fingerprint=fingerprint(entry), published=NOON, published_note="", published_claimed=entry.published,
        updated=NOON, updated_claimed=None,
    )  # fmt: skip


OLD = make_entry(id="old", published=NOON)


@pytest.mark.parametrize(
    ("came", "same"),
    [
        (make_entry(id="new", published=NOON, title="Edited"), True),
        (make_entry(id="new", published=NOON + timedelta(days=1)), True),
        (make_entry(id="new", published=NOON + timedelta(days=1), title="Edited"), False),
        (make_entry(id="new", title="Edited"), False),
        (make_entry(id="new", published=NOON, link="https://news.example/2"), False),
        (make_entry(id="new", published=NOON, link=""), False),
    ],
)
def test_link_and_date_or_link_and_every_word(came: Entry, same: bool) -> None:
    """I-13: an unknown id is a known entry where link and date, or link and every word, are those of one that is held."""
    read, known = known_again(document(came), Known(), {LINK: [("old", held(OLD))]})

    assert (read.entries[0].id, "old" in known.entries) == (("old", True) if same else ("new", False))
    assert any("known again" in note for note in read.notes) is same


def test_a_link_of_several_says_nothing() -> None:
    """I-13: a link that two entries have, in the document or in the store, tells nobody apart."""
    came = make_entry(id="new", published=NOON)
    twice = document(came, make_entry(id="other", published=NOON))

    assert strangers(twice, Known()) == {}
    assert known_again(document(came), Known(), {LINK: [("a", held(OLD)), ("b", held(OLD))]})[0].entries == (came,)


def test_known_and_removed_ids_are_no_strangers() -> None:
    """I-12, I-13: an id that is held, or was removed here on purpose, is never taken for another entry."""
    known = Known(entries={"old": held(OLD)}, seen=frozenset({"gone"}))

    assert strangers(document(OLD), known) == {}
    assert strangers(document(make_entry(id="gone")), known) == {}


def test_the_store_finds_by_link_within_a_source(db: Database) -> None:
    """I-01, I-13: only the source's own entries are found, by exactly their link."""
    declare(db, make_source(), make_source(slug="other", url="https://other.example/feed"))
    take(db, [OLD, make_entry(id="2", link="https://news.example/2")])
    take(db, [make_entry(id="theirs")], slug="other")

    found = held_by_link(db, 1, [LINK, "https://news.example/3"])
    assert {link: [one for one, _ in kept] for link, kept in found.items()} == {LINK: ["old"]}
    assert found[LINK][0][1].published_claimed == NOON
