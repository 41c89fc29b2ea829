"""Feeds as they stood on a day: what was filed then, in the words of then."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from aggregator.asking import Asked, AskedError, read_asked
from aggregator.publish import Publisher
from aggregator.refiling import judged
from aggregator.topics.match import Rules
from aggregator.web.app import make_app
from feeds.model import Document
from feeds.parse import parse
from storage import reading, retracting, upkeep
from storage.database import Database
from storage.model import OutputKind
from tests.fakes import NOON, declare, make_entry, make_source, take, write_config
from tests.live import served
from tests.test_paging import documents, met

SETTINGS = "settings: {base_url: 'https://h.example', title: Desk, republish: full}\n"
DAY = timedelta(days=1)
NOW = NOON + 9 * DAY


def publisher(db: Database, folder: Path) -> Publisher:
    """A publisher on a store."""
    return Publisher(db, write_config(folder, SETTINGS))


def history(db: Database, first: datetime = NOON) -> None:
    """A topic through three days: on the second an entry leaves it, another is reworded; on the third one comes."""
    topics = declare(db, make_source(), topics={"air": "helicopter*"})

    def bring(at: int, title: str, day: int, author: str = "Ada Ore") -> None:
        entry = make_entry(id=str(at), title=title, content=f"<p>{title}.</p>", authors=[author], published=first)
        take(db, [entry], topics=topics, now=first + day * DAY)

    bring(1, "A helicopter over Oslo", 0)
    bring(2, "Two helicopters", 0)
    bring(1, "A balloon over Oslo", 1)
    bring(2, "Three helicopters", 1, author="Bo Linde")
    bring(3, "A helicopter pad", 2)
    bring(2, "Four helicopters", 3)


def titles(db: Database, folder: Path, day: int, kind: OutputKind = "topics", slug: str = "air") -> list[str]:
    """The titles of a feed as it stood an hour after the noon of a day."""
    publishing = publisher(db, folder)
    output = publishing.output(kind, slug)
    assert output is not None
    body = publishing.feed(output, "atom", NOW, Asked(as_of=NOON + day * DAY + timedelta(hours=1)))
    read = parse(body.content, "https://h.example/")
    assert isinstance(read, Document)
    return [entry.title for entry in read.entries]


def test_a_topic_as_it_stood(db: Database, tmp_path: Path) -> None:
    """I-07: what was filed then and in the words of then, whatever was closed, opened and edited since."""
    history(db)
    assert titles(db, tmp_path, -1) == []
    assert titles(db, tmp_path, 0) == ["Two helicopters", "A helicopter over Oslo"]
    assert titles(db, tmp_path, 1) == ["Three helicopters"]
    assert titles(db, tmp_path, 2) == ["A helicopter pad", "Three helicopters"]
    assert titles(db, tmp_path, 3) == ["A helicopter pad", "Four helicopters"]


def test_everything_as_it_stood(db: Database, tmp_path: Path) -> None:
    """I-07: every entry that had arrived by then, in the words of then."""
    history(db)
    assert titles(db, tmp_path, 0, "all", "") == ["Two helicopters", "A helicopter over Oslo"]
    assert titles(db, tmp_path, 2, "sources", "news") == [
        "A helicopter pad",
        "Three helicopters",
        "A balloon over Oslo",
    ]


def test_dates_and_authors_are_those_of_then(db: Database, tmp_path: Path) -> None:
    """V-01, A-03: `updated` of the entry and of the feed, and who signed, are as of that day; so is the feed's own id."""
    history(db)
    publishing = publisher(db, tmp_path)
    output = publishing.output("topics", "air")
    assert output is not None
    then = publishing.document(output, "atom", NOW, read_asked({"as_of": "2026-11-25"}))
    now = publishing.document(output, "atom", NOW)
    assert [(one.updated, [author.name for author in one.authors]) for one in then.entries] == [
        (NOON + DAY, ["Bo Linde"])
    ]
    assert then.head.updated == NOON + DAY
    assert now.head.updated == NOON + 3 * DAY
    assert then.head.id == f"{now.head.id}#as_of=2026-11-25"
    assert then.head.url == "https://h.example/topics/air.atom?as_of=2026-11-25"
    assert then.head.title == "Air · Desk, as of 2026-11-25"
    assert "the end of 2026-11-25 (UTC)" in then.head.subtitle
    assert all(one.reasons == () for one in then.entries), "today's rule says nothing of the words of then"


