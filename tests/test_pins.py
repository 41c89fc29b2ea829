"""A person's last word: what is pinned stays as it is pinned, and what is unpinned is the rule's again, at once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from aggregator.pinning import NotPinnedError, Wish, pin, unpin
from aggregator.planning import make_plan
from aggregator.prepare import prepare
from aggregator.refiling import refile_waiting
from storage import reading, transfer
from storage.database import Database, open_database
from storage.meaning import remember
from storage.model import Filing, Judged, Kept, Meaning
from storage.pinning import EditedError, drop_pin
from storage.pins import list_pins
from storage.recording import write_again
from storage.schema import filings, pins
from tests.fakes import NOON, Clock, make_entry, take, write_config

BEFORE = """
settings: {base_url: 'https://h.example'}
sources:
  - {url: "https://news.example/feed", slug: news, name: News}
topics:
  air: {title: Air, query: "helicopter*"}
  sea: {title: Sea, query: "frigate*"}
"""
TITLES = ["Helicopters over the sea", "A frigate", "Neither of them"]


class Desk:
    """A store with a configuration, three entries, and a clock."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.db, self.folder, self.clock = db, folder, Clock()
        self.load(BEFORE)
        self.say(*TITLES)

    def load(self, text: str) -> None:
        """Go on by this configuration, everything filed by its rules."""
        self.config = write_config(self.folder, text)
        prepare(self.config, self.db, self.clock())
        refile_waiting(self.db, self.config.topics, self.clock, owner="test")

    def say(self, *titles: str) -> None:
        """Let the source list entries with these titles: 1, 2, 3."""
        entries = [
            make_entry(id=f"e{n}", title=title, link=f"https://news.example/{n}") for n, title in enumerate(titles, 1)
        ]
        take(self.db, entries, topics=self.config.topics, now=self.clock.forward(minutes=5))

    def pin(self, entry: int | str, topic: str, **said: object) -> None:
        """Pin it."""
        wish = Wish(entry=str(entry), topic=topic, **said)  # type: ignore[arg-type]
        pin(self.db, self.config.topics, wish, self.clock.forward(minutes=1))

    def unpin(self, entry: int | str, topic: str) -> None:
        """Leave it to the rule."""
        unpin(self.db, self.config.topics, str(entry), topic, self.clock.forward(minutes=1))

    def on(self, topic: str, *, announced: bool = False) -> list[str]:
        """The titles on a topic's page, the last arrival first; `announced` in its feeds."""
        return [one.entry.title for one in reading.page(self.db, "topics", topic, limit=9, announced=announced)]

    def kept(self, title: str) -> Kept:
        """An entry by its title."""
        return next(one for one in reading.entries_after(self.db, 0, 9) if one.entry.title == title)


@pytest.fixture
def desk(db: Database, tmp_path: Path) -> Desk:
    """Three entries: one of the topic air, one of sea, one of neither."""
    return Desk(db, tmp_path)


def test_an_entry_is_pinned_in_and_unpinned(desk: Desk) -> None:
    """What the rule does not ask for is in the topic while it is pinned, and says so; unpinned it is out at once."""
    desk.pin("e3", "air", because="a  helicopter\nis \x1bin the picture", by="Ada")
    assert desk.on("air") == ["Neither of them", "Helicopters over the sea"]
    (why,) = desk.kept("Neither of them").filings
    assert why.pinned is not None
    assert (why.rule_version, why.spans) == ("", ())
    assert why.pinned.told == "by Ada on 2026-11-24: a helicopter is in the picture"

    desk.unpin("e3", "air")
    assert desk.on("air") == ["Helicopters over the sea"]
    assert list_pins(desk.db) == []


def test_an_entry_is_kept_out_and_comes_back(desk: Desk) -> None:
    """What the rule asks for is out while it is pinned out; unpinned it is back, news if it was news before."""
    desk.pin("e1", "air", is_in=False, because="an advertisement")
    assert desk.on("air") == []
    (said,) = desk.kept("Helicopters over the sea").pins
    assert said.told == "kept out by the operator on 2026-11-24: an advertisement"

    desk.unpin("e1", "air")
    assert desk.on("air", announced=True) == ["Helicopters over the sea"]
    (why,) = desk.kept("Helicopters over the sea").filings
    assert ([span.term for span in why.spans], why.pinned) == (["helicopter*"], None)


def test_words_that_match_stand_beside_a_pin(desk: Desk) -> None:
    """An entry that the rule asks for anyway keeps its words, its place and its standing as news."""
    before = desk.kept("Helicopters over the sea").filings
    desk.pin("e1", "air")
    (why,) = desk.kept("Helicopters over the sea").filings

    assert (why.spans, why.announced, why.opened_at) == (before[0].spans, True, before[0].opened_at)
    assert why.pinned is not None


