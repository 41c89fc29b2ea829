from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.types import ASGIApp

from aggregator.publish import Publisher
from aggregator.web.app import ROUTES, make_app, routed
from storage import upkeep
from storage.database import Database, open_database
from storage.model import SourceRow, TopicRow
from tests.conftest import ENGINES
from tests.fakes import NOON, declare, make_entry, make_source, take, write_config
from tests.live import served
from tests.postgres import Server

TYPES = {
    "atom": "application/atom+xml; charset=utf-8",
    "rss": "application/rss+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
}


def desk(folder: Path, url: str = "") -> tuple[ASGIApp, Database]:
    """An application with two entries, one of them in a topic."""
    db = open_database(url or f"sqlite:///{folder / 'store.db'}")
    topics = declare(db, make_source(), topics={"air": "helicopter*", "sea": "frigate*"})
    entries = [
        make_entry(id="1", title="Helicopters <b>& co</b>", authors=["Ada Ore"], summary="<p>Said <em>so</em>.</p>"),
        make_entry(id="2", title="مروحيات", lang="ar", link="https://news.example/2"),
    ]
    take(db, entries, topics=topics)
    config = write_config(folder, "settings: {base_url: 'https://h.example', title: Desk}")
    return make_app(Publisher(db, config)), db


@pytest.fixture(scope="module", params=ENGINES)
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A server that every test here reads and none changes, on each engine."""
    folder = tmp_path_factory.mktemp("desk")
    server: Server | None = None if request.param == "sqlite" else request.getfixturevalue("postgresql")
    url = server.new_database("prepared") if server else f"sqlite:///{folder / 'store.db'}"
    app, db = desk(folder, url)
    with served(app) as made:
        yield made
    db.close()
    if server:
        server.drop(url)


PAGES = ["/", "/topics", "/authors", "/sources", "/topics/air", "/authors/ada-ore", "/sources/news", "/all"]
FEEDS = [f"{path}.{form}" for path in ("/topics/air", "/authors/ada-ore", "/sources/news", "/all") for form in TYPES]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_a_page(client: httpx.Client, path: str) -> None:
    """Each address without a suffix is an HTML page with a policy that runs no script."""
    answer = client.get(path)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src" not in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "<script" not in answer.text


@pytest.mark.parametrize("path", FEEDS)
def test_every_feed_has_its_type(client: httpx.Client, path: str) -> None:
    """S-01: each form is served as what it is, with nosniff."""
    answer = client.get(path)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == TYPES[path.rpartition(".")[2]]
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", [*FEEDS, "/opml", "/feeds.opml"])
def test_what_the_reader_has_is_not_sent_again(client: httpx.Client, path: str) -> None:
    """S-02: If-None-Match and If-Modified-Since give 304 without a body; two GETs are byte-identical."""
    first, second = client.get(path), client.get(path)
    assert (first.content, first.headers["etag"]) == (second.content, second.headers["etag"])

    fresh = client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (fresh.status_code, fresh.content, fresh.headers["etag"]) == (304, b"", first.headers["etag"])
    assert client.get(path, headers={"If-Modified-Since": first.headers["last-modified"]}).status_code == 304


@pytest.mark.parametrize(
    ("shown", "status"),
    [
        ('W/{etag}', 304), ('"other", {etag}', 304), ("*", 304), ('"other"', 200), ("", 200), ("{bare}", 200),
    ],
)  # fmt: skip
def test_if_none_match_is_read_as_a_list(client: httpx.Client, shown: str, status: int) -> None:
    """S-02: lists, * and weak comparison are understood; another tag is not, and neither is one without quotes."""
    etag = client.get("/all.atom").headers["etag"]
    tags = shown.format(etag=etag, bare=etag.strip('"'))

    assert client.get("/all.atom", headers={"If-None-Match": tags}).status_code == status


def test_if_none_match_beats_if_modified_since(client: httpx.Client) -> None:
    """S-02: a tag that differs is answered in full, whatever the date says."""
    modified = client.get("/all.atom").headers["last-modified"]
    answer = client.get("/all.atom", headers={"If-None-Match": '"x"', "If-Modified-Since": modified})

    assert answer.status_code == 200


@pytest.mark.parametrize("since", ["nonsense", "Tue, 99 Nov 2026 00:00:00 GMT", "Mon, 01 Jan 1990 00:00:00 GMT", ""])
def test_a_date_that_says_nothing_gets_the_whole(client: httpx.Client, since: str) -> None:
    """S-02: an If-Modified-Since that cannot be read, or is older, is answered in full."""
    assert client.get("/all.atom", headers={"If-Modified-Since": since}).status_code == 200


@pytest.mark.parametrize("path", [*PAGES, "/all.atom", "/topics/air.json", "/opml"])
def test_head_is_get_without_the_body(client: httpx.Client, path: str) -> None:
    """S-04: HEAD has the headers of GET."""
    get, head = client.get(path), client.head(path)

    assert head.status_code == 200
    assert head.content == b""
    assert {**get.headers, "date": ""} == {**head.headers, "date": ""}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["/", "/topics/air.atom"])
def test_other_methods_are_refused(client: httpx.Client, path: str, method: str) -> None:
    """S-04: what cannot be done is 405, with what can."""
    answer = client.request(method, path)

    assert answer.status_code == 405
    assert {"GET", "HEAD"} <= set(answer.headers["allow"].split(", "))


@pytest.mark.parametrize(
    ("path", "helped"),
    [
        ("/topics/aire", '<a href="/topics/air">'),
        ("/authors/ada-or.atom", '<a href="/authors/ada-ore">'),
        ("/air", '<a href="/topics/air">'),
        ("/topics/air.xml", "they are .atom, .rss and .json"),
        ("/all.xml", "they are .atom, .rss and .json"),
        ("/nothing/like/it", "The front page"),
    ],
)
def test_a_wrong_address_helps(client: httpx.Client, path: str, helped: str) -> None:
    """A 404 is a page that names what is near, or what there is."""
    answer = client.get(path)

    assert answer.status_code == 404
    assert helped in answer.text


def test_hostile_paths_are_shown_as_text(client: httpx.Client) -> None:
    """X-21: markup in an address or a form never becomes markup on the page."""
    answer = client.get("/topics/air.<img src=x>")

    assert answer.status_code == 404
    assert "<img src=x>" not in answer.text


def test_titles_are_text_and_summaries_safe(client: httpx.Client) -> None:
    """X-21: a title's markup is shown as text; a summary is the sanitised words."""
    page = client.get("/topics/air").text

    assert "<mark>Helicopters</mark> &lt;b&gt;&amp; co&lt;/b&gt;" in page
    assert "Said so." in page
    assert "Helicopters &lt;b&gt;&amp; co&lt;/b&gt;" in client.get("/all").text


