"""One entry a story: in feeds of each form, on pages, by the reader's wish and by the configuration's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest

from aggregator.joining import Joiner
from aggregator.publish import Publisher
from aggregator.sharing import one_a_story, shared
from aggregator.visible import Viewer
from aggregator.web.app import make_app
from feeds.model import Document, Head, Outlet, Shared, Source
from feeds.parse import parse
from feeds.write import write
from storage import reading
from storage.database import Database
from tests.fakes import NOON, Clock, declare, make_entry, make_source, take, write_config
from tests.live import served
from tests.test_stories import QUAY, QUAY_REWRITTEN

Site = Callable[..., httpx.Client]
ATOM = "{http://www.w3.org/2005/Atom}"
CONFIG = "settings: {base_url: 'https://h.example', title: Desk}\ntopics:\n  quays: {query: quay, view: %s}\n"


def outlet(slug: str, rank: int) -> Source:
    """A source of this rank."""
    return make_source(slug=slug, url=f"https://{slug}.example/feed", name=slug.title(), rank=rank)


def told(db: Database) -> None:
    """Three outlets of different ranks tell one event, one of them another beside it; all in the topic "quays"."""
    topics = declare(db, outlet("alpha", 50), outlet("beta", 10), outlet("gamma", 50), topics={"quays": "quay"})
    for at, (slug, title, text) in enumerate(
        [
            ("alpha", "Crane falls on barges", QUAY),
            ("beta", "Northern quay closed", QUAY_REWRITTEN),
            ("gamma", "Crane & barges", QUAY),
            ("gamma", "A quay for ballet", "Dancers perform on an empty quay, for the first time in nine years."),
        ]
    ):
        link = f"https://{slug}.example/{at}"
        when = NOON + timedelta(hours=at)
        entry = make_entry(id=str(at), title=title, text=text, summary=text, link=link, published=when)
        take(db, [entry], slug=slug, topics=topics, now=when)
    Joiner().join_waiting(db, Clock(), owner="test")


@pytest.fixture
def site(db: Database, tmp_path: Path) -> Iterator[Site]:
    """Serves the store of `told`, its topic configured with a view."""
    told(db)
    with ExitStack() as open_ones:

        def opened(view: str = "entries") -> httpx.Client:
            app = make_app(Publisher(db, write_config(tmp_path, CONFIG % view)), fresh=0)
            return open_ones.enter_context(served(app))

        yield opened


def titles(client: httpx.Client, address: str) -> list[str]:
    """The titles of a feed's entries."""
    read = parse(client.get(address).content, "https://h.example" + address)
    assert isinstance(read, Document)
    return [entry.title for entry in read.entries]


@pytest.mark.parametrize("form", ["atom", "rss", "json"])
def test_a_feed_shows_one_entry_a_story(site: Site, form: str) -> None:
    """N-05: with ?view=stories the best source's entry stands for all; by default every entry is there."""
    client = site()
    assert titles(client, f"/topics/quays.{form}") == [
        "A quay for ballet", "Crane & barges", "Northern quay closed", "Crane falls on barges"
    ]  # fmt: skip
    assert titles(client, f"/topics/quays.{form}?view=stories") == ["A quay for ballet", "Northern quay closed"]


def test_the_others_are_named(site: Site) -> None:
    """N-05, A-03: Atom names the others in links and a last line, RSS in the description, JSON Feed as _heliograph.also."""
    client = site()
    line = 'Also in: <a href="https://alpha.example/0">Alpha</a>, <a href="https://gamma.example/2">Gamma</a>.'

    entry = ElementTree.fromstring(client.get("/topics/quays.atom?view=stories").content).findall(f"{ATOM}entry")[1]
    related = [(one.get("href"), one.get("title")) for one in entry.findall(f"{ATOM}link[@rel='related']")]
    assert related == [("https://alpha.example/0", "Alpha"), ("https://gamma.example/2", "Gamma")]
    assert line in (entry.findtext(f"{ATOM}summary") or "")

    rss = ElementTree.fromstring(client.get("/topics/quays.rss?view=stories").content)
    assert line in (rss.findall("channel/item")[1].findtext("description") or "")

    items = client.get("/topics/quays.json").json()["items"]
    assert items[2]["_heliograph"]["also"] == [
        {"name": "Alpha", "url": "https://alpha.example/0"}, {"name": "Gamma", "url": "https://gamma.example/2"}
    ]  # fmt: skip
    assert "also" not in items[0]["_heliograph"]


@pytest.mark.parametrize("form", ["atom", "rss"])
def test_the_plain_view_is_as_it_was(site: Site, form: str) -> None:
    """V-12: the joining changes no byte of a plain feed."""
    assert b"Also in" not in site().get(f"/topics/quays.{form}").content
    assert b'rel="related"' not in site().get(f"/topics/quays.{form}").content


def test_a_topic_may_have_stories_as_its_view(site: Site) -> None:
    """With `view: stories` a topic's feed has one entry a story, and ?view=entries every one."""
    client = site("stories")
    assert titles(client, "/topics/quays.atom") == ["A quay for ballet", "Northern quay closed"]
    assert len(titles(client, "/topics/quays.atom?view=entries")) == 4


