"""Connections of our own: kept for a next request, checked when they are made, ended where anything is odd."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from feeds.fetch import Fetcher, Limits
from feeds.model import Failed, FailureKind, Fetched, Outcome, Unchanged, Validators
from feeds.transport import Wire
from tests.fakes import make_source
from tests.servers import Exchange, Handler, Server, drip, head, page, redirect
from tests.test_guard import Names

ONE = (ipaddress.ip_network("127.0.0.1/32"),)
LIMITS = Limits(seconds=10, spacing=0)
FEED = b"<rss version='2.0'><channel><title>News</title></channel></rss>"


def kept(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """An answer after which the connection stays."""
    return head(*headers, f"Content-Length: {len(body)}", status=status) + body


def several(*answers: bytes) -> Handler:
    """These answers to the requests of one connection, one after the other; then it waits for its client to go."""

    def answer(exchange: Exchange) -> None:
        for number, one in enumerate(answers):
            if number:
                exchange.head = b""
                exchange.listen()
            exchange.send(one)
        exchange.wait()

    return answer


def with_fetcher(act: Callable[[Fetcher], Awaitable[None]], names: Names | None = None) -> None:
    """Let a fetcher on the real network work, within one event loop."""

    async def once() -> None:
        fetcher = Fetcher(user_agent="test", folder=Path(), allow_private=ONE, limits=LIMITS, resolve=names)
        try:
            await act(fetcher)
        finally:
            await fetcher.close()

    asyncio.run(once())


def asked(url: str, times: int, names: Names | None = None, shown: Validators = Validators()) -> list[Outcome]:
    """What one fetcher makes of an address asked several times in turn."""
    outcomes: list[Outcome] = []

    async def act(fetcher: Fetcher) -> None:
        for _ in range(times):
            outcomes.append(await fetcher.fetch(make_source(url=url, may_be_private=True), shown))
            await asyncio.sleep(0.02)  # time for the end of a connection to be heard of

    with_fetcher(act, names)
    return outcomes


def test_a_connection_is_used_again() -> None:
    """A second request to a host goes over the connection of the first, bodies and 304s alike."""
    not_modified = head("ETag: x", status="304 Not Modified")
    with Server(several(kept(FEED), not_modified, kept(FEED), not_modified)) as server:
        shown = Validators(url=server.url(), etag="x")
        outcomes = asked(server.url(), 4, shown=shown)

    assert [type(outcome) for outcome in outcomes] == [Fetched, Unchanged, Fetched, Unchanged]
    assert len(server.exchanges) == 1


@pytest.mark.parametrize(
    "first",
    [
        kept(FEED, "Connection: close"), kept(FEED) + b"more", head(status="404 Not Found"),
        head("ETag: x", "Content-Length: 9", status="304 Not Modified") + b"a surplus",
        kept(FEED).replace(b"HTTP/1.1", b"HTTP/1.0"), kept(b"x" * 100_000, status="404 Not Found"),
    ],
)  # fmt: skip
def test_a_connection_with_something_left_is_not_used_again(first: bytes) -> None:
    """F41: surplus bytes, an unread body or a farewell end a connection: no answer can slip into the next one's place."""
    with Server(several(first)) as server:
        shown = Validators(url=server.url(), etag="x")
        outcomes = asked(server.url(), 2, shown=shown)

    assert type(outcomes[0]) is type(outcomes[1])
    assert len(server.exchanges) == 2


def test_an_answer_that_nobody_asked_for_ends_the_connection() -> None:
    """F41: bytes on a connection at rest are never read as the answer to the next request."""

    def late(exchange: Exchange) -> None:
        exchange.send(kept(FEED))
        exchange.pause(0.005)
        exchange.send(kept(b"smuggled"))
        exchange.wait()

    with Server(late) as server:
        outcomes = asked(server.url(), 2)

    assert [outcome.body for outcome in outcomes if isinstance(outcome, Fetched)] == [FEED, FEED]
    assert len(server.exchanges) == 2


def test_a_connection_that_the_server_let_go_costs_no_failure() -> None:
    """A server that closes a kept connection at the moment of the next request is asked again on a new one."""

    def once(exchange: Exchange) -> None:
        exchange.send(kept(FEED))
        exchange.head = b""
        exchange.listen()  # the second request arrives, and the connection ends without a word

    with Server(once) as server:
        outcomes = asked(server.url(), 2)

    assert all(isinstance(outcome, Fetched) for outcome in outcomes)
    assert len(server.exchanges) == 2


