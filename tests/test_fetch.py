"""One polite conditional GET: validators, manners, redirects, statuses, turns."""

from __future__ import annotations

import asyncio
import ipaddress
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path

import httpx
import pytest

from feeds.fetch import ACCEPT, Fetcher, Limits
from feeds.model import Failed, FailureKind, Fetched, Outcome, Source, Unchanged, Validators
from tests.fakes import Page, Publisher, make_source
from tests.servers import Server, page

URL = "https://news.example/feed"
AGENT = "Heliograph/1.0 (feed aggregator; +https://contact.example/)"
OWN = (ipaddress.ip_network("127.0.0.0/8"),)
NONE = Validators()
AT_ONCE = Limits(spacing=0)

Answerer = Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]


def ask_all(
    sources: Iterable[Source], transport: httpx.AsyncBaseTransport | None, shown: Validators, limits: Limits
) -> list[Outcome]:
    """What one fetcher makes of all of these at once."""

    async def once() -> list[Outcome]:
        fetcher = Fetcher(
            user_agent=AGENT, folder=Path(), allow_private=OWN, limits=limits, transport=transport
        )  # fmt: skip
        try:
            return await asyncio.gather(*(fetcher.fetch(source, shown) for source in sources))
        finally:
            await fetcher.close()

    return asyncio.run(once())


def ask(publisher: Publisher, shown: Validators = NONE, *, url: str = URL, limits: Limits = Limits()) -> Outcome:
    """One poll of a publisher at the transport seam."""
    return ask_all([make_source(url=url)], publisher.transport, shown, limits)[0]


def ask_server(url: str, shown: Validators = NONE, *, limits: Limits = Limits(seconds=10)) -> Outcome:
    """One poll of a real server."""
    return ask_all([make_source(url=url, may_be_private=True)], None, shown, limits)[0]


def got(outcome: Outcome) -> Fetched:
    """The outcome, which is a new body."""
    assert isinstance(outcome, Fetched), outcome
    return outcome


def unchanged(outcome: Outcome) -> Unchanged:
    """The outcome, which is nothing new."""
    assert isinstance(outcome, Unchanged), outcome
    return outcome


def failure(outcome: Outcome) -> Failed:
    """The outcome, which is a failure."""
    assert isinstance(outcome, Failed), outcome
    return outcome


def moved(to: str, status: int = 302) -> Page:
    """A redirect."""
    return Page(status=status, headers={"Location": to})


def test_the_second_request_is_conditional() -> None:
    """F-01: the first request of an address has no validators, the next one shows what the first brought."""
    publisher = Publisher({URL: Page(b"body", headers={"ETag": '"1"'})})

    first = got(ask(publisher))
    second = ask(publisher, first.validators)

    assert isinstance(second, Unchanged)
    assert [request.headers.get("if-none-match") for request in publisher.requests] == [None, '"1"']


@pytest.mark.parametrize(
    "etag",
    [
        b'"abc"', b'W/"abc"', b"abc", b'"a\\"b"', b'"x-gzip"', b'"\xe9\xff\x80"', b"\xa0odd\xa0", b"w/'a'", b'"a" "b"',
        b'"' + b"x" * 5000 + b'"', b'"a,b"', b'""',
    ],
)  # fmt: skip
def test_an_etag_is_echoed_byte_for_byte(etag: bytes) -> None:
    """F-03, F-41: an ETag goes back as it came, quotes, W/, suffixes and bytes beyond ASCII included."""
    with Server(page(b"body", b"ETag: " + etag)) as server:
        first = got(ask_server(server.url()))
        ask_server(server.url(), first.validators)

    assert [exchange.header("If-None-Match") for exchange in server.exchanges] == [None, etag]


def test_an_empty_etag_is_not_echoed() -> None:
    """F-03: an empty ETag gives no If-None-Match."""
    with Server(page(b"body", "ETag:", "Last-Modified: ")) as server:
        ask_server(server.url(), got(ask_server(server.url())).validators)

    assert server.exchanges[1].header("If-None-Match") is None
    assert server.exchanges[1].header("If-Modified-Since") is None


@pytest.mark.parametrize(
    "date",
    ["Sat, 01 Jan 2000 00:00:00 +0000", "tue, 24 nov 2026 01:00:00 gmt", "Mon, 18 Jan 2038 03:14:07 GMT", "0", "-1"],
)
def test_a_last_modified_is_echoed_as_it_came(date: str) -> None:
    """F-04: If-Modified-Since is the received Last-Modified, never one that was read and written anew."""
    publisher = Publisher({URL: Page(b"body", headers={"Last-Modified": date})})
    ask(publisher, got(ask(publisher)).validators)

    assert [request.headers.get("if-modified-since") for request in publisher.requests] == [None, date]


