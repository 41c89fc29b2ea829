"""The page and the feeds of a search."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qs, quote, urlsplit
from xml.etree import ElementTree

import httpx
import pytest

from aggregator.indexing import index_waiting
from aggregator.publish import Publisher
from aggregator.web.app import make_app
from storage.database import open_database
from tests.conftest import ENGINES
from tests.fakes import NOON, declare, make_entry, make_source, take, write_config
from tests.live import served
from tests.postgres import Server

ATOM = "{http://www.w3.org/2005/Atom}"
FORMS = ("atom", "rss", "json")
CONFIG = """
settings: {base_url: 'https://h.example', title: Desk}
terms: {ships: [frigate*, corvette*]}
topics: {sea: {title: Sea, query: '@ships OR фрегат'}}
"""


@pytest.fixture(scope="module", params=ENGINES)
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A server with 120 entries about frigates, half of them indexed, and some others."""
    folder = tmp_path_factory.mktemp("desk")
    server: Server | None = None if request.param == "sqlite" else request.getfixturevalue("postgresql")
    url = server.new_database("prepared") if server else f"sqlite:///{folder / 'store.db'}"
    db = open_database(url)
    declare(db, make_source(republish="summary"), make_source(slug="whole", url="https://w.example/", republish="full"))
    take(db, [
        make_entry(id=f"f{n}", title=f"Frigate {n} <b>sails</b>", link=f"https://news.example/{n}",
                   text="The frigate sails. Secret words of a frigate.", summary="<p>The <em>frigate</em> sails.</p>")
        for n in range(120)
    ])  # fmt: skip
    index_waiting(db, most=60)
    take(db, [
        make_entry(id="1", title="Фрегат «Гром» & co", link="https://w.example/1", lang="ru", authors=["Ада Ор"],
                   text=f"{'Слова. ' * 80}Новый фрегат вышел в море <script>alert(1)</script>. {'Слова. ' * 80}"),
        make_entry(id="2", title="護衛艦が進水", link="https://w.example/2", text="新しい護衛艦。",
                   published=NOON - timedelta(days=3)),
    ], slug="whole", now=NOON + timedelta(hours=1))  # fmt: skip
    with served(make_app(Publisher(db, write_config(folder, CONFIG)))) as made:
        yield made
    db.close()
    if server:
        server.drop(url)


def found(page: str) -> list[str]:
    """The links of the entries on a page of results."""
    return re.findall(r'<h3><a href="([^"]+)"', page)


def test_the_form_is_there_without_a_query(client: httpx.Client) -> None:
    """/search is a form with help; every page links to it."""
    page = client.get("/search")

    assert (page.status_code, 'name="q"' in page.text, "noindex" in page.headers["x-robots-tag"]) == (200, True, True)
    assert 'href="/search"' in client.get("/").text


def test_results_are_marked(client: httpx.Client) -> None:
    """A page of results marks the words that matched, in the title and in what may be shown of the text."""
    page = client.get("/search", params={"q": "frigate"}).text

    assert "<mark>Frigate</mark> 0 &lt;b&gt;sails&lt;/b&gt;" in page
    assert "The <mark>frigate</mark> sails." in page
    assert "Secret" not in page


def test_a_whole_text_is_shown_around_its_marks(client: httpx.Client) -> None:
    """Where a source's policy is full, the page shows what stands around the marks, escaped."""
    page = client.get("/search", params={"q": "фрегат море"}).text

    assert "Новый <mark>фрегат</mark> вышел в <mark>море</mark> &lt;script&gt;" in page
    assert page.count("Слова.") < 30
    late = client.get("/search", params={"q": "護衛艦"}).text
    assert "護衛" in late
    assert "· arrived <time" in late


def test_pages_lead_to_every_match_once(client: httpx.Client) -> None:
    """The link to older ones leads on until everything was shown, each entry once."""
    links: list[str] = []
    address: str | None = "/search?q=frigate"
    pages = 0
    while address:
        page = client.get(address).text
        links += found(page)
        following = re.search(r'<a href="([^"]+)" rel="next">', page)
        address = following[1].replace("&amp;", "&") if following else None
        pages += 1

    assert (len(links), len(set(links)), pages) == (120, 120, 3)


def test_lists_topics_and_age_work(client: httpx.Client) -> None:
    """A search may name the configuration's lists and topics, and say how old an entry may be."""
    assert len(found(client.get("/search", params={"q": "@ships title:119"}).text)) == 1
    assert len(found(client.get("/search", params={"q": "topic:sea lang:ru"}).text)) == 1
    assert len(found(client.get("/search", params={"q": "frigate sources>=3"}).text)) == 0


