"""A little hub and publisher on loopback, and a desk that follows it: real sockets both ways.

The hub answers 202, verifies in a thread of its own, and distributes what it is told to, signed or not. `Road` leads
https://hub.example and the like to loopback at httpx's transport seam, where no guard stands; hubs that are reached in
earnest are public ones only.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from aggregator.inbox import read_pushes
from aggregator.poll import AsyncParser, Hands, poll
from aggregator.publish import Publisher
from aggregator.recorder import Recorder
from aggregator.subscribing import ask_hubs, survey
from aggregator.topics.compiling import Topic
from aggregator.web.app import make_app
from feeds.fetch import Fetcher, Limits
from feeds.model import Source
from storage import intake, push
from storage.database import Database
from storage.model import Claim, Decision
from storage.push_model import Subscription
from tests.fakes import Clock, declare, parse_here, rules_of, write_config
from tests.live import served

FEED = "https://news.example/feed"
HUB = "https://hub.example/hub"
T = TypeVar("T")
# One client for all, since each would read the machine's certificates anew.
_CLIENT = httpx.Client(trust_env=False)


@dataclass
class Answer:
    """What the hub's server says under a path; with `echo` what it was told."""

    body: bytes = b""
    status: int = 200
    headers: Sequence[tuple[str, str]] = ()
    echo: bool = False


@dataclass
class Verified:
    """What came of a verification: the callback's status and body, and whether the challenge was echoed."""

    status: int
    body: bytes
    agreed: bool
    headers: httpx.Headers


@dataclass
class Hub:
    """Pages by path, requests to the hub as forms, and what their verifications brought."""

    port: int
    pages: dict[str, Answer] = field(default_factory=dict)
    forms: list[dict[str, str]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    verified: list[Verified] = field(default_factory=list)
    answer: Answer = field(default_factory=lambda: Answer(status=202))
    verifies: bool = True
    lease: str = ""
    threads: list[threading.Thread] = field(default_factory=list)

    def settle(self) -> None:
        """Wait for every verification under way."""
        for thread in self.threads:
            thread.join()
        self.threads.clear()

    @property
    def callback(self) -> str:
        """The callback of the newest subscription request."""
        return next(form["hub.callback"] for form in reversed(self.forms) if form["hub.mode"] == "subscribe")

    def verify(self, form: dict[str, str], **other: str) -> Verified:
        """Ask the callback whether it wants this (section 5.3); `other` replaces what is asked."""
        challenge = secrets.token_urlsafe(20)
        query = {"hub.mode": form["hub.mode"], "hub.topic": form["hub.topic"], "hub.challenge": challenge}
        if form["hub.mode"] == "subscribe":
            query["hub.lease_seconds"] = self.lease or form.get("hub.lease_seconds", "864000")
        query |= {f"hub.{name}": value for name, value in other.items()}
        answer = _CLIENT.get(f"{form['hub.callback']}?{urlencode(query)}")
        agreed = answer.status_code == 200 and answer.content == query["hub.challenge"].encode()
        return Verified(answer.status_code, answer.content, agreed, answer.headers)

    def distribute(
        self,
        body: bytes,
        *,
        method: str = "sha256",
        secret: str | None = None,
        callback: str = "",
        content_type: str = "application/rss+xml",
        **headers: str,
    ) -> httpx.Response:
        """Bring a body to the newest callback, signed with what was agreed on; `method=""` leaves the signature out."""
        key = self.forms[-1].get("hub.secret", "") if secret is None else secret
        sent = {"Content-Type": content_type, **headers}
        if method and key:
            sent["X-Hub-Signature"] = f"{method}={hmac.new(key.encode(), body, getattr(hashlib, method)).hexdigest()}"
        return _CLIENT.post(callback or self.callback, content=body, headers=sent)


@contextmanager
def hub() -> Iterator[Hub]:
    """A hub at /hub and a publisher beside it, on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known.asked.append(("GET", self.path))
            self._say(known.pages.get(self.path, Answer(status=404)))

        def do_POST(self) -> None:
            known.asked.append(("POST", self.path))
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if self.path != "/hub":
                self._say(known.pages.get(self.path, Answer(status=404)))
                return
            form = dict(parse_qsl(body, strict_parsing=True))
            known.forms.append(form)
            answered = threading.Event()
            if known.verifies and known.answer.status == 202:
                # It runs, and is known to run, before the answer tells anybody to wait for it.
                thread = threading.Thread(
                    target=lambda: known.verified.append(known.verify(form)) if answered.wait() else None
                )
                thread.start()
                known.threads.append(thread)
            try:
                self._say(
                    replace(known.answer, body=" ".join(form.values()).encode()) if known.answer.echo else known.answer
                )
            finally:
                answered.set()

        def _say(self, answer: Answer) -> None:
            self.send_response(answer.status)
            for name, value in answer.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server gives
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known = Hub(port=server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield known
    finally:
        known.settle()
        server.shutdown()
        thread.join()
        server.server_close()


class Road(httpx.AsyncBaseTransport):
    """Leads every name under .example to a server on loopback, TLS or not."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._inner = httpx.AsyncHTTPTransport(trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Ask loopback what was asked of the name."""
        assert urlsplit(str(request.url)).hostname in (
            "news.example", "hub.example", "other.example", "heliograph.example",
        )  # fmt: skip
        there = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._port)
        return await self._inner.handle_async_request(
            httpx.Request(
                request.method, there, headers=request.headers, stream=request.stream, extensions=request.extensions
            )
        )

    async def aclose(self) -> None:
        """Let the connections go."""
        await self._inner.aclose()