def test_a_kept_connection_does_not_carry_a_redirect_inwards() -> None:
    """X-01: a connection to a private address, made for a declared source, serves no redirect to the same place."""
    with Server(several(kept(FEED))) as inner, Server(redirect(inner.url())) as server:
        outcomes: list[Outcome] = []

        async def act(fetcher: Fetcher) -> None:
            for url in (inner.url(), server.url()):
                outcomes.append(await fetcher.fetch(make_source(url=url, may_be_private=True), Validators()))

        with_fetcher(act)

    assert isinstance(outcomes[0], Fetched)
    assert isinstance(outcomes[1], Failed)
    assert outcomes[1].kind is FailureKind.FORBIDDEN_ADDRESS
    assert len(inner.exchanges) == 1


def test_a_name_that_changes_its_answer_is_checked_at_every_connection() -> None:
    """X-03, F33: a name of no lifetime that was fine and then points inwards is refused when it is connected to anew."""
    names = Names(["127.0.0.1"], ["169.254.169.254"], ["127.0.0.1"], ["::1", "127.0.0.1"])
    with Server(page(FEED)) as server:
        outcomes = asked(server.url(host="news.example"), 4, names)

    kinds = [outcome.kind if isinstance(outcome, Failed) else "" for outcome in outcomes]
    assert kinds == ["", FailureKind.FORBIDDEN_ADDRESS, "", FailureKind.FORBIDDEN_ADDRESS]
    assert names.asked == ["news.example"] * 4
    assert len(server.exchanges) == 2


def test_a_hop_back_to_a_name_that_changed_is_refused() -> None:
    """X-03, F33: within one poll too, the redirect to a name that points inwards by now is refused."""
    names = Names(["127.0.0.1"], ["127.0.0.2"])
    with Server() as server:
        server.pages["/feed"] = redirect(server.url("/2", host="news.example"))
        (outcome,) = asked(server.url(host="news.example"), 1, names)

    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.FORBIDDEN_ADDRESS
    assert [exchange.path for exchange in server.exchanges] == ["/feed"]


def test_a_poll_that_is_given_up_lets_its_connection_go() -> None:
    """X-13: a cancelled poll leaves no connection behind."""
    left, inside = threading.Event(), threading.Event()

    def hold(exchange: Exchange) -> None:
        inside.set()
        exchange.wait()
        left.set()

    async def act(fetcher: Fetcher) -> None:
        poll = asyncio.create_task(
            fetcher.fetch(make_source(url=server.url(), may_be_private=True), Validators())
        )  # fmt: skip
        assert await asyncio.to_thread(inside.wait, 10)
        poll.cancel()
        with pytest.raises(asyncio.CancelledError):
            await poll
        assert await asyncio.to_thread(left.wait, 10)

    with Server(hold) as server:
        with_fetcher(act)


def test_a_connection_at_rest_is_let_go_after_a_while() -> None:
    """A kept connection is closed when nobody used it for its time."""
    left = threading.Event()

    def wait(exchange: Exchange) -> None:
        exchange.send(kept(FEED))
        exchange.wait()
        left.set()

    async def once(port: int) -> bool:
        wire = Wire(Names(["127.0.0.1"]), ssl.create_default_context(), ONE, idle_seconds=0.01)
        response = await wire.handle_async_request(httpx.Request("GET", f"http://news.example:{port}/"))
        await response.aread()
        await response.aclose()
        assert wire.resting == 1
        gone = await asyncio.to_thread(left.wait, 10)
        return gone and wire.resting == 0

    with Server(wait) as server:
        assert asyncio.run(once(server.port))


def test_connections_at_rest_are_few_and_forgotten() -> None:
    """However many hosts are asked, a bounded number of connections rests; those that servers end are forgotten."""
    origins = 260

    async def once(port: int) -> tuple[int, int]:
        wire = Wire(Names(["127.0.0.1"]), ssl.create_default_context(), ONE)
        for number in range(origins):
            response = await wire.handle_async_request(httpx.Request("GET", f"http://{number}.example:{port}/"))
            await response.aread()
            await response.aclose()
        most = wire.resting
        await wire.aclose()
        return most, wire.resting

    with Server(several(kept(FEED))) as server:
        assert asyncio.run(once(server.port)) == (256, 0)


def test_reading_waits_for_the_reader() -> None:
    """X-12: a server that sends faster than we read is held back, and a body over the limit ends at the limit."""
    with Server(drip(head(), every=0, piece=bytes(1_000_000))) as server:
        (outcome,) = asked(server.url(), 1)

    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.TOO_LARGE


