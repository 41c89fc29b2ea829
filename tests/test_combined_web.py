"""Combined feeds as readers meet them, and as feeds.yaml defines them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import feedparser
import httpx
import pytest

from aggregator.config import ConfigError, load_config
from aggregator.prepare import declared
from aggregator.publish import Publisher
from aggregator.static_folder import opened_folder
from aggregator.static_site import publish
from aggregator.web.app import make_app
from storage import upkeep
from storage.database import Database
from tests.fakes import NOON, make_entry, take, write_config
from tests.live import served
from tests.validator import complaints

Site = Callable[..., httpx.Client]
FILE = """\
settings: {base_url: 'https://h.example', title: Desk}
sources:
  - {url: 'https://a.example/feed', slug: a, name: Alpha}
  - {url: 'https://b.example/feed', slug: b, name: Beta}
topics:
  ships: {query: frigate}
"""
FEEDS = """\
feeds:
  morning: {title: Morning read, topics: [ships], places: [KZ], sources: [b], formerly: [early, dawn]}
  digest: {sources: [a, b], cap: 1}
  inner-circle: {title: Secret plans, topics: [ships], private: true, formerly: [old-circle]}
"""


@pytest.fixture
def site(db: Database, tmp_path: Path) -> Iterator[Site]:
    """Serves a store that a configuration declares, with three entries of two sources."""
    with ExitStack() as stack:

        def serve(feeds: str = FEEDS) -> httpx.Client:
            config = write_config(tmp_path, FILE + feeds)
            upkeep.reconcile(db, declared(config), NOON)
            brought = [("a", "A frigate sails"), ("b", "A budget passes"), ("a", "Astana votes in Kazakhstan")]
            for at, (slug, title) in enumerate(brought):
                one = make_entry(id=str(at), title=title, text="Words.", link=f"https://{slug}.example/{at}")
                take(db, [one], topics=list(config.topics), slug=slug, now=NOON + timedelta(hours=at))
            return stack.enter_context(served(make_app(Publisher(db, config))))

        yield serve


def titles(feed: httpx.Response) -> list[str]:
    """The titles of a feed's entries."""
    return [one.title for one in feedparser.parse(feed.content).entries]


def test_a_combined_feed_is_a_page_and_three_feeds(site: Site) -> None:
    """S-01, S-02, V-01: its feeds have the entries of its parts, its own title, id and address, and validators."""
    client = site()
    atom = client.get("/feeds/morning.atom")
    read = feedparser.parse(atom.content)
    page = client.get("/feeds/morning")

    assert titles(atom) == ["Astana votes in Kazakhstan", "A budget passes", "A frigate sails"]
    assert titles(client.get("/feeds/morning.rss")) == titles(atom)
    assert [one["title"] for one in json.loads(client.get("/feeds/morning.json").content)["items"]] == titles(atom)
    for form in ("atom", "rss", "json"):
        assert complaints(client.get(f"/feeds/morning.{form}").content, form) == []
    assert read.feed.title == "Morning read · Desk"
    assert [one.href for one in read.feed.links if one.rel == "self"] == ["https://h.example/feeds/morning.atom"]
    assert {one.source.title for one in read.entries} == {"Alpha", "Beta"}
    assert client.get("/feeds/morning.atom", headers={"If-None-Match": atom.headers["ETag"]}).status_code == 304
    assert "topics: ships; sources: b; places: Kazakhstan" in page.text
    assert "A frigate sails" in page.text
    assert 'href="?view=stories"' in page.text


def test_a_renamed_feed_keeps_its_address_and_its_id(site: Site) -> None:
    """S-09: a former slug leads to today's; the feed's id is that of its first name."""
    client = site(FEEDS.replace("formerly: [early, dawn]", ""))
    before = feedparser.parse(client.get("/feeds/morning.atom").content).feed.id
    client = site(FEEDS.replace("morning: {", "evening: {").replace("[early, dawn]", "[morning, dusk]"))

    for old in ("morning", "dusk"):
        moved = client.get(f"/feeds/{old}.atom?view=stories")
        assert (moved.status_code, moved.headers["Location"]) == (301, "/feeds/evening.atom?view=stories")
    assert feedparser.parse(client.get("/feeds/evening.atom").content).feed.id == before


def test_a_digest_has_so_many_of_a_source(site: Site) -> None:
    """With `cap: 1` the newest entry of each source is there."""
    client = site()
    feed = client.get("/feeds/digest.atom")

    assert titles(feed) == ["Astana votes in Kazakhstan", "A budget passes"]
    assert b'rel="next"' not in feed.content
    assert "at most 1 entry of a source" in client.get("/feeds").text


def test_a_digest_has_one_page(site: Site) -> None:
    """S-08: a page after the first is refused with the reason; other combined feeds have theirs."""
    client = site()
    refused = client.get("/feeds/digest.atom?before=2")

    assert refused.status_code == 400
    assert "has one page" in refused.text
    assert titles(client.get("/feeds/morning.atom?before=2")) == ["A frigate sails"]
    assert titles(client.get("/feeds/morning.atom?limit=1")) == ["Astana votes in Kazakhstan"]