def test_another_view_is_another_feed(site: Site) -> None:
    """V-01: the two views of a topic have ids, self links and ETags of their own."""
    client = site()
    plain, other = client.get("/topics/quays.atom"), client.get("/topics/quays.atom?view=stories")
    heads = [ElementTree.fromstring(answer.content) for answer in (plain, other)]
    assert heads[0].findtext(f"{ATOM}id") != heads[1].findtext(f"{ATOM}id")
    assert [head.find(f"{ATOM}link[@rel='self']").get("href") for head in heads] == [  # type: ignore[union-attr] # there
        "https://h.example/topics/quays.atom", "https://h.example/topics/quays.atom?view=stories"
    ]  # fmt: skip
    assert plain.headers["etag"] != other.headers["etag"]
    again = client.get("/topics/quays.atom?view=stories", headers={"If-None-Match": other.headers["etag"]})
    assert again.status_code == 304


def test_a_story_that_grows_gives_new_bytes(db: Database, site: Site) -> None:
    """V-12: where another outlet tells the story later, the feed that names the others is rendered anew."""
    client = site()
    before = client.get("/topics/quays.json").json()
    declare(
        db, outlet("alpha", 50), outlet("beta", 10), outlet("gamma", 50), outlet("delta", 5), topics={"quays": "quay"}
    )
    entry = make_entry(id="9", title="Barges", text=QUAY, link="https://delta.example/9", published=NOON)
    take(db, [entry], slug="delta", now=NOON + timedelta(hours=9))
    Joiner().join_waiting(db, Clock(), owner="test")
    after = client.get("/topics/quays.json").json()
    assert [one["name"] for one in after["items"][2]["_heliograph"]["also"]] == ["Delta", "Alpha", "Gamma"]
    assert before != after


def test_pages_name_the_others(site: Site) -> None:
    """A page shows "also in" below an entry, escaped, and a topic's page offers its other view."""
    page = site().get("/topics/quays").text
    assert 'also in: <a href="https://beta.example/1" rel="noopener noreferrer"><bdi>Beta</bdi></a>, ' in page
    assert '<a href="?view=stories">' in page
    stories = site().get("/topics/quays?view=stories").text
    assert stories.count("<article") == 2
    assert "https://h.example/topics/quays.atom?view=stories" in stories
    assert "also in:" in site().get("/").text


def test_an_unknown_view_is_refused(site: Site) -> None:
    """S-08: an unknown view is an error that names those there are, with what was asked escaped."""
    answer = site().get("/topics/quays.atom?view=<script>")
    assert answer.status_code == 400
    assert "entries and stories" in answer.text
    assert "<script>" not in answer.text


def test_what_policy_hides_is_not_named(db: Database) -> None:
    """A-03: an entry that may not be shown is not named below another; the wire that one of them names is."""
    told(db)
    kept = reading.page(db, "all", "", limit=9)
    assert [one.name for one in shared(db, kept, Viewer(), NOON)[kept[-1].key].also] == ["Beta", "Gamma"]
    wired = [replace(one, wire="npa") for one in kept]
    assert shared(db, wired, Viewer(), NOON)[kept[-1].key].wire == "npa"
    assert kept[0].key not in shared(db, kept, Viewer(), NOON)


def test_the_best_source_stands_for_a_story(db: Database) -> None:
    """N-05: the lowest rank wins, then the first published; entries without a story stand for themselves."""
    told(db)
    kept = reading.page(db, "all", "", limit=9)
    assert [one.source_slug for one in one_a_story(kept, 9)] == ["gamma", "beta"]
    alike = [replace(one, rank=50) for one in kept]
    assert [one.source_slug for one in one_a_story(alike, 9)] == ["gamma", "alpha"]
    assert len(one_a_story([replace(one, story=None) for one in kept], 9)) == 4
    assert len(one_a_story(kept, 1)) == 1


def test_hostile_names_stay_names() -> None:
    """X-27: names and links of other outlets are escaped, and a link that is none is left out."""
    entry = make_entry(
        public_id="urn:x:1", summary="s", published=NOON, updated=NOON, source=Head(title="N", url="https://n.example/")
    )
    outlets = (Outlet(name="<b>&", url="javascript:alert(1)"), Outlet(name="\x00Fine", url="https://f.example/?a&b"))
    head = Head(title="T", id="urn:x:0", url="https://h.example/t.atom", site_url="https://h.example/t", updated=NOON)
    document = Document(head=head, entries=(entry,), shared={"urn:x:1": Shared(also=outlets)}, by_story=True)
    for form in ("atom", "rss"):
        written = write(document, form).decode()
        assert "javascript" not in written
        assert "Also in: &amp;lt;b&amp;gt;&amp;amp;, &lt;a href=" in written
    also = json.loads(write(document, "json"))["items"][0]["_heliograph"]["also"]
    assert also == [{"name": "<b>&"}, {"name": "Fine", "url": "https://f.example/?a&b"}]
