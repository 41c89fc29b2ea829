"""Feeds that are combined of several: what is in them, in which order, when they change."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, insert, text, update

from aggregator.asking import ENTRIES, Asked, AskedError
from aggregator.combined import Combined, combined_of, combined_output, page
from aggregator.publish import Publisher
from aggregator.settings import CombinedModel
from feeds.model import Document, Entry
from feeds.parse import parse
from storage import combining, namesakes, reading
from storage.combining import Parts
from storage.database import Database, open_database
from storage.model import Kept, Output
from storage.retracting import retract
from storage.schema import bylines, entries
from storage.stretch import Stretch
from tests.fakes import NOON, declare, make_entry, make_source, take, write_config
from tests.test_story_views import told

SOURCES = [make_source(slug=slug, url=f"https://{slug}.example/feed", name=slug.title()) for slug in ("a", "b", "c")]
TOPICS = {"ships": "frigate OR corvette", "air": "helicopter*"}
MORNING = {"topics": ["ships"], "authors": ["ada-ore"], "places": ["central-asia"], "sources": ["c"]}
WORDS = ("frigate", "helicopter", "Kazakhstan", "Bishkek", "Lisbon", "budget")
AUTHORS = ("Ada Ore", "Bo Roe", "")


def combined(**said: object) -> Combined:
    """The definition of a feed, "morning"."""
    return combined_of("morning", CombinedModel.model_validate({**MORNING, **said}))


def entry(number: int, words: str = "budget", author: str = "") -> Entry:
    """An entry that says these words."""
    link = f"https://news.example/{number}"
    return make_entry(
        id=str(number), title=f"{number} {words}", link=link, published=NOON, authors=[author] if author else []
    )


def filled(db: Database, count: int) -> None:
    """A store with so many entries, from three sources in turn, each with words and an author by chance."""
    chance = random.Random(7)
    topics = declare(db, *SOURCES, topics=TOPICS)
    for number in range(count):
        one = entry(number, " ".join(chance.sample(WORDS, 2)), chance.choice(AUTHORS))
        now = NOON + timedelta(minutes=number)
        take(db, [one], topics=topics, slug=chance.choice("abc"), now=now)


def belongs(one: Kept, parts: Parts) -> bool:
    """Whether an entry is in one of the parts, read from what the store tells of it."""
    return bool(
        {why.topic for why in one.filings} & {*parts.topics}
        or {*one.author_slugs} & {*parts.authors}
        or {tag.code for tag in one.places} & {*parts.places}
        or one.source_slug in parts.sources
    )


def ids(kept: list[Kept]) -> list[str]:
    """The ids of entries, in their order."""
    return [one.entry.id for one in kept]


def test_what_is_in_any_part_is_in_it_once(db: Database) -> None:
    """P-02, P-06: page by page, every entry of any part comes once, in the whole store's order of arrival; nothing else."""
    filled(db, 60)
    with db.write() as connection:
        # An embargo that ended gives a later place than the number of an entry.
        for place, key in enumerate((3, 17, 18, 40), 100):
            connection.execute(update(entries).where(entries.c.id == key).values(arrival=place))
        connection.execute(update(entries).where(entries.c.id == 25).values(hidden_at=NOON))
    one = combined()
    everything = [each for each in reading.page(db, "all", "", limit=100) if belongs(each, one.parts)]
    assert 30 < len(everything) < 59, "the test's own data is no test"

    walked: list[Kept] = []
    while found := page(db, one, limit=7, stretch=Stretch(before=walked[-1].arrival if walked else None)):
        walked += found

    assert ids(walked) == ids(everything)
    assert [each.arrival for each in walked] == [each.arrival for each in everything]
    assert ids(page(db, one, limit=7)) == ids(everything[:7])


def test_history_is_on_its_page_and_not_in_its_feed(db: Database) -> None:
    """What was filed over history, or came from archives, is not announced."""
    filled(db, 12)
    with db.write() as connection:
        connection.execute(text("UPDATE filings SET announced = false"))
        connection.execute(update(entries).where(entries.c.id < 4).values(announced=False))
    one = combined(topics=["ships"], authors=[], places=[], sources=["c"])
    news = page(db, one, limit=99, announced=True)
    whole = page(db, one, limit=99)

    assert {each.source_slug for each in news} == {"c"}
    assert all(each.key > 3 and each.is_news for each in news)
    assert [each.key for each in whole if each.is_news] == [each.key for each in news]
    assert len(whole) > len(news)


def test_a_source_has_no_more_than_the_cap(db: Database) -> None:
    """With a cap the feed holds the newest entries of which no source has more; it is a digest and has no further page."""
    topics = declare(db, *SOURCES, topics={"all-budgets": "budget"})
    for number in range(20):
        slug = "b" if number in (2, 9) else "a"
        take(db, [entry(number)], topics=topics, slug=slug, now=NOON + timedelta(minutes=number))
    one = combined(topics=["all-budgets"], authors=[], places=[], sources=[], cap=3)

    assert ids(page(db, one, limit=50)) == ["19", "18", "17", "9", "2"]
    assert ids(page(db, one, limit=4)) == ["19", "18", "17", "9"]


