"""Kept connections beside the plain 304 that h11 never hears of: nothing of one answer is left for the next."""

from __future__ import annotations

import asyncio

from feeds.model import Fetched
from feeds.transport import Connection
from tests.servers import Server, head
from tests.test_transport import FEED, asked, kept, several


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
