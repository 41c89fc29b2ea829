"""Pages of entries read for their text: which, how politely, and what becomes of the entries."""

from __future__ import annotations

import asyncio
import gzip
import ssl
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from aggregator.decide import decide
from aggregator.pages import PageReader
from aggregator.poll import Hands, think
from aggregator.publish import Publisher as Publishing
from aggregator.robots import Robots
from aggregator.show_pages import page_row, page_words, pages_words
from aggregator.visible import Viewer, visible
from aggregator.whole import page_wanted
from feeds.article import read_article
from feeds.fetch import Fetcher, Limits
from feeds.model import Answer, Article, Document, Entry, Failed, FailureKind, Fetched, Head, Validators
from feeds.sandbox import Sandbox
from feeds.secrets import Secrets
from feeds.transport import Wire
from storage import articles, intake, reading
from storage.database import Database, open_database
from storage.history import record_archive
from storage.model import Claim, Decision, Kept, Known
from storage.schema import entries, sources, work
from storage.state_model import State
from storage.work import MOST_ATTEMPTS, waiting
from tests import servers
from tests.fakes import (
    LOOPBACK,
    NOON,
    Clock,
    Page,
    Publisher,
    declare,
    make_entry,
    make_hands,
    make_source,
    take,
    write_config,
)
from tests.pages import ARTICLE, BOXES, URL, WORDS, graph, linked, page

SUMMARY = "<p>Kazakhstan has ordered two patrol boats for its base at Aktau, the ministry said…</p>"
ROBOTS = "https://monitor.example/robots.txt"
HTML = {"Content-Type": "text/html; charset=utf-8"}


async def read_here(body: bytes, url: str, content_type: str) -> Article | Failed:
    """The reader of pages, without a process of its own."""
    return read_article(body, url, content_type)


def web(**more: Page | Callable[[httpx.Request], httpx.Response]) -> Publisher:
    """A site with one page and no robots.txt; more pages by path."""
    pages: dict[str, Any] = {URL: Page(body=page(head=linked(graph())), headers=HTML)}
    return Publisher(pages | {f"https://monitor.example/{path}": one for path, one in more.items()})


def snippet(**said: Any) -> Entry:
    """An entry whose feed has a summary only."""
    text = "Kazakhstan has ordered two patrol boats for its base at Aktau, the ministry said…"
    return make_entry(**{"link": URL, "title": "Patrol boats", "summary": SUMMARY, "text": text, **said})


def follow(
    db: Database, *brought: Entry, topics: dict[str, str] | None = None, **said: Any
) -> tuple[Decision, Sequence[Any]]:
    """Follow a source whose pages are to be read, and let it bring these entries."""
    source = make_source(**{"full_text": "page", "url": "https://monitor.example/feed", **said})
    compiled = declare(db, source, topics=topics)
    return take(db, brought, topics=compiled), compiled


def read_pages(
    db: Database, publisher: Publisher | httpx.AsyncBaseTransport, clock: Clock | None = None, topics: Sequence[Any] = (),
    *, reader: PageReader | None = None, fetcher: Fetcher | None = None,
) -> int:  # fmt: skip
    """Read every page that is due. How many."""
    clock = clock or Clock()
    transport = publisher.transport if isinstance(publisher, Publisher) else publisher
    asking = fetcher or Fetcher(
        user_agent="Heliograph/test (+https://h.example)", folder=Path(), transport=transport, limits=Limits(spacing=0)
    )
    hands: Hands = replace(make_hands(db, Publisher(), topics, clock), fetcher=asking, read_page=read_here)

    async def run() -> int:
        try:
            return await (reader or PageReader("test", clock)).read_all(hands)
        finally:
            await asking.close()

    return asyncio.run(run())


def kept(db: Database) -> Kept:
    """The one entry of the store."""
    (one,) = reading.page(db, "all", "", limit=10)
    return one


def became(db: Database, key: int = 1) -> articles.Page:
    """What became of an entry's page."""
    found = articles.page_of(db, key)
    assert found is not None
    return found


def asked(publisher: Publisher) -> list[str]:
    """What was asked, in order."""
    return [str(request.url) for request in publisher.requests]


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


