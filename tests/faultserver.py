"""A publisher at his worst, and at his best: an asyncio server on a real socket of loopback that plays what it is told.

In: a play for each path, which may do anything to its client. Out: bytes, and a log of every request with the time by
whatever clock counts. Never: a byte from outside: every body is made here or by a test.
"""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import struct
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

LONGEST_HEAD = 1_000_000
TLS_HANDSHAKE = b"\x16"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it came: when, what for, every header line byte for byte."""

    at: datetime
    method: str
    target: str
    headers: tuple[tuple[str, bytes], ...]

    def header(self, name: str) -> bytes | None:
        """A header's value as it was sent, None where it was not."""
        return next((value for one, value in self.headers if one == name.lower()), None)


class Exchange:
    """A request, and ways to answer it, decent and indecent."""

    def __init__(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.request = request
        self._reader = reader
        self._writer = writer

    async def send(self, data: bytes) -> None:
        """Write these bytes, as fast as the client takes them."""
        self._writer.write(data)
        await self._writer.drain()

    async def silence(self) -> None:
        """Say nothing more for as long as the client stays."""
        while await self._reader.read(65536):
            pass

    def reset(self) -> None:
        """Break the connection off so that the client sees a reset, not an end."""
        held: socket.socket = self._writer.get_extra_info("socket")
        held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


Play = Callable[[Exchange], Awaitable[None]]


class FaultServer:
    """Plays on a loopback address until its `with` block ends; `requests` is its log.

    A page is looked up under "host/path" with the name that the client asked for, then under "/path".
    """

    def __init__(
        self,
        pages: Mapping[str, Play] | None = None,
        *,
        host: str = "127.0.0.1",
        tls: ssl.SSLContext | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self.pages: dict[str, Play] = dict(pages or {})
        self.requests: list[Request] = []
        self._clock = clock or (lambda: datetime.now(UTC))
        self._tls = tls
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, 0), family=family, backlog=256)
        self._host = f"[{host}]" if ":" in host else host
        self._ready = threading.Event()
        self._serving = threading.Thread(target=lambda: asyncio.run(self._serve()), name="faults", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended: asyncio.Event | None = None
        self._playing: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._socket.getsockname()[1])

    def url(self, path: str = "/feed", *, host: str = "") -> str:
        """The address of a page, by default under the server's own IP address."""
        return f"{'https' if self._tls else 'http'}://{host or self._host}:{self.port}{path}"

    def __enter__(self) -> Self:
        self._serving.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None
        assert self._ended is not None
        self._loop.call_soon_threadsafe(self._ended.set)
        self._serving.join()

    async def _serve(self) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        # What a client breaks off is no fault of the server: nothing of it belongs on a screen.
        self._loop.set_exception_handler(lambda loop, context: None)
        server = await asyncio.start_server(self._hear, sock=self._socket, ssl=self._tls, limit=LONGEST_HEAD)
        self._ready.set()
        await self._ended.wait()
        server.close()
        for task in self._playing:
            task.cancel()
        await asyncio.gather(*self._playing, return_exceptions=True)

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._playing.add(task)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                first = await reader.readexactly(1)
                if first == TLS_HANDSHAKE:  # TLS to a plain port: servers answer so, in plain text
                    writer.write(head("Connection: close", status="400 Bad Request"))
                    return
                request = self._read(first + await reader.readuntil(b"\r\n\r\n"))
                self.requests.append(request)
                await self._page(request)(Exchange(request, reader, writer))
        finally:
            self._playing.discard(task)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    def _read(self, head: bytes) -> Request:
        first, *lines = head.split(b"\r\n")
        method, target, _ = first.decode("latin-1").split(" ", 2)
        pairs = (line.partition(b":") for line in lines if line)
        headers = tuple((name.decode("latin-1").lower(), value.removeprefix(b" ")) for name, _, value in pairs)
        return Request(at=self._clock(), method=method, target=target, headers=headers)

    def _page(self, request: Request) -> Play:
        host = (request.header("host") or b"").decode("latin-1").partition(":")[0]
        path = request.target
        return self.pages.get(host + path) or self.pages.get(path) or page(b"nothing here", status="404 Not Found")


def head(*lines: bytes | str, status: str = "200 OK") -> bytes:
    """A status line and header lines as bytes."""
    encoded = [line.encode("latin-1") if isinstance(line, str) else line for line in lines]
    return b"\r\n".join([f"HTTP/1.1 {status}".encode("latin-1"), *encoded, b"", b""])


def raw(*parts: bytes) -> Play:
    """Exactly these bytes, then the end of the connection."""

    async def play(exchange: Exchange) -> None:
        await exchange.send(b"".join(parts))

    return play


def page(body: bytes, *headers: bytes | str, status: str = "200 OK") -> Play:
    """An ordinary answer with its length."""
    return raw(head(*headers, f"Content-Length: {len(body)}", "Connection: close", status=status), body)


def good(body: bytes, *headers: bytes | str, etag: str = "", modified: str = "") -> Play:
    """An ordinary page with validators; 304 to those who show them (RFC 9110 section 13.2.2)."""
    said = [*headers, *([f"ETag: {etag}"] if etag else []), *([f"Last-Modified: {modified}"] if modified else [])]

    async def play(exchange: Exchange) -> None:
        shown, since = exchange.request.header("if-none-match"), exchange.request.header("if-modified-since")
        same = shown == etag.encode("latin-1") if shown and etag else bool(modified) and since == modified.encode()
        await (page(b"", *said, status="304 Not Modified") if same else page(body, *said))(exchange)

    return play


def redirect(to: bytes | str, *headers: bytes | str, status: str = "302 Found") -> Play:
    """A redirect to `to`, written as it is."""
    location = to.encode("latin-1") if isinstance(to, str) else to
    return page(b"", b"Location: " + location, *headers, status=status)


def hang(before: bytes = b"") -> Play:
    """These bytes, then silence for as long as the client stays."""

    async def play(exchange: Exchange) -> None:
        await exchange.send(before)
        await exchange.silence()

    return play


def reset(before: bytes = b"") -> Play:
    """These bytes, then a reset connection."""

    async def play(exchange: Exchange) -> None:
        await exchange.send(before)
        await asyncio.sleep(0.05)  # what was sent should arrive before the reset does
        exchange.reset()

    return play


def drip(before: bytes = b"", *, every: float = 0.02, piece: bytes = b" ") -> Play:
    """These bytes, then one small piece after another without end."""

    async def play(exchange: Exchange) -> None:
        await exchange.send(before)
        while True:
            await asyncio.sleep(every)
            await exchange.send(piece)

    return play


def flood(piece: bytes, times: int, before: bytes = b"") -> Play:
    """These bytes, then one piece many times, as fast as the client takes it."""

    async def play(exchange: Exchange) -> None:
        await exchange.send(before)
        for _ in range(times):
            await exchange.send(piece)

    return play


def bomb(size: int) -> Play:
    """A gzip body that unpacks to `size` zeros."""
    return page(gzip.compress(bytes(size), 1, mtime=0), "Content-Type: application/rss+xml", "Content-Encoding: gzip")


def turns(*plays: Play) -> Play:
    """One play after the other, a request each; the last goes on."""
    left = list(plays)

    async def play(exchange: Exchange) -> None:
        await (left.pop(0) if len(left) > 1 else left[0])(exchange)

    return play
