"""fetch_ms_*: processor time of one conditional request that ends in a 304, by our fetcher and by other ways to ask.

In: a publisher on this machine; in a child process: a way to ask and URLs. Out: figures. Never: an answer other than 304
counted, or two ways in one process.
"""

from __future__ import annotations

import asyncio
import importlib
import ipaddress
import json
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

from benchmarks.figures import Figure, figure, peer_version
from benchmarks.server import ROOT, serving
from feeds.fetch import Fetcher
from feeds.model import Fetched, Source, Unchanged, Validators

ROUNDS = 3
SOURCES = 200
PASSES = 5
WORKERS = 16
_LONGEST_RUN = 120
# Our name for a way to ask, and the distribution that it measures.
PEERS = {"httpx_keepalive": "httpx", "httpx_close": "httpx", "httpx_aiohttp": "httpx-aiohttp"}
NAMES = tuple(f"fetch_ms_{way}" for way in PEERS)

Ask = Callable[[str], Awaitable[None]]
"""Ask an address again, and see a 304."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Milliseconds of processor time a request, and requests a second."""

    cpu_ms: float
    per_s: float


def steps() -> int:
    """How many steps `measure` takes."""
    return ROUNDS * (len(PEERS) + 1)


def measure(step: Callable[[], None]) -> Iterator[Figure]:
    """A figure for each other way; `step` hears of each run."""
    if not peer_version("httpx-aiohttp"):
        raise RuntimeError("a peer is not installed: pip install -e .[bench]")
    costs: dict[str, list[Cost]] = {way: [] for way in ("ours", *PEERS)}
    with serving(SOURCES, 20) as urls:
        for _ in range(ROUNDS):
            for way, measured in costs.items():
                measured.append(run(way, urls))
                step()
    ours = costs.pop("ours")
    for way, theirs in costs.items():
        yield _figure(way, ours, theirs)


def run(way: str, urls: Sequence[str]) -> Cost:
    """One run of a way to ask in a fresh process. Raises RuntimeError with what it complained of."""
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks.fetching", way], cwd=ROOT, input="\n".join(urls), capture_output=True,
        text=True, check=False, timeout=_LONGEST_RUN,
    )  # fmt: skip
    if ended.returncode:
        raise RuntimeError(f"{way} failed: {(ended.stderr.strip().splitlines() or ['without a word'])[-1]}")
    return Cost(**json.loads(ended.stdout))


def _figure(way: str, ours: Sequence[Cost], theirs: Sequence[Cost]) -> Figure:
    own, other = (statistics.median(one.cpu_ms for one in costs) for costs in (ours, theirs))
    speeds = [statistics.median(one.per_s for one in costs) for costs in (ours, theirs)]
    made = figure(
        f"fetch_ms_{way}", own, "ms of processor time a 304", PEERS[way], other, rounds=len(ours), source="generated",
        material=f"{SOURCES} sources, {WORKERS} at a time",
        note=f"ours {speeds[0]:.0f} requests/s with every check, the peer's {speeds[1]:.0f} without any",
    )  # fmt: skip
    return replace(made, ratio=round(other / own, 2))  # less is better


@asynccontextmanager
async def _ours(urls: Sequence[str]) -> AsyncIterator[Ask]:
    fetcher = Fetcher(user_agent="bench", folder=Path(), allow_private=[ipaddress.ip_network("127.0.0.0/8")])
    sources = {url: Source(slug="bench", url=url, may_be_private=True) for url in urls}
    shown: dict[str, Validators] = {}
    for url in urls:
        first = await fetcher.fetch(sources[url], Validators())
        assert isinstance(first, Fetched)
        shown[url] = first.validators

    async def ask(url: str) -> None:
        outcome = await fetcher.fetch(sources[url], shown[url])
        assert isinstance(outcome, Unchanged)
        assert outcome.answer.status == 304

    try:
        yield ask
    finally:
        await fetcher.close()


@asynccontextmanager
async def _httpx(urls: Sequence[str], transport: httpx.AsyncBaseTransport) -> AsyncIterator[Ask]:
    async with httpx.AsyncClient(transport=transport, trust_env=False) as client:
        shown = {url: {"If-None-Match": (await client.get(url)).headers["etag"]} for url in urls}

        async def ask(url: str) -> None:
            response = await client.get(url, headers=shown[url])
            assert response.status_code == 304

        yield ask


@asynccontextmanager
async def asking(way: str, urls: Sequence[str]) -> AsyncIterator[Ask]:
    """A way to ask, which has seen every address once."""
    if way == "ours":
        made = _ours(urls)
    elif way == "httpx_aiohttp":
        made = _httpx(urls, importlib.import_module("httpx_aiohttp").AiohttpTransport())
    else:
        limits = httpx.Limits(max_keepalive_connections=0 if way == "httpx_close" else 100)
        made = _httpx(urls, httpx.AsyncHTTPTransport(limits=limits))
    async with made as ask:
        yield ask


async def cost(way: str, urls: Sequence[str]) -> Cost:
    """What it costs to ask every address several times."""
    async with asking(way, urls) as ask:
        waiting = iter([*urls] * PASSES)

        async def worker() -> None:
            for url in waiting:
                await ask(url)

        wall, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(worker() for _ in range(WORKERS)))
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    count = len(urls) * PASSES
    return Cost(cpu_ms=cpu / count * 1000, per_s=count / wall)


def main() -> None:
    """Measure the way that is named, and say so."""
    measured = asyncio.run(cost(sys.argv[1], sys.stdin.read().split()))
    sys.stdout.write(json.dumps({"cpu_ms": measured.cpu_ms, "per_s": measured.per_s}))


if __name__ == "__main__":
    main()
