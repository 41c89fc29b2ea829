"""A publisher on this machine, in a process of its own: many feeds on many addresses, polite answers.

In: how many feeds of how many entries. Out: `serving`, the addresses while it runs; the child answers GET with the feed
or with 304 where the validators fit. Never: a cleverness that a real server lacks, or a life beyond its parent's.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.material import Feed, poll_feeds

ROOT = Path(__file__).parent.parent
_HOSTS = 40


class Publisher(asyncio.Protocol):
    """One connection: requests in turn, kept alive unless the client says otherwise."""

    def __init__(self, feeds: dict[bytes, Feed]) -> None:
        self._feeds = feeds
        self._held = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every whole request."""
        self._held += data
        while b"\r\n\r\n" in self._held:
            request, _, self._held = self._held.partition(b"\r\n\r\n")
            first, *lines = request.split(b"\r\n")
            headers = {
                name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)
            }
            close = headers.get(b"connection", b"").lower() == b"close"
            self._transport.write(answer(self._feeds.get(first.split(b" ")[1]), headers, close=close))
            if close:
                self._transport.close()


def answer(feed: Feed | None, headers: dict[bytes, bytes], *, close: bool) -> bytes:
    """A whole response. An ETag outranks a date, as RFC 9110 section 13.2.2 has it."""
    connection = "Connection: close\r\n" if close else ""
    if feed is None:
        return f"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n{connection}\r\n".encode()
    validators = f"ETag: {feed.etag}\r\nLast-Modified: {feed.last_modified}\r\n{connection}"
    shown, since = headers.get(b"if-none-match"), headers.get(b"if-modified-since")
    same = shown == feed.etag.encode() if shown is not None else since == feed.last_modified.encode()
    if same:
        return f"HTTP/1.1 304 Not Modified\r\n{validators}\r\n".encode()
    size = f"Content-Length: {len(feed.body)}\r\nContent-Type: {feed.content_type}\r\n"
    return f"HTTP/1.1 200 OK\r\n{size}{validators}\r\n".encode() + feed.body


@contextmanager
def serving(count: int, entries: int) -> Iterator[list[str]]:
    """The URLs of `count` feeds, served until the end of the block."""
    command = [sys.executable, "-m", "benchmarks.server", str(count), str(entries)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            urls = child.stdout.readline().split()
            if len(urls) != count:
                raise RuntimeError("the local publisher did not start")
            yield urls
        finally:
            child.stdin.close()  # which it takes as the end
            child.wait(10)


async def _serve(count: int, entries: int) -> None:
    feeds = list(poll_feeds(count, entries))
    by_path = {feed.path.encode(): feed for feed in feeds}
    port, hosts = await _listen(by_path)
    sys.stdout.write(
        " ".join(f"http://{hosts[n % len(hosts)]}:{port}{feed.path}" for n, feed in enumerate(feeds)) + "\n"
    )
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


async def _listen(feeds: dict[bytes, Feed]) -> tuple[int, list[str]]:
    """A port on as many of 127.0.0.2 to 127.0.0.41 as this system has, else on 127.0.0.1 alone."""
    loop = asyncio.get_running_loop()
    first = await loop.create_server(lambda: Publisher(feeds), "127.0.0.1", 0)
    port: int = first.sockets[0].getsockname()[1]
    hosts = []
    for number in range(2, 2 + _HOSTS):
        try:
            await loop.create_server(lambda: Publisher(feeds), f"127.0.0.{number}", port)
        except OSError:
            continue
        hosts.append(f"127.0.0.{number}")
    return port, hosts or ["127.0.0.1"]


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2])))
