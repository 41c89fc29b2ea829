"""Following a feed by its address or by its page, with every request counted at the server."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from aggregator.adding import Added, NotAddedError, Pick, address_of, offered, search, take
from aggregator.finding import SPACING, Found
from feeds.discover import KNOWN_PATHS, Candidate
from feeds.model import Head, Source
from feeds.robots import MOST_BYTES
from storage import following, reading, upkeep
from storage.database import Database
from storage.following import Held
from storage.upkeep import Declared
from tests.fakes import NOON, Clock, declare, item, make_entry, make_source, poll_all, rss
from tests.fakes import take as taken
from tests.seam import asked, led_fetcher, led_hands, no_pause
from tests.servers import Handler, Server, page, redirect, validated

BASE = "https://own.example"
FEED = rss(item(1), item(2), title="The News")
LINK = '<link rel="alternate" type="application/rss+xml" title="{title}" href="{href}">'


def html(*links: str, title: str = "A page") -> Handler:
    """A web page whose head has these links."""
    body = f"<!doctype html><html><head><title>{title}</title>{''.join(links)}</head><body>Words</body></html>"
    return page(body.encode(), "Content-Type: text/html; charset=utf-8")


def link(href: str, title: str = "") -> str:
    """A link element of an RSS feed."""
    return LINK.format(href=href, title=title)


def looked(
    db: Database, server: Server, url: str, pauses: list[float] | None = None, *, list_only: bool = False
) -> Found:
    """What is found at an address."""

    async def pause(seconds: float) -> None:
        if pauses is not None:
            pauses.append(seconds)

    async def run() -> Found:
        hands, prober = led_hands(db, server), led_fetcher(server, redirects=0)
        try:
            return await search(url, hands, prober, pause=pause, list_only=list_only)
        finally:
            await hands.fetcher.close()
            await prober.close()

    return asyncio.run(run())


def added(db: Database, server: Server, url: str, *, pick: Pick | None = None, **said: str) -> Added:
    """What following an address brings."""

    async def run() -> Added:
        hands, prober = led_hands(db, server), led_fetcher(server, redirects=0)
        try:
            found = await search(url, hands, prober, pause=no_pause)
            return await take(BASE, hands, found, pick=pick, **said)
        finally:
            await hands.fetcher.close()
            await prober.close()

    return asyncio.run(run())


def sources_of(db: Database) -> dict[str, str]:
    """What is followed: slugs and declared addresses."""
    return {one.source.slug: one.declared_url for one in reading.followed(db)}


def test_a_feed_is_asked_once(db: Database) -> None:
    """F-01, F-02, D-01: adding a feed's address makes one request; its answer brings the entries and the validators, and
    the next poll is conditional."""
    declare(db)
    with Server({"/feed": validated(FEED, '"v1"')}) as server:
        made = added(db, server, "https://news.example/feed")
        assert asked(server) == ["news.example/feed"]
        assert made.decision.journal.new == 2
        assert sources_of(db) == {"the-news": "https://news.example/feed"}

        poll_all(led_hands(db, server, clock=Clock()), explicit=True)

    assert [one.header("If-None-Match") for one in server.exchanges] == [None, b'"v1"']


def test_a_page_costs_one_request_and_its_feed_one_more(db: Database) -> None:
    """D-02, F-02: a page is asked once, the first feed that it names once; the others are told."""
    declare(db)
    pages = {"/": html(link("/feed.xml", "Main"), link("/other.xml")), "/feed.xml": page(FEED)}
    with Server(pages) as server:
        made = added(db, server, "news.example")

    assert asked(server) == ["news.example/", "news.example/feed.xml"]
    assert made.source.url == "https://news.example/feed.xml"
    assert [one.url for one in made.others] == ["https://news.example/other.xml"]


def test_somebody_may_choose(db: Database) -> None:
    """D-02: a person at a terminal sees all candidates, one of them proposed, and gets the one that is picked."""
    declare(db)
    shown: list[tuple[list[str], str]] = []

    def second(candidates: Sequence[Candidate], held: Sequence[Held], first: Candidate) -> Candidate:
        shown.append(([one.title for one in candidates], first.title))
        return candidates[1]

    with Server({"/": html(link("/a", "A"), link("/b", "B")), "/b": page(FEED)}) as server:
        made = added(db, server, "https://news.example/", pick=second, name="Mine", slug="mine")

    assert shown == [(["A", "B"], "A")]
    assert (made.source.slug, made.source.name, made.source.url) == ("mine", "Mine", "https://news.example/b")
    assert [one.title for one in made.others] == ["A"]


def test_what_is_followed_is_not_proposed(db: Database) -> None:
    """D-02: of several feeds the first that is not followed yet is taken; where all are, that is said and nothing asked."""
    declare(db, make_source(url="http://www.news.example/a/"))
    with Server({"/": html(link("/a"), link("/b")), "/b": page(FEED)}) as server:
        assert added(db, server, "https://news.example/").source.url == "https://news.example/b"
        with pytest.raises(NotAddedError, match=r"news\.example/a is followed already, as news"):
            added(db, server, "https://news.example/")

    assert asked(server) == ["news.example/", "news.example/b", "news.example/"]


def test_a_list_follows_nothing(db: Database) -> None:
    """D-01, D-02: listing shows the feeds of a page, or the feed itself, with one request, and keeps nothing."""
    declare(db)
    with Server({"/": html(link("/a", "A")), "/feed": page(FEED)}) as server:
        assert [one.title for one in offered(looked(db, server, "news.example", list_only=True))] == ["A"]
        (one,) = offered(looked(db, server, "news.example/feed", list_only=True))

    assert (one.url, one.title, one.kind) == ("https://news.example/feed", "The News", "RSS")
    assert asked(server) == ["news.example/", "news.example/feed"]
    assert sources_of(db) == {}


def test_usual_places_only_where_a_page_names_none(db: Database) -> None:
    """D-03, F-45: robots.txt first, then one place after the other with a pause before each, until one has a feed, which
    is not asked again."""
    declare(db)
    pages = {"/blog/post": html(), "/blog/post/feed.xml": redirect("/elsewhere"), "/blog/post/feed/": page(FEED)}
    pauses: list[float] = []
    with Server(pages) as server:
        found = looked(db, server, "https://news.example/blog/post", pauses)

    places = ["atom.xml", "feed.atom", "feed.xml", "feed/"]
    assert asked(server) == [
        "news.example/blog/post", "news.example/robots.txt", *(f"news.example/blog/post/{one}" for one in places),
    ]  # fmt: skip
    assert pauses == [SPACING] * 4
    assert found.read is not None
    assert found.read.asked == "https://news.example/blog/post/feed/"


def test_a_feed_at_a_usual_place_is_kept_as_it_came(db: Database) -> None:
    """F-02, D-03: a feed that was found at a usual place is followed with the answer that showed it."""
    declare(db)
    with Server({"/": html(), "/atom.xml": page(FEED)}) as server:
        made = added(db, server, "news.example")

    assert asked(server) == ["news.example/", "news.example/robots.txt", "news.example/atom.xml"]
    assert (made.source.url, made.decision.journal.new) == ("https://news.example/atom.xml", 2)


def test_every_usual_place_is_asked_once(db: Database) -> None:
    """D-03: where there is no feed, each place was asked once, without redirects, and the message says what to do."""
    declare(db)
    with (
        Server({"/": html(), "/rss/": redirect("/"), "/feed/": html()}) as server,
        pytest.raises(NotAddedError) as said,
    ):
        looked(db, server, "https://news.example/")

    assert asked(server) == [
        "news.example/",
        "news.example/robots.txt",
        *(f"news.example/{one}" for one in KNOWN_PATHS),
    ]
    assert "names no feed, and none of 9 usual places has one; look on the page" in str(said.value)
    assert not said.value.bad_usage


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
def test_a_busy_site_is_left_alone(db: Database, status: str) -> None:
    """D-03: a 429 or 503 ends the search at once."""
    declare(db)
    pages = {"/": html(), "/feed.atom": page(b"", "Retry-After: 60", status=status)}
    with Server(pages) as server, pytest.raises(NotAddedError, match="the site wants no more questions"):
        looked(db, server, "https://news.example/")

    assert asked(server)[2:] == ["news.example/atom.xml", "news.example/feed.atom"]


@pytest.mark.parametrize(
    ("robots", "asked_after"),
    [
        (page(b"User-agent: *\nDisallow: /"), []),
        (page(b"User-agent: heliograph\nDisallow: /\nAllow: /rss.xml"), ["news.example/rss.xml"]),
        (page(b"", status="503 Service Unavailable"), []),
        (
            page(b"#" * (MOST_BYTES + 1) + b"\nUser-agent: *\nDisallow: /"),
            [f"news.example/{one}" for one in KNOWN_PATHS],
        ),
    ],
)
def test_robots_txt_is_obeyed_where_nobody_named_the_place(
    db: Database, robots: Handler, asked_after: list[str]
) -> None:
    """F-45: the usual places are looked at only as far as robots.txt lets us; one that cannot be read forbids all."""
    declare(db)
    with Server({"/": html(), "/robots.txt": robots}) as server, pytest.raises(NotAddedError, match=r"robots|places"):
        looked(db, server, "https://news.example/")

    assert asked(server) == ["news.example/", "news.example/robots.txt", *asked_after]


def test_robots_txt_does_not_forbid_what_somebody_named(db: Database) -> None:
    """F-45: a feed that a person or a page names is asked, whatever robots.txt says, and robots.txt is not asked for."""
    declare(db)
    with Server(
        {"/": html(link("/feed")), "/feed": page(FEED), "/robots.txt": page(b"User-agent: *\nDisallow: /")}
    ) as server:
        added(db, server, "https://news.example/")

    assert asked(server) == ["news.example/", "news.example/feed"]


@pytest.mark.parametrize(
    "other",
    [
        "http://news.example/feed", "https://www.news.example/feed/", "https://NEWS.example:443/feed?utm_source=x#top",
        "news.example/feed", "feed://news.example/feed", "http://news.example./f%65ed", "https://old.example/feed",
    ],
)  # fmt: skip
def test_an_address_that_is_followed_is_not_asked(db: Database, other: str) -> None:
    """F39: scheme, www., port, slash, tracking and spelling do not make another feed; nor does an address that issued
    what we show; nothing is asked."""
    declare(db, make_source())
    taken(db, [make_entry()])
    with db.write() as connection:
        connection.exec_driver_sql("UPDATE sources SET learned_url = 'https://old.example/feed'")
    with Server() as server, pytest.raises(NotAddedError, match="is followed already, as news") as said:
        looked(db, server, other)

    assert said.value.bad_usage
    assert asked(server) == []


def test_an_answer_may_show_that_a_feed_is_followed(db: Database) -> None:
    """F-34: where a redirect leads to a feed that is followed, it is not followed twice."""
    declare(db, make_source())
    with (
        Server({"/other": redirect("https://news.example/feed"), "/feed": page(FEED)}) as server,
        pytest.raises(NotAddedError, match="followed already, as news"),
    ):
        added(db, server, "https://short.example/other")

    assert sources_of(db) == {"news": "https://news.example/feed"}


def test_what_has_moved_for_good_is_followed_where_it_is(db: Database) -> None:
    """F-33: a permanent redirect's target is what is followed; a temporary one's is not."""
    declare(db)
    pages = {
        "/old": redirect("https://news.example/feed", status="301 Moved Permanently"), "/feed": page(FEED),
        "/here": redirect("https://news.example/now"), "/now": page(FEED),
    }  # fmt: skip
    with Server(pages) as server:
        assert added(db, server, "https://news.example/old").source.url == "https://news.example/feed"
        assert added(db, server, "https://news.example/here").source.url == "https://news.example/here"


def test_a_feed_that_was_followed_once_returns(db: Database) -> None:
    """F-01, I-12: followed again, a source has its old slug and address, is asked with its validators, and its entries are
    not new."""
    declare(db, make_source())
    with Server({"/feed": validated(FEED, '"v1"')}) as server:
        poll_all(led_hands(db, server, clock=Clock()), explicit=True)
        upkeep.reconcile(db, Declared(), NOON)
        assert sources_of(db) == {}
        made = added(db, server, "http://www.news.example/feed/")

    assert (made.source.slug, made.decision.journal.outcome) == ("news", "unchanged")
    assert [one.header("If-None-Match") for one in server.exchanges] == [None, b'"v1"']
    assert sources_of(db) == {"news": "https://news.example/feed"}
    assert reading.counts(db)["entries"] == 2


@pytest.mark.parametrize(
    "body",
    [
        rss(
            item(1),
            extra='<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="self" href="http://own.example/all.rss"/>',
        ),
        b'<feed xmlns="http://www.w3.org/2005/Atom"><id>%s</id><title>Everything</title></feed>',
    ],
)
def test_our_own_feeds_are_refused(db: Database, body: bytes) -> None:
    """A-11: a feed whose self link or id is ours is refused, at whatever address it is."""
    declare(db)
    everything = reading.output(db, "all", "")
    assert everything is not None
    body = body % everything.public_id.encode() if b"%s" in body else body
    with Server({"/copy": page(body)}) as server, pytest.raises(NotAddedError, match="lead in a circle"):
        added(db, server, "https://mirror.example/copy")

    assert sources_of(db) == {}


def test_a_taken_slug_is_refused_and_a_made_one_is_free(db: Database) -> None:
    """A slug that a person gives must be free, retired sources included; one that is made of the title is made free."""
    declare(db, make_source(slug="the-news", url="https://a.example/feed"))
    upkeep.reconcile(db, Declared(), NOON)
    with Server({"/feed": page(FEED)}) as server:
        with pytest.raises(NotAddedError, match="the slug the-news is taken; choose another with --slug"):
            added(db, server, "https://news.example/feed", slug="the-news")
        assert added(db, server, "https://news.example/feed").source.slug == "the-news-2"


@pytest.mark.parametrize(
    ("handler", "words"),
    [
        (page(b"", status="404 Not Found"), "404"), (page(b"{}", "Content-Type: application/json"), "was not added"),
        (page(b""), "the body is empty"), (page(b"GIF89a"), "was not added"),
    ],
)  # fmt: skip
def test_what_is_no_feed_and_no_page_is_told(db: Database, handler: Handler, words: str) -> None:
    """D-01: an address that answers with neither a feed nor a page is told with the reason, after one request."""
    declare(db)
    with Server({"/feed": handler}) as server, pytest.raises(NotAddedError, match=words) as said:
        looked(db, server, "https://nora:bridge@news.example/feed")

    assert asked(server) == ["news.example/feed"]
    assert "bridge" not in str(said.value)


def test_a_candidate_in_trouble_names_the_others(db: Database) -> None:
    """D-02: where the chosen feed cannot be read, the message has its reason and the other feeds of the page."""
    declare(db)
    with (
        Server({"/": html(link("/gone"), link("/b"))}) as server,
        pytest.raises(NotAddedError, match=r"gone was not added: .*404.*; the page also names https://news\.example/b"),
    ):
        added(db, server, "https://news.example/")


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("example.org", "https://example.org"), (" example.org/feed ", "https://example.org/feed"),
        ("http://example.org", "http://example.org"), ("feed://example.org/x", "https://example.org/x"),
        ("feed:https://example.org/x", "https://example.org/x"), ("example.org:8080/x", "https://example.org:8080/x"),
        ("bücher.example", "https://bücher.example"),
    ],
)  # fmt: skip
def test_what_people_type_is_an_address(given: str, address: str) -> None:
    """D-01: an address without a scheme is https; feed: stands before what readers hand over."""
    assert address_of(given) == address


@pytest.mark.parametrize(
    "given",
    ["", "ftp://example.org/feed", "file:///etc/passwd", "two words", "mailto:a@b.example", "https://e.org/${KEY}"],
)
def test_what_is_no_address_is_bad_usage(given: str) -> None:
    """X-04: other schemes, words and names of secrets are refused before anything is asked."""
    with pytest.raises(NotAddedError) as said:
        address_of(given)

    assert said.value.bad_usage


def test_a_feed_id_is_ours_or_not(db: Database) -> None:
    """A-11: an empty id is nobody's."""
    declare(db)
    taken_from = Head(title="x")

    assert not following.publishes(db, taken_from.id)
    assert following.held(db) == []
    declare(db, Source(slug="a", url="https://a.example/"))
    assert [one.addresses for one in following.held(db)] == [("https://a.example/",)]