def test_entries_have_their_language_and_direction(client: httpx.Client) -> None:
    """V-08: each entry on a page carries its language, and its direction follows its text."""
    page = client.get("/all").text

    assert '<article class="entry" dir="auto" lang="ar">' in page


def test_a_page_says_why_an_entry_is_there(client: httpx.Client) -> None:
    """E-02: beside an entry stand its topics and the terms that matched."""
    page = client.get("/topics/air").text

    assert "because: <q><bdi>helicopter*</bdi></q>" in page
    assert "The rule of this topic" in page


def test_pages_advertise_their_feeds(client: httpx.Client) -> None:
    """D-04: a page names its three feeds and the OPML for readers that look for them."""
    page = client.get("/topics/air").text

    for form, kind in (
        ("atom", "application/atom+xml"),
        ("rss", "application/rss+xml"),
        ("json", "application/feed+json"),
    ):
        assert f'<link rel="alternate" type="{kind}" title="Air" href="https://h.example/topics/air.{form}">' in page
    assert 'rel="outline" type="text/x-opml"' in page


def test_a_source_page_shows_its_state(client: httpx.Client) -> None:
    """A source's page has its address, its last polls, and when it is asked again and why."""
    page = client.get("/sources/news").text

    assert "https://news.example/feed" in page
    assert "every 1 h" in page


def test_an_old_address_leads_to_the_new_one(tmp_path: Path) -> None:
    """S-09: a renamed topic's page and feeds answer 301 with today's address."""
    app, db = desk(tmp_path)
    row = TopicRow(slug="aviation", title="Aviation", query="helicopter*", rule_version="1", formerly=("air",))
    upkeep.reconcile(db, upkeep.Declared(sources=[SourceRow(source=make_source())], topics=[row]), NOON)
    with served(app) as client:
        assert client.get("/topics/air.rss").headers["location"] == "/topics/aviation.rss"
        assert client.get("/topics/air").status_code == 301
    db.close()


def test_the_table_has_every_route(db: Database, tmp_path: Path) -> None:
    """Every address that the application answers stands in the table of routes."""
    app = routed(Publisher(db, write_config(tmp_path)))
    paths = {getattr(route, "path", "") for route in app.routes}

    assert paths == {path for path, _, _ in ROUTES} | {"/static"}


def test_the_style_sheet_and_sign_are_there(client: httpx.Client) -> None:
    """Pages need one sheet and one picture, both of ours."""
    assert client.get("/static/heliograph.css").headers["content-type"].startswith("text/css")
    assert client.get("/static/heliograph.svg").headers["content-type"].startswith("image/svg+xml")


def test_an_author_page_tells_who_writes_where_and_when(tmp_path: Path) -> None:
    """Role, affiliation, outlets with counts, and a chart without script or inline style; desks are listed apart."""
    db = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    declare(db, make_source())
    signed = "By NORA QUILL, Markets Analyst, Example <i>Institute</i>"
    take(db, [make_entry(id="1", authors=[signed], published=NOON), make_entry(id="2", authors=["News Desk"])])
    config = write_config(tmp_path, "settings: {base_url: 'https://h.example', title: Desk}")
    with served(make_app(Publisher(db, config))) as client:
        page, listed = client.get("/authors/nora-quill").text, client.get("/authors").text
        desk, front, opml = (client.get(path).text for path in ("/authors/news-desk", "/", "/feeds.opml"))
    db.close()

    assert "Markets Analyst, Example Institute" in page
    assert '<a href="/sources/news"><bdi>News</bdi></a> <span>1</span>' in page
    assert "<svg" in page
    assert "style=" not in page
    assert "A desk, not a person." in desk
    assert listed.index("nora-quill") < listed.index("Desks and agencies") < listed.index("news-desk")
    assert all("news-desk" not in text.split("Latest entries")[0].split("entries from")[0] for text in (front, opml))
    assert "news-desk" not in opml
    assert "and 1 authors" in front
