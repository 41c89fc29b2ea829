"""Feeds in pages: every entry is met once, whatever happens meanwhile, and every parameter is read or refused."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import update

from aggregator.asking import Asked, AskedError, read_asked
from aggregator.publish import NOTHING, Publisher
from aggregator.web.app import make_app
from feeds.model import Document
from storage import reading
from storage.database import Database
from storage.model import OutputKind
from storage.schema import entries
from tests.fakes import NOON, Clock, declare, make_entry, make_source, take, write_config
from tests.live import served
from tests.walks import FIRST, World

SETTINGS = "settings: {base_url: 'https://h.example', title: Desk}\n"
LATER = NOON + timedelta(days=30)
FEEDS: tuple[tuple[OutputKind, str], ...] = (
    ("all", ""), ("topics", "air"), ("authors", "ada-ore"), ("sources", "news"), ("places", "kazakhstan"),
)  # fmt: skip


def publisher(db: Database, folder: Path) -> Publisher:
    """A publisher on a store, with a configuration of its own."""
    return Publisher(db, write_config(folder, SETTINGS))


def documents(
    publishing: Publisher, kind: OutputKind, slug: str, asked: Asked = NOTHING,
    between: Callable[[int], None] = lambda _: None, key: str = "",
) -> list[Document]:  # fmt: skip
    """The pages of a feed, as one follows the links to the next; something may happen between them."""
    found: list[Document] = []
    while True:
        output = publishing.output(kind, slug)
        assert output is not None
        document = publishing.document(output, "atom", LATER, asked)
        found.append(document)
        leads = {link.rel: link.href for link in document.links}
        assert leads["self"] == document.head.url
        if "next" not in leads:
            return found
        assert leads["next"].startswith(publishing.address(output, "atom", key=key))
        asked = replace(read_asked(dict(parse_qsl(urlsplit(leads["next"]).query))), key=key)
        between(len(found))


def met(found: list[Document]) -> list[str]:
    """The ids of the entries of all pages."""
    return [entry.public_id for document in found for entry in document.entries]


def standing(db: Database, kind: OutputKind, slug: str, folder: Path) -> set[str]:
    """The ids of all entries that stand in a feed."""
    output = publisher(db, folder).output(kind, slug)
    assert output is not None
    return {one.entry.public_id for one in publisher(db, folder).page(output, 5000, "entries")}


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("kind", "slug"), FEEDS)
def test_a_walk_meets_every_entry_once(db: Database, tmp_path: Path, kind: OutputKind, slug: str, seed: int) -> None:
    """P-02, P-06: what stood in a feed when the walk began is met once, while entries arrive, are back-filled, edited,
    signed by others and judged anew."""
    world = World(db, seed)
    for _ in range(6):
        world.arrive(8)
        world.arrive(3, as_history=True)
    began = standing(db, kind, slug, tmp_path)

    def between(_: int) -> None:
        for happening in (world.arrive, world.edit, world.edit, world.judge_again):
            happening()
        world.arrive(2, as_history=True)

    found = documents(publisher(db, tmp_path), kind, slug, Asked(limit=7), between)
    counted = Counter(met(found))
    # What an edit took out of the feed while one walked is no more to be met; what stayed is.
    stayed = began & standing(db, kind, slug, tmp_path)
    assert len(found) > 1
    assert stayed
    assert not stayed - counted.keys()
    assert {one for one, times in counted.items() if times > 1 and one in began} == set()


def test_a_country_more_does_not_move_an_entry_in_its_region(db: Database, tmp_path: Path) -> None:
    """P-06: an entry that an edit has name another country of a region is met once in a walk through the region's feed."""
    declare(db, make_source())

    def bring(at: int, lands: str) -> None:
        take(db, [make_entry(id=str(at), title=f"Floods in {lands}", published=NOON)])

    for at in range(9):
        bring(at, "Kazakhstan" if at % 2 else "Uzbekistan")
    began = standing(db, "places", "central-asia", tmp_path)

    def between(page: int) -> None:
        bring(page, "Kazakhstan and Uzbekistan")
        bring(9 - page, "Kyrgyzstan, Kazakhstan and Uzbekistan")

    found = documents(publisher(db, tmp_path), "places", "central-asia", Asked(limit=2), between)
    assert Counter(met(found)) == dict.fromkeys(began, 1)