def test_both_validators_are_shown() -> None:
    """F-05: a server that gave both gets both."""
    publisher = Publisher({URL: Page(b"body", headers={"ETag": '"1"', "Last-Modified": "then"})})
    ask(publisher, got(ask(publisher)).validators)

    assert publisher.requests[1].headers["if-none-match"] == '"1"'
    assert publisher.requests[1].headers["if-modified-since"] == "then"


def test_the_same_body_brings_its_new_validators() -> None:
    """F-06: 200 with the same body is nothing new, and its new validators are those to show next."""
    publisher = Publisher({URL: Page(b"body", headers={"ETag": '"1"', "Last-Modified": "then"})})
    first = got(ask(publisher))
    publisher.pages[URL] = Page(b"body", headers={"ETag": '"2"', "Last-Modified": "now"})

    second = unchanged(ask(publisher, first.validators))

    assert (second.validators.etag, second.validators.last_modified) == ('"2"', "now")
    assert second.answer.status == 200


@pytest.mark.parametrize("body", [b"body", b"other"])
def test_a_200_without_validators_clears_them(body: bytes) -> None:
    """F-07: what the newest 200 does not carry is not shown again."""
    publisher = Publisher({URL: Page(b"body", headers={"ETag": '"1"', "Last-Modified": "then"})})
    first = got(ask(publisher))
    publisher.pages[URL] = Page(body)

    second = ask(publisher, first.validators)
    assert not isinstance(second, Failed)
    ask(publisher, second.validators)

    assert (second.validators.etag, second.validators.last_modified) == ("", "")
    assert "if-none-match" not in publisher.requests[2].headers


def test_validators_belong_to_the_address_that_issued_them() -> None:
    """F-07: behind a redirect they are shown to its target only, and to no other target later."""
    there, elsewhere = "https://there.example/1", "https://elsewhere.example/2"
    etag = {"ETag": '"1"'}
    publisher = Publisher({URL: moved(there), there: Page(b"a", headers=etag), elsewhere: Page(b"b", headers=etag)})
    first = got(ask(publisher))
    assert isinstance(ask(publisher, first.validators), Unchanged)
    publisher.pages[URL] = moved(elsewhere)
    got(ask(publisher, first.validators))

    shown = [(str(request.url), request.headers.get("if-none-match")) for request in publisher.requests]
    assert shown[2:] == [(URL, None), (there, '"1"'), (URL, None), (elsewhere, None)]


def test_a_304_renews_what_it_carries_and_keeps_the_rest() -> None:
    """F-08: a 304 may bring newer validators and freshness; what it leaves out stays as it was."""
    fresh = {"ETag": '"2"', "Cache-Control": "max-age=7200", "Expires": "0"}
    publisher = Publisher({URL: lambda request: httpx.Response(304, headers=fresh)})
    shown = Validators(url=URL, etag='"1"', last_modified="then", body_hash="h")

    outcome = unchanged(ask(publisher, shown))

    assert outcome.validators == Validators(url=URL, etag='"2"', last_modified="then", body_hash="h")
    assert outcome.answer.headers["cache-control"] == "max-age=7200"
    assert outcome.answer.headers["expires"] == "0"


def test_a_304_that_nobody_asked_for_is_a_failure() -> None:
    """F36 (faults): 304 to a request without validators is no answer."""
    for shown in (NONE, Validators(url="https://other.example/", etag='"1"'), Validators(url=URL, body_hash="h")):
        outcome = failure(ask(Publisher({URL: lambda request: httpx.Response(304)}), shown))

        assert outcome.kind is FailureKind.PROTOCOL


