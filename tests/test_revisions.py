"""Edits: what an entry said is kept and shown; its id, its date and its place in our feeds stay (I-07 to I-09)."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import feedparser
import httpx
import pytest

from aggregator.prepare import prepare
from aggregator.publish import Publisher as Publishing
from aggregator.web.app import make_app
from storage import reading
from storage.database import Database
from storage.model import Kept
from storage.revisions import MOST_A_DAY, revisions_of
from tests.fakes import (
    NOON,
    Clock,
    Page,
    Publisher,
    declare,
    make_entry,
    make_hands,
    make_source,
    poll_all,
    take,
    write_config,
)
from tests.live import served
from tests.test_cli import Run, run  # noqa: F401 - a fixture

FEED = "https://news.example/feed"
CONFIG = """
settings: {base_url: "https://h.example"}
sources:
  - {url: "https://news.example/feed", slug: news, name: News}
topics:
  bridges: {title: Bridges, query: "bridge*"}
"""


def told(number: int, title: str, *, published: str = "", updated: str = "", extra: str = "") -> str:
    """An Atom entry; its dates are hours of the day of the test."""
    dates = "".join(
        f"<{name}>2026-11-24T{hour}:00Z</{name}>"
        for name, hour in (("published", published), ("updated", updated))
        if hour
    )
    return (
        f"<entry><id>tag:news.example,2026:{number}</id><title>{title}</title><link href='https://news.example/{number}'/>"
        f"{dates}<author><name>Nora Quill</name></author><summary>Words of {number}.{extra}</summary></entry>"
    )


def atom(*entries: str) -> bytes:
    """A feed of these."""
    return (
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"><id>tag:news.example,2026:f</id>'
        f"<title>News</title>{''.join(entries)}</feed>"
    ).encode()


class Desk:
    """A store that polls one publisher."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.db, self.clock = db, Clock()
        self.config = write_config(folder, CONFIG)
        prepare(self.config, db, self.clock())

    def poll(self, *entries: str, **later: float) -> None:
        """Let the publisher say this, some time later."""
        self.clock.forward(**(later or {"hours": 1}))
        publisher = Publisher({FEED: Page(atom(*entries))})
        poll_all(make_hands(self.db, publisher, self.config.topics, self.clock), explicit=True)

    def fetched(self, path: str) -> httpx.Response:
        """What a web server that was just started answers."""
        with served(make_app(Publishing(self.db, self.config))) as client:
            return client.get(path)

    def entry(self, number: int = 1) -> Kept:
        """An entry as it is stored."""
        (one,) = reading.find_entry(self.db, f"https://news.example/{number}")
        return one


@pytest.fixture
def desk(db: Database, tmp_path: Path) -> Desk:
    """Nothing was polled yet."""
    return Desk(db, tmp_path)


@pytest.mark.parametrize(
    "path", ["/topics/bridges.atom", "/sources/news.atom", "/all.atom", "/authors/nora-quill.atom"]
)
def test_an_edit_keeps_id_and_date_and_place(desk: Desk, path: str) -> None:
    """I-07, I-09: a publisher's edit in our served feed: same id, published and place, other words, a newer updated."""
    second = told(2, "A second bridge", published="08:00", updated="08:00")
    desk.poll(told(1, "A bridge is open", published="07:00", updated="07:00"), second)
    before = feedparser.parse(desk.fetched(path).content).entries
    desk.poll(told(1, "A bridge is closed", published="07:00", updated="13:30"), second, hours=2)
    after = feedparser.parse(desk.fetched(path).content).entries

    assert [one.title for one in before] == ["A second bridge", "A bridge is open"]
    assert [one.title for one in after] == ["A second bridge", "A bridge is closed"]
    assert [one.id for one in after] == [one.id for one in before]
    assert [one.published for one in after] == [one.published for one in before]
    assert after[0].updated == before[0].updated
    assert (before[1].updated, after[1].updated) == ("2026-11-24T07:00:00Z", "2026-11-24T13:30:00Z")


def test_an_edit_without_a_word_about_when_is_new_now(desk: Desk) -> None:
    """I-09: where the publisher gives no newer time of his own, the entry is as new as our look at it."""
    desk.poll(told(1, "A bridge is open", published="07:00"))
    desk.poll(told(1, "A bridge is closed", published="07:00"))

    assert desk.entry().updated == desk.clock()
    assert desk.entry().published == NOON - timedelta(hours=5)


def test_a_date_that_the_publisher_moves_is_moved(desk: Desk) -> None:
    """I-09: the published date follows the publisher's own, and the order of arrival stays all the same."""
    desk.poll(told(1, "A bridge is open", published="07:00"), told(2, "A second bridge", published="08:00"))
    desk.poll(told(1, "A bridge is closed", published="09:00"), told(2, "A second bridge", published="08:00"))
    entries = feedparser.parse(desk.fetched("/topics/bridges.atom").content).entries

    assert [(one.title, one.published[11:16]) for one in entries] == [
        ("A second bridge", "08:00"), ("A bridge is closed", "09:00"),
    ]  # fmt: skip


def test_a_bump_of_updated_alone_is_no_edit(desk: Desk) -> None:
    """I-09: `updated` alone makes no revision, moves nothing and renews no feed of ours."""
    desk.poll(told(1, "A bridge is open", published="07:00", updated="07:00"))
    before = desk.fetched("/topics/bridges.atom")
    desk.poll(told(1, "A bridge is open", published="07:00", updated="13:30"))
    after = desk.fetched("/topics/bridges.atom")

    assert (after.content, after.headers["etag"]) == (before.content, before.headers["etag"])
    assert desk.entry().revisions == 0