def test_news_comes_before_history(db: Database, tmp_path: Path) -> None:
    """P-02: the first page holds the newest of the news alone; history is on the pages that follow."""
    world = World(db, 4)
    world.arrive(3, slug=FIRST)
    world.arrive(2, as_history=True, slug=FIRST)
    world.arrive(2, slug=FIRST)
    first, second = documents(publisher(db, tmp_path), "all", "")
    assert len(first.entries) == 5
    assert len(second.entries) == 2
    seen = [entry.public_id for entry in (*first.entries, *second.entries)]
    everything = [one.entry.public_id for one in reading.page(db, "all", "", limit=9)]
    assert sorted(seen) == sorted(everything)
    assert seen[:2] == everything[:2]


def test_a_feed_of_history_alone_is_met_from_its_second_page_on(db: Database, tmp_path: Path) -> None:
    """P-02: where nothing is news the first page is empty and leads on."""
    world = World(db, 5)
    world.arrive(9, as_history=True)
    first, *others = documents(publisher(db, tmp_path), "all", "", Asked(limit=4))
    assert first.entries == ()
    assert [len(one.entries) for one in others] == [4, 4, 1]


def test_hidden_entries_leave_a_page_short(db: Database, tmp_path: Path) -> None:
    """P-02: a page of which nothing may be shown does not end the walk."""
    declare(db, make_source(), make_source(slug="wire", url="https://wire.example/feed", republish="none"))
    take(db, [make_entry(id=str(at), published=NOON) for at in range(2)])
    take(db, [make_entry(id=str(at), published=NOON) for at in range(6)], slug="wire")
    found = documents(publisher(db, tmp_path), "all", "", Asked(limit=2))
    assert [len(one.entries) for one in found] == [0, 0, 0, 2]


def test_beyond_the_end_is_an_empty_page(db: Database, tmp_path: Path) -> None:
    """P-02: a page past the last is a valid document without entries and without a next."""
    declare(db, make_source())
    take(db, [make_entry(published=NOON)])
    for before in ("1", "0", "h0", "h999", "0-5"):
        (page,) = documents(publisher(db, tmp_path), "all", "", Asked(before=before))
        assert page.entries == ()


def test_pages_lead_back_to_the_first(db: Database, tmp_path: Path) -> None:
    """P-02, P-05, V-01: pages of a feed share its id, keep what was asked, and lead to the first."""
    world = World(db, 6)
    world.arrive(9)
    found = documents(publisher(db, tmp_path), "all", "", Asked(limit=4, view="stories"))
    links = [{link.rel: link.href for link in one.links} for one in found]
    first = "https://h.example/all.atom?view=stories&limit=4"
    assert len(found) == 3
    assert {one.head.id for one in found} == {found[0].head.id}
    assert links[0]["self"] == first
    assert all(one["first"] == first and one["self"].startswith(first) for one in links)
    assert "next" not in links[-1]
    assert not any("prev-archive" in one for one in links)


def test_pages_of_a_private_feed_keep_its_key(db: Database, tmp_path: Path) -> None:
    """P-05, X-32: every page of a private feed has the key in its address and whole texts; no hub and no archive is named."""
    declare(db, make_source())
    take(db, [make_entry(id=str(at), content="<p>All of it.</p>", published=NOON) for at in range(60)])
    found = documents(publisher(db, tmp_path), "all", "", Asked(limit=30, key="k3y"), key="k3y")
    assert len(found) == 2
    assert all("/private/k3y/all.atom?limit=30" in link.href for one in found for link in one.links)
    assert {link.rel for one in found for link in one.links} == {"self", "first", "next"}
    assert all(entry.content for one in found for entry in one.entries)