def test_who_signs_twice_is_there_once(db: Database) -> None:
    """An entry that an author signs in two spellings takes one place."""
    declare(db, *SOURCES)
    for number in range(4):
        take(db, [entry(number, author="Ada Ore")], slug="a", now=NOON + timedelta(minutes=number))
    with db.write() as connection:
        author = connection.execute(text("SELECT author_id FROM bylines")).scalar()
        for key in (3, 4):
            again = {"entry_id": key, "position": 1, "author_id": author, "key": "ore ada", "name": "ORE Ada"}
            connection.execute(insert(bylines).values(again))

    assert ids(page(db, combined(topics=[], places=[], sources=[]), limit=3)) == ["3", "2", "1"]


def test_an_author_who_was_merged_is_followed(db: Database) -> None:
    """The slug of an author who became another's leads to today's."""
    declare(db, *SOURCES)
    take(db, [entry(1, author="Ada Ore")], slug="a")
    take(db, [entry(2, author="Ada M. Ore")], slug="a", now=NOON + timedelta(minutes=1))
    one = combined(topics=[], places=[], sources=[], authors=["ada-ore"])
    before = standing(db, one)
    namesakes.merge(db, "ada-ore", "ada-m-ore", NOON + timedelta(hours=1))

    assert ids(page(db, one, limit=9)) == ["2", "1"]
    assert standing(db, one) != before


def standing(db: Database, one: Combined) -> tuple[int, object]:
    """The revision of a feed, and when it last changed."""
    found = combined_output(db, {one.slug: one}, one.slug)
    assert found is not None
    return found.revision, found.changed_at


@pytest.mark.parametrize(
    ("words", "slug", "author", "is_in"),
    [
        ("frigate", "a", "", True),
        ("budget", "c", "", True),
        ("budget", "a", "Ada Ore", True),
        ("helicopter", "a", "Bo Roe", False),
    ],
)
def test_it_has_a_new_revision_when_a_part_has(
    db: Database, words: str, slug: str, author: str, is_in: bool
) -> None:  # fmt: skip
    """V-12: what comes into a part renews the feed, and what comes elsewhere does not."""
    topics = declare(db, *SOURCES, topics=TOPICS)
    take(db, [entry(0, "frigate", "Ada Ore")], topics=topics, slug="c")
    one = combined(places=[])
    before = standing(db, one)
    assert standing(db, one) == before

    take(db, [entry(1, words, author)], topics=topics, slug=slug, now=NOON + timedelta(hours=1))

    assert (standing(db, one) != before) is is_in


def test_one_with_places_changes_with_everything(db: Database) -> None:
    """Places have no revision of their own: a feed that holds one stands as everything does."""
    declare(db, *SOURCES)
    one = combined(topics=[], authors=[], sources=[])
    before = standing(db, one)
    take(db, [entry(1, "Bishkek")], slug="a", now=NOON + timedelta(hours=1))

    assert standing(db, one) != before
    assert ids(page(db, one, limit=9)) == ["1"]


def test_parts_that_the_store_does_not_have_yet_hold_nothing(db: Database) -> None:
    """A definition may be read before the store is reconciled: the feed is there, and empty."""
    declare(db, *SOURCES)
    one = combined(topics=["to-come"], authors=["nobody"], places=[], sources=[])

    assert page(db, one, limit=9) == []
    assert page(db, combined(topics=["to-come"], authors=[], places=[], sources=[], cap=2), limit=9) == []
    assert standing(db, one)[1] == NOON


def test_one_entry_a_story(db: Database, tmp_path: Path) -> None:
    """`order: story` shows one entry for all that tell the same story, as a topic's `view: stories` does."""
    told(db)
    text = "settings: {base_url: 'https://h.example'}\nsources:\n" + "".join(
        f"  - {{url: 'https://{slug}.example/feed', slug: {slug}}}\n" for slug in ("alpha", "beta", "gamma")
    )
    feeds = "feeds:\n  short: {sources: [alpha, beta, gamma], order: story}\n  long: {sources: [alpha, beta, gamma]}\n"
    publishing = Publisher(db, write_config(tmp_path, text + feeds))
    titles = {
        slug: [one.title for one in read(publishing, found(publishing, slug)).entries] for slug in ("short", "long")
    }

    assert titles["short"] == ["A quay for ballet", "Northern quay closed"]
    assert len(titles["long"]) == 4


def found(publishing: Publisher, slug: str) -> Output:
    """A combined feed of a publisher."""
    output = publishing.output("feeds", slug)
    assert output is not None
    return output