def test_pinned_in_is_not_news_unless_it_is_announced(desk: Desk) -> None:
    """A pin puts an entry on the page; into the feeds only where it was asked for, then at the end of the line."""
    desk.pin("e2", "air")
    desk.pin("e3", "air", announced=True)
    assert desk.on("air", announced=True) == ["Neither of them", "Helicopters over the sea"]

    desk.pin("e2", "air", announced=True)
    assert desk.on("air", announced=True) == ["A frigate", "Neither of them", "Helicopters over the sea"]
    assert transfer.check(desk.db) == []


def test_the_last_word_counts(desk: Desk) -> None:
    """A second pin on the same entry and topic takes the place of the first."""
    desk.pin("e1", "air", is_in=False)
    desk.pin("e1", "air", because="after all")

    assert desk.on("air") == ["Helicopters over the sea"]
    assert [(one.is_in, one.said.because) for one in list_pins(desk.db, "air")] == [(True, "after all")]


def pinned(desk: Desk) -> None:
    """One entry pinned out of air that its rule asks for, one pinned in that it does not ask for."""
    desk.pin("e1", "air", is_in=False)
    desk.pin("e3", "air")


def test_pins_outlive_edits(desk: Desk) -> None:
    """An entry that its publisher edits stays in, and out, whichever way its words change."""
    pinned(desk)
    desk.say("More helicopters", "A helicopter, not a frigate", "Nothing still")
    assert desk.on("air") == ["A helicopter, not a frigate", "Nothing still"]

    desk.say("More helicopters", "A helicopter, not a frigate", "A helicopter at last")
    (why,) = desk.kept("A helicopter at last").filings
    assert [span.term for span in why.spans] == ["helicopter*"]
    assert why.pinned is not None


def test_pins_outlive_rules(desk: Desk) -> None:
    """A rule that is re-run over history moves what is not pinned only."""
    pinned(desk)
    desk.load(BEFORE.replace('"helicopter*"', '"frigate* OR over"'))
    assert sorted(desk.on("air")) == ["A frigate", "Neither of them"]

    desk.load(BEFORE.replace('"helicopter*"', '"nowhere"'))
    assert desk.on("air") == ["Neither of them"]


def test_pins_outlive_a_topic_that_goes_and_returns(desk: Desk) -> None:
    """While a topic is retired its entries may be edited; when it is back, what was pinned is as it was pinned."""
    pinned(desk)
    desk.load(BEFORE.replace('  air: {title: Air, query: "helicopter*"}\n', ""))
    desk.say("Helicopters again", "A helicopter", "Neither still")
    assert desk.kept("Neither still").filings == ()
    assert desk.kept("Neither still").pins == ()

    desk.load(BEFORE)
    assert sorted(desk.on("air")) == ["A helicopter", "Neither still"]


def test_pins_follow_a_topic_to_another_name(desk: Desk) -> None:
    """A renamed topic keeps its pins, under its new slug, and its old name still finds them."""
    pinned(desk)
    desk.load(BEFORE.replace("  air: {", "  aviation: {formerly: [air], "))
    assert desk.on("aviation") == ["Neither of them"]
    assert [(one.topic, one.is_in) for one in list_pins(desk.db)] == [("aviation", True), ("aviation", False)]

    desk.unpin("e1", "air")
    assert sorted(desk.on("aviation")) == ["Helicopters over the sea", "Neither of them"]


def test_pins_outlive_judging_anew(desk: Desk) -> None:
    """Neither another language or place nor a page that was read meanwhile moves what is pinned."""
    pinned(desk)
    clock = desk.clock
    held = reading.entries_after(desk.db, 0, 9)
    assert remember(desk.db, [(one.key, one.fingerprint, Meaning(language="kk")) for one in held], clock()) == 3
    assert desk.on("air") == ["Neither of them"]

    with desk.db.write() as connection:
        for one in held:
            by_rule = (Filing(topic="air", rule_version="x"),) if one.entry.id == "e1" else ()
            again = Judged(
                entry=one.entry, fingerprint=one.fingerprint, published=one.published, published_note="",
                updated=one.updated, filings=by_rule, bylines=(), key=one.key,
            )  # fmt: skip
            assert write_again(connection, again, clock(), sign=False)
    assert desk.on("air") == ["Neither of them"]


@pytest.mark.parametrize("entry", ["e1", "e3"])
def test_a_pin_that_does_not_hold_is_found(desk: Desk, entry: str) -> None:
    """`db check` tells of an entry that is not where it is pinned."""
    pinned(desk)
    assert transfer.check(desk.db) == []
    key = next(one.key for one in reading.entries_after(desk.db, 0, 9) if one.entry.id == entry)
    with desk.db.write() as connection:
        connection.execute(update(pins).where(pins.c.entry_id == key).values(is_in=entry == "e1"))

    assert transfer.check(desk.db) == [
        f"the entry {key} is not where it is pinned, in or out of the topic air: pin it again"
    ]


