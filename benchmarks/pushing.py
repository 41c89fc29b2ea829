"""How soon an update reaches everybody who subscribed at our hub, beside a loop that posts to one after another.

In: a running program, a hundred subscribers on addresses of loopback, five of which take a delivery and say nothing. Out: a
figure. Never: a clock of two machines; a round in which a healthy subscriber was left out.
"""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx

from aggregator.topics.compiling import compile_topic
from benchmarks.figures import Figure, figure
from benchmarks.server import ROOT
from storage import hub, work
from storage.database import Database, open_database
from tests.fakes import make_entry, take
from tests.live import free_port

NAMES = ("push_100_s",)
_SUBSCRIBERS = 100
_HANGING = 5
_ROUNDS = 3
_PATIENCE = 60.0


def steps() -> int:
    """How many steps `measure` takes."""
    return 2 * (_ROUNDS + 1)


class Callbacks:
    """A server on many addresses of loopback, a callback on each: what it was brought, and when."""

    def __init__(self, hosts: int) -> None:
        self.port = free_port()
        self.urls = [f"http://127.0.0.{2 + n % hosts}:{self.port}/{n}" for n in range(_SUBSCRIBERS)]
        self.hanging: set[int] = set()
        self.brought: dict[int, tuple[float, bytes]] = {}
        self._hosts = sorted({str(urlsplit(url).hostname) for url in self.urls})

    async def serve(self, ready: threading.Event, stopped: asyncio.Event) -> None:
        """Listen, until stopped."""
        server = await asyncio.start_server(self._one, self._hosts, self.port, backlog=256)
        ready.set()
        await stopped.wait()
        server.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
            parts, body = urlsplit(target), b""
            number = int(parts.path[1:])
            if method == "POST":
                lines = [line.partition(b":") for line in head.lower().split(b"\r\n")]
                body = await reader.readexactly(int(next(v for k, _, v in lines if k == b"content-length")))
                if number in self.hanging:
                    await reader.read()
                    return
                self.brought[number] = (time.time(), body)
            said = parse_qs(parts.query).get("hub.challenge", [""])[0].encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(said), said))
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass  # whoever called is gone
        finally:
            writer.close()


@contextmanager
def _listening(hosts: int) -> Iterator[Callbacks]:
    callbacks, ready = Callbacks(hosts), threading.Event()
    loop, stopped = asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(callbacks.serve(ready, stopped)), daemon=True)
    thread.start()
    if not ready.wait(_PATIENCE):
        raise RuntimeError("the subscribers' server did not start")
    try:
        yield callbacks
    finally:
        loop.call_soon_threadsafe(stopped.set)
        thread.join()


@contextmanager
def _running(folder: Path) -> Iterator[tuple[str, Database]]:
    """A Heliograph with one source and one topic, its address and its store."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    (folder / "feed.xml").write_text("<rss version='2.0'><channel><title>News</title></channel></rss>")
    config = folder / "feeds.yaml"
    config.write_text(
        f"settings: {{base_url: '{base}', hub_allow_private: [127.0.0.0/8]}}\n"
        "sources: [{url: 'file:feed.xml', slug: news, every: 30d}]\ntopics: {ships: {query: ships}}\n"
    )
    command = [sys.executable, "-c", "from aggregator.cli import main; main()", "run"]
    command += ["--config", str(config), "--port", str(port)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HELIOGRAPH_")}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        _wait(lambda: _answers(base), "the program did not start")
        db = open_database(f"sqlite:///{folder / 'data' / 'heliograph.db'}")
        yield base, db
        db.close()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(_PATIENCE)


def _answers(base: str) -> bool:
    try:
        return httpx.get(base, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def _wait(true: Callable[[], bool], complaint: str) -> None:
    end = time.monotonic() + _PATIENCE
    while not true():
        if time.monotonic() > end:
            raise RuntimeError(complaint)
        time.sleep(0.02)


def measure(step: Callable[[], None]) -> Iterator[Figure]:
    """The figure; `step` hears of each round."""
    own = _rounds(_SUBSCRIBERS, step)
    shared = _rounds(1, step)
    seconds = max(one for one, _ in own)
    plain = statistics.median(other for _, other in own)
    told = ", ".join(f"{one:.2f}" for one, _ in own)
    note = (
        f"the slowest of {len(own)} rounds, from the record of an entry to the last of {_SUBSCRIBERS - _HANGING} healthy ones "
        f"having it, while {_HANGING} take it and say nothing: {told} s; the first to callbacks that never had a delivery. "
        f"With all {_SUBSCRIBERS} at one host {max(one for one, _ in shared):.2f} s. "
        "The peer posts to the healthy ones alone. A time: the ratio is the peer's by ours, and the goal 2 s"
    )
    made = figure(
        "push_100_s", seconds, "s", "one after another", plain, rounds=len(own), source="generated",
        material=f"{_SUBSCRIBERS} subscribers on loopback, a host each", note=note,
    )  # fmt: skip
    yield replace(made, ratio=round(plain / seconds, 2))


def _rounds(hosts: int, step: Callable[[], None]) -> list[tuple[float, float]]:
    """Seconds of ours and of the peer: first to newcomers, then to callbacks that took a delivery before."""
    with tempfile.TemporaryDirectory() as name, _listening(hosts) as callbacks, _running(Path(name)) as (base, db):
        for url in callbacks.urls:
            form = {"hub.mode": "subscribe", "hub.topic": f"{base}/topics/ships.atom", "hub.callback": url}
            httpx.post(f"{base}/hub", data=form, trust_env=False).raise_for_status()
        _wait(lambda: _settled(db), "not all subscribers were verified")
        measured = []
        for number in range(_ROUNDS + 1):
            first = number * _HANGING
            callbacks.hanging = set(range(first, first + _HANGING))
            measured.append(_round(callbacks, db, number))
            callbacks.hanging = set()
            _wait(lambda: _settled(db), "those who had hung were not brought the entry later")
            step()
    return measured


def _settled(db: Database) -> bool:
    waiting = work.waiting(db)
    verified = sum(1 for one in hub.subscribed(db) if one.verified_at and not one.failures)
    return verified == _SUBSCRIBERS and not waiting.get("deliver") and not waiting.get("verify")


def _round(callbacks: Callbacks, db: Database, number: int) -> tuple[float, float]:
    callbacks.brought.clear()
    entry = make_entry(id=str(number), title=f"Ships {number}", link=f"https://news.example/{number}")
    take(db, [entry], topics=[compile_topic("ships", "Ships", "ships")], now=datetime.now(UTC))
    recorded = time.time()
    _wait(lambda: len(callbacks.brought) >= _SUBSCRIBERS - _HANGING, "not all healthy subscribers had the entry")
    had = dict(callbacks.brought)
    if not all(f"Ships {number}".encode() in body for _, body in had.values()):
        raise RuntimeError("a subscriber was brought something else")
    ours = max(at for at, _ in had.values()) - recorded
    body = next(body for _, body in had.values())
    start = time.perf_counter()
    for one in had:
        httpx.post(callbacks.urls[one], content=body, trust_env=False).raise_for_status()
    return ours, time.perf_counter() - start
