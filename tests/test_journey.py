"""One entry's life: served bytes, a topic feed and an author feed, with a restart in the middle."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import feedparser
import pytest

from aggregator.poll import Hands
from aggregator.prepare import prepare
from aggregator.publish import Publisher as Publishing
from aggregator.refiling import refile_waiting
from feeds.model import Document
from feeds.parse import parse
from storage import reading
from storage.database import Database, open_database
from storage.model import OutputKind
from tests.fakes import NOON, Clock, Page, Publisher, item, make_hands, poll_all, rss, write_config

CONFIG = """
settings: {base_url: "https://h.example"}
sources:
  - {url: "https://news.example/feed", slug: news, name: Frontier Digest}
topics:
  central-asia-defence: {title: Central Asia defence, query: 'kyrgyz* AND "defence cooperation"'}
authors:
  ada-ore: {name: Ada Ore, aliases: [Ада Оре]}
"""
BODY = (
    "<![CDATA[<p>Two neighbours will share a workshop.</p><p>The ministers of Kyrgyzstan and its neighbour signed a paper on "
    "defense cooperation. " + "More was said about it than can be told here. " * 12 + "</p><h3>About Ada Ore</h3>"
    "<p>Writes on the Middle East and Africa.</p><p><a href='/by/ada'>View all posts by Ada Ore →</a></p>]]>"
)
ARTICLE = rss(item(1, title="A shared workshop", body=BODY))


def served(
    config_text: str, db: Database, folder: Path, clock: Clock, body: bytes = ARTICLE
) -> tuple[Hands, Publisher]:
    """A store prepared from a configuration, and hands to poll the one publisher with."""
    config = write_config(folder, config_text)
    prepare(config, db, clock())
    page = Page(body, headers={"ETag": '"1"', "Content-Type": "application/rss+xml"})
    publisher = Publisher({"https://news.example/feed": page})
    return make_hands(db, publisher, config.topics, clock), publisher


def published(db: Database, folder: Path, kind: OutputKind, slug: str, form: str) -> bytes:
    """The bytes of a feed, from a publisher that was just started."""
    publishing = Publishing(db, write_config(folder, CONFIG))
    found = reading.output(db, kind, slug)
    assert found is not None
    return publishing.feed(found, form, NOON).content


@pytest.mark.parametrize("form", ["atom", "rss", "json"])
@pytest.mark.parametrize(
    ("kind", "slug"), [("topics", "central-asia-defence"), ("authors", "ada-ore"), ("sources", "news")]
)
def test_an_article_comes_out_where_it_belongs(
    db: Database, tmp_path: Path, kind: OutputKind, slug: str, form: str
) -> None:
    """A-05: an article is in its topic and under its author, without the author box, naming and linking its source."""
    hands, _ = served(CONFIG, db, tmp_path, Clock())
    poll_all(hands)

    body = published(db, tmp_path, kind, slug, form)
    read = parse(body)
    assert isinstance(read, Document)
    (entry,) = read.entries
    assert (entry.title, entry.link) == ("A shared workshop", "https://news.example/1")
    assert [author.name for author in entry.authors] == ["Ada Ore"]
    assert b"View all posts" not in body
    assert b"Frontier Digest" in body
    assert b"https://news.example/feed" in body


def test_the_box_is_kept_apart_from_the_text(db: Database, tmp_path: Path) -> None:
    """What an author box says is the author's bio and page, never part of the text that topics see."""
    hands, _ = served(CONFIG, db, tmp_path, Clock())
    poll_all(hands)

    (kept,) = reading.page(db, "all", "", limit=9)
    assert "Middle East" not in kept.entry.text
    assert "View all posts" not in kept.entry.content
    (author,) = kept.entry.authors
    assert (author.bio, author.url) == ("Writes on the Middle East and Africa.", "https://news.example/by/ada")
    assert kept.entry.summary == "Two neighbours will share a workshop."
    assert kept.filings[0].terms == ("kyrgyz*", '"defence cooperation"')


def test_a_restart_polls_nothing_and_changes_no_byte(db: Database, db_url: str, tmp_path: Path) -> None:
    """F-12, V-12: after a restart nothing is due, and every feed is the same to the byte."""
    clock = Clock()
    hands, publisher = served(CONFIG, db, tmp_path, clock)
    poll_all(hands)
    before = {form: published(db, tmp_path, "all", "", form) for form in ("atom", "rss", "json")}
    db.close()

    again = open_database(db_url)
    clock.forward(minutes=5)
    prepare(write_config(tmp_path, CONFIG), again, clock())
    hands, publisher = served(CONFIG, again, tmp_path, clock)
    assert poll_all(hands) == []
    assert publisher.requests == []
    assert {form: published(again, tmp_path, "all", "", form) for form in ("atom", "rss", "json")} == before
    again.close()


