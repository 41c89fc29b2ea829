"""The program as it runs: a process of its own, real sockets, signals, sudden death."""

from __future__ import annotations

import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import httpx
import pytest

from aggregator.daemon import user_agent
from aggregator.prepare import own_lease, owner_is_dead
from tests.fakes import item, rss, write_config
from tests.live import files, free_port

PATIENCE = 60.0
SOURCES, ENTRIES = 12, 15


def wait_for(true: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    """Wait until something is true, as long as the process lives."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert process.poll() is None, "the process ended early"
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


@contextmanager
def program(folder: Path, *arguments: str, more: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A heliograph process, with more in its environment; killed at the end if it still lives."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HELIOGRAPH_")}
    environment |= more or {}
    command = [sys.executable, "-c", "from aggregator.cli import main; main()", *arguments]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def reachable(address: str) -> bool:
    """Whether the web server answers."""
    try:
        return httpx.get(address, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def write_sources(folder: Path, address: str, *, slow: str = "") -> Path:
    """A configuration of many sources at an address, with a topic."""
    lines = ["settings: {allow_private: [127.0.0.0/8]}", "sources:"]
    lines += [f"  - {{url: '{address}/{number}.xml', slug: s{number}}}" for number in range(SOURCES)]
    lines += [f"  - {{url: '{slow}', slug: slow}}"] if slow else []
    (folder / "feeds.yaml").write_text("\n".join([*lines, "topics: {even: {query: 'even'}}", ""]))
    for number in range(SOURCES):
        items = [
            item(n, title=f"{'even' if n % 2 == 0 else 'odd'} {n}", guid=f"{number}-{n}", body="Words. " * 60)
            for n in range(ENTRIES)
        ]
        (folder / f"{number}.xml").write_bytes(rss(*items))
    return folder / "feeds.yaml"


def stored(folder: Path, query: str) -> list[tuple[object, ...]]:
    """What the store says to a plain SQLite client."""
    connection = sqlite3.connect(folder / "data" / "heliograph.db", timeout=30)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_run_polls_serves_and_stops_cleanly(tmp_path: Path) -> None:
    """`run` polls what is due, serves it, indexes it, and on SIGTERM ends with 0 and without a lease left."""
    port = free_port()
    with files(tmp_path) as address:
        config = write_sources(tmp_path, address)
        with program(tmp_path, "run", "--config", str(config), "--port", str(port)) as process:
            here = f"http://127.0.0.1:{port}"
            wait_for(lambda: reachable(here), process)
            wait_for(lambda: stored(tmp_path, "SELECT count(*) FROM entries") == [(SOURCES * ENTRIES,)], process)
            feed = httpx.get(f"{here}/topics/even.atom", trust_env=False)
            wait_for(lambda: stored(tmp_path, "SELECT count(*) FROM search_due") == [(0,)], process)
            found = httpx.get(f"{here}/search.atom?q=odd", trust_env=False)
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0

    assert feed.headers["content-type"].startswith("application/atom+xml")
    assert feed.content.count(b"<entry") == found.content.count(b"<entry") == 50
    assert stored(tmp_path, "SELECT count(*) FROM sources WHERE lease_owner IS NOT NULL") == [(0,)]


def test_sudden_deaths_and_restarts_ask_nothing(tmp_path: Path) -> None:
    """F-12: killed with -9 and started again five times, a program asks only for what is due: one source each time."""
    port = free_port()
    polls, leases = "SELECT count(*) FROM journal", "SELECT count(*) FROM sources WHERE lease_owner IS NOT NULL"
    with files(tmp_path) as address:
        config = write_sources(tmp_path, address)
        for start in range(6):
            with program(tmp_path, "run", "--config", str(config), "--port", str(port)) as process:
                # The source that is due is polled after whatever else a start would have asked for.
                wait_for(partial(reachable, f"http://127.0.0.1:{port}"), process)
                wait_for(partial(has_polled, tmp_path, SOURCES + start), process)
                wait_for(lambda: stored(tmp_path, leases) == [(0,)], process)
                process.send_signal(signal.SIGKILL)
                process.wait()
            make_due(tmp_path, "s0")

    assert stored(tmp_path, polls) == [(SOURCES + 5,)]
    assert stored(tmp_path, f"{polls} WHERE whole <> '' AND whole <> 'the first request'") == [(0,)]


def has_polled(folder: Path, times: int) -> bool:
    """Whether so many polls are in the journal."""
    (row,) = stored(folder, f"SELECT count(*) >= {times} FROM journal")
    return row == (1,)


def make_due(folder: Path, slug: str) -> None:
    """Let a source's time come."""
    connection = sqlite3.connect(folder / "data" / "heliograph.db", timeout=30)
    connection.execute("UPDATE sources SET next_poll_at = 0 WHERE slug = ?", (slug,))
    connection.commit()
    connection.close()


def test_serve_shows_and_does_not_poll(tmp_path: Path) -> None:
    """`serve` answers from the store and asks no source."""
    port = free_port()
    config = write_sources(tmp_path, f"http://127.0.0.1:{port}")
    with program(tmp_path, "serve", "--config", str(config), "--port", str(port)) as process:
        wait_for(lambda: reachable(f"http://127.0.0.1:{port}/topics/even"), process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0

    assert stored(tmp_path, "SELECT count(*) FROM journal") == [(0,)]


def test_a_taken_port_is_told(tmp_path: Path) -> None:
    """A port that somebody has is an error with a way out, and status 1."""
    with files(tmp_path) as address:
        config = write_sources(tmp_path, address)
        port = address.rpartition(":")[2]
        with program(tmp_path, "serve", "--config", str(config), "--port", port) as process:
            assert process.wait(PATIENCE) == 1

    assert "--port chooses another" in (tmp_path / "log").read_text()


def test_twenty_sudden_deaths_lose_nothing(tmp_path: Path) -> None:
    """Killed with -9 at twenty random moments of a poll and started again each time: no entry lost, none twice."""
    moments = random.Random(os.environ.get("PYTEST_SEED", "heliograph"))
    with files(tmp_path) as address:
        config = write_sources(tmp_path, address)
        for _ in range(20):
            with program(tmp_path, "poll", "--all", "--config", str(config)) as process:
                try:
                    process.wait(moments.uniform(0.3, 2.5))
                except subprocess.TimeoutExpired:
                    process.send_signal(signal.SIGKILL)
                process.wait()
        with program(tmp_path, "poll", "--all", "--config", str(config)) as process:
            assert process.wait(PATIENCE) == 0

    assert stored(tmp_path, "PRAGMA integrity_check") == [("ok",)]
    assert stored(tmp_path, "SELECT count(*), count(DISTINCT source_id || '/' || entry_id) FROM entries") == [
        (SOURCES * ENTRIES, SOURCES * ENTRIES)
    ]
    even = SOURCES * ((ENTRIES + 1) // 2)
    assert stored(tmp_path, "SELECT count(*), count(DISTINCT entry_id) FROM filings") == [(even, even)]
    assert stored(tmp_path, "SELECT arrivals FROM outputs WHERE kind = 'topics'") == [(even,)]


def test_a_poll_in_flight_gives_its_lease_back(tmp_path: Path) -> None:
    """A source that answers never does not hold a stop up for ever, and its lease is free afterwards."""
    port = free_port()
    with silent_server() as slow, files(tmp_path) as address:
        config = write_sources(tmp_path, address, slow=slow)
        with program(tmp_path, "run", "--config", str(config), "--port", str(port)) as process:
            held = "SELECT count(*) FROM sources WHERE slug = 'slow' AND lease_owner IS NOT NULL"
            wait_for(lambda: reachable(f"http://127.0.0.1:{port}") and stored(tmp_path, held) == [(1,)], process)
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0

    assert stored(tmp_path, "SELECT count(*) FROM sources WHERE lease_owner IS NOT NULL") == [(0,)]


@contextmanager
def silent_server() -> Iterator[str]:
    """A server that accepts a connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/never.xml"


@pytest.mark.parametrize(
    ("owner", "dead"),
    [
        ("elsewhere:1:x", False),
        ("{host}:{self}:x", True),
        ("{host}:{gone}:x", True),
        ("{host}:{parent}:x", False),
        ("odd", False),
    ],
)
def test_only_processes_known_to_be_gone_are_dead(owner: str, dead: bool) -> None:
    """A lease is lost where its process is gone from this machine, or had our number before us; elsewhere we wait."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    told = owner.format(host=socket.gethostname(), self=os.getpid(), gone=gone.pid, parent=os.getppid())

    assert owner_is_dead(told) is dead
    assert not owner_is_dead(own_lease())


def test_a_process_that_nobody_waited_for_is_dead() -> None:
    """A process that ended and whose parent has not looked yet holds no lease."""
    ended = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    assert ended.stdout is not None
    with ended.stdout as said:
        said.read()
    end = time.monotonic() + PATIENCE
    while not owner_is_dead(f"{socket.gethostname()}:{ended.pid}:x"):
        assert time.monotonic() < end
        time.sleep(0.01)
    ended.wait()


@pytest.mark.parametrize(
    ("contact", "said"),
    [
        ("", "+http://127.0.0.1:8400"), ("https://us.example/bot", "+https://us.example/bot"),
        ("ops@us.example", "+ops@us.example"), ("a)\r\nX: y\u00e9", "+aX: y"),
    ],
)  # fmt: skip
def test_publishers_learn_who_asks(tmp_path: Path, contact: str, said: str) -> None:
    """F-11, X-25: the User-Agent has product, version and a contact, and nothing that breaks a header."""
    config = write_config(tmp_path)
    told = config.settings.model_copy(update={"contact": contact})

    assert user_agent(replace(config, settings=told), "1.2") == f"Heliograph/1.2 (feed aggregator; {said})"