def test_the_feed_itself_asks_for_nothing(db: Database, tmp_path: Path) -> None:
    """P-02, S-08: what a feed has anyhow is not in its address, and all that is asked stands there in one order."""
    declare(db, make_source())
    take(db, [make_entry(published=NOON)])
    publishing = publisher(db, tmp_path)
    output = publishing.output("all", "")
    assert output is not None
    plain = publishing.document(output, "atom", NOON, Asked(view="entries"))
    assert [link.rel for link in plain.links] == ["hub", "self"]
    assert plain.head.url == "https://h.example/all.atom"
    asked = read_asked(
        {"limit": "7", "as_of": "2026-11-24T10:00:00+02:00", "view": "stories", "hours": "3", "utm": "x"}
    )
    assert asked.part == "?view=stories&limit=7&hours=3&as_of=2026-11-24T08:00:00Z"
    assert read_asked(dict(parse_qsl(asked.part[1:]))) == asked


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"), ("limit", "201"), ("limit", "-1"), ("limit", "ten"), ("limit", "9" * 40), ("limit", "٣"),
        ("hours", "0"), ("hours", "1.5"), ("hours", "99999"), ("before", "x"), ("before", "h"), ("before", "-1"),
        ("before", "1" * 19), ("before", "1-"), ("view", "tiles"), ("as_of", "yesterday"), ("as_of", "2026-13-01"),
        ("as_of", "2026-11-24T10:00:00"), ("as_of", "2026-11-24T25:00:00Z"), ("as_of", "0001-01-01T00:00:00+23:59"),
        ("as_of", "24.11.2026"), ("as_of", "2026-11-24\n"),
    ],
)  # fmt: skip
def test_a_bad_value_is_refused(name: str, value: str) -> None:
    """S-08: a parameter that cannot be read is refused with its name and what is expected."""
    if value.strip() != value:
        assert read_asked({name: value}).as_of is not None  # blanks around a value say nothing
        return
    with pytest.raises(AskedError, match=name):
        read_asked({name: value})


def test_days_and_moments_are_read() -> None:
    """S-08: a day means its end in UTC; a moment has an offset, whose plus may have come as a space."""
    day = read_asked({"as_of": "2026-11-24"})
    assert day.as_of == datetime(2026, 11, 24, 23, 59, 59, 999999, tzinfo=UTC)
    assert day.part == "?as_of=2026-11-24"
    moment = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
    for told in ("2026-11-24T08:00:00Z", "2026-11-24t10:00:00 02:00", "2026-11-24T03:30:00-04:30"):
        assert read_asked({"as_of": told}).as_of == moment


def test_the_last_hours_only(db: Database, tmp_path: Path) -> None:
    """S-08: hours= leaves out what was first seen earlier, counted from the last full hour, so that bytes stay for an hour."""
    declare(db, make_source())
    for at in range(5):
        when = NOON + timedelta(hours=at)
        take(db, [make_entry(id=str(at), published=when)], now=when)
    publishing = publisher(db, tmp_path)
    output = publishing.output("all", "")
    assert output is not None
    soon, later = NOON + timedelta(hours=4, minutes=10), NOON + timedelta(hours=4, minutes=50)
    asked = Asked(hours=2)
    assert [one.id for one in publishing.document(output, "atom", soon, asked).entries] == ["4", "3", "2"]
    first = publishing.feed(output, "atom", soon, asked)
    assert publishing.feed(output, "atom", later, asked).etag == first.etag
    assert publishing.feed(output, "atom", later + timedelta(hours=1), asked).etag != first.etag


def test_the_last_hours_go_by_while_nothing_happens(db: Database, tmp_path: Path) -> None:
    """S-08: what is held in memory of the last hours is not that of an hour ago."""
    declare(db, make_source())
    take(db, [make_entry(published=NOON)])
    clock = Clock(NOON + timedelta(minutes=5))
    with served(make_app(publisher(db, tmp_path), clock, fresh=0)) as client:
        assert len(client.get("/all.json?hours=1").json()["items"]) == 1
        clock.now += timedelta(hours=3)
        assert client.get("/all.json?hours=1").json()["items"] == []
        assert len(client.get("/all.json").json()["items"]) == 1


