"""Subscribers on loopback for our own hub, and a desk that publishes: real sockets both ways.

An `Inbox` is somebody's server with callbacks: it echoes challenges and takes what it is brought, unless a path is told to do
otherwise. A `HubDesk` is our web server with the daemon's part of the hub, one step at a time.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx

from aggregator.hub import Distributor
from aggregator.publish import Publisher
from aggregator.topics.compiling import Topic
from aggregator.web.app import make_app
from feeds.callbacks import Caller
from storage import hub
from storage.database import Database
from storage.hub_model import Subscriber
from tests.fakes import Clock, declare, make_entry, make_source, take, write_config
from tests.live import served

BASE = "https://heliograph.example"
TOPIC = f"{BASE}/topics/ships.atom"


@dataclass
class Got:
    """A request that a callback had: its path without the query, the query's words, its headers and body."""

    path: str
    words: dict[str, str]
    headers: Message
    body: bytes


@dataclass
class Answer:
    """What a callback says: `echo` stands before the body for the challenge of a verification."""

    status: int = 200
    body: bytes = b""
    echo: bool = True
    location: str = ""


Way = Callable[[BaseHTTPRequestHandler, threading.Event], None]
"""How a callback answers in its own manner, until the event says that all is over."""


@dataclass
class Inbox:
    """A server of callbacks, and what they were asked and brought."""

    host: str
    port: int
    closing: threading.Event
    asked: list[Got] = field(default_factory=list)
    brought: list[Got] = field(default_factory=list)
    answers: dict[tuple[str, str], Answer | Way] = field(default_factory=dict)
    pause: float = 0.0
    """Seconds that every answer takes."""

    def url(self, path: str = "/cb") -> str:
        """The address of a callback."""
        return f"http://{self.host}:{self.port}{path}"

    def bodies(self, path: str = "/cb") -> list[bytes]:
        """What a callback was brought, in order."""
        return [one.body for one in self.brought if one.path == path]


@contextmanager
def inbox(host: str = "127.0.0.1") -> Iterator[Inbox]:
    """An inbox on a loopback address, until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            words = dict(parse_qsl(parts.query, keep_blank_values=True))
            known.asked.append(Got(parts.path, words, self.headers, b""))
            self._say(parts.path, words.get("hub.challenge", "").encode())

        def do_POST(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers["Content-Length"]))
            known.brought.append(Got(parts.path, dict(parse_qsl(parts.query)), self.headers, body))
            self._say(parts.path, b"")

        def _say(self, path: str, challenge: bytes) -> None:
            known.closing.wait(known.pause)
            how = known.answers.get((self.command, path), Answer())
            if not isinstance(how, Answer):
                how(self, known.closing)
                return
            body = (challenge if how.echo else b"") + how.body
            self.send_response(how.status)
            if how.location:
                self.send_header("Location", how.location)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server gives
            """Say nothing."""

    server = _Many((host, 0), Handler)
    known = Inbox(host, server.server_port, threading.Event())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield known
    finally:
        known.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Many(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True  # one whose client has gone may still be writing

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up, as ours does, is nothing to tell."""


def silent(handler: BaseHTTPRequestHandler, closing: threading.Event) -> None:
    """Say nothing, for as long as the client stays."""
    closing.wait(30)


def endless(handler: BaseHTTPRequestHandler, closing: threading.Event) -> None:
    """A good status, and a body that never ends."""
    handler.send_response(200)
    handler.end_headers()
    while not closing.is_set():
        handler.wfile.write(b"x" * 65536)


def dripping(handler: BaseHTTPRequestHandler, closing: threading.Event) -> None:
    """A head that comes a letter at a time and never ends."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
    while not closing.wait(0.05):
        handler.wfile.write(b"x")
        handler.wfile.flush()


@dataclass
class HubDesk:
    """A source, a topic, our web server, and the daemon's part of the hub."""

    db: Database
    clock: Clock
    publisher: Publisher
    client: httpx.Client
    topics: list[Topic]
    seconds: float = 5.0

    def ask(self, callback: str, topic: str = TOPIC, mode: str = "subscribe", **more: str) -> httpx.Response:
        """Ask the hub; `more` are further words of the form, without hub."""
        form = {"hub.mode": mode, "hub.topic": topic, "hub.callback": callback}
        form |= {f"hub.{name}": value for name, value in more.items()}
        return self.client.post("/hub", data=form)

    def work(self) -> None:
        """Do all errands that are due."""

        async def done() -> None:
            allowed = self.publisher.config.settings.hub_allow_private
            caller = Caller("Heliograph/test", allowed, seconds=self.seconds)
            distributor = Distributor(self.publisher, caller, owner="test", clock=self.clock)
            try:
                await distributor.do_all()
            finally:
                await distributor.stop()

        asyncio.run(done())

    def subscribe(self, callback: str, topic: str = TOPIC, **more: str) -> None:
        """Subscribe, be verified, and be found to have what the feed holds."""
        assert self.ask(callback, topic, **more).status_code == 202
        self.work()
        self.clock.forward(seconds=3)
        self.work()

    def publish(self, number: int, *, title: str = "Ships", seconds: float = 60) -> None:
        """Let the source bring an entry that belongs to the topic, so many seconds later."""
        self.clock.forward(seconds=seconds)
        entry = make_entry(id=f"id-{number}", title=f"{title} {number}", link=f"https://news.example/{number}")
        take(self.db, [entry], topics=self.topics, now=self.clock())

    def update(self, number: int) -> None:
        """Publish, and tell everybody."""
        self.publish(number)
        self.work()

    def get(self, topic: str = TOPIC) -> httpx.Response:
        """What a topic's address serves."""
        return self.client.get(topic.removeprefix(BASE), headers={"Accept-Encoding": "identity"})

    def subscribers(self) -> list[Subscriber]:
        """Who subscribed."""
        return hub.subscribed(self.db)


@contextmanager
def hub_desk(db: Database, folder: Path, *, settings: str = "hub_allow_private: [127.0.0.0/8]") -> Iterator[HubDesk]:
    """A desk with one entry published already."""
    clock = Clock()
    compiled = declare(db, make_source(), topics={"ships": "ships"})
    publisher = Publisher(db, write_config(folder, f"settings: {{base_url: '{BASE}', {settings}}}\n"))
    with served(make_app(publisher, clock)) as client:
        desk = HubDesk(db, clock, publisher, client, compiled)
        desk.publish(0)
        yield desk
