from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from aggregator.authors import author_key
from aggregator.topics.compiling import compile_topic
from aggregator.topics.match import judge
from feeds.model import Source
from storage import reading, upkeep
from storage.database import Database
from storage.following import Newcomer, follow
from storage.model import AuthorRow, SourceRow, TopicRow
from storage.upkeep import Declared
from tests.fakes import NOON, declare, make_entry, make_source, take


def put(db: Database, *, sources: list[SourceRow] | None = None, topics: list[TopicRow] | None = None,
        authors: list[AuthorRow] | None = None, hours: int = 1) -> list[str]:  # fmt: skip
    """Reconcile with these; one source by default."""
    rows = [SourceRow(source=make_source())] if sources is None else sources
    declared = Declared(sources=rows, topics=topics or [], authors=authors or [])
    return upkeep.reconcile(db, declared, NOON + timedelta(hours=hours))


def author(slug: str, *names: str, formerly: tuple[str, ...] = ()) -> AuthorRow:
    """An author as the configuration declares one."""
    return AuthorRow(slug=slug, name=names[0], keys=tuple(author_key(name) for name in names), formerly=formerly)


def topic(slug: str, query: str, formerly: tuple[str, ...] = ()) -> TopicRow:
    """A topic as the configuration declares one."""
    version = compile_topic(slug, slug, query).rule_version
    return TopicRow(slug=slug, title=slug.title(), query=query, rule_version=version, formerly=formerly)


def test_a_reload_that_changes_nothing_changes_nothing(db: Database) -> None:
    """The same configuration again renews no feed and moves no schedule."""
    declare(db, make_source(), topics={"air": "helicopter*"})
    before = (reading.followed(db), reading.output(db, "topics", "air"), reading.output(db, "sources", "news"))
    declare(db, make_source(), topics={"air": "helicopter*"}, now=NOON + timedelta(hours=5))

    assert before == (reading.followed(db), reading.output(db, "topics", "air"), reading.output(db, "sources", "news"))


def test_a_removed_source_keeps_its_entries(db: Database) -> None:
    """A source that the file no longer declares is not polled or listed; what it brought stays; it can come back."""
    declare(db, make_source())
    take(db, [make_entry()])
    put(db, sources=[])
    assert reading.followed(db) == []
    assert len(reading.page(db, "all", "", limit=9)) == 1

    put(db, hours=2)
    (back,) = reading.followed(db)
    assert (back.entries, back.state.next_poll_at) == (1, NOON + timedelta(hours=2))


def test_a_new_address_forgets_the_old_ones_validators(db: Database) -> None:
    """F-07: an edited address is asked at once, without validators of the old one."""
    declare(db, make_source())
    take(db, [make_entry()])
    put(db, sources=[SourceRow(source=make_source(url="https://new.example/feed"))])

    (one,) = reading.followed(db)
    assert (one.source.url, one.state.validators.url) == ("https://new.example/feed", "")
    assert one.state.next_poll_at == NOON + timedelta(hours=1)


def test_a_renamed_source_keeps_entries_and_address(db: Database) -> None:
    """`formerly` carries a source's entries to the new slug, and the old address leads there."""
    declare(db, make_source())
    take(db, [make_entry()])
    put(db, sources=[SourceRow(source=make_source(slug="newer"), formerly=("news",))])

    assert len(reading.page(db, "sources", "newer", limit=9)) == 1
    old = reading.output(db, "sources", "news")
    assert old is not None
    assert old.moved_to == "newer"


def test_a_renamed_topic_keeps_its_lasting_id(db: Database) -> None:
    """A topic that was renamed twice is found under both former addresses, with the same feed id."""
    put(db, topics=[topic("one", "helicopter*")])
    first = reading.output(db, "topics", "one")
    put(db, topics=[topic("two", "helicopter*", ("one",))])
    put(db, topics=[topic("three", "helicopter*", ("two", "one"))])

    last = reading.output(db, "topics", "three")
    assert first is not None
    assert last is not None
    assert last.public_id == first.public_id
    assert [getattr(reading.output(db, "topics", old), "moved_to", None) for old in ("one", "two")] == [
        "three",
        "three",
    ]


def test_only_changed_rules_are_filed_again(db: Database) -> None:
    """New topics and topics with another rule are named; a changed title is not a changed rule."""
    assert put(db, topics=[topic("air", "helicopter*")]) == ["air"]
    upkeep.mark_filed(db, {"air": topic("air", "helicopter*").rule_version})
    assert put(db, topics=[topic("air", "helicopter*")]) == []
    assert put(db, topics=[topic("air", "helicopter* OR drone*"), topic("sea", "frigate*")]) == ["air", "sea"]


