"""A day of polls, judged by the origin's own log: what a publisher would say of us (protocols 1.1)."""

from __future__ import annotations

import asyncio
import gzip
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from aggregator.poll import Hands, poll
from feeds.fetch import Fetcher, Limits
from feeds.model import Source
from storage import intake, reading
from storage.database import Database, open_database
from tests.fakes import NOON, Clock, Publisher, declare, item, make_hands, make_source, rss
from tests.faultserver import Exchange, FaultServer, Play, page
from tests.score import HOUR, Logged, Score, score
from tests.stage import LOOPBACK, Routed

NAME = "Heliograph/test (+https://h.example/about)"
DECENT = {"user-agent": NAME}
DAY = timedelta(hours=24)


def logged(hours: float, **said: object) -> Logged:
    """A line of a log, so many hours after noon."""
    headers = {**DECENT, **said.pop("headers", {})}  # type: ignore[dict-item]
    return Logged(**{"at": NOON + timedelta(hours=hours), "target": "/feed", "headers": headers, **said})  # type: ignore[arg-type]


FIRST = logged(0, etag='"1"', modified="Mon", lifetime=2 * HOUR)
SINS = {
    "unconditional": [logged(2)],
    "wrong_etag": [logged(2, headers={"if-none-match": "1", "if-modified-since": "Mon"})],
    "wrong_modified": [logged(2, headers={"if-none-match": '"1"', "if-modified-since": "Tue"})],
    "half_conditional": [logged(2, headers={"if-none-match": '"1"'})],
    "under_the_floor": [logged(1.9, headers={"if-none-match": '"1"', "if-modified-since": "Mon"}, by_hand=True)],
    "sooner_than_an_hour": [logged(3, target="/other"), logged(3.9, target="/other")],
    "cookies": [logged(3, target="/other", headers={"cookie": "seen=1"})],
    "referers": [logged(3, target="/other", headers={"referer": "https://h.example/"})],
    "cache_busters": [logged(3, target="/other?1764000000")],
    "no_cache": [logged(3, target="/other", headers={"pragma": "no-cache"})],
    "library_names": [logged(3, target="/other", headers={"user-agent": "python-httpx/0.28"})],
}


@pytest.mark.parametrize("sin", SINS)
def test_every_sin_is_counted(sin: str) -> None:
    """A log with one sin in it scores one of that kind, and says which request it was."""
    found = score([FIRST, *SINS[sin]], ["/feed", "/other"])

    assert found.sins == {sin: 1}
    assert sin.replace("_", " ") in found.report()
    assert len(found.seen) == 1


def test_a_floor_holds_after_a_304_that_says_nothing() -> None:
    """F-09: what a 200 said of its freshness is in force again after a 304 without a word of it, and a 304 may change it."""
    shown = {"if-none-match": '"1"', "if-modified-since": "Mon"}
    log = [FIRST, logged(2, headers=shown, status=304), logged(3.5, headers=shown, status=304, lifetime=HOUR)]

    assert score(log, ["/feed"]).sins == {"under_the_floor": 1}
    assert score([*log[:2], logged(4, headers=shown)], ["/feed"]).sins == {}


def test_a_wait_is_a_floor_and_is_forgotten_after_it() -> None:
    """F-30: nobody comes before Retry-After is over."""
    busy = logged(0, status=429, wait=3 * HOUR)

    assert score([busy, logged(2.9)], ["/feed"]).sins == {"under_the_floor": 1}
    assert score([busy, logged(3), logged(4)], ["/feed"]).sins == {}


def test_a_decent_log_scores_nothing() -> None:
    """A log without a sin has none, whatever was issued, taken back and issued anew."""
    log = [
        FIRST,
        logged(2, headers={"if-none-match": '"1"', "if-modified-since": "Mon"}, etag='W/"2"'),
        logged(3, headers={"if-none-match": 'W/"2"'}, status=304, etag='W/"3"'),
        logged(4, headers={"if-none-match": 'W/"3"'}),
        logged(5),
    ]

    assert score(log, ["/feed"]).sins == {}
    assert score(log, ["/feed"]).requests == 5


@dataclass(frozen=True, kw_only=True)
class Said:
    """What an origin has to say at a moment: a body with its validators and manners, or a status."""

    body: bytes = rss(item(1), item(2))
    etag: str = ""
    modified: str = ""
    lifetime: timedelta | None = None
    age: timedelta = timedelta()
    wait: timedelta = timedelta()
    status: str = "200 OK"
    headers: tuple[str, ...] = ()
    silent_304: bool = False
    in_body: bool = False
    """Whether the lifetime stands in the document, as RSS's ttl, and not in a header."""