@pytest.mark.parametrize(
    "query",
    [
        '"never closed', "(", "a AND", "NOT frigate", "*", "a*", "colour:red", "topic:nothing", "@nothing", "place:atlantis",
        "x" * 2500, "(" * 300 + "a" + ")" * 300, "frigate NEAR/", "\u202e\u202d", "🚢", "\u0301\u0301", "a\x00b OR",
        "' OR 1=1 --", '"; DROP TABLE entries; --', "&|!:*", "a & b | c:*",
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/search", "/search.atom"])
def test_a_query_that_cannot_be_read_is_400(client: httpx.Client, path: str, query: str) -> None:
    """X-35: hostile and broken queries get 400 or an answer, with what is wrong, and never 500; the form keeps the query."""
    answer = client.get(path, params={"q": query})

    assert answer.status_code in (200, 400), answer.text
    if answer.status_code == 400:
        assert "text/html" in answer.headers["content-type"]
        assert re.search(r"line \d+, column \d+|characters", answer.text), query


def test_a_query_of_60_kb_is_refused(client: httpx.Client) -> None:
    """A query as long as an address may be is refused at once, and the server goes on."""
    assert client.get("/search", params={"q": "a " * 30_000}).status_code == 400
    assert client.get("/search", params={"q": "frigate"}).status_code == 200


def test_what_is_wrong_is_said_kindly(client: httpx.Client) -> None:
    """The page names line, column and what was expected, and shows the form again with the query, escaped."""
    answer = client.get("/search", params={"q": '<i>frigate" AND ('})

    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert "column" in answer.text
    assert "In the language of topics: " in answer.text
    assert 'value="&lt;i&gt;frigate&#34; AND ("' in answer.text


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "part", ["days=0", "days=x", "before=-1", "before=" + "9" * 30, "days=1.5", "days=99999999", "before=١"]
)
def test_a_bad_parameter_is_400(client: httpx.Client, form: str, part: str) -> None:
    """S-08: a value that cannot be is 400, and says what can."""
    answer = client.get(f"/search.{form}?q=frigate&{part}")

    assert answer.status_code == 400
    assert "whole number" in answer.text


def test_a_feed_wants_a_query_and_a_known_form(client: httpx.Client) -> None:
    """Without a query there is nothing to feed; other forms do not exist."""
    assert client.get("/search.atom").status_code == 400
    assert client.get("/search.html?q=a").status_code == 404


@pytest.mark.parametrize("form", FORMS)
def test_a_feed_of_a_search_is_paged(client: httpx.Client, form: str) -> None:
    """E-07: a search is a feed of the newest 50 with a link to the next ones (RFC 5005 section 3), where EMM's ends at 100."""
    ids: list[str] = []
    address: str | None = f"/search.{form}?q=frigate+-%22no%22"
    feeds: set[str] = set()
    while address:
        answer = client.get(address)
        assert answer.status_code == 200
        one, address, more = read(form, answer.content)
        feeds.add(one)
        ids += more
        if address:
            parts = urlsplit(address)
            assert (parts.netloc, parse_qs(parts.query)["q"]) == ("h.example", ['frigate -"no"'])
            address = f"{parts.path}?{parts.query}"

    assert (len(ids), len(set(ids)), len(feeds)) == (120, 120, 1)


def read(form: str, body: bytes) -> tuple[str, str | None, list[str]]:
    """What makes it the same feed, the address of the next page, and the ids of a feed's entries."""
    if form == "json":
        told = json.loads(body)
        return told["title"], told.get("next_url"), [item["id"] for item in told["items"]]
    root = ElementTree.fromstring(body)
    links = {link.get("rel"): link.get("href") for link in root.iter(f"{ATOM}link")}
    if form == "atom":
        return (
            root.findtext(f"{ATOM}id") or "",
            links.get("next"),
            [one.text or "" for one in root.iterfind(f"{ATOM}entry/{ATOM}id")],
        )
    return root.findtext("channel/title") or "", links.get("next"), [one.text or "" for one in root.iter("guid")]


@pytest.mark.parametrize("form", FORMS)
def test_a_feed_shows_what_may_be_shown(client: httpx.Client, form: str) -> None:
    """A search's feed obeys the policy of each source, names it, and escapes what the reader wrote."""
    body = client.get(f"/search.{form}", params={"q": "frigate"}).text
    assert "Secret" not in body
    assert "News" in body
    hostile = client.get(f"/search.{form}", params={"q": '"<x>" OR "&" OR фрегат'})
    assert hostile.status_code in (200, 400)
    named = client.get(f"/search.{form}", params={"q": 'фрегат OR "a<b"'})
    assert named.status_code == 200
    read(form, named.content)


def test_a_reader_that_has_it_is_told_so(client: httpx.Client) -> None:
    """S-02: the same search gives the same bytes, and 304 to a reader that has them."""
    first, second = client.get("/search.atom?q=frigate"), client.get("/search.atom?q=frigate")
    assert first.content == second.content
    again = client.get("/search.atom?q=frigate", headers={"If-None-Match": first.headers["etag"]})

    assert again.status_code == 304
    assert first.headers["content-security-policy"] == "default-src 'none'; sandbox"


def test_the_address_of_a_feed_is_of_one_form(client: httpx.Client) -> None:
    """S-08: whatever the order of the parameters, the feed's own address has them in one."""
    one = client.get("/search.json?before=100&q=frigate&days=30000").json()["feed_url"]

    assert one == "https://h.example/search.json?" + f"q={quote('frigate')}&days=30000&before=100"