def test_what_rotates_makes_no_revision(desk: Desk) -> None:
    """I-08: a poll in which only a counter, an age or a cache-buster differs changes nothing."""
    extra = "&lt;p&gt;{} comments&lt;/p&gt; &lt;span&gt;{} minutes ago&lt;/span&gt;&lt;img src='https://i.example/a?_={}'&gt;"
    desk.poll(told(1, "A bridge is open", published="07:00", extra=extra.format(1, 2, 3)))
    desk.poll(told(1, "A bridge is open", published="07:00", extra=extra.format(4, 5, 6)))

    assert desk.entry().revisions == 0
    assert reading.journal_of(desk.db, "news", limit=1)[0].changed == 0


def test_what_it_said_is_kept(db: Database) -> None:
    """I-07: title, texts, authors, categories and link of each earlier version can be read again, the last first."""
    declare(db, make_source())
    for minute, title in enumerate(("One", "Two", "Three")):
        entry = make_entry(
            title=title, content=f"<p>{title}.</p>", authors=[f"Nora {title}"], categories=(title,), published=NOON
        )
        take(db, [entry], now=NOON + timedelta(minutes=minute))
    (kept,) = reading.find_entry(db, "1")[:1]
    held = revisions_of(db, kept.key)

    assert [(one.number, one.title, one.content, one.authors, one.categories) for one in held] == [
        (2, "Two", "<p>Two.</p>", ("Nora Two",), ("Two",)), (1, "One", "<p>One.</p>", ("Nora One",), ("One",)),
    ]  # fmt: skip
    assert [one.until for one in held] == [NOON + timedelta(minutes=2), NOON + timedelta(minutes=1)]
    assert kept.entry.title == "Three"


def test_a_storm_of_edits_is_limited(db: Database) -> None:
    """I-08: of an entry that changes at every poll two dozen versions a day are kept; the words are always today's."""
    declare(db, make_source())
    for minute in range(MOST_A_DAY * 2):
        take(db, [make_entry(title=f"Version {minute}", published=NOON)], now=NOON + timedelta(minutes=minute))
    (kept,) = reading.find_entry(db, "https://news.example/1")

    assert kept.entry.title == f"Version {MOST_A_DAY * 2 - 1}"
    assert kept.revisions == MOST_A_DAY
    assert [one.title for one in revisions_of(db, kept.key)] == [f"Version {n}" for n in reversed(range(MOST_A_DAY))]
    assert kept.updated == NOON + timedelta(minutes=MOST_A_DAY), "the gusts after it make the entry no newer"


def test_what_stands_after_a_storm_is_kept(db: Database) -> None:
    """I-08: when a storm is over, the next edit keeps what stood then: nothing that lasted is lost."""
    declare(db, make_source())
    for minute in range(MOST_A_DAY + 10):
        take(db, [make_entry(title=f"Version {minute}", published=NOON)], now=NOON + timedelta(minutes=minute))
    take(db, [make_entry(title="Calm", published=NOON)], now=NOON + timedelta(days=2))
    (kept,) = reading.find_entry(db, "https://news.example/1")

    assert revisions_of(db, kept.key, limit=1)[0].title == f"Version {MOST_A_DAY + 9}"
    assert (kept.revisions, kept.updated) == (MOST_A_DAY + 1, NOON + timedelta(days=2))


def test_a_publisher_may_update_within_a_storm(db: Database) -> None:
    """I-08, I-09: also in a storm, a newer `updated` of the publisher's own is his word."""
    declare(db, make_source())
    for minute in range(MOST_A_DAY + 5):
        now = NOON + timedelta(minutes=minute)
        take(db, [make_entry(title=f"Version {minute}", published=NOON, updated=now)], now=now)
    (kept,) = reading.find_entry(db, "https://news.example/1")

    assert kept.updated == NOON + timedelta(minutes=MOST_A_DAY + 4)


LONG = "The ministers met for a long while and said a great deal about the river. " * 4


@pytest.fixture
def edited(run: Run, tmp_path: Path) -> Run:  # noqa: F811 - the fixture
    """Commands beside a store with one entry that was edited twice."""
    folder = tmp_path / "feed"
    folder.mkdir()
    (tmp_path / "feeds.yaml").write_text("sources:\n  - {url: 'file:feed/one.xml', slug: one}\n", "utf-8")
    for title, text in (
        ("Three killed", LONG),
        ("Five killed", LONG),
        ("Five killed", LONG.replace("great", "good", 1)),
    ):
        item = f"<item><guid>g</guid><title>{title}</title><link>https://news.example/1</link><description>{text}</description></item>"
        body = f"<rss version='2.0'><channel><title>N</title>{item}</channel></rss>"
        (folder / "one.xml").write_text(body, "utf-8")
        assert run("poll", "--all")[0] == 0
    return run


def test_why_shows_what_edits_changed(edited: Run) -> None:
    """I-07: `heliograph why` shows each edit as a pair of lines, the last first, without colour where no terminal is."""
    _, out, _ = edited("why", "https://news.example/1")
    last, first = out.partition("\nEdit 2")[2].split("\nEdit 1")

    assert "  - The ministers met for a long while and said a great deal about" in last
    assert "  + The ministers met for a long while and said a good deal about" in last
    assert "…" in last
    assert first.splitlines()[1:4] == ["  title", "  - Three killed", "  + Five killed"]
    assert "\x1b" not in out


def test_why_tells_edits_as_json(edited: Run) -> None:
    """I-07: `why --json` has each edit as runs of words that stayed, went and came."""
    (one,) = json.loads(edited("why", "https://news.example/1", "--json")[1])

    assert [edit["number"] for edit in one["edits"]] == [2, 1]
    assert one["edits"][1]["changes"]["title"] == [{"gone": "Three"}, {"new": "Five"}, {"same": " killed"}]
    assert one["hidden_at"] is None
