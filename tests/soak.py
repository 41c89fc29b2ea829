"""The long chaos runs, by `make soak`: what `make test` shows in short, at length and at scale.

In: "sqlite" or "postgresql" (both by default). Out: a table of what was found, and 1 where anything was lost, doubled
or wrong. Never: an origin other than this machine's loopback.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from aggregator.config import load_config
from aggregator.publish import Publisher
from aggregator.topics.match import judge
from aggregator.topics.subject import Told
from storage import reading, transfer
from storage.database import Database, open_database
from tests.fakes import NOON, item, rss
from tests.live import free_port
from tests.postgres import Server, postgres
from tests.test_daemon import program, write_sources

console = Console()
EVERY_SECONDS = 60
TOPICS = {"even": "even", "odd": "odd", "threes": "three", "both": "even AND three", "rest": "odd NOT three"}


class Origin:
    """A publisher of many feeds that grow by an entry every minute; it keeps a log of who asked for what, when."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.asked: defaultdict[str, list[float]] = defaultdict(list)
        self.served: Counter[str] = Counter()
        self._lock = threading.Lock()
        origin = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                origin.answer(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server gives
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """A feed with as many entries as minutes have passed, or 304."""
        name = request.path.strip("/")
        now = time.monotonic() - self.started
        count = 3 + int(now // 60)
        etag = f'"{count}"'
        with self._lock:
            self.asked[name].append(now)
        if request.headers.get("If-None-Match") == etag:
            request.send_response(304)
            request.send_header("ETag", etag)
            request.end_headers()
            return
        words = [("even" if n % 2 == 0 else "odd") + (" three" if n % 3 == 0 else "") for n in range(count)]
        body = rss(*(item(n, title=f"{words[n]} {n}", guid=f"{name}-{n}") for n in reversed(range(count))))
        request.send_response(200)
        for header, value in (
            ("ETag", etag),
            ("Content-Length", str(len(body))),
            ("Content-Type", "application/rss+xml"),
        ):
            request.send_header(header, value)
        request.end_headers()
        request.wfile.write(body)
        with self._lock:
            self.served[name] = max(self.served[name], count)

    def close(self) -> None:
        """Stop answering."""
        self.server.shutdown()
        self.server.server_close()


def chaos_on_postgresql(folder: Path, sources: int, minutes: float) -> dict[str, Any]:
    """Four pollers and two web processes; two pollers die, the server restarts once; then everything is counted."""
    origin = Origin()
    with postgres() as server, ExitStack() as stack:
        url = server.new_database()
        config = write_origin(folder, origin, url, sources)
        open_database(url).close()
        ports = [free_port(), free_port()]
        for port in ports:
            stack.enter_context(program(folder, "run", "--only", "web", "--config", str(config), "--port", str(port)))
        pollers = [
            stack.enter_context(program(folder, "run", "--only", "poll", "--config", str(config))) for _ in range(4)
        ]
        held = disturb(server, url, pollers, minutes)
        for process in pollers[2:]:
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0, (folder / "log").read_text()[-4000:]
        origin.close()
        db = open_database(url)
        found = {**polls(origin, held), **contents(db, origin), **feeds_are_fresh(db, config, ports)}
        found["complaints"] = transfer.check(db)
        db.close()
    return found


def write_origin(folder: Path, origin: Origin, url: str, sources: int) -> Path:
    """A configuration that follows all of the origin's feeds."""
    lines = [f"settings: {{allow_private: [127.0.0.0/8], database: '{url}', base_url: 'http://h.example'}}", "sources:"]
    lines += [f"  - {{url: '{origin.address}/s{n}', slug: s{n}, every: 1m}}" for n in range(sources)]
    lines += ["topics:", *(f"  {slug}: {{query: '{query}'}}" for slug, query in TOPICS.items()), ""]
    path = folder / "feeds.yaml"
    path.write_text("\n".join(lines))
    return path


def disturb(server: Server, url: str, pollers: list[subprocess.Popen[bytes]], minutes: float) -> int:
    """Let time pass; kill two pollers on the way and restart the server. How many leases the killed ones held."""
    held = 0
    with Progress(console=console) as progress:
        task = progress.add_task("PostgreSQL", total=int(minutes * 60))
        plan = {
            int(minutes * 60 * share): what for share, what in ((0.25, "kill 0"), (0.5, "restart"), (0.7, "kill 1"))
        }
        for second in range(int(minutes * 60)):
            what = plan.get(second, "")
            if what.startswith("kill"):
                doomed = pollers[int(what[-1])]
                doomed.send_signal(signal.SIGSTOP)
                held += leases_of(url, doomed.pid)
                doomed.send_signal(signal.SIGKILL)
                doomed.wait()
            elif what == "restart":
                server.stop("fast")
                server.start()
            time.sleep(1)
            progress.update(task, completed=second + 1)
    return held


def leases_of(url: str, pid: int) -> int:
    """How many sources a process has leased."""
    db = open_database(url)
    with db.read() as connection:
        owners = (
            connection.exec_driver_sql("SELECT lease_owner FROM sources WHERE lease_owner IS NOT NULL").scalars().all()
        )
    db.close()
    return sum(1 for owner in owners if str(owner).split(":")[1] == str(pid))


def polls(origin: Origin, held: int) -> dict[str, Any]:
    """From the origin's log: polls of one source closer together than its interval, and the longest gap."""
    early = [
        (name, round(later - earlier, 1))
        for name, times in origin.asked.items()
        for earlier, later in pairwise(times)
        if later - earlier < EVERY_SECONDS - 1
    ]
    gaps = [later - earlier for times in origin.asked.values() for earlier, later in pairwise(times)]
    return {
        "requests": sum(map(len, origin.asked.values())), "sources asked": len(origin.asked), "polls too early": len(early),
        "leases that killed pollers held": held, "too early beyond those": max(0, len(early) - held),
        "longest gap, s": round(max(gaps, default=0.0), 1),
    }  # fmt: skip


def contents(db: Database, origin: Origin) -> dict[str, Any]:
    """Whether every entry that was served is stored, once."""
    with db.read() as connection:
        rows = connection.exec_driver_sql("SELECT entry_id, count(*) FROM entries GROUP BY entry_id").all()
    stored = {str(row[0]): int(row[1]) for row in rows}
    wanted = {f"{name}-{n}" for name, count in origin.served.items() for n in range(count)}
    return {
        "entries served": len(wanted), "lost": len(wanted - stored.keys()),
        "doubled": sum(1 for number in stored.values() if number > 1),
    }  # fmt: skip


def feeds_are_fresh(db: Database, path: Path, ports: list[int]) -> dict[str, Any]:
    """Whether every topic holds exactly what its rule says of the store, and both web processes serve just that."""
    config = load_config(path, environment={})
    publisher = Publisher(db, config)
    wanted: defaultdict[str, set[int]] = defaultdict(set)
    after = 0
    while batch := reading.entries_after(db, after, 1000):
        for kept in batch:
            for filing in judge(
                config.topics,
                kept.entry,
                reading.source_named(db, kept.source_slug),
                kept.meaning,
                Told(published=kept.published),
            ):
                wanted[filing.topic].add(kept.key)
        after = batch[-1].key
    wrong = []
    for slug in TOPICS:
        held = {kept.key for kept in reading.page(db, "topics", slug, limit=10_000_000)}
        output = reading.output(db, "topics", slug)
        assert output is not None
        fresh = publisher.feed(output, "atom", NOON).content
        served = [httpx.get(f"http://127.0.0.1:{port}/topics/{slug}.atom", trust_env=False).content for port in ports]
        if held != wanted[slug] or served != [fresh, fresh]:
            wrong.append(slug)
    return {"topics computed afresh": len(TOPICS), "topics that differ": wrong}


def chaos_on_sqlite(folder: Path, kills: int) -> dict[str, Any]:
    """A poll killed at so many random moments, and started again each time."""
    moments = random.Random(17)
    with serving_files(folder) as address, Progress(console=console) as progress:
        config = write_sources(folder, address)
        for _ in progress.track(range(kills), description="SQLite, kill -9"):
            with program(folder, "poll", "--all", "--config", str(config)) as process:
                try:
                    process.wait(moments.uniform(0.2, 2.2))
                except subprocess.TimeoutExpired:
                    process.send_signal(signal.SIGKILL)
                process.wait()
        with program(folder, "poll", "--all", "--config", str(config)) as process:
            ended = process.wait(120)
    connection = sqlite3.connect(folder / "data" / "heliograph.db")
    entries, distinct = connection.execute(
        "SELECT count(*), count(DISTINCT source_id || entry_id) FROM entries"
    ).fetchone()
    sound = connection.execute("PRAGMA integrity_check").fetchone()[0]
    connection.close()
    db = open_database(f"sqlite:///{folder / 'data' / 'heliograph.db'}")
    complaints = transfer.check(db)
    db.close()
    return {"kills": kills, "last status": ended, "entries": entries, "lost": 180 - distinct, "doubled": entries - distinct,
            "integrity": sound, "complaints": complaints}  # fmt: skip


def full_disk(folder: Path) -> dict[str, Any]:
    """A store in a folder with little room: full in the middle of polls, then with room again."""
    if os.geteuid() != 0:
        return {"skipped": "mounting a small folder takes root"}
    small = folder / "data"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=900k", "tmpfs", str(small)], check=True)
    try:
        with serving_files(folder) as address:
            config = write_sources(folder, address)
            with program(folder, "poll", "--all", "--config", str(config)) as process:
                full = process.wait(600)
            subprocess.run(["mount", "-o", "remount,size=64m", str(small)], check=True)
            with program(folder, "poll", "--all", "--config", str(config)) as process:
                roomy = process.wait(120)
            db = open_database(f"sqlite:///{small / 'heliograph.db'}")
            found = {"status while full": full, "status with room": roomy, "lost": 180 - reading.counts(db)["entries"],
                     "complaints": transfer.check(db)}  # fmt: skip
            db.close()
            return found
    finally:
        subprocess.run(["umount", str(small)], check=True)


@contextmanager
def serving_files(folder: Path) -> Iterator[str]:
    """A plain web server over a folder, in a process of its own."""
    port = free_port()
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                httpx.get(f"http://127.0.0.1:{port}/", trust_env=False)
                break
            except httpx.TransportError:
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def main() -> int:
    """Run what was asked for, print a table, and tell by the status whether all was well."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="*", choices=["sqlite", "disk", "postgresql", []], default=[])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--sources", type=int, default=2000)
    parser.add_argument("--minutes", type=float, default=6.0)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found: dict[str, dict[str, Any]] = {}
    for run in given.runs or ["sqlite", "disk", "postgresql"]:
        with tempfile.TemporaryDirectory(prefix="heliograph-soak-") as name:
            folder = Path(name)
            if run == "sqlite":
                found[run] = chaos_on_sqlite(folder, given.kills)
            elif run == "disk":
                found[run] = full_disk(folder)
            else:
                found[run] = chaos_on_postgresql(folder, given.sources, given.minutes)
    if given.json:
        sys.stdout.write(json.dumps(found, indent=1) + "\n")
    else:
        table = Table("run", "what", "found")
        for run, facts in found.items():
            for what, value in facts.items():
                table.add_row(run, what, str(value))
        console.print(table)
    bad = ("lost", "doubled", "complaints", "topics that differ", "too early beyond those")
    return 1 if any(facts.get(what) for facts in found.values() for what in bad) else 0


if __name__ == "__main__":
    sys.exit(main())
