"""The page of an entry: why it is where it is, what its publisher changed, and nothing that may not be shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from lxml import etree, html

from aggregator.decide import decide
from aggregator.joining import Joiner
from aggregator.publish import Publisher
from aggregator.web import pages
from aggregator.web.app import make_app
from aggregator.web.entries import entry_page
from feeds.model import Answer, Deleted, Document, Fetched, Head, Validators
from storage import intake, reading
from storage.database import Database
from storage.model import PlaceTag
from tests.fakes import NOON, Clock, declare, make_entry, make_source, take, write_config
from tests.live import served

WORDS = "The ministers of two countries met at the river and spoke of helicopters for an hour. "
CONTENT = f"<p>{WORDS * 3}</p><p>Three bases are named.</p>"


def told(**said: object) -> dict[str, object]:
    """An entry's fields, as the tests edit them."""
    return {
        "title": "Three killed", "content": CONTENT, "text": f"{WORDS * 3}\nThree bases are named.", "published": NOON,
        "summary": "<p>Ministers met.</p>", "authors": ["Ada Ore"], "lang": "en", "categories": ("air",), **said,
    }  # fmt: skip


def words(element: etree._Element) -> str:
    """All text in an element."""
    return " ".join(str(part) for part in element.itertext())


class Desk:
    """A store and a server over it."""

    def __init__(self, db: Database, folder: Path, republish: str = "full") -> None:
        self.db, self.folder = db, folder
        self.topics = declare(db, make_source(labels=("state-media",)), topics={"air": "helicopter*"})
        self.publisher = Publisher(db, write_config(folder, f"settings: {{republish: {republish}}}"))

    def take(self, minutes: int, **said: object) -> None:
        """Let the publisher say this."""
        take(self.db, [make_entry(**told(**said))], topics=self.topics, now=NOON + timedelta(minutes=minutes))

    def get(self, path: str = "/entries/1") -> httpx.Response:
        """What the server answers."""
        with served(make_app(self.publisher)) as client:
            return client.get(path)


@pytest.fixture
def desk(db: Database, tmp_path: Path) -> Desk:
    """One entry that was edited twice."""
    made = Desk(db, tmp_path)
    made.take(0)
    made.take(60, title="Five killed")
    made.take(120, title="Five killed", content=CONTENT.replace("Three bases", "Four bases"))
    return made


def test_it_tells_what_we_know(desk: Desk) -> None:
    """Title, source with its labels, author, dates, topics with the words that matched, the link to the original."""
    answer = desk.get()
    page = html.fromstring(answer.text)

    assert answer.status_code == 200
    assert page.findtext(".//h1") == "Five killed"
    links = {link.get("href"): words(link).strip() for link in page.iter("a")}
    assert links["/sources/news"] == "News"
    assert links["/authors/ada-ore"] == "Ada Ore"
    assert links["/topics/air"] == "Air"
    assert "https://news.example/1" in links
    text = " ".join(words(page).split())
    assert "state-media" in text
    assert "helicopter* in text: helicopters" in text
    assert "Published 2026-11-24 12:00 UTC Updated 2026-11-24 14:00 UTC Arrived 2026-11-24 12:00 UTC" in text


def test_it_shows_each_edit(desk: Desk) -> None:
    """I-07: each edit, the last first, with the words that went and came."""
    page = html.fromstring(desk.get().text)
    edits = page.findall(".//details")

    assert [edit.findtext("h3") for edit in edits] == ["text", "title"]
    assert [(edit.findtext(".//del"), edit.findtext(".//ins")) for edit in edits] == [
        ("Three", "Four"),
        ("Three", "Five"),
    ]


def test_it_runs_no_script_and_has_no_style_of_its_own(desk: Desk) -> None:
    """The policy of every page holds: nothing inline."""
    answer = desk.get()

    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "<script" not in answer.text
    assert "style=" not in answer.text