def test_a_request_gives_nothing_away() -> None:
    """F-10, F-11, F-40, F-42, F-45: an honest name, our encodings, the types of feeds; no cookie, referrer, robots.txt."""
    there = URL + "/2"
    cookies = {"Set-Cookie": "a=b; Path=/"}
    publisher = Publisher(
        {URL: Page(status=302, headers={"Location": there, **cookies}), there: Page(b"x", headers=cookies)}
    )

    async def three_times() -> None:
        fetcher = Fetcher(user_agent=AGENT, folder=Path(), transport=publisher.transport, limits=AT_ONCE)
        for _ in range(3):
            await fetcher.fetch(make_source(url=URL), NONE)
        await fetcher.close()

    asyncio.run(three_times())
    for request in publisher.requests:
        sent = {name.decode().lower(): value.decode() for name, value in request.headers.raw}
        assert sent.keys() == {"host", "user-agent", "accept", "accept-encoding"}
        assert (sent["user-agent"], sent["accept"], sent["accept-encoding"]) == (AGENT, ACCEPT, "gzip, br, zstd")
        assert str(request.url) in (URL, there)


@pytest.mark.parametrize(
    ("chain", "believed"),
    [
        ([(301, "https://a.example/")], "https://a.example/"),
        ([(308, "https://a.example/"), (301, "https://b.example/")], "https://b.example/"),
        ([(301, "https://a.example/"), (302, "https://b.example/")], "https://a.example/"),
        ([(302, "https://a.example/"), (301, "https://b.example/")], None),
        ([(301, "https://a.example/"), (307, "https://b.example/"), (301, "https://c.example/")], "https://a.example/"),
        ([(303, "https://a.example/")], None),
        ([(301, "/new")], "https://news.example/new"),
        ([(301, "//a.example/x y")], "https://a.example/x y"),
        ([(301, "http://a.example/")], None),
        ([(301, "HTTP://a.example/")], None),
        ([(301, "https://a.example/"), (301, "http://a.example/2")], "https://a.example/"),
        ([(301, "http://a.example/"), (301, "https://a.example/2")], None),
    ],
)
def test_a_chain_is_permanent_only_as_far_as_every_hop_is(chain: list[tuple[int, str]], believed: str | None) -> None:
    """F-33, F-35: 301 and 308 from the first hop on are believed, 302, 303, 307 and a step down from https are not."""
    steps = iter(chain)

    def answer(request: httpx.Request) -> httpx.Response:
        step = next(steps, None)
        if step:
            return httpx.Response(step[0], headers={"Location": step[1]})
        return httpx.Response(200, stream=httpx.ByteStream(b"feed"))

    outcome = got(ask_all([make_source(url=URL)], httpx.MockTransport(answer), NONE, Limits())[0])

    assert outcome.answer.permanent_url == believed


def test_redirects_end() -> None:
    """F-35, F30: five redirects are followed, a sixth and a circle are not."""
    steps = {f"{URL}/{number}": moved(f"{URL}/{number + 1}") for number in range(50)}
    steps[f"{URL}/45"] = Page(b"end")
    circle = {URL: moved("/b"), "https://news.example/b": moved("feed")}

    assert got(ask(Publisher(dict(steps)), url=f"{URL}/40")).body == b"end"
    assert failure(ask(Publisher(dict(steps)), url=f"{URL}/39")).kind is FailureKind.REDIRECT
    assert "circle" in failure(ask(Publisher(dict(circle)))).detail
    assert failure(ask(Publisher({URL: moved("")}))).kind is FailureKind.REDIRECT


def test_a_redirect_that_wants_a_cookie_ends() -> None:
    """F-10, F31: a server that redirects until its cookie comes back gets none, and the poll ends as a circle."""
    wants = Page(status=302, headers={"Location": URL, "Set-Cookie": "seen=1"})
    publisher = Publisher({URL: wants})

    assert failure(ask(publisher)).kind is FailureKind.REDIRECT
    assert [request.headers.get("cookie") for request in publisher.requests] == [None]


def test_a_password_stays_with_its_host() -> None:
    """F-35, X-33: credentials go to the origin they were given for, and stand in nothing that is read or shown further."""
    url = "https://me:secret@news.example/feed"
    publisher = Publisher(
        {url: moved("/new"), "https://me:secret@news.example/new": moved("//other.example/"),
         "https://other.example/": Page(b"feed")}
    )  # fmt: skip
    outcome = got(ask(publisher, url=url))

    assert ["authorization" in request.headers for request in publisher.requests] == [True, True, False]
    assert "secret" not in repr(got(ask(Publisher({url: Page(b"feed")}), url=url)).answer)
    assert outcome.answer.url == "https://other.example/"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (410, FailureKind.GONE), (429, FailureKind.BUSY), (503, FailureKind.BUSY), (404, FailureKind.HTTP),
        (401, FailureKind.HTTP), (403, FailureKind.HTTP), (500, FailureKind.HTTP), (302, FailureKind.HTTP),
        (300, FailureKind.HTTP), (418, FailureKind.HTTP), (999, FailureKind.HTTP),
    ],
)  # fmt: skip
def test_a_status_that_is_no_success_is_a_failure(status: int, kind: FailureKind) -> None:
    """F-30, F-36, F-37: each kind of refusal is told apart, and keeps the headers that say when to come again."""
    said = {"Retry-After": "120", "Date": "Tue, 24 Nov 2026 12:00:00 GMT", "Cache-Control": "max-age=60"}
    outcome = failure(ask(Publisher({URL: Page(b"<rss/>", status=status, headers=said)})))

    assert outcome.kind is kind
    assert str(status) in outcome.detail
    assert outcome.answer is not None
    assert outcome.answer.headers == {name.lower(): value for name, value in said.items()}