@dataclass
class Desk:
    """The parts of a daemon, one step at a time, beside our real web server."""

    db: Database
    clock: Clock
    hub: Hub
    address: str
    topics: Sequence[Topic] = ()
    parse: AsyncParser = parse_here

    def _do(self, step: Callable[[Hands], Awaitable[T]]) -> T:
        async def done() -> T:
            limits, road = Limits(spacing=0), Road(self.hub.port)
            fetcher = Fetcher(user_agent="Heliograph/test", folder=Path(), transport=road, limits=limits)
            hands = Hands(
                fetcher=fetcher, parse=self.parse, db=self.db, record=Recorder(self.db).record, topics=self.topics,
                rules=rules_of(self.topics), clock=self.clock, push_base=self.address,
            )  # fmt: skip
            try:
                return await step(hands)
            finally:
                await fetcher.close()

        return asyncio.run(done())

    def poll(self, claims: Sequence[Claim] | None = None, *, explicit: bool = False) -> list[Decision | None]:
        """Poll what is due, or what was claimed already."""

        async def polled(hands: Hands) -> list[Decision | None]:
            due = claims or intake.claim(self.db, self.clock(), owner="test", limit=100, explicit=explicit)
            return [await poll(claim, hands) for claim in due]

        return self._do(polled)

    def ask(self) -> None:
        """Look at what is offered and ask hubs; then wait for them to verify."""

        async def asked(hands: Hands) -> None:
            survey(hands, self.clock())
            while await ask_hubs(hands, owner="test"):
                pass

        self._do(asked)
        self.hub.settle()

    def read(self) -> int:
        """Read what was pushed."""
        return self._do(lambda hands: read_pushes(hands, owner="test"))

    def subscribe(self) -> Subscription:
        """Poll, ask, be verified."""
        self.poll()
        self.ask()
        return self.subscription()

    def subscription(self) -> Subscription:
        """What we asked of the hub."""
        found = push.subscription_of(self.db, "news")
        assert found is not None
        return found


@contextmanager
def desk(
    db: Database, folder: Path, *, source: Source | None = None, topics: dict[str, str] | None = None
) -> Iterator[Desk]:
    """A hub, our web server, and a desk that follows one source at the hub's publisher."""
    clock = Clock()
    declared = source or Source(slug="news", url=FEED, name="News")
    compiled = declare(db, declared, topics=topics)
    app = make_app(Publisher(db, write_config(folder)), clock)
    with hub() as there, served(app) as client:
        yield Desk(db, clock, there, str(client.base_url), compiled)
