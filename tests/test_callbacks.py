"""Our callbacks as hubs and others see them, over real sockets."""

from __future__ import annotations

import gzip
import select as select_lib
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import httpx
import pytest
from sqlalchemy import func, select

from aggregator.publish import Publisher
from aggregator.web.app import make_app
from feeds.model import Offer
from storage import push
from storage.database import Database
from storage.schema import pushes, sources
from tests.fakes import NOON, Clock, declare, item, make_source, rss, write_config
from tests.live import served

URL = "https://news.example/feed"
TOKEN = "t" * 43
DAY = timedelta(days=1)


class Place:
    """A web server with one subscription that waits to be verified."""

    def __init__(self, db: Database, client: httpx.Client, clock: Clock, one: int) -> None:
        self.db = db
        self.client = client
        self.clock = clock
        self.one = one

    def verify(self, *, token: str = TOKEN, **said: str) -> httpx.Response:
        """A verification, with something else where it is said."""
        query = {"mode": "subscribe", "topic": URL, "challenge": "c", "lease_seconds": "864000", **said}
        asked = urlencode({f"hub.{name}": value for name, value in query.items()})
        return self.client.get(f"/push/{token}?{asked}")

    def bring(self, body: bytes = b"<rss/>", *, token: str = TOKEN, **headers: str) -> httpx.Response:
        """A body that a hub brings."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(f"/push/{token}", content=body, headers=named)

    def waiting(self) -> int:
        """How many bodies wait to be read."""
        with self.db.read() as connection:
            return int(connection.execute(select(func.count()).select_from(pushes)).scalar_one())

    def state(self) -> str:
        """The state of the subscription."""
        found = push.callback(self.db, TOKEN)
        assert found is not None
        return found.state


@pytest.fixture
def place(db: Database, tmp_path: Path) -> Iterator[Place]:
    """The server, on each engine."""
    clock = Clock()
    declare(db, make_source())
    with db.read() as connection:
        source = connection.execute(select(sources.c.id)).scalar_one()
    offer = Offer(hubs=("http://hub.example/",), topic=URL)
    one = push.ask(
        db, source, offer, token=TOKEN, base="https://h.example", secret="", lease=864000, attempts=1, now=clock()
    )
    with served(make_app(Publisher(db, write_config(tmp_path)), clock)) as client:
        yield Place(db, client, clock, one)


@pytest.mark.parametrize("token", ["u" * 43, "short", "t" * 42 + "/", "", "..%2f..", "t" * 5000])
def test_an_unknown_callback_is_404(place: Place, token: str) -> None:
    """W-05, X-36: an address that we gave nobody answers 404 to whatever is asked of it."""
    assert place.verify(token=token).status_code == 404
    assert place.bring(token=token).status_code == 404
    assert place.client.head(f"/push/{token}").status_code == 404


def test_a_body_for_an_unknown_callback_is_not_read(place: Place) -> None:
    """X-36: who does not know a callback is answered before the first byte of a body is there."""
    where = urlsplit(str(place.client.base_url))
    assert where.hostname is not None
    with socket.create_connection((where.hostname, where.port or 80), timeout=20) as line:
        line.sendall(f"POST /push/{'u' * 43} HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n".encode())
        assert line.recv(12) == b"HTTP/1.1 404"


@pytest.mark.parametrize(
    "said",
    [
        {"topic": "https://news.example/other"},
        {"topic": URL + "/"},
        {"mode": "unsubscribe"},
        {"mode": "publish"},
        {"challenge": ""},
    ],
)
def test_a_verification_of_something_else_is_404(place: Place, said: dict[str, str]) -> None:
    """W-05: 205: topic and mode must be those of the request that waits."""
    assert place.verify(**said).status_code == 404
    assert place.state() == "pending"


def test_a_challenge_is_echoed_safely(place: Place) -> None:
    """W-05, W-06: the body is exactly the challenge, and no browser takes it for a page."""
    challenge = "<script>alert(1)</script>é\r\n"
    answer = place.verify(challenge=challenge)

    assert (answer.status_code, answer.content) == (200, challenge.encode())
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert place.state() == "active"


def test_a_request_is_verified_once(place: Place) -> None:
    """W-05: what is no longer pending is not verified again."""
    assert [place.verify().status_code for _ in range(2)] == [200, 404]


@pytest.mark.parametrize("verified", [False, True])
def test_a_denial_is_heard_at_any_time(place: Place, verified: bool) -> None:
    """W-07: before its verification and after it a subscription may be denied; then it has ended."""
    if verified:
        place.verify()
    assert place.verify(mode="denied", reason="no more").status_code == 200
    found = push.subscription_of(place.db, "news")
    assert found is not None
    assert (found.state, found.reason, found.retry_at) == ("denied", "the hub refuses: no more", NOON + 7 * DAY)
    assert [place.verify().status_code, place.bring().status_code] == [410, 410]


def test_a_denial_for_another_topic_is_none(place: Place) -> None:
    """W-07: who denies must at least know what."""
    place.verify()
    assert place.verify(mode="denied", topic="https://other.example/").status_code == 404
    assert place.state() == "active"


def test_content_before_the_verification_is_not_taken(place: Place) -> None:
    """W-05: nothing is taken for a subscription that nobody confirmed."""
    assert place.bring().status_code == 404
    assert place.waiting() == 0


def test_content_is_taken_at_once(place: Place) -> None:
    """W-08: a body is answered with 202 as soon as it is kept."""
    place.verify()
    assert place.bring(rss(item()), Content_Type="application/rss+xml").status_code == 202
    assert place.waiting() == 1


def test_a_lease_that_is_over_is_410(place: Place) -> None:
    """W-05: a day after its lease a callback has ended."""
    place.verify(lease_seconds="3600")
    place.clock.forward(hours=24)
    assert place.bring().status_code == 202
    place.clock.forward(hours=2)
    assert place.bring().status_code == 410


def test_a_body_that_says_it_is_too_large_is_413(place: Place) -> None:
    """X-36: the cap of a fetched feed holds for a pushed one, before it is read where its length is told."""
    place.verify()
    where = urlsplit(str(place.client.base_url))
    assert where.hostname is not None
    for length in ("15000001", "9" * 30):
        with socket.create_connection((where.hostname, where.port or 80), timeout=20) as line:
            line.sendall(f"POST /push/{TOKEN} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode())
            assert line.recv(12) in (b"HTTP/1.1 413", b"HTTP/1.1 400")
    assert place.waiting() == 0


def test_a_body_that_grows_too_large_is_413(place: Place) -> None:
    """X-36: a body of unknown length is read up to the cap."""
    place.verify()
    answer = place.client.post(f"/push/{TOKEN}", content=(b"x" * 1_000_000 for _ in range(16)))

    assert answer.status_code == 413
    assert place.waiting() == 0


def test_a_callback_that_is_asked_too_often_is_429(place: Place) -> None:
    """X-36: thirty at once and twenty a minute; another callback is not held up by it."""
    place.verify()
    got = [place.bring(content_encoding="br").status_code for _ in range(31)]
    assert got == [415] * 29 + [429] * 2
    refused = place.bring()
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")

    place.clock.forward(seconds=3)
    assert [place.bring().status_code for _ in range(2)] == [202, 429]


@pytest.mark.parametrize(("encoding", "status"), [("gzip", 202), ("identity", 202), ("br", 415), ("gzip, gzip", 415)])
def test_content_encodings(place: Place, encoding: str, status: int) -> None:
    """W-09, X-12: gzip is taken as it came; what we cannot unpack, and chains, are refused."""
    place.verify()
    assert place.bring(gzip.compress(rss(item())), content_encoding=encoding).status_code == status


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
def test_hubs_get_and_post(place: Place, method: str) -> None:
    """S-04: other methods are 405 with Allow, and change nothing."""
    answer = place.client.request(method, f"/push/{TOKEN}?hub.mode=subscribe&hub.topic={URL}&hub.challenge=c")

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
    assert place.state() == "pending"


def test_a_store_that_is_away_is_503(tmp_path: Path) -> None:
    """W-08: a hub is asked to come again while the store cannot be written; nothing is lost by a 202 too early."""
    from storage.database import open_database

    path = tmp_path / "store.db"
    db = open_database(f"sqlite:///{path}")
    with served(make_app(Publisher(db, write_config(tmp_path)), Clock())) as client:
        db.close()
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        path.write_text("no database " * 1000)
        answer = client.post(f"/push/{TOKEN}", content=b"x")
    db.close()

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")


def test_a_slow_hub_keeps_out_no_other(place: Place) -> None:
    """X-36: of one callback two bodies arrive at a time; whoever brings more is asked to wait, others are not."""
    place.verify()
    other = "o" * 43
    with place.db.read() as connection:
        source = connection.execute(select(sources.c.id)).scalar_one()
    push.ask(
        place.db, source, Offer(hubs=("http://hub.example/",), topic=URL), token=other, base="https://h.example",
        secret="", lease=864000, attempts=1, now=NOON,
    )  # fmt: skip
    place.verify(token=other)
    where = urlsplit(str(place.client.base_url))
    assert where.hostname is not None
    with ExitStack() as slow:
        lines = [slow.enter_context(socket.create_connection((where.hostname, where.port or 80))) for _ in range(8)]
        for line in lines:
            line.sendall(f"POST /push/{other} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nslow".encode())
        told = select_lib.select(lines, [], [], 20)[0]
        deadline = time.monotonic() + 20
        while len(told) < 6 and time.monotonic() < deadline:
            told = select_lib.select(lines, [], [], 0.2)[0]
            time.sleep(0.05)
        assert [line.recv(12) for line in told] == [b"HTTP/1.1 503"] * 6
        assert place.bring().status_code == 202
