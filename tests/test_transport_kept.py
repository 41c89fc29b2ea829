"""Kept connections beside the plain 304 that h11 never hears of: nothing of one answer is left for the next."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from feeds.model import Failed, FailureKind, Fetched, Unchanged, Validators
from feeds.transport import Connection
from tests.servers import Exchange, Server, head
from tests.test_transport import FEED, asked, in_a_wire, kept, several


def test_large_answers_one_after_the_other_do_not_stop_the_reading() -> None:
    """F41: what was read of earlier answers counts no more as waiting: each request on a kept connection is heard."""
    large = FEED + b" " * 40_000
    with Server(several(*[kept(large)] * 8)) as server:
        outcomes = asked(server.url(), 8)

    assert [type(outcome) for outcome in outcomes] == [Fetched] * 8
    assert len(server.exchanges) == 1


def test_what_a_server_says_unasked_is_no_answer_to_the_next_request() -> None:
    """F41: bytes from before the first request end the connection after it, also where a plain 304 comes behind them."""
    not_modified = head("ETag: x", status="304 Not Modified")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(kept(b"unasked"))
        await reader.readuntil(b"\r\n\r\n")
        writer.write(not_modified)
        await reader.read()  # until the client goes
        writer.close()

    async def once() -> bool:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        address = server.sockets[0].getsockname()
        transport, connection = await asyncio.get_running_loop().create_connection(Connection, *address)
        for _ in range(5000):
            if connection.heard:
                break
            await asyncio.sleep(0.001)
        await connection.get(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        async for _ in connection.body():
            pass
        again = connection.renew()
        transport.close()
        server.close()
        return again

    assert not asyncio.run(asyncio.wait_for(once(), 10))


NOT_MODIFIED = b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n"


@pytest.mark.parametrize(
    ("answer", "connections"),
    [
        (NOT_MODIFIED + b"\r\n", 1),
        (NOT_MODIFIED + b"Cache-Control:max-age=60 \t\r\nX-Empty:\r\n\r\n", 1),
        (b"HTTP/1.1 304\r\n\r\n", 1),
        (NOT_MODIFIED + b"Content-Length: 900\r\n\r\n", 1),
        (NOT_MODIFIED + b"Keep-Alive: timeout=5\r\n\r\n", 1),
        (NOT_MODIFIED + b"connection: Close\r\n\r\n", 2),
        (NOT_MODIFIED + b"Latin: caf\xe9\r\n\r\n", 1),
        (NOT_MODIFIED + b"Folded: a\r\n b\r\n\r\n", 1),
        (NOT_MODIFIED.replace(b"\r", b"") + b"\n", 1),
        (b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" + NOT_MODIFIED + b"\r\n", 1),
        (NOT_MODIFIED.replace(b"1.1", b"1.0") + b"\r\n", 2),
    ],
)
@pytest.mark.parametrize("whole", [True, False])
def test_any_304_is_nothing_new(answer: bytes, connections: int, *, whole: bool) -> None:
    """F-02: the usual 304 in one piece and any other are read alike, and leave the connection as they say."""

    def answered(exchange: Exchange) -> None:
        for number in range(2):
            if number:
                exchange.head = b""
                exchange.listen()
            for piece in [answer] if whole else [answer[:8], answer[8:-1], answer[-1:]]:
                exchange.send(piece)
                exchange.pause(0 if whole else 0.01)
        exchange.wait()

    with Server(answered) as server:
        outcomes = asked(server.url(), 2, shown=Validators(url=server.url(), etag="x"))

    assert [type(outcome) for outcome in outcomes] == [Unchanged, Unchanged]
    assert len(server.exchanges) == connections
    headers = outcomes[0].answer.headers if outcomes[0].answer else {}
    assert headers.get("etag", "x") == "x"
    assert headers.get("cache-control", "max-age=60") == "max-age=60"


@pytest.mark.parametrize("broken", [b"HTTP/1.1 304 Not\x00\r\n\r\n", NOT_MODIFIED + b"no colon\r\n\r\n", NOT_MODIFIED])
def test_a_304_that_is_broken_is_a_failure(broken: bytes) -> None:
    """F41: what the protocol does not allow is no answer, however like a 304 it begins."""

    def answered(exchange: Exchange) -> None:
        exchange.send(broken)

    with Server(answered) as server:
        (outcome,) = asked(server.url(), 1, shown=Validators(url=server.url(), etag="x"))

    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.PROTOCOL


def test_a_plain_304_has_an_empty_body() -> None:
    """F-02: whoever reads the body of a 304 that nobody asked to be one reads nothing, and does not wait."""
    with Server(several(head(status="304 Not Modified"))) as server:
        url = httpx.URL(server.url("/", host="news.example"))
        response = in_a_wire(lambda wire: asyncio.wait_for(wire.get(url, []), 5))

    assert response.status_code == 304
    assert response.content == b""