def test_combined_feeds_are_listed(site: Site) -> None:
    """O-01: the front page, the list of combined feeds and the OPML name them, and a wrong address leads near."""
    client = site()
    outlines = ElementTree.fromstring(client.get("/feeds.opml").content).iter("outline")
    addresses = [one.get("xmlUrl") for one in outlines if "/feeds/" in (one.get("xmlUrl") or "")]

    assert addresses == ["https://h.example/feeds/morning.atom", "https://h.example/feeds/digest.atom"]
    for path in ("/", "/feeds"):
        assert 'href="/feeds/morning"' in client.get(path).text
    wrong = client.get("/feeds/mornin")
    assert wrong.status_code == 404
    assert 'href="/feeds/morning"' in wrong.text


def test_without_definitions_nothing_is_said_of_them(site: Site) -> None:
    """A server without combined feeds has an empty list, and its front page and OPML do not speak of them."""
    client = site("")

    assert "None is configured" in client.get("/feeds").text
    assert "Combined feeds" not in client.get("/").text
    assert b"/feeds/" not in client.get("/feeds.opml").content


def test_a_private_definition_is_not_there_in_public(site: Site) -> None:
    """X-32: what is published under keys only answers as what there is not does, and stands on no page, in no list."""
    client = site()
    unknown = client.get("/feeds/nothing-like-it.atom")
    public = ("/", "/feeds", "/feeds.opml", "/opml", "/topics/ships", "/topics/ships.atom", "/entries/1", "/all.json")

    for name in ("inner-circle", "old-circle"):
        for form in ("", ".atom", ".rss", ".json"):
            answer = client.get(f"/feeds/{name}{form}")
            assert answer.status_code == 404
            assert answer.headers.keys() == unknown.headers.keys()
            assert "circle" not in answer.text
    for path in (*public, "/search?q=frigate", "/search.atom?q=frigate", "/feeds/inner-circl"):
        body = client.get(path).text
        assert "circle" not in body, path
        assert "Secret plans" not in body, path


def test_combined_feeds_are_among_the_files(db: Database, tmp_path: Path) -> None:
    """What is published as files has every combined feed, its page and their list, and no trace of a private one."""
    config = write_config(tmp_path, FILE + FEEDS)
    upkeep.reconcile(db, declared(config), NOON)
    take(db, [make_entry(title="A frigate sails")], topics=list(config.topics), slug="a")
    with opened_folder(tmp_path / "site") as folder:
        publish(Publisher(db, config), folder, NOON, "1")
    found = (path for path in (tmp_path / "site").rglob("*") if path.is_file())
    written = {path.relative_to(tmp_path / "site").as_posix(): path.read_bytes() for path in found}

    for form in ("html", "atom", "rss", "json"):
        assert b"A frigate sails" in written[f"feeds/morning.{form}"]
    assert b'href="/feeds/morning"' in written["feeds.html"]
    assert [path for path, content in written.items() if b"inner-circle" in path.encode() + content] == []


@pytest.mark.parametrize(
    ("feeds", "line", "said"),
    [
        ("feeds:\n  m:\n    topics: [shps]\n", 9, "feeds.m.topics[1]: there is no topic shps; did you mean ships?"),
        ("feeds:\n  m:\n    topics: [zz]\n", 9, "there is no topic zz; the topics of this file are ships"),
        ("feeds:\n  m:\n    sources:\n      - a\n      - alph\n", 11, "feeds.m.sources[2]: there is no source alph"),
        ("feeds:\n  m: {places: [kazakstan]}\n", 8, "there is no place kazakstan: did you mean kazakhstan?"),
        ("feeds:\n  m: {authors: [Ada Ore]}\n", 8, "'Ada Ore' is no slug"),
        ("feeds:\n  m: {title: Nothing}\n", 8, "expected topics, authors, places or sources that it is made of"),
        ("feeds:\n  m: {topics: [ships], order: size}\n", 8, "'size' is not known: expected 'time' or 'story'"),
        ("feeds:\n  m: {topics: [ships], cap: 0}\n", 8, "feeds.m.cap: "),
        ("feeds:\n  m: {topic: [ships]}\n", 8, "unknown key; did you mean topics?"),
        ("feeds:\n  m: {topics: [ships]}\n  n: {sources: [a], formerly: [m]}\n", 9, "m is the slug of one of today's feeds"),
        (f"feeds:\n  m: {{authors: [{', '.join(f'a{at}' for at in range(301))}]}}\n", 8, "301 parts"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_definition_is_told(tmp_path: Path, feeds: str, line: int, said: str) -> None:
    """A wrong part, order or cap is a complaint with its line and what is known that is near."""
    path = tmp_path / "feeds.yaml"
    path.write_text(FILE + feeds, "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(path, environment={})

    assert caught.value.complaints[0].line == line
    assert said in str(caught.value.complaints[0])


def test_authors_need_not_be_declared(tmp_path: Path) -> None:
    """Authors are learned from bylines: any slug of the right form may stand in a definition."""
    config = write_config(tmp_path, FILE + "feeds: {m: {authors: [somebody-learned]}}\n")

    assert config.feeds["m"].parts.authors == ("somebody-learned",)
    assert config.feeds["m"].title == "M"