def test_the_second_poll_is_conditional(db: Database, tmp_path: Path) -> None:
    """F-01, F-03: after the first request every other shows the validators, an explicit poll included."""
    clock = Clock()
    hands, publisher = served(CONFIG, db, tmp_path, clock)
    poll_all(hands)
    second = make_hands(db, publisher, hands.topics, clock)
    (decision,) = poll_all(second, explicit=True)

    assert [request.headers.get("if-none-match") for request in publisher.requests] == [None, '"1"']
    assert decision is not None
    assert (decision.journal.outcome, decision.journal.detail) == ("unchanged", "304")


def test_a_guessed_date_stays_the_same(db: Database, tmp_path: Path) -> None:
    """I-10: an entry without a date has the time when it was first seen, and keeps it."""
    clock = Clock()
    undated = rss("<item><title>One</title><guid>1</guid><description>d</description></item>")
    hands, publisher = served(CONFIG, db, tmp_path, clock, undated)
    poll_all(hands)
    first = published(db, tmp_path, "sources", "news", "rss")
    clock.forward(hours=3)
    publisher.pages["https://news.example/feed"] = Page(undated + b"<!-- -->")
    poll_all(make_hands(db, publisher, hands.topics, clock))

    assert published(db, tmp_path, "sources", "news", "rss") == first
    (kept,) = reading.page(db, "all", "", limit=9)
    assert (kept.published, kept.published_note) == (NOON, "missing")


def test_a_changed_rule_files_history_without_news(db: Database, tmp_path: Path) -> None:
    """A topic whose query changed shows old entries on its page, not in its feed; the next new one is in both."""
    clock = Clock()
    hands, publisher = served(CONFIG.replace("kyrgyz*", "uzbek*"), db, tmp_path, clock)
    poll_all(hands)
    assert reading.page(db, "topics", "central-asia-defence", limit=9) == []

    clock.forward(hours=2)
    config = write_config(tmp_path, CONFIG)
    prepare(config, db, clock())
    assert refile_waiting(db, config.topics, clock, owner="test") == 1
    assert len(reading.page(db, "topics", "central-asia-defence", limit=9)) == 1
    assert reading.page(db, "topics", "central-asia-defence", limit=9, announced=True) == []

    publisher.pages["https://news.example/feed"] = Page(rss(item(1, body=BODY), item(2, body=BODY)))
    poll_all(make_hands(db, publisher, config.topics, clock))
    assert len(reading.page(db, "topics", "central-asia-defence", limit=9, announced=True)) == 1


def test_one_bad_source_harms_no_other(db: Database, tmp_path: Path) -> None:
    """A source in trouble leaves a line that says why, and the others are polled as if it were not there."""
    text = CONFIG.replace(
        "topics:",
        "  - {url: 'https://bad.example/feed', slug: bad}\n  - {url: 'https://other.example/feed', slug: other}\ntopics:",
    )
    hands, publisher = served(text, db, tmp_path, Clock())
    publisher.pages["https://bad.example/feed"] = Page(b"<!doctype html><title>Log in</title>")
    publisher.pages["https://other.example/feed"] = Page(rss(item(7)))
    decisions = poll_all(hands)

    assert [decision.journal.outcome for decision in decisions if decision] == ["fetched", "failed", "fetched"]
    (line,) = reading.journal_of(db, "bad")
    assert (line.kind, line.detail) == ("html", "the body is a web page, not a feed")
    assert reading.counts(db)["entries"] == 2


def test_our_feeds_survive_a_second_heliograph(db: Database, tmp_path: Path) -> None:
    """A-01, A-10: a feed of ours, followed by another Heliograph, keeps the ids, the authors and the first source."""
    hands, _ = served(CONFIG, db, tmp_path, Clock())
    poll_all(hands)
    ours = published(db, tmp_path, "topics", "central-asia-defence", "atom")
    (first,) = reading.page(db, "all", "", limit=9)

    (tmp_path / "two").mkdir()
    second = open_database(f"sqlite:///{tmp_path / 'two' / 'store.db'}")
    hands, _ = served(CONFIG.replace("Frontier Digest", "A relay"), second, tmp_path / "two", Clock(), ours)
    poll_all(hands)
    again = published(second, tmp_path / "two", "all", "", "atom")
    second.close()
    entry = feedparser.parse(again).entries[0]
    assert entry.id == first.entry.public_id
    assert entry.source.title == "Frontier Digest"
    assert [author.name for author in entry.authors] == ["Ada Ore"]


def test_dates_in_the_future_do_not_stay_on_top(db: Database, tmp_path: Path) -> None:
    """I-11: an entry dated tomorrow or later counts as seen today; what the publisher claimed is kept."""
    ahead = rss(item(1).replace("24 Nov 2026", "24 Dec 2036"))
    hands, _ = served(CONFIG, db, tmp_path, Clock(), ahead)
    poll_all(hands)

    (kept,) = reading.page(db, "all", "", limit=9)
    assert (kept.published, kept.published_note) == (NOON, "future")
    assert kept.entry.published is not None
    assert kept.entry.published > NOON + timedelta(days=3000)
