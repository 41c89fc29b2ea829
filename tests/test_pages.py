"""Pages of entries read for their text: which, and what becomes of the entries."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from aggregator.decide import decide
from aggregator.pages import PageReader
from aggregator.poll import think
from aggregator.publish import Publisher as Publishing
from aggregator.show_pages import page_row, page_words, pages_words
from aggregator.visible import Viewer, visible
from aggregator.whole import page_wanted
from feeds.article import read_article
from feeds.fetch import Fetcher, Limits
from feeds.model import Answer, Article, Document, Entry, Failed, FailureKind, Fetched, Head, Validators
from feeds.sandbox import Sandbox
from storage import articles, intake, reading
from storage.database import Database
from storage.history import record_archive
from storage.model import Claim, Decision, Known
from storage.schema import entries, work
from storage.state_model import State
from storage.work import waiting
from tests.fakes import (
    NOON,
    Clock,
    Page,
    Publisher,
    make_entry,
    make_hands,
    make_source,
    take,
    write_config,
)
from tests.pages import ARTICLE, BOXES, URL, WORDS, page
from tests.pagework import HTML, ROBOTS, SUMMARY, asked, became, follow, kept, read_here, read_pages, snippet, web


@pytest.mark.parametrize(
    ("entry", "full_text", "expected"),
    [
        (snippet(), "page", URL),
        (snippet(link=URL + "#more"), "page", URL),
        (snippet(link="https://me:pw@monitor.example/1"), "page", "https://monitor.example/1"),
        (snippet(), "feed", ""),
        (snippet(text="word " * 300), "page", ""),
        (snippet(content="<p>a</p>" * 4, text="word " * 120), "page", ""),
        (snippet(content="<p>a</p>" * 2, text="word " * 120), "page", URL),
        (snippet(link=""), "page", ""),
        (snippet(link="ftp://monitor.example/1"), "page", ""),
        (snippet(link="https://monitor.example/1?key=${KEY}"), "page", ""),
    ],
)
def test_which_pages_are_wanted(entry: Entry, full_text: Any, expected: str) -> None:
    """Those of entries without their whole text, of sources that say so, on the web, without a secret in the address."""
    assert page_wanted(entry, make_source(full_text=full_text)) == expected


def test_a_page_is_read_and_its_entry_filed_by_it(db: Database) -> None:
    """F-45: robots.txt, then the page, each once; text and author are the page's, a topic that only it names is news."""
    publisher = web()
    decision, topics = follow(db, snippet(), topics={"radar": "radar", "aktau": "aktau"})
    assert [one.page for one in decision.new] == [URL]
    before = reading.output(db, "topics", "radar")

    assert read_pages(db, publisher, topics=topics) == 1

    one = kept(db)
    assert asked(publisher) == [ROBOTS, URL]
    assert publisher.requests[1].headers["accept"].startswith("text/html")
    assert one.entry.text.startswith(WORDS)
    assert "<h2>What was ordered</h2>" in one.entry.content
    assert one.entry.summary == SUMMARY
    assert [(author.name, author.bio) for author in one.entry.authors] == [("Nora Quill", "Writes of navies.")]
    assert [(why.topic, why.announced) for why in one.filings] == [("radar", True), ("aktau", True)]
    (span,) = one.filings[0].spans
    assert one.entry.text[span.start : span.end] == "radar"
    assert [found.key for found in reading.page(db, "topics", "radar", limit=5, announced=True)] == [one.key]
    after = reading.output(db, "topics", "radar")
    assert before is not None
    assert after is not None
    assert after.revision > before.revision
    assert became(db).state == "fetched"
    assert waiting(db) == {}


def test_the_words_of_the_feed_stay_as_they_are(db: Database) -> None:
    """A page's words stand beside the feed's: an edit is told by the feed alone, and no revision is made."""
    follow(db, snippet())
    read_pages(db, web())

    with db.read() as connection:
        row = connection.execute(select(entries)).mappings().one()
    assert (row["summary"], row["content"], row["text"]) == (SUMMARY, "", snippet().text)
    assert kept(db).revisions == 0
    assert take(db, [snippet()], now=NOON + timedelta(hours=2)).changed == ()