def test_robots_txt_is_obeyed_and_asked_once_for_a_host(db: Database) -> None:
    """F-45: a page that it forbids is not asked, and says so; another of the same host needs no second look."""
    robots = Page(body=b"User-agent: heliograph\nDisallow: /2026/\n")
    publisher = web(**{"robots.txt": robots, "other": Page(body=page(), headers=HTML)})
    follow(db, snippet(), snippet(id="2", link="https://monitor.example/other"), snippet(id="3", link=URL + "3"))

    assert read_pages(db, publisher) == 3

    assert asked(publisher) == [ROBOTS, "https://monitor.example/other"]
    states = {became(db, key).state for key in (1, 2, 3)}
    assert states == {"fetched", "refused"}
    refused = next(one for key in (1, 2, 3) if (one := became(db, key)).state == "refused")
    assert refused.reason == "the robots.txt of monitor.example forbids it"
    assert articles.pages_of_source(db, "news") == {"fetched": 1, "refused": 2}


@pytest.mark.parametrize(
    ("status", "asks"), [(404, True), (403, True), (401, True), (429, False), (500, False), (503, False)]
)
def test_a_robots_txt_that_is_not_there_allows_and_one_in_trouble_forbids(
    status: int, asks: bool, tmp_path: Path
) -> None:
    """F-45: RFC 9309 section 2.3.1: 4xx allows, 429 and 5xx forbid for now; then the page waits."""

    db = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    publisher = web(**{"robots.txt": Page(status=status)})
    follow(db, snippet())

    read_pages(db, publisher)

    assert (URL in asked(publisher)) is asks
    found = became(db)
    assert found.state == ("fetched" if asks else "waiting")
    assert ("cannot be read" in found.reason) is not asks
    db.close()


def test_robots_txt_is_kept_for_a_day_and_within_bounds() -> None:
    """F-45: asked again after 24 hours, trouble after ten minutes; hosts without end do not fill the memory."""
    clock = Clock()
    publisher = Publisher({ROBOTS: Page(body=b"User-agent: *\nDisallow: /x\n")})
    fetcher = make_hands_fetcher(publisher)
    robots = Robots(clock)

    async def run() -> None:
        for _ in range(3):
            assert await robots.may("https://monitor.example/y", fetcher)
            assert await robots.may("https://monitor.example/x", fetcher) is False
        assert len(publisher.requests) == 1
        clock.forward(hours=24)
        await robots.may("https://monitor.example/y", fetcher)
        assert len(publisher.requests) == 2
        publisher.pages["https://down.example/robots.txt"] = Page(status=500)
        for _ in range(2):
            assert await robots.may("https://down.example/y", fetcher) is None
        publisher.pages["https://down.example/robots.txt"] = Page()
        clock.forward(minutes=11)
        assert await robots.may("https://down.example/y", fetcher)
        for number in range(40):
            publisher.pages[f"https://h{number}.example/robots.txt"] = Page(body=b"#" * 600_000)
            await robots.may(f"https://h{number}.example/", fetcher)
        assert len(robots) < 20
        await fetcher.close()

    asyncio.run(run())


def make_hands_fetcher(publisher: Publisher) -> Fetcher:
    """A fetcher on a fake publisher, without pauses."""
    return Fetcher(user_agent="Heliograph/test", folder=Path(), transport=publisher.transport, limits=Limits(spacing=0))


@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        (Page(status=404), "failed", "404 Not Found"),
        (Page(status=410), "failed", "410: the publisher says that this feed is gone for good"),
        (Page(status=402), "refused", "402 Payment Required"),
        (Page(status=403), "refused", "403 Forbidden"),
        (Page(body=b"%PDF-1.7", headers={"Content-Type": "application/pdf"}), "failed", "no web page: application/pdf"),
        (Page(body=b"<p>Please enable JavaScript.</p>", headers=HTML), "failed", "no article was found on the page"),
        (Page(body=b"<p>" + b"x" * 5_000_000, headers=HTML), "failed", "the body is larger than 4,000,000 bytes"),
        (
            Page(body=gzip.compress(b" " * 60_000_000), headers={**HTML, "Content-Encoding": "gzip"}), "failed",
            "the body is larger than 4,000,000 bytes",
        ),
    ],
)  # fmt: skip
def test_a_page_that_will_not_change_is_asked_once(answer: Page, state: str, reason: str, tmp_path: Path) -> None:
    """X-12: gone, forbidden, no page, too large: kept with the reason, and never asked again."""

    db = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    publisher = Publisher({URL: answer})
    follow(db, snippet())

    read_pages(db, publisher)
    read_pages(db, publisher, Clock(NOON + timedelta(days=2)))

    assert asked(publisher).count(URL) == 1
    assert (became(db).state, became(db).reason) == (state, reason)
    assert kept(db).entry.text == snippet().text
    assert waiting(db) == {}
    db.close()