def news(now: datetime, every: float) -> tuple[int, bytes]:
    """Which edition it is when there is one every so many hours, and its body."""
    edition = int((now - NOON) / HOUR // every)
    return edition, rss(*(item(number, guid=f"n{number}") for number in range(edition + 1, edition + 4)))


def by_etag(now: datetime) -> Said:
    """Weak ETags, news every five hours, a cookie with every answer."""
    edition, body = news(now, 5)
    return Said(body=body, etag=f'W/"{edition}"', headers=("Set-Cookie: id=1; Path=/",))


def by_both(now: datetime) -> Said:
    """Both validators, in odd forms, news every three hours."""
    edition, body = news(now, 3)
    return Said(body=body, etag=f'"a\\"{edition}-gzip"', modified=f"sat, 0{edition + 1} jan 2000 00:00:00 +0000")


def by_modified(now: datetime) -> Said:
    """Only a Last-Modified, which then goes away for two hours (F-07)."""
    edition, body = news(now, 2)
    return Said(body=body, modified="" if edition % 4 == 3 else f"Tue, 24 Nov 2026 {edition:02}:00:00 GMT")


def busy(now: datetime) -> Said:
    """Busy twice a day, once in seconds and once with a date."""
    hour = (now - NOON) / HOUR
    if 4 <= hour < 6:
        return Said(status="429 Too Many Requests", wait=5 * HOUR, headers=("Retry-After: 18000",))
    if 14 <= hour < 16:
        until = now + 3 * HOUR
        dates = (f"Retry-After: {format_datetime(until)}", f"Date: {format_datetime(now)}")
        return Said(status="503 Service Unavailable", wait=3 * HOUR, headers=dates)
    return Said(etag='"busy"')


ASLEEP = "".join(f"<hour>{hour}</hour>" for hour in range(6))
ORIGINS: dict[str, Callable[[datetime], Said]] = {
    "weak": by_etag,
    "both": by_both,
    "modified": by_modified,
    "busy": busy,
    "plain": lambda now: Said(),
    "touched": lambda now: Said(etag=f'"{now:%H%M%S}"', modified=f"{now:%H:%M}"),
    "unquoted": lambda now: Said(etag="abc"),
    "aged": lambda now: Said(etag='"aged"', lifetime=12 * HOUR, age=HOUR),
    "patient": lambda now: Said(etag='"p"', lifetime=4 * HOUR, silent_304=True),
    "packed": lambda now: Said(
        etag='"x-gzip"', body=gzip.compress(rss(item(1)), mtime=0), headers=("Content-Encoding: gzip",)
    ),
    "ttl": lambda now: Said(
        etag='"t"', body=rss(item(1), extra="<ttl>180</ttl>"), lifetime=3 * HOUR, in_body=True, silent_304=True
    ),
    "asleep": lambda now: Said(etag='"a"', body=rss(item(1), extra=f"<skipHours>{ASLEEP}</skipHours>")),
    "gone": lambda now: Said(etag='"g"', status="410 Gone" if now > NOON + 6 * HOUR else "200 OK"),
}


class Origin:
    """Publishers on one loopback server, with the log that they keep."""

    def __init__(self, server: FaultServer, clock: Clock) -> None:
        self.log: list[Logged] = []
        self.by_hand = False
        self._clock = clock
        for name, say in ORIGINS.items():
            server.pages[f"/{name}"] = server.pages[f"{name}.example/feed"] = self._play(say)
        moved = Said(status="301 Moved Permanently", headers=("Location: https://home.example/feed",))
        server.pages["moved.example/feed"] = self._play(lambda now: moved)
        server.pages["home.example/feed"] = self._play(by_both)

    def _play(self, say: Callable[[datetime], Said]) -> Play:
        async def play(exchange: Exchange) -> None:
            said, request = say(self._clock()), exchange.request
            shown, since = request.header("if-none-match"), request.header("if-modified-since")
            same = shown.decode() == said.etag if shown else bool(since) and (since or b"").decode() == said.modified
            status = "304 Not Modified" if same and said.status.startswith("200") else said.status
            lifetime = None if said.silent_304 and status.startswith("304") else said.lifetime
            lines = [*said.headers, f"ETag: {said.etag}" * bool(said.etag)]
            lines += [f"Last-Modified: {said.modified}" * bool(said.modified)]
            if lifetime is not None and not said.in_body:
                lines += [
                    f"Cache-Control: max-age={lifetime.total_seconds():.0f}",
                    f"Age: {said.age.total_seconds():.0f}",
                ]
            host = (request.header("host") or b"").decode().partition(":")[0]
            self.log.append(
                Logged(
                    at=self._clock(), target=host + request.target, status=int(status[:3]), etag=said.etag,
                    modified=said.modified,
                    headers={name: value.decode("latin-1") for name, value in request.headers},
                    lifetime=None if lifetime is None else lifetime - said.age, wait=said.wait, by_hand=self.by_hand,
                    in_body=said.in_body,
                )
            )  # fmt: skip
            await page(b"" if same else said.body, *filter(None, lines), status=status)(exchange)

        return play


@dataclass(kw_only=True)
class Reader:
    """Our program through a day, with the store in a file: started, stopped, started again."""

    url: str
    sources: list[Source]
    clock: Clock
    port: int
    world: bool

    def session(self, until: datetime, origin: Origin, *, at_once: bool = False) -> None:
        """Run until then: whenever a source is due, it is polled; `at_once` a person asks for all of them first."""
        db = open_database(self.url)
        try:
            declare(db, *self.sources, now=self.clock())
            asyncio.run(self._session(db, until, origin, at_once=at_once))
            self.clock.now = until
        finally:
            db.close()

    async def _session(self, db: Database, until: datetime, origin: Origin, *, at_once: bool) -> None:
        transport = Routed(self.port) if self.world else None
        # Hours pass between two polls of the day, and none of ours: a second between visits would be waited for in vain.
        limits = Limits(spacing=0)
        fetcher = Fetcher(user_agent=NAME, folder=Path(), allow_private=LOOPBACK, transport=transport, limits=limits)
        hands = replace(make_hands(db, Publisher(), clock=self.clock), fetcher=fetcher)
        try:
            if at_once:
                origin.by_hand = True
                await self._poll(hands, explicit=True)
                origin.by_hand = False
            while (due := self._next(db)) is not None and due <= until:
                self.clock.now = max(self.clock.now, due)
                assert await self._poll(hands)
        finally:
            await fetcher.close()

    def _next(self, db: Database) -> datetime | None:
        """When the next source is due; the store's columns decide, as for the daemon."""
        states = [one.state for one in reading.followed(db)]
        due = [max(s.next_poll_at, s.floor_until or s.next_poll_at) for s in states if s.next_poll_at is not None]
        return min(due, default=None)

    async def _poll(self, hands: Hands, *, explicit: bool = False) -> int:
        """Poll what is due, or everything that may be asked. How many."""
        claims = intake.claim(hands.db, self.clock(), owner="day", limit=100, explicit=explicit)
        for claim in claims:
            assert await poll(claim, hands) is not None
        return len(claims)


def day(tmp_path: Path, *, world: bool) -> tuple[Score, list[Logged]]:
    """Twenty-four hours with restarts, a time without us, and persons who press the button."""
    clock = Clock()
    with FaultServer(clock=clock) as server:
        origin = Origin(server, clock)
        urls = {"moved": "https://moved.example/feed"} if world else {}
        urls |= {name: f"https://{name}.example/feed" if world else server.url(f"/{name}") for name in ORIGINS}
        reader = Reader(
            url=f"sqlite:///{tmp_path / 'day.db'}", sources=[make_source(slug=name, url=url) for name, url in urls.items()],
            clock=clock, port=server.port, world=world,
        )  # fmt: skip
        reader.session(NOON + 5 * HOUR, origin)
        for _ in range(3):
            reader.session(clock() + timedelta(minutes=1), origin)  # restarts
        reader.session(NOON + 9 * HOUR, origin, at_once=True)
        clock.forward(hours=3)  # not running
        reader.session(NOON + 15 * HOUR, origin)
        reader.session(NOON + 15.1 * HOUR, origin, at_once=True)
        reader.session(NOON + DAY, origin, at_once=True)
        declared = [f"{name}.example/feed" if world else f"127.0.0.1/{name}" for name in urls]
        declared += ["home.example/feed"]
        return score(origin.log, declared), origin.log


@pytest.mark.parametrize("world", [False, True], ids=["on loopback", "under public names"])
def test_a_day_of_polls_scores_no_sin(tmp_path: Path, world: bool) -> None:
    """F-01, F-03, F-04, F-05, F-06, F-07, F-09, F-10, F-11, F-12, F-13, F-20, F-24, F-30, F-36, F-41: the log of a day is clean.

    In a day with restarts, a pause and explicit polls the origins see no unconditional repeat, no wrong validator, no poll
    under a floor, no cookie, Referer, cache-buster or library's name, on the operator's own hosts as on public ones.
    """
    total, log = day(tmp_path, world=world)
    sys.stdout.write(total.report())

    assert total.sins == {}, total.report()
    asked = {name: [one for one in log if name in one.target] for name in ORIGINS}
    assert total.requests == len(log)
    assert all(len(asked[name]) >= 6 for name in ("weak", "both", "modified", "plain", "touched", "unquoted", "packed"))
    assert 2 <= len(asked["aged"]) <= 3
    assert 4 <= len(asked["patient"]) <= 7
    assert 4 <= len(asked["ttl"]) <= 9
    # What was due before its night, and could not be asked then, is asked when we are back at midnight.
    assert [one for one in asked["asleep"] if 0 < one.at.hour < 6 and not one.by_hand] == []
    assert 0 < sum(one.status == 304 for one in asked["both"]) < len(asked["both"]) - 3
    assert {one.status for one in asked["busy"]} >= {200, 304, 429}
    assert sum(one.status == 410 for one in asked["gone"]) <= 2