def test_what_is_taken_out_stays_out(db: Database, tmp_path: Path) -> None:
    """A-08: no day of the past shows what was retracted since, or what its source does not let us republish today."""
    history(db)
    retracting.retract(db, [1], "Asked to", NOON + 5 * DAY)
    assert titles(db, tmp_path, 0) == ["Two helicopters"]
    declare(db, make_source(republish="none"), topics={"air": "helicopter*"})
    assert titles(db, tmp_path, 0) == []


def test_a_day_of_the_past_pages(db: Database, tmp_path: Path) -> None:
    """P-02: a feed as it stood pages like any other, and every page tells the day."""
    declare(db, make_source())
    for at in range(9):
        take(db, [make_entry(id=str(at), published=NOON)], now=NOON + at * DAY)
    asked = Asked(as_of=NOON + 6 * DAY, limit=3)
    found = documents(publisher(db, tmp_path), "all", "", asked)
    assert [[entry.id for entry in one.entries] for one in found] == [["6", "5", "4"], ["3", "2", "1"], ["0"]]
    assert all("as_of=2026-11-30T12:00:00Z" in link.href for one in found for link in one.links if link.rel != "hub")
    assert len(set(met(found))) == 7


def test_stories_of_the_past(db: Database, tmp_path: Path) -> None:
    """N-05: one entry a story is to be had of a day of the past too."""
    history(db)
    publishing = publisher(db, tmp_path)
    output = publishing.output("topics", "air")
    assert output is not None
    document = publishing.document(output, "json", NOW, Asked(view="stories", as_of=NOON + DAY))
    assert [one.title for one in document.entries] == ["Three helicopters"]
    assert document.head.id.endswith("#stories&as_of=2026-11-25T12:00:00Z")


def test_what_is_filed_again_since_is_not_there(db: Database, tmp_path: Path) -> None:
    """E-03: what a new rule brought over history was not in the topic before that rule."""
    topics = declare(db, make_source(), topics={"air": "helicopter*"})
    take(db, [make_entry(id="1", title="A balloon", published=NOON)], topics=topics)
    topics = declare(db, make_source(), topics={"air": "balloon*"})
    upkeep.refile(db, judged(db, Rules(topics), reading.entries_after(db, 0, 9)), ["air"], NOON + 2 * DAY)
    publishing = publisher(db, tmp_path)
    for day, count in ((1, 0), (3, 1)):
        assert len(met(documents(publishing, "topics", "air", Asked(as_of=NOON + day * DAY)))) == count


def test_the_future_is_refused(db: Database, tmp_path: Path) -> None:
    """S-08: a day that is not over has no end yet."""
    history(db)
    publishing = publisher(db, tmp_path)
    output = publishing.output("topics", "air")
    assert output is not None
    for moment in (NOW, NOW + DAY):
        with pytest.raises(AskedError, match="has not passed yet"):
            publishing.feed(output, "atom", NOW, Asked(as_of=moment))


@pytest.mark.parametrize("form", ["atom", "rss", "json"])
def test_a_day_of_the_past_over_the_web(db: Database, tmp_path: Path, form: str) -> None:
    """V-12: the same bytes each time, though the feed itself goes on."""
    history(db, NOON.replace(year=2024))
    with served(make_app(publisher(db, tmp_path))) as client:
        first = client.get(f"/topics/air.{form}?as_of=2024-11-25")
        assert first.status_code == 200
        assert b"Three helicopters" in first.content
        take(
            db,
            [make_entry(id="9", title="A late helicopter")],
            topics=declare(db, make_source(), topics={"air": "heli*"}),
        )
        assert client.get(f"/topics/air.{form}?as_of=2024-11-25").content == first.content
