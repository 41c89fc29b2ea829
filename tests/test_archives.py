"""Archive documents of our feeds: complete, chained, and never other bytes under an address."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from aggregator import archiving
from aggregator.archiving import OldVersionError
from aggregator.asking import Asked
from aggregator.documents import WRITER
from aggregator.publish import Publisher
from aggregator.web.app import make_app
from feeds.identity import digest
from feeds.model import Document
from storage import archives, upkeep
from storage.archives import SIZE
from storage.database import Database
from storage.model import Output, OutputKind, SourceRow
from storage.outputs import ALL
from storage.schema import outputs
from storage.upkeep import Declared
from tests.fakes import NOON, declare, make_entry, make_source, take, write_config
from tests.live import served
from tests.validator import complaints
from tests.walks import FIRST, World

SETTINGS = "settings: {base_url: 'https://h.example', title: Desk}\n"
LATER = NOON + timedelta(days=30)
FEEDS: tuple[tuple[OutputKind, str], ...] = (("all", ""), ("topics", "air"), ("authors", "ada-ore"))


def publisher(db: Database, folder: Path, text: str = SETTINGS) -> Publisher:
    """A publisher on a store that has rendered nothing yet."""
    return Publisher(db, write_config(folder, text))


def out(publishing: Publisher, kind: OutputKind = "all", slug: str = "") -> Output:
    """A feed of ours."""
    found = publishing.output(kind, slug)
    assert found is not None
    return found


def part_of(address: str) -> str:
    """The number and version in the address of an archive."""
    return address.rpartition("/")[2].partition(".")[0]


def chain(publishing: Publisher, output: Output) -> Iterator[Document]:
    """The archives of a feed, as one follows the links from the feed itself, the newest first."""
    links = {link.rel: link.href for link in publishing.document(output, "atom", LATER).links}
    while address := links.get("prev-archive", ""):
        found = archiving.document(publishing, output, "atom", part_of(address), LATER)
        links = {link.rel: link.href for link in found.links}
        assert links["self"] == address == found.head.url
        yield found


def filled(db: Database, count: int) -> None:
    """So many entries of one source, the oldest first."""
    declare(db, make_source())
    for start in range(0, count, 40):
        several = range(start, min(count, start + 40))
        take(db, [make_entry(id=str(at), published=NOON + timedelta(seconds=at)) for at in several])


def happenings(world: World) -> list[Callable[[], None]]:
    """All that may change what stands in an archive."""
    return [
        world.arrive, world.edit, world.edit, world.edit, world.withdraw, world.bring_back, world.retract, world.restore,
        world.erase, world.pin, world.pin, world.unpin, world.change_the_rule, world.merge_or_split, world.rename_a_source,
        world.redeclare_a_source, world.judge_again, lambda: world.arrive(9), lambda: world.arrive(5, as_history=True),
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_bytes_never_change_under_an_address(db: Database, tmp_path: Path, seed: int) -> None:
    """P-03, A-08: whatever happens to entries, authors, topics and sources, an address of an archive gives the bytes that it
    gave, or says that it is old."""
    world = World(db, seed)
    for _ in range(4):
        world.arrive(35)
    given: dict[tuple[str, str, str], bytes] = {}
    changed = 0
    for _ in range(40):
        publishing = publisher(db, tmp_path)  # one that remembers nothing
        for kind, slug in FEEDS:
            output = publishing.output(kind, slug)
            if output is None or output.moved_to:
                continue
            for number in range(1, archives.count_of(output) + 1):
                part = archiving.part_of(publishing, output, number)
                body = publishing.archive(output, "atom", part, world.now + timedelta(days=number))
                assert given.setdefault((kind, slug, part), body.content) == body.content
            now = {archiving.part_of(publishing, output, number) for number in range(1, archives.count_of(output) + 1)}
            for old in [part for a, b, part in given if (a, b) == (kind, slug) and part not in now][-3:]:
                changed += 1
                with pytest.raises((OldVersionError, LookupError)):
                    publishing.archive(output, "atom", old, world.now)
        world.by_chance.choice(happenings(world))()
    assert len(given) > 20
    assert changed > 20


@pytest.mark.parametrize("seed", [7, 8])
def test_all_news_is_in_the_feed_or_in_an_archive(db: Database, tmp_path: Path, seed: int) -> None:
    """P-03, P-04: whoever reads a feed and the archives behind it has every entry that stands in it."""
    world = World(db, seed)
    for _ in range(5):
        world.arrive(30)
        world.edit()
    publishing = publisher(db, tmp_path)
    for kind, slug in FEEDS:
        output = out(publishing, kind, slug)
        feed = publishing.document(output, "atom", LATER)
        read = {entry.public_id for one in (feed, *chain(publishing, output)) for entry in one.entries}
        assert read == {one.entry.public_id for one in publishing.page(output, 999, "entries", announced=True)}


def test_archives_lead_from_one_to_the_next(db: Database, tmp_path: Path) -> None:
    """P-03: the feed leads to its newest complete archive, that to the one before; each to the feed, the newest arrival first;
    none leads to the one after, which changes without it."""
    filled(db, 2 * SIZE + 20)
    publishing = publisher(db, tmp_path)
    output = out(publishing)
    found = list(chain(publishing, output))
    assert [[entry.id for entry in one.entries] for one in found] == [
        [str(at) for at in reversed(range(SIZE, 2 * SIZE))], [str(at) for at in reversed(range(SIZE))]
    ]  # fmt: skip
    assert all(one.is_archive for one in found)
    assert [[link.rel for link in one.links] for one in found] == [
        ["self", "current", "prev-archive"],
        ["self", "current"],
    ]
    assert {link.href for one in found for link in one.links if link.rel == "current"} == {"https://h.example/all.atom"}
    assert {one.head.id for one in found} == {publishing.document(output, "atom", LATER).head.id}


def test_what_arrives_leaves_archives_alone(db: Database, tmp_path: Path) -> None:
    """P-03: new entries, and edits of those that no archive holds yet, give no archive another address."""
    filled(db, SIZE + 10)
    publishing = publisher(db, tmp_path)
    before = archiving.part_of(publishing, out(publishing), 1)
    take(db, [make_entry(id="new", published=NOON), make_entry(id="55", title="Another title")])
    assert archiving.part_of(publishing, out(publishing), 1) == before
    take(db, [make_entry(id="5", title="Another title")])
    assert archiving.part_of(publishing, out(publishing), 1) != before


def test_a_change_gives_later_archives_new_addresses_and_earlier_ones_not(db: Database, tmp_path: Path) -> None:
    """P-03: an archive names the one before, so what changes in one changes in all after it; the feed names the newest."""
    filled(db, 3 * SIZE)
    publishing = publisher(db, tmp_path)

    def parts() -> list[str]:
        return [archiving.part_of(publishing, out(publishing), number) for number in (1, 2, 3)]

    before = parts()
    take(db, [make_entry(id=str(SIZE + 5), title="Another title")])
    after = parts()
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, False]
    links = {link.rel: link.href for link in publishing.document(out(publishing), "atom", LATER).links}
    assert links["prev-archive"] == f"https://h.example/all/archive/{after[2]}.atom"


def test_old_addresses_are_gone_and_unknown_ones_are_not_there(db: Database, tmp_path: Path) -> None:
    """P-03: 410 with where the document is now and where the feed is; 404 for what never was, or is not complete."""
    filled(db, SIZE + 10)
    publishing = publisher(db, tmp_path)
    part = archiving.part_of(publishing, out(publishing), 1)
    with served(make_app(publishing)) as client:
        there = client.get(f"/all/archive/{part}.json")
        assert there.status_code == 200
        assert len(there.json()["items"]) == SIZE
        assert (
            client.get(f"/all/archive/{part}.json", headers={"If-None-Match": there.headers["etag"]}).status_code == 304
        )
        take(db, [make_entry(id="5", title="Another title")])
        gone = client.get(f"/all/archive/{part}.json")
        assert gone.status_code == 410
        today = archiving.part_of(publishing, out(publishing), 1)
        assert f"https://h.example/all/archive/{today}.json" in gone.text
        assert "https://h.example/all.json" in gone.text
        assert client.get(f"/all/archive/{today}.atom").status_code == 200
        for wrong in (f"2-{today[2:]}.atom", "1-zz.atom", "x.atom", f"{today}.txt", f"0{today}.atom", "-1-0.atom"):
            assert client.get(f"/all/archive/{wrong}").status_code == 404, wrong
        assert client.get(f"/topics/none/archive/{today}.atom").status_code == 404
        assert client.get(f"/sources/news/archive/{today}.atom").status_code == 404


def test_the_archives_of_a_feed_that_has_ended_are_gone(db: Database, tmp_path: Path) -> None:
    """S-09: 410 for the archives of a topic that is published no more."""
    topics = declare(db, make_source(), topics={"air": "title"})
    for start in (0, 40):
        take(db, [make_entry(id=str(start + at), published=NOON) for at in range(40)], topics=topics)
    publishing = publisher(db, tmp_path)
    part = archiving.part_of(publishing, out(publishing, "topics", "air"), 1)
    with served(make_app(publishing)) as client:
        assert client.get(f"/topics/air/archive/{part}.rss").headers["cache-control"].endswith("immutable")
        declare(db, make_source())
        assert client.get(f"/topics/air/archive/{part}.rss").status_code == 410


FORMS = ("atom", "rss", "json")


@pytest.mark.parametrize("form", FORMS)
def test_archives_and_pages_are_valid(db: Database, tmp_path: Path, form: str) -> None:
    """V-01 to V-13, P-02, P-03: archives, pages, empty pages, and days of the past are valid in each form."""
    world = World(db, 11)
    for _ in range(4):
        world.arrive(35)
        world.edit()
        world.retract()
    publishing = publisher(db, tmp_path)
    for kind, slug in FEEDS:
        output = out(publishing, kind, slug)
        bodies = [publishing.archive(output, form, archiving.part_of(publishing, output, 1), LATER)]
        for asked in (
            Asked(), Asked(limit=9), Asked(before="40"), Asked(before="0"), Asked(view="stories", limit=5),
            Asked(as_of=NOON + timedelta(minutes=3)), Asked(as_of=NOON - timedelta(days=9)), Asked(hours=1),
        ):  # fmt: skip
            bodies.append(publishing.feed(output, form, LATER, asked))
        assert [complaint for body in bodies for complaint in complaints(body.content, form)] == []


def test_other_bytes_have_another_version(db: Database, tmp_path: Path) -> None:
    """P-03: these are the bytes of WRITER. Where this fails once it was released, raise WRITER in aggregator/documents.py, then
    write the new digest down here; where it was not, the digest is enough."""
    topics = declare(db, make_source(), topics={"air": "title"})
    several = [make_entry(id=str(at), summary=f"Of {at}.", authors=["Ada Ore"], published=NOON) for at in range(SIZE)]
    take(db, several, topics=topics)
    with db.write() as connection:
        connection.execute(update(outputs).values(public_id="urn:x:feed"))
    publishing = publisher(db, tmp_path)
    output = out(publishing, "topics", "air")
    part = archiving.part_of(publishing, output, 1)
    bodies = [publishing.archive(output, form, part, LATER).content.replace(part.encode(), b"PART") for form in FORMS]
    assert (WRITER, digest(*(body.decode() for body in bodies))) == (1, "3b2006ae157b202180b4fab970573d05")


def test_an_archive_may_be_kept(db: Database, tmp_path: Path) -> None:
    """P-03: what never changes may be kept for long, and is rendered once."""
    filled(db, SIZE)
    publishing = publisher(db, tmp_path)
    output = out(publishing)
    part = archiving.part_of(publishing, output, 1)
    body = publishing.archive(output, "rss", part, LATER)
    assert body.is_lasting
    assert body.max_age == 7 * 24 * 3600
    assert publishing.archive(output, "rss", part, LATER) is body


def test_an_archive_of_which_nothing_may_be_shown_is_a_document(db: Database, tmp_path: Path) -> None:
    """P-03: where all that stood in it was taken out, an archive is empty and leads on."""
    filled(db, SIZE + 1)
    declare(db, make_source(republish="none"))
    publishing = publisher(db, tmp_path)
    (found,) = chain(publishing, out(publishing))
    assert found.entries == ()


def test_settings_give_other_addresses(db: Database, tmp_path: Path) -> None:
    """P-03: what the configuration says stands in the bytes, and so in the address."""
    filled(db, SIZE)
    parts = {
        archiving.part_of(publisher(db, tmp_path, text), out(publisher(db, tmp_path, text)), 1)
        for text in (
            SETTINGS,
            SETTINGS.replace("Desk", "Table"),
            SETTINGS.replace("h.example", "i.example"),
            SETTINGS.replace("Desk", "Desk, republish: full"),
        )
    }
    assert len(parts) == 4


def test_a_renamed_source_gives_new_addresses(db: Database, tmp_path: Path) -> None:
    """P-03: where a source is a file its slug stands in the bytes."""
    publishing = publisher(db, tmp_path)
    before = make_source(url="file:news.xml")
    declare(db, before)
    several = [make_entry(id=str(at), published=NOON + timedelta(seconds=at)) for at in range(SIZE)]
    take(db, several)
    part = archiving.part_of(publishing, out(publishing), 1)
    body = publishing.archive(out(publishing), "atom", part, LATER)
    row = SourceRow(source=replace(before, slug="bulletin"), formerly=("news",))
    upkeep.reconcile(db, Declared(sources=[row]), NOON)
    after = archiving.part_of(publishing, out(publishing), 1)
    assert after != part
    assert publishing.archive(out(publishing), "atom", after, LATER).content != body.content


def test_part_of_a_feed_leads_to_no_archive(db: Database, tmp_path: Path) -> None:
    """P-03: only where the feed and its archives are all that there is does the one lead to the other."""
    text = SETTINGS + "topics:\n  air: {query: title, view: stories}\n  sea: {query: title}\n"
    topics = declare(db, make_source(), topics={"air": "title", "sea": "title"})
    for start in (0, 40):
        take(db, [make_entry(id=str(start + at), published=NOON) for at in range(40)], topics=topics)
    publishing = publisher(db, tmp_path, text)

    def leads(slug: str, **asked: Any) -> bool:
        document = publishing.document(out(publishing, "topics", slug), "atom", LATER, Asked(**asked))
        return any(link.rel == "prev-archive" for link in document.links)

    assert leads("sea")
    assert leads("sea", limit=80)
    for asked in (
        {"limit": 10},
        {"view": "stories"},
        {"hours": 9},
        {"before": "30"},
        {"as_of": NOON},
        {"key": "secret"},
    ):
        assert not leads("sea", **asked)
    assert not leads("air"), "one entry a story leaves entries out that no archive has yet"


def test_feeds_without_archives(db: Database, tmp_path: Path) -> None:
    """P-03: sources and places have pages only; a feed of fewer entries than an archive holds has none yet."""
    filled(db, SIZE + 30)
    publishing = publisher(db, tmp_path)
    assert archives.count_of(out(publishing, "sources", FIRST)) == 0
    assert archives.count_of(out(publishing, "places", "kazakhstan")) == 0
    with db.write() as connection:
        archives.disturb_feeds(connection, [ALL, ("sources", 1), ("places", 3), ("topics", 99)])
    assert archives.version_of(db, out(publishing, "sources", FIRST), 1) == 0
    assert archives.version_of(db, out(publishing), 1) == 1