def test_an_edit_is_judged_with_the_page(db: Database) -> None:
    """An edit in the feed closes no filing that the page's words hold open, and takes no author away."""
    clock = Clock()
    _, topics = follow(db, snippet(), topics={"radar": "radar"})
    read_pages(db, web(), topics=topics)
    first = kept(db)

    hands = make_hands(db, Publisher(), topics, clock)
    (claim,) = intake.claim(db, clock.forward(hours=2), owner="test", limit=1, slugs=["news"], explicit=True)

    document = Document(head=Head(title="News"), entries=(snippet(title="Patrol boats ordered"),))
    outcome = Fetched(answer=Answer(status=200, url=claim.source.url), body=b"", validators=Validators())
    assert intake.record(db, claim, think(claim, outcome, document, hands, 0))

    one = kept(db)
    assert one.entry.title == "Patrol boats ordered"
    assert one.revisions == 1
    assert one.filings == first.filings
    assert one.author_slugs == first.author_slugs


def test_the_feeds_author_comes_before_the_pages(db: Database) -> None:
    """A page's author counts only where the feed names none, or an account."""
    follow(db, snippet(authors=["Aidai Erkebaeva"]))
    read_pages(db, web())
    assert [author.name for author in kept(db).entry.authors] == ["Aidai Erkebaeva"]

    take(db, [snippet(id="2", title="Second", link=URL + "2", authors=["admin"])], now=NOON + timedelta(hours=2))
    read_pages(
        db,
        Publisher({URL + "2": Page(body=page(box=BOXES["Molongui"]), headers=HTML)}),
        Clock(NOON + timedelta(hours=2)),
    )
    newest = reading.page(db, "all", "", limit=1)[0]
    assert [author.name for author in newest.entry.authors] == ["Nora Quill"]


def test_a_feed_with_more_text_than_the_page_keeps_it(db: Database) -> None:
    """What the page lacks is not lost: the longer text stands, and a summary that the page does not repeat before its text."""
    long = make_entry(link=URL, content="<p>" + "Words of the feed. " * 60 + "</p>", text="Words of the feed. " * 60)
    follow(db, long)
    read_pages(db, web())
    assert kept(db).entry.content == long.content

    own = snippet(id="2", link=URL, text="A teaser of the feed alone, which the page does not have in it.")
    take(db, [own], now=NOON + timedelta(hours=2))
    read_pages(db, web(), Clock(NOON + timedelta(hours=2)))
    newest = reading.page(db, "all", "", limit=1)[0].entry.text
    assert newest.startswith(own.text + "\n" + WORDS)


def test_what_is_shown_is_cut_by_the_sources_policy(db: Database, tmp_path: Path) -> None:
    """A page's text is republished where `republish: full` says so, and nowhere else."""
    follow(db, snippet())
    read_pages(db, web())
    one = kept(db)

    shown = {policy: visible(one, Viewer(policy=policy), NOON) for policy in ("full", "summary", "headline")}
    assert [bool(entry and entry.content) for entry in shown.values()] == [True, False, False]
    output = reading.output(db, "sources", "news")
    assert output is not None
    for policy, there in (("full", True), ("summary", False)):
        config = write_config(tmp_path, f"settings: {{republish: {policy}, base_url: 'https://h.example'}}\n")
        assert (b"crews" in Publishing(db, config).feed(output, "atom", NOON).content) is there


def test_full_text_feeds_are_not_asked_again(db: Database) -> None:
    """Neither is what is older than a month when it is first seen, or what a feed's archives bring: that is no news."""
    old = snippet(id="9", published=NOON - timedelta(days=31))
    follow(db, snippet(text="word " * 400), make_entry(id="2", link="mailto:x@monitor.example"), old)
    assert "page" not in waiting(db)

    (claim,) = intake.claim(db, NOON + timedelta(hours=3), owner="test", limit=1, explicit=True)
    decision = take_later(db, snippet(id="3"))
    assert [one.page for one in decision.new] == [URL]
    assert record_archive(db, claim, decision)
    assert "page" not in waiting(db)