def test_filing_again_announces_nothing(db: Database) -> None:
    """A rule re-run over history puts entries on pages, not into feeds; one that no longer matches is closed."""
    declared = declare(db, make_source(), topics={"air": "helicopter*"})
    take(db, [make_entry(id="1", title="Helicopter"), make_entry(id="2", title="Drone")], topics=declared)
    put(db, topics=[topic("air", "drone*")])
    rule = compile_topic("air", "air", "drone*")
    held = reading.entries_after(db, 0, 10)
    judged = [(one.key, one.fingerprint, judge([rule], one.entry, make_source())) for one in held]

    assert upkeep.refile(db, judged, ["air"], NOON + timedelta(hours=2)) == 2
    assert [one.entry.id for one in reading.page(db, "topics", "air", limit=9)] == ["2"]
    assert reading.page(db, "topics", "air", limit=9, announced=True) == []


def test_aliases_gather_an_authors_entries(db: Database) -> None:
    """Entries signed in another script before the alias was declared come under the declared author."""
    declare(db, make_source())
    take(db, [make_entry(id="1", authors=["Aibek Toralin"]), make_entry(id="2", authors=["Айбек Торалин"])])
    put(db, authors=[author("aibek", "Aibek Toralin", "Айбек Торалин")])

    assert {one.entry.id for one in reading.page(db, "authors", "aibek", limit=9)} == {"1", "2"}
    for old in ("aibek-toralin", "aybek-toralin"):
        assert getattr(reading.output(db, "authors", old), "moved_to", None) == "aibek"
    assert [one.slug for one in reading.list_authors(db)] == ["aibek"]


def test_a_later_entry_finds_the_alias(db: Database) -> None:
    """An entry that arrives after the alias was declared is the declared author's at once."""
    put(db, authors=[author("aibek", "Aibek Toralin", "Айбек Торалин")], hours=0)
    take(db, [make_entry(authors=["Айбек Торалин"])])

    (kept,) = reading.page(db, "authors", "aibek", limit=9)
    assert [one.name for one in kept.entry.authors] == ["Айбек Торалин"]


def test_an_alias_taken_back_parts_the_entries_again(db: Database) -> None:
    """A name that the file no longer gives to an author is an author of its own again, with its entries."""
    put(db, authors=[author("aibek", "Aibek Toralin", "A. Toralin")], hours=0)
    take(db, [make_entry(id="1", authors=["Aibek Toralin"]), make_entry(id="2", authors=["A. Toralin"])])
    put(db, authors=[author("aibek", "Aibek Toralin")])

    assert [one.entry.id for one in reading.page(db, "authors", "aibek", limit=9)] == ["1"]
    others = [one for one in reading.list_authors(db) if one.slug != "aibek"]
    assert [(one.title, one.entries) for one in others] == [("A. Toralin", 1)]


def test_an_author_who_is_no_longer_declared_is_still_an_author(db: Database) -> None:
    """Taking an author out of the file keeps the author page and its entries."""
    put(db, authors=[author("aibek", "Aibek Toralin")], hours=0)
    take(db, [make_entry(authors=["Aibek Toralin"])])
    put(db, authors=[])

    assert len(reading.page(db, "authors", "aibek", limit=9)) == 1
    assert reading.output(db, "authors", "aibek") is not None


def test_two_people_of_one_slug_get_two_addresses(db: Database) -> None:
    """Names that differ only in script stay two authors, with two slugs."""
    declare(db, make_source())
    take(db, [make_entry(id="1", authors=["Aybek Toralin"]), make_entry(id="2", authors=["Айбек Торалин"])])

    assert sorted(one.slug for one in reading.list_authors(db)) == ["aybek-toralin", "aybek-toralin-2"]


@pytest.mark.parametrize("every", [1, 6])
def test_a_shorter_interval_takes_effect(db: Database, every: int) -> None:
    """A source whose interval was shortened is asked by the new one, not the old plan; a longer one waits for the poll."""
    declare(db, make_source(every=timedelta(hours=3)))
    take(db, [make_entry()])
    planned = reading.followed(db)[0].state.next_poll_at
    put(db, sources=[SourceRow(source=make_source(every=timedelta(hours=every)))], hours=0)

    now_planned = reading.followed(db)[0].state.next_poll_at
    assert now_planned == (NOON + timedelta(hours=1) if every == 1 else planned)


def test_a_source_added_by_command_is_not_the_files(db: Database) -> None:
    """A source from a command survives a reload of the file, and may not live at a private address."""
    put(db)
    follow(db, [Newcomer(source=Source(slug="extra", url="https://extra.example/feed"), due=NOON, reason="new")], NOON)
    put(db, hours=2)

    extra = reading.followed(db)[-1]
    assert (extra.source.slug, extra.origin, extra.source.may_be_private) == ("extra", "command", False)


def test_processes_that_start_at_once_agree(db: Database) -> None:
    """Several processes that reconcile an empty store at the same moment leave one row of everything."""
    declared = Declared(sources=[SourceRow(source=make_source())], topics=[topic("air", "helicopter*")])
    threads = [threading.Thread(target=upkeep.reconcile, args=(db, declared, NOON)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert reading.counts(db) == {"entries": 0, "sources": 1, "topics": 1, "authors": 0}