def test_one_answer_in_many_pieces() -> None:
    """An answer that arrives byte by byte is read whole."""

    def dribble(exchange: Exchange) -> None:
        for byte in kept(FEED):
            exchange.send(bytes([byte]))

    with Server(dribble) as server:
        (outcome,) = asked(server.url(), 1)

    assert isinstance(outcome, Fetched)
    assert outcome.body == FEED


def test_a_body_in_crumbs_holds_up_nobody() -> None:
    """X-13: while a body of very many tiny chunks is read, everybody else gets a turn."""
    asked = threading.Event()

    def crumbs(exchange: Exchange) -> None:
        asked.set()
        exchange.send(head("Transfer-Encoding: chunked") + b"1\r\n \r\n" * 40_000 + b"0\r\n\r\n")

    async def act(fetcher: Fetcher) -> None:
        poll = asyncio.create_task(
            fetcher.fetch(make_source(url=server.url(), may_be_private=True), Validators())
        )  # fmt: skip
        assert await asyncio.to_thread(asked.wait, 10)
        turns = 0
        while not poll.done():
            await asyncio.sleep(0)
            turns += 1
        assert isinstance(await poll, Fetched)
        assert turns > 40

    with Server(crumbs) as server:
        with_fetcher(act)


def test_a_short_answer_is_a_failure_on_a_kept_connection_too() -> None:
    """F41: half an answer on a connection that was used before is a failure, and is not asked for again."""

    def half(exchange: Exchange) -> None:
        exchange.send(kept(FEED))
        exchange.head = b""
        exchange.listen()
        exchange.send(kept(FEED)[:-9])

    with Server(half) as server:
        outcomes = asked(server.url(), 2)

    assert isinstance(outcomes[0], Fetched)
    assert isinstance(outcomes[1], Failed)
    assert outcomes[1].kind is FailureKind.PROTOCOL
    assert len(server.exchanges) == 1


def in_a_wire(act: Callable[[Wire], Awaitable[httpx.Response]]) -> httpx.Response:
    """What a wire answers, read whole."""

    async def once() -> httpx.Response:
        wire = Wire(Names(["127.0.0.1"]), ssl.create_default_context(), ONE)
        try:
            response = await act(wire)
            await response.aread()
            return response
        finally:
            await wire.aclose()

    return asyncio.run(once())


@pytest.mark.parametrize(
    ("path", "value"),
    [("/", b"a\r\nX: y"), ("/", b"a\nX: y"), ("/", b"a\rb"), ("/", b"a\x00b"), ("/", b"\r\n\r\nGET /2 HTTP/1.1")],
)
def test_a_header_that_would_break_the_request_is_not_sent(path: str, value: bytes) -> None:
    """X-25: whoever calls, no line break in a value becomes a line of the request."""
    with Server(page(FEED)) as server:
        url = httpx.URL(server.url(path, host="news.example"))
        with pytest.raises(httpx.LocalProtocolError):
            in_a_wire(lambda wire: wire.get(url, [(b"X-Value", value)]))

    assert server.exchanges == []


def test_a_get_has_a_host_a_target_and_its_headers() -> None:
    """RFC 9112: the request line has path and query, Host the name and the port; headers are as they were given."""
    with Server(page(FEED)) as server:
        url = httpx.URL(server.url("/a b?c=ä#d", host="NEWS.example"))
        response = in_a_wire(lambda wire: wire.get(url, [(b"X-Value", b"\xff 1")]))

    assert response.content == FEED
    lines = server.exchanges[0].head.split(b"\r\n")
    port = str(server.port).encode()
    assert lines == [b"GET /a%20b?c=%C3%A4 HTTP/1.1", b"Host: news.example:" + port, b"X-Value: \xff 1", b"", b""]


def test_a_body_can_be_posted() -> None:
    """The transport sends what httpx can send: a form reaches the server whole."""
    with Server(page(FEED)) as server:
        asked = httpx.Request("POST", server.url(host="news.example"), data={"hub.mode": "subscribe"})
        response = in_a_wire(lambda wire: wire.handle_async_request(asked))
        (exchange,) = server.exchanges

    assert response.content == FEED
    assert exchange.head.startswith(b"POST /feed HTTP/1.1\r\n")
    assert exchange.head.endswith(b"\r\n\r\nhub.mode=subscribe")