def take_later(db: Database, entry: Entry) -> Decision:
    """What would be decided of an entry, recorded nowhere."""

    claim = Claim(
        source_id=1, source=make_source(full_text="page"), declared_url="https://monitor.example/feed",
        state=State(next_poll_at=NOON), owner="test",
    )  # fmt: skip
    outcome = Fetched(answer=Answer(status=200, url="https://monitor.example/feed"), body=b"", validators=Validators())
    return decide(claim, outcome, Document(head=Head(), entries=(entry,)), Known(), (), NOON + timedelta(hours=3))


def test_a_stop_gives_the_pages_back(db: Database) -> None:
    """What is being read when the program ends waits for the next, and costs no attempt."""
    follow(db, snippet())

    async def run() -> None:
        begun = asyncio.Event()

        async def never(request: httpx.Request) -> httpx.Response:
            begun.set()
            await asyncio.Event().wait()
            return httpx.Response(200)

        fetcher = Fetcher(
            user_agent="Heliograph/test", folder=Path(), transport=httpx.MockTransport(never), limits=Limits(spacing=0)
        )
        hands = replace(make_hands(db, Publisher()), fetcher=fetcher, read_page=read_here)
        reader = PageReader("test", Clock())
        assert await reader.begin(hands) == 1
        await begun.wait()
        await reader.stop(db)
        assert await reader.begin(hands) == 0
        await fetcher.close()

    asyncio.run(run())
    with db.read() as connection:
        row = connection.execute(select(work)).mappings().one()
    assert (row["lease_owner"], row["attempts"]) == (None, 0)


def test_pages_are_read_in_a_process_that_can_be_killed() -> None:
    """X-11, F43 (faults): the process says what the reader says, and one that takes too long is ended and says so."""

    async def run() -> None:
        sandbox, hasty = Sandbox(1), Sandbox(1, seconds=0.01)
        try:
            assert await sandbox.article(page(), URL, "text/html") == read_article(page(), URL, "text/html")
            slow = await hasty.article(page(ARTICLE * 200), URL, "text/html")
            assert isinstance(slow, Failed)
            assert slow.kind is FailureKind.UNREADABLE
        finally:
            await sandbox.close()
            await hasty.close()

    asyncio.run(run())


def test_a_reader_in_trouble_costs_the_page_alone(db: Database) -> None:
    """A fault of ours is tried again later, like any other, and other pages are read."""
    follow(db, snippet())

    async def broken(body: bytes, url: str, content_type: str) -> Article | Failed:
        raise LookupError("no such thing")

    hands = replace(make_hands(db, web()), read_page=broken)

    async def run() -> None:
        await PageReader("test", Clock()).read_all(hands)
        await hands.fetcher.close()

    asyncio.run(run())
    assert became(db).state == "waiting"
    assert "a fault of ours" in became(db).reason


def test_what_became_of_a_page_is_told(db: Database) -> None:
    """In a line for `why` and `status`, and as values for --json."""
    follow(db, snippet())
    assert page_words(became(db), NOON) == "waits to be read, now"
    read_pages(db, web())

    found = became(db)
    assert page_words(found, NOON) == f"read: {found.size:,} characters, 2026-11-24 12:00:00 UTC"
    assert page_row(found) == {"state": "fetched", "url": URL, "reason": "", "at": NOON, "characters": found.size}
    refused = articles.Page(state="refused", reason="the robots.txt of monitor.example forbids it")
    assert page_words(refused, NOON) == "refused: the robots.txt of monitor.example forbids it"
    assert (page_words(None, NOON), page_row(None)) == ("", None)
    assert pages_words({"fetched": 1200, "waiting": 3}) == "1,200 read, 3 waiting"
