"""A real server on a real socket, for tests that look at it as a reader would."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx
from starlette.types import ASGIApp

from aggregator.serving import listening


@contextmanager
def served(app: ASGIApp) -> Iterator[httpx.Client]:
    """The application on a free port of loopback, by the server that we use, and a client that follows no redirects."""
    port = free_port()
    loop = asyncio.new_event_loop()
    stop, ready = asyncio.Event(), threading.Event()

    async def serve() -> None:
        async with listening(app, "127.0.0.1", port):
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(20), "the server does not begin"
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            yield client
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server gives
        """Say nothing."""


@contextmanager
def files(folder: Path) -> Iterator[str]:
    """A plain web server over a folder, as anybody has one; its address."""
    with _serving(partial(_Quiet, directory=str(folder))) as address:
        yield address


@contextmanager
def _serving(handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Pages(_Quiet):
    """What every file server can be told: an address, the same with .html, the page of an error. It names the file."""

    def do_GET(self) -> None:
        root = Path(self.directory)
        asked = unquote(urlsplit(self.path).path).lstrip("/")
        found = next((one for one in (asked or "index.html", f"{asked}.html") if (root / one).is_file()), None)
        content = (root / (found or "404.html")).read_bytes()
        self.send_response(200 if found else 404)
        self.send_header("X-File", found or "404.html")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def pages_of(folder: Path) -> Iterator[str]:
    """A plain file server over a folder of pages; its address."""
    with _serving(partial(_Pages, directory=str(folder))) as address:
        yield address


def free_port() -> int:
    """A port that nobody has just now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
