"""The same two figures on PostgreSQL, with one, two and four pollers, beside one poller on SQLite in the same run.

In: a publisher on this machine, a PostgreSQL of our own. Out: figures. Never: a store that waits less for the disk than
one that is used: both engines sync at every commit.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from aggregator.daemon import WORKERS, hands_of, utc_now
from aggregator.prepare import own_lease, prepare
from aggregator.rounds import claiming, poll_in_rounds
from benchmarks.figures import Figure, figure
from benchmarks.ours import config_for
from benchmarks.polling import ENTRIES, ROUNDS, SOURCES
from benchmarks.server import ROOT, serving
from storage.database import open_database
from storage.model import Claim, Decision
from tests.postgres import postgres

POLLERS = (1, 2, 4)
NAMES = ("poll_first_per_s_postgresql", "poll_unchanged_per_s_postgresql")
_PHASES = tuple(zip(NAMES, ("fetched", "unchanged"), strict=True))


def steps() -> int:
    """How many steps `measure` takes."""
    return ROUNDS * (1 + len(POLLERS))


def measure(step: Callable[[], None]) -> Iterator[Figure]:
    """Both figures for each number of pollers; `step` hears of each run."""
    sqlite: list[tuple[float, float]] = []
    by_pollers: dict[int, list[tuple[float, float]]] = {number: [] for number in POLLERS}
    with serving(SOURCES, ENTRIES) as urls, postgres(durable=True) as server:
        for _ in range(ROUNDS):
            with tempfile.TemporaryDirectory() as folder:
                sqlite.append(run(f"sqlite:///{folder}/store.db", urls, 1))
                step()
            for number in POLLERS:
                store = server.new_database()
                by_pollers[number].append(run(store, urls, number))
                server.drop(store)
                step()
    for number, timed in by_pollers.items():
        for at, (name, _) in enumerate(_PHASES):
            ours, theirs = (SOURCES / statistics.median(one[at] for one in runs) for runs in (timed, sqlite))
            yield figure(
                name, ours, "sources/s", "heliograph", theirs, rounds=ROUNDS, source=f"postgresql, pollers: {number}",
                material=f"{SOURCES} sources of {ENTRIES} entries", note="the peer here is one poller on SQLite",
            )  # fmt: skip


def run(store: str, urls: Sequence[str], pollers: int) -> tuple[float, float]:
    """Poll everything twice with so many processes on a fresh store; seconds from the word to the last one's end."""
    with tempfile.TemporaryDirectory() as folder:
        db = open_database(store)
        prepare(replace(config_for(urls, Path(folder)), database=store), db, utc_now())
        db.close()
    with ExitStack() as stack:
        children = [stack.enter_context(_child(store, urls, number, pollers)) for number in range(pollers)]
        for child in children:
            _hear(child, "ready")
        seconds = []
        for _, outcome in _PHASES:
            start = time.perf_counter()
            for child in children:
                _say(child, outcome)
            for child in children:
                _hear(child, "done")
            seconds.append(time.perf_counter() - start)
        for child in children:
            _say(child, "end")
    return seconds[0], seconds[1]


def _child(store: str, urls: Sequence[str], number: int, pollers: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.engines", store, str(number), str(pollers)]
    child = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    _say(child, " ".join(urls))
    return child


def _say(child: subprocess.Popen[str], word: str) -> None:
    assert child.stdin is not None
    child.stdin.write(word + "\n")
    child.stdin.flush()


def _hear(child: subprocess.Popen[str], word: str) -> None:
    assert child.stdout is not None
    heard = child.stdout.readline().strip()
    if heard != word:
        raise RuntimeError(f"a poller said {heard!r} instead of {word!r}")


async def poller(store: str, number: int, pollers: int) -> None:
    """A child: its share of the sources, polled at each word from the parent."""
    urls = sys.stdin.readline().split()
    mine = [f"outlet-{n}" for n in range(len(urls)) if n % pollers == number]
    with tempfile.TemporaryDirectory() as folder:
        config = replace(config_for(urls, Path(folder)), database=store)
        db = open_database(store)
        async with hands_of(config, db, "bench", warm=True) as hands:
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            while (outcome := (await asyncio.to_thread(sys.stdin.readline)).strip()) not in ("end", ""):
                ended: list[Decision | None] = []

                def done(_claim: Claim, decision: Decision | None, ended: list[Decision | None] = ended) -> None:
                    ended.append(decision)

                claim = claiming(db, own_lease(), utc_now, slugs=mine, explicit=True)
                await poll_in_rounds(claim, hands, workers=WORKERS, done=done)
                wrong = [one for one in ended if not one or one.journal.outcome != outcome]
                if wrong or len(ended) != len(mine):
                    raise RuntimeError(f"{len(wrong)} of {len(mine)} polls did not end as {outcome}: {wrong[:1]}")
                sys.stdout.write("done\n")
                sys.stdout.flush()
        db.close()


if __name__ == "__main__":
    asyncio.run(poller(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