def test_how_often_to_come_again(db: Database, tmp_path: Path) -> None:
    """S-05: a document is kept as long as it commonly takes until something new is in it, from 5 minutes to an hour."""
    publishing = publisher(db, tmp_path)
    declare(db, make_source(), make_source(slug="wire", url="https://wire.example/feed"))
    for at in range(8):
        when = NOON + timedelta(minutes=20 * at)
        take(db, [make_entry(id=str(at), published=NOON)], now=when)
        take(db, [make_entry(id=str(at), published=NOON)], now=NOON + timedelta(hours=7 * at), slug="wire")
    paces = {}
    for slug in ("news", "wire"):
        output = publishing.output("sources", slug)
        assert output is not None
        document = publishing.document(output, "rss", LATER)
        paces[slug] = (document.pace.ttl, publishing.feed(output, "rss", LATER).max_age)
    assert paces == {"news": (15, 900), "wire": (60, 3600)}


def test_over_the_web(db: Database, tmp_path: Path) -> None:
    """S-08, P-02: the pages are to be had at their addresses; a bad value is 400 with the reason, and so is the future."""
    world = World(db, 7)
    world.arrive(9)
    with served(make_app(publisher(db, tmp_path))) as client:
        page = client.get("/all.json?limit=4&before=6")
        assert page.status_code == 200
        assert [one["id"] for one in json.loads(page.content)["items"]] == [
            one.entry.public_id for one in reading.page(db, "all", "", limit=9)[4:8]
        ]
        for query, word in (("limit=x", "limit="), ("before=zz", "before="), ("as_of=2100-01-01", "as_of=")):
            answer = client.get(f"/topics/air.rss?{query}")
            assert answer.status_code == 400
            assert word in answer.text
        assert client.get("/all.atom?colour=red").status_code == 200
        assert client.get("/topics/air?as_of=2026-11-01").status_code == 400


OUTLETS = ("news", "wire", "best")


def told(db: Database, at: int, slug: str) -> None:
    """An outlet tells an event, the better the later it stands among OUTLETS; the entry is joined to the event's story."""
    rank = 90 - 10 * OUTLETS.index(slug)
    declare(db, *(make_source(slug=one, url=f"https://{one}.example/feed", rank=90 - 10 * place) for place, one in
                  enumerate(OUTLETS)))  # fmt: skip
    link = f"https://{slug}.example/{at}-{rank}"
    take(db, [make_entry(id=f"{slug}-{at}", title=f"Event {at}", link=link, published=NOON)], slug=slug)
    with db.write() as connection:
        connection.execute(update(entries).where(entries.c.entry_id == f"{slug}-{at}").values(story_id=1000 + at))


def test_a_walk_meets_every_story_once(db: Database, tmp_path: Path) -> None:
    """P-06, N-05: one entry a story on all pages together, the best of those that were there, while better outlets tell of
    it too: no story comes twice, none is left out."""
    for at in (0, 3, 1, 2, 4, 5, 6):
        told(db, at, "news")
    for at in (5, 0, 2):
        told(db, at, "wire")

    def between(page: int) -> None:
        told(db, 7 - page, "best")
        told(db, page - 1, "best")
        told(db, 20 + page, "best")

    found = documents(publisher(db, tmp_path), "all", "", Asked(view="stories", limit=2), between)
    assert [[entry.id for entry in page.entries] for page in found] == [
        ["wire-2", "wire-0"], ["wire-5", "news-6"], ["news-4", "news-1"], ["news-3"]
    ]  # fmt: skip
    again = documents(publisher(db, tmp_path), "all", "", Asked(view="stories", limit=50))
    assert len(met(again)) == len({entry.title for page in again for entry in page.entries}) == 10


def test_a_story_is_not_told_by_what_is_never_shown(db: Database, tmp_path: Path) -> None:
    """N-05: where the best outlet's entries are not republished, the next stands for the story."""
    told(db, 1, "news")
    told(db, 1, "best")
    told(db, 1, "wire")
    declare(db, make_source(slug="best", url="https://best.example/feed", rank=70, republish="none"))
    (page,) = documents(publisher(db, tmp_path), "all", "", Asked(view="stories"))
    assert [entry.id for entry in page.entries] == ["wire-1"]