def test_pins_are_copied(desk: Desk, tmp_path: Path) -> None:
    """A copy of the store has the pins, and unpinning there does what it does here."""
    pinned(desk)
    copy = open_database(f"sqlite:///{tmp_path / 'copy.db'}")
    try:
        transfer.copy(desk.db, copy)
        assert list_pins(copy) == list_pins(desk.db)
        unpin(copy, desk.config.topics, "e1", "air", NOON + timedelta(hours=5))
        assert [one.entry.id for one in reading.page(copy, "topics", "air", limit=9)] == ["e1", "e3"]
    finally:
        copy.close()


@pytest.mark.parametrize(
    ("query", "effect"),
    [("frigate*", (1, 0)), ("helicopter* OR neither", (0, 0)), ("nowhere", (0, 0)), ("over OR frigate*", (1, 0))],
)
def test_a_plan_knows_the_pins(desk: Desk, query: str, effect: tuple[int, int]) -> None:
    """What is pinned is neither gained nor lost by a changed rule: the plan says so, and so it comes about."""
    pinned(desk)
    before = len(desk.on("air"))
    config = write_config(desk.folder, BEFORE.replace("helicopter*", query))
    (told,) = make_plan(config, desk.db, desk.clock()).effects
    assert (told.gained, told.lost) == effect

    desk.load(BEFORE.replace("helicopter*", query))
    assert len(desk.on("air")) == before + told.gained - told.lost


def test_a_plan_knows_the_pins_of_a_topic_that_returns(desk: Desk) -> None:
    """A topic that is put back has its pins before it is filed again."""
    pinned(desk)
    desk.load(BEFORE.replace('  air: {title: Air, query: "helicopter*"}\n', ""))
    (told,) = make_plan(write_config(desk.folder, BEFORE), desk.db, desk.clock()).effects

    assert (told.topic, told.gained, told.lost) == ("air", 0, 0)


def test_a_pin_and_an_edit_at_once(desk: Desk) -> None:
    """Where the entry was edited since the rule was asked, the store refuses the old answer, and nothing is changed."""
    desk.pin("e1", "air", is_in=False)
    entry = desk.kept("Helicopters over the sea")
    desk.say("Something else", *TITLES[1:])
    with pytest.raises(EditedError):
        drop_pin(desk.db, "air", entry.key, entry.fingerprint, None, desk.clock())

    assert len(list_pins(desk.db)) == 1
    desk.unpin("e1", "air")
    assert desk.on("air") == []


def test_nothing_is_deleted(desk: Desk) -> None:
    """Pinned out and unpinned, a filing is closed and another opened: the store can tell what was when."""
    desk.pin("e1", "air", is_in=False)
    desk.unpin("e1", "air")
    with desk.db.read() as connection:
        of_it = filings.c.entry_id == desk.kept("Helicopters over the sea").key
        held = connection.execute(select(filings.c.closed_at).where(of_it).order_by(filings.c.id)).scalars().all()

    assert [closed is None for closed in held] == [False, True]
    assert transfer.check(desk.db) == []


@pytest.mark.parametrize(
    ("entry", "topic", "told"),
    [
        ("99", "air", "no entry has the link, id or number 99"),
        ("e1", "ari", "there is no topic ari; did you mean air?"),
        ("e1", "zzz", "there is no topic zzz; `heliograph topics list` has them all"),
        ("air", "e1", "the entry comes first, then the topic: e1 air"),
        ("same", "air", "2 entries go by same: name one by its number"),
    ],
)
def test_what_cannot_be_pinned(desk: Desk, entry: str, topic: str, told: str) -> None:
    """The message says what is not there and what is near."""
    both = [make_entry(id=f"s{n}", title="Same", link="same") for n in range(2)]
    take(desk.db, both, topics=desk.config.topics, now=desk.clock.forward(minutes=5))
    with pytest.raises(NotPinnedError, match=told.replace("?", r"\?")):
        desk.pin(entry, topic)

    assert list_pins(desk.db) == []


def test_what_is_not_pinned_is_not_unpinned(desk: Desk) -> None:
    """Unpinning what nobody pinned says so."""
    with pytest.raises(NotPinnedError, match=r"entry \d is not pinned in air"):
        desk.unpin("e1", "air")


def test_a_reason_has_an_end(desk: Desk) -> None:
    """What a person says stands in every feed: it may not be a book."""
    with pytest.raises(NotPinnedError, match="501 characters"):
        desk.pin("e1", "air", because="x" * 501)


def test_a_rule_does_not_see_another_topics_pins(desk: Desk) -> None:
    """A topic that is built on another by topic: asks for that one's rule: who is pinned there is not in it, nor out of it."""
    pinned(desk)
    desk.load(BEFORE + '  both: {title: Both, query: "topic:air OR topic:sea"}\n')

    assert sorted(desk.on("both")) == ["A frigate", "Helicopters over the sea"]
    assert desk.on("air") == ["Neither of them"]