def read(publishing: Publisher, output: Output) -> Document:
    """What our own reader reads of it."""
    document = parse(publishing.feed(output, "json", NOON).content)
    assert isinstance(document, Document)
    return document


def three(db: Database, folder: Path, definition: str) -> Publisher:
    """A publisher of one combined feed, "morning", of three sources that hold 20 entries."""
    filled(db, 20)
    rest = "".join(f"  - {{url: 'https://{one}.example/feed', slug: {one}}}\n" for one in "abc")
    return Publisher(db, write_config(folder, f"sources:\n{rest}feeds: {{morning: {definition}}}\n"))


def next_of(document: Document) -> str:
    """Where the page after this one begins, "" where there is none."""
    links = [link.href for link in document.links if link.rel == "next"]
    return links[0].partition("before=")[2] if links else ""


@pytest.mark.parametrize("order", ["time", "story"])
def test_it_is_read_page_by_page(db: Database, tmp_path: Path, order: str) -> None:
    """P-02, P-05, P-06: `next` leads from page to page; each entry that was there comes once, whatever arrives meanwhile."""
    publishing = three(db, tmp_path, f"{{sources: [a, b], order: {order}}}")
    expected = [one.entry.id for one in reading.page(db, "all", "", limit=99) if one.source_slug != "c"]
    seen: list[str] = []
    asked = Asked(limit=4)
    while True:
        document = publishing.document(found(publishing, "morning"), "json", NOON, asked)
        seen += (one.id for one in document.entries)
        late = [make_entry(id=f"late-{len(seen)}", title="Late", link=f"https://news.example/late/{len(seen)}")]
        take(db, late, slug="a", now=NOON + timedelta(hours=len(seen)))
        if not (before := next_of(document)):
            break
        asked = Asked(limit=4, before=before)

    assert seen == expected


def test_a_digest_leads_nowhere(db: Database, tmp_path: Path) -> None:
    """A feed with a cap has no `next`, and what is asked of a feed holds for it."""
    publishing = three(db, tmp_path, "{sources: [a, b, c], cap: 2}")
    output = found(publishing, "morning")
    document = publishing.document(output, "atom", NOON, Asked(limit=5))

    assert len(document.entries) == 5
    assert next_of(document) == ""
    assert len(publishing.document(output, "atom", NOON).entries) == 6
    with pytest.raises(AskedError, match="one page"):
        publishing.document(output, "atom", NOON, Asked(before="9"))


def test_what_was_taken_out_is_told(db: Database, tmp_path: Path) -> None:
    """An entry that was retracted is gone, and the feed has a tombstone for it, as each of its parts has (RFC 6721)."""
    publishing = three(db, tmp_path, "{sources: [a], places: [KZ]}")
    before = publishing.document(found(publishing, "morning"), "atom", NOON)
    gone = reading.page(db, "sources", "a", limit=3)[1]
    revision = found(publishing, "morning").revision
    retract(db, [gone.key], "wrong", NOON + timedelta(days=1))
    after = publishing.document(found(publishing, "morning"), "atom", NOON + timedelta(days=1))

    assert len(after.entries) == len(before.entries) - 1
    assert [one.id for one in after.deleted] == [gone.entry.public_id]
    assert found(publishing, "morning").revision != revision


def test_a_changed_definition_changes_the_bytes(db: Database, tmp_path: Path) -> None:
    """V-12: bytes are kept until the feed or its definition changes."""
    publishing = three(db, tmp_path, "{sources: [a]}")
    first = publishing.config
    before = publishing.feed(found(publishing, "morning"), "atom", NOON)
    assert publishing.feed(found(publishing, "morning"), "atom", NOON + timedelta(days=1)) is before

    second = write_config(tmp_path, first.path.read_text().replace("[a]", "[a, b]"))
    publishing.adopt(second)

    assert second.generation != first.generation
    assert publishing.feed(found(publishing, "morning"), "atom", NOON).etag != before.etag


def test_the_newest_are_found_without_reading_a_part_as_a_whole(tmp_path: Path) -> None:
    """No table is read from its beginning, whatever a feed is made of."""
    db = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    filled(db, 3)
    asked: list[tuple[str, object]] = []

    def note(connection: Connection, cursor: object, statement: str, parameters: object, *_: object) -> None:
        asked.append((statement, parameters))

    with db.read() as connection:
        event.listen(connection.engine, "before_cursor_execute", note)
    combining.page(db, combined().parts, limit=ENTRIES, announced=True, stretch=Stretch(before=1000))
    statement, parameters = next(one for one in asked if "UNION ALL" in one[0])
    with db.read() as connection:
        plan = [str(row[-1]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]  # type: ignore[arg-type]  # as the driver was given them
    db.close()

    tables = ("entries", "filings", "bylines", "entry_places", "sources")
    assert any("ix_entries_late" in step for step in plan)
    assert [step for step in plan if step.startswith("SCAN") and step.split()[1] in tables] == []