def test_a_packed_page_is_unpacked(db: Database) -> None:
    """F-46: pages come as they come, gzip too."""
    packed = Page(body=gzip.compress(page()), headers={**HTML, "Content-Encoding": "gzip"})
    follow(db, snippet())
    read_pages(db, Publisher({URL: packed}))

    assert kept(db).entry.text.startswith(WORDS)


def test_a_busy_host_is_left_alone_as_a_whole(db: Database) -> None:
    """F-32: after a page's 429 its other pages and the polls of its host wait as long as it says."""
    clock = Clock()
    publisher = web()
    publisher.pages[URL] = publisher.pages[URL + "2"] = Page(status=429, headers={"Retry-After": "7200"})
    follow(db, snippet(), snippet(id="2", link=URL + "2"))
    reader = PageReader("test", clock)

    assert read_pages(db, publisher, clock, reader=reader) == 1
    assert read_pages(db, publisher, Clock(clock.forward(minutes=110))) == 0
    assert len([one for one in asked(publisher) if one != ROBOTS]) == 1
    with db.read() as connection:
        row = connection.execute(select(sources)).mappings().one()
    assert row["floor_until"] == NOON + timedelta(hours=2)
    assert "said to a page" in row["floor_reason"]
    assert intake.claim(db, clock(), owner="test", limit=1, explicit=True) == []

    publisher.pages[URL] = Page(body=page(), headers=HTML)
    publisher.pages[URL + "2"] = Page(body=page(), headers=HTML)
    assert read_pages(db, publisher, Clock(clock.forward(minutes=11))) == 2
    assert {became(db, key).state for key in (1, 2)} == {"fetched"}


def test_pages_wait_while_the_host_wants_no_polls(db: Database) -> None:
    """F-32: what a poll was told holds for pages too."""
    follow(db, snippet())
    with db.write() as connection:
        told = {"last_kind": FailureKind.BUSY.value, "floor_until": NOON + timedelta(hours=3)}
        connection.execute(sources.update().values(told))
    publisher = web()

    read_pages(db, publisher)

    assert asked(publisher) == []
    assert became(db).at == NOON + timedelta(hours=3)
    assert became(db).reason == "monitor.example wants to be left alone"


def test_trouble_is_tried_again_later_and_given_up_at_last(db: Database) -> None:
    """Each attempt after a longer wait; after the last the reason is kept and nothing waits."""
    clock = Clock()
    publisher = web()
    publisher.pages[URL] = Page(status=500)
    follow(db, snippet())
    waits = []
    for _ in range(MOST_ATTEMPTS):
        assert read_pages(db, publisher, clock) == 1
        coming = became(db)
        if coming.state == "waiting":
            assert coming.at is not None
            waits.append(coming.at - clock())
            clock.now = coming.at

    assert waits == sorted(waits)
    assert waits[0] == timedelta(seconds=30)
    assert (became(db).state, became(db).reason) == (
        "failed", f"given up after {MOST_ATTEMPTS} attempts: 500 Internal Server Error",
    )  # fmt: skip
    assert waiting(db) == {}
    assert asked(publisher).count(URL) == MOST_ATTEMPTS


def test_a_server_that_asks_to_come_later_is_asked_later(db: Database) -> None:
    """F-30: 503 with Retry-After is this page's alone, and is waited for."""
    publisher = web()
    publisher.pages[URL] = Page(status=503, headers={"Retry-After": "900"})
    follow(db, snippet())
    read_pages(db, publisher)

    assert became(db).at == NOON + timedelta(minutes=15)
    with db.read() as connection:
        assert connection.execute(select(sources.c.floor_until)).scalar_one() is None


def led(to: str, status: int = 302) -> Page:
    """A redirect."""
    return Page(status=status, headers={"Location": to})


def test_redirects_are_followed_with_leave_at_every_host(db: Database) -> None:
    """F-35, F-45: where a page leads elsewhere, that host's robots.txt is asked too, and obeyed."""
    elsewhere = "https://www.elsewhere.example"
    publisher = web(go=led(f"{elsewhere}/a"), stop=led(f"{elsewhere}/no"))
    publisher.pages |= {
        f"{elsewhere}/robots.txt": Page(body=b"User-agent: *\nDisallow: /no\n"),
        f"{elsewhere}/a": Page(body=page(), headers=HTML), f"{elsewhere}/no": Page(body=page(), headers=HTML),
    }  # fmt: skip
    follow(db, snippet(link="https://monitor.example/go"), snippet(id="2", link="https://monitor.example/stop"))
    read_pages(db, publisher)

    by_state = {one.state: one for one in (became(db, 1), became(db, 2))}
    assert by_state["fetched"].url == f"{elsewhere}/a"
    assert by_state["refused"].reason == "the robots.txt of www.elsewhere.example forbids it"
    assert f"{elsewhere}/no" not in asked(publisher)
    assert asked(publisher).count(f"{elsewhere}/robots.txt") == 1