@pytest.mark.parametrize("republish", ["summary", "headline"])
def test_edits_show_no_more_than_the_entry(db: Database, tmp_path: Path, republish: str) -> None:
    """Where a source's text may not be shown, what it was before an edit may not be either."""
    desk = Desk(db, tmp_path, republish)
    desk.take(0)
    desk.take(60, content="<p>A word that is kept back.</p>", text="A word that is kept back.")
    answer = desk.get()

    assert answer.status_code == 200
    assert "kept back" not in answer.text
    assert "Three bases" not in answer.text
    assert "No words that may be shown" in answer.text


def test_hostile_words_stay_words(db: Database, tmp_path: Path) -> None:
    """Titles and names with markup are shown as they are, now and as they were."""
    desk = Desk(db, tmp_path)
    desk.take(0, title="<script>a()</script> one", categories=("<b>",))
    desk.take(60, title="<script>a()</script> two", categories=("<i>",))

    assert "<script" not in desk.get().text
    assert "&lt;script&gt;" in desk.get().text


def test_what_was_deleted_says_so(db: Database, tmp_path: Path) -> None:
    """I-14: an entry that its publisher has withdrawn answers 410 with the reason, and no word of it."""
    desk = Desk(db, tmp_path)
    desk.take(0)
    (claim,) = intake.claim(db, NOON, owner="test", limit=1, explicit=True)
    known = intake.known(db, claim.source_id, ["1"])
    document = Document(head=Head(), deleted=(Deleted(id="1", at=NOON, comment="in <b>error</b>"),))
    outcome = Fetched(answer=Answer(status=200, url=claim.source.url), body=b"x", validators=Validators())
    assert intake.record(db, claim, decide(claim, outcome, document, known, (), NOON))
    answer = desk.get()

    assert answer.status_code == 410
    assert "deleted by the publisher: in &lt;b&gt;error&lt;/b&gt;" in answer.text
    assert "Three" not in answer.text


@pytest.mark.parametrize("key", ["2", "0", "x", "-1", "1.atom", "9" * 30])
def test_what_is_not_there(desk: Desk, key: str) -> None:
    """A number that no entry has is 404."""
    assert desk.get(f"/entries/{key}").status_code == 404


def test_lists_link_to_it(desk: Desk) -> None:
    """Every list of entries leads to the page of each, and to its edits."""
    links = [link.get("href") for link in html.fromstring(desk.get("/topics/air").text).iter("a")]

    assert "/entries/1" in links
    assert "/entries/1#edits" in links


def test_only_the_last_edits_are_shown(db: Database, tmp_path: Path) -> None:
    """X-11: an entry of many edits has a page of bounded length that says how many there are."""
    desk = Desk(db, tmp_path)
    for minute in range(16):
        desk.take(minute, title=f"{minute} killed")
    page = html.fromstring(desk.get().text)

    assert len(page.findall(".//details")) == 10
    assert "The last 10 of 15 edits" in words(page)


def test_places_and_the_same_story_are_named(desk: Desk) -> None:
    """N-01, N-05: an entry's places lead to their pages, and the others that tell its story to theirs."""
    other = make_source(slug="other", name="Other", url="https://other.example/feed")
    declare(desk.db, make_source(), other)
    (first,) = reading.find_entry(desk.db, "https://news.example/1")
    copied = make_entry(id="o", title="The other one", link="https://other.example/1", text=first.entry.text)
    take(desk.db, [copied], slug="other", now=NOON + timedelta(minutes=9))
    assert Joiner().join_waiting(desk.db, Clock(NOON + timedelta(minutes=10)), owner="test") == 2
    (kept,) = reading.find_entry(desk.db, "https://news.example/1")
    kept = replace(kept, places=(PlaceTag(code="KZ", count=2), PlaceTag(code="KG", count=1)), wire="afp")
    page = entry_page(desk.publisher, kept, pages.Site(title="Desk", base_url="https://h.example", now=NOON))

    assert page is not None
    read = html.fromstring(pages.render(page))
    links = {link.get("href"): words(link) for link in read.iter("a")}
    assert (links["/places/kazakhstan"], links["/places/kyrgyzstan"]) == ("Kazakhstan", "Kyrgyzstan")
    assert links["/entries/2"] == "The other one"
    assert "Wire afp" in " ".join(words(read).split())