class Crowd:
    """Answers at its leisure, and knows how many it answered at once at each host."""

    def __init__(self, redirect: str = "") -> None:
        self.inside: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.redirect = redirect

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host.rstrip(".")
        self.inside[host] += 1
        self.most[host] = max(self.most[host], self.inside[host])
        for _ in range(10):
            await asyncio.sleep(0)
        self.inside[host] -= 1
        if self.redirect and host not in self.redirect:
            return httpx.Response(302, headers={"Location": f"{self.redirect}{request.url.path}"})
        return httpx.Response(200, stream=httpx.ByteStream(b"feed"))


def at_once(urls: Iterable[str], answer: Answerer, *, seconds: float = 10) -> list[Outcome]:
    """What one fetcher makes of these addresses at the same time."""
    sources = [make_source(url=url, may_be_private=True) for url in urls]
    return ask_all(sources, httpx.MockTransport(answer), NONE, Limits(seconds=seconds, spacing=0))


def test_one_connection_a_host() -> None:
    """F-43: fifty feeds of one host, in whatever spelling, are asked one after the other."""
    crowd = Crowd()
    hosts = ("news.example", "NEWS.example", "news.example.", "news.example:8080", "me:pw@news.example")
    outcomes = at_once([f"http://{hosts[number % 5]}/{number}" for number in range(50)], crowd)

    assert all(isinstance(outcome, Fetched) for outcome in outcomes)
    assert max(crowd.most.values()) == 1


def test_one_connection_a_host_behind_redirects() -> None:
    """F-43: what many hosts redirect to is one host too."""
    crowd = Crowd(redirect="http://hub.example")
    outcomes = at_once([f"http://a{number}.example/{number}" for number in range(30)], crowd)

    assert all(isinstance(outcome, Fetched) for outcome in outcomes)
    assert crowd.most["hub.example"] == 1


@pytest.mark.parametrize(
    "urls",
    [
        [f"http://a{number}.example/" for number in range(5)],
        [f"http://127.0.0.1:8000/{number}" for number in range(5)],
        [f"http://localhost:8000/{number}" for number in range(5)],
    ],
)
def test_hosts_do_not_wait_for_each_other(urls: list[str]) -> None:
    """F-43: different hosts, and a host that allow_private names, are asked in parallel."""

    async def together() -> list[Outcome]:
        gate = asyncio.Barrier(len(urls))

        async def answer(request: httpx.Request) -> httpx.Response:
            await gate.wait()  # opens when all are here at the same time, or never
            return httpx.Response(200, stream=httpx.ByteStream(b"feed"))

        fetcher = Fetcher(
            user_agent=AGENT, folder=Path(), allow_private=OWN, limits=Limits(seconds=5),
            transport=httpx.MockTransport(answer),
        )  # fmt: skip
        try:
            return await asyncio.gather(*(fetcher.fetch(make_source(url=url), NONE) for url in urls))
        finally:
            await fetcher.close()

    assert all(isinstance(outcome, Fetched) for outcome in asyncio.run(together()))


def test_waiting_for_ones_turn_is_no_timeout() -> None:
    """F-43, F-44: the deadline counts the answer, not the queue at a host."""

    async def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/hang":
            await asyncio.Event().wait()
        return httpx.Response(200, stream=httpx.ByteStream(b"feed"))

    urls = ["http://news.example/hang", "http://news.example/hang", "http://news.example/feed"]
    *hung, last = at_once(urls, answer, seconds=0.3)

    assert [failure(outcome).kind for outcome in hung] == [FailureKind.TIMEOUT, FailureKind.TIMEOUT]
    assert isinstance(last, Fetched)