@pytest.mark.parametrize(
    ("pages", "state"),
    [
        ({"2026/11/patrol-boats/": led("/a"), "a": led("/2026/11/patrol-boats/")}, "failed"),
        ({"2026/11/patrol-boats/": led("/0"), **{str(n): led(f"/{n + 1}") for n in range(20)}}, "failed"),
        ({"2026/11/patrol-boats/": led("file:///etc/passwd")}, "refused"),
        ({"2026/11/patrol-boats/": led("https://monitor.example:22/")}, "refused"),
        ({"2026/11/patrol-boats/": led("https://[")}, "refused"),
    ],
)
def test_redirects_that_lead_nowhere_end(pages: dict[str, Page], state: str, tmp_path: Path) -> None:
    """F-35, X-04: circles, endless chains, other schemes and ports."""

    db = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    publisher = web(**pages)
    follow(db, snippet())
    read_pages(db, publisher)

    assert became(db).state == state
    assert len(publisher.requests) < 12
    db.close()


class Divided(httpx.AsyncBaseTransport):
    """One site at the transport seam; everything else by the program's own way to public addresses."""

    def __init__(self, publisher: Publisher) -> None:
        self._site = publisher.transport
        self._wide = Wire(self._names, ssl.create_default_context())

    async def _names(self, host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"] if host == "inside.example" else [host]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """To the site, or out into the world."""
        if request.url.host == "monitor.example":
            return await self._site.handle_async_request(request)
        return await self._wide.handle_async_request(request)


@pytest.mark.parametrize("host", ["127.0.0.1", "inside.example", "[::1]"])
def test_no_page_leads_inside(db: Database, host: str) -> None:
    """X-01, X-03: a page's redirect to a private address is refused at the moment of connecting."""
    with servers.Server(servers.page(page())) as inside:
        publisher = web()
        publisher.pages[URL] = led(f"http://{host}:{inside.port}/secret")
        follow(db, snippet())
        read_pages(db, Divided(publisher))

        assert inside.exchanges == []
    assert became(db).state == "refused"
    assert "private or reserved address" in became(db).reason


def test_a_private_source_opens_no_private_page(db: Database) -> None:
    """X-01: `allow_private` is for declared sources alone, never for the pages that their entries link to."""
    with servers.Server(servers.page(page())) as server:
        follow(db, snippet(link=server.url("/article")), url=server.url("/feed"), may_be_private=True)
        fetcher = Fetcher(user_agent="Heliograph/test", folder=Path(), allow_private=LOOPBACK, limits=Limits(spacing=0))
        read_pages(db, Publisher(), fetcher=fetcher)

        assert server.exchanges == []
    assert (became(db).state, "private or reserved" in became(db).reason) == ("refused", True)


def test_pages_are_never_shown_a_sources_secrets(db: Database) -> None:
    """X-33: neither headers nor passwords of the source go to its pages, also on the same host."""
    publisher = web()
    secrets = Secrets(url="https://me:s3cret@monitor.example/feed", headers={"Cookie": "session=s3cret"})
    follow(db, snippet(link=URL.replace("https://", "https://me:s3cret@")))
    fetcher = Fetcher(
        user_agent="Heliograph/test", folder=Path(), transport=publisher.transport, limits=Limits(spacing=0),
        secrets={"news": secrets, "": secrets},
    )  # fmt: skip
    read_pages(db, publisher, fetcher=fetcher.for_pages())

    assert became(db).state == "fetched"
    assert not [one for one in publisher.requests if "authorization" in one.headers or "cookie" in one.headers]


def test_one_page_of_a_host_at_a_time(db: Database) -> None:
    """F-43: of many pages one is leased a host, and none of a host that somebody else asks."""
    more = [snippet(id=str(n), link=f"https://h{n % 3}.example/{n}") for n in range(60)]
    follow(db, *more)
    first = articles.claim_pages(db, NOON, owner="one", limit=10, busy={"h2.example"})
    assert sorted(one.payload["host"] for one in first) == ["h0.example", "h1.example"]

    second = articles.claim_pages(db, NOON, owner="two", limit=10, busy=())
    assert [one.payload["host"] for one in second] == ["h2.example"]
    assert articles.claim_pages(db, NOON, owner="three", limit=10, busy=()) == []
    later = articles.claim_pages(db, NOON + articles.LEASE, owner="three", limit=2, busy=())
    assert len(later) == 2


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
