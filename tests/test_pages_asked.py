"""How pages are asked: robots.txt, turns, redirects, addresses, trouble."""

from __future__ import annotations

import asyncio
import gzip
import ssl
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from aggregator.pages import PageReader
from aggregator.robots import Robots
from feeds.fetch import Fetcher, Limits
from feeds.model import FailureKind
from feeds.secrets import Secrets
from feeds.transport import Wire
from storage import articles, intake
from storage.database import Database, open_database
from storage.schema import sources
from storage.work import MOST_ATTEMPTS, waiting
from tests import servers
from tests.fakes import (
    LOOPBACK,
    NOON,
    Clock,
    Page,
    Publisher,
)
from tests.pages import URL, WORDS, page
from tests.pagework import HTML, ROBOTS, asked, became, follow, kept, read_pages, snippet, web


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
