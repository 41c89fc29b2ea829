"""Sources a second through the whole pipeline, store included, beside lemon24/reader and newsboat.

In: a publisher on this machine. Out: figures. Never: both sides in one process, where one would carry the other's load.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from benchmarks import newsboat
from benchmarks.figures import Figure, figure, peer_version
from benchmarks.server import ROOT, serving
from benchmarks.timings import Timings, heard

ROUNDS = 3
SOURCES = 300
ENTRIES = 20
NAMES = (
    "poll_first_per_s", "poll_unchanged_per_s", "poll_first_vs_reader", "poll_first_vs_reader_with_all",
    "poll_unchanged_vs_reader", "poll_first_vs_newsboat", "poll_unchanged_vs_newsboat",
)  # fmt: skip
_LONGEST_RUN = 300
# The peer brings a copy of feedparser that wants a module which its dependencies no longer install. This switch of its
# own makes it use the installed feedparser, the same that we use.
_PEER_ENVIRONMENT = {"READER_NO_VENDORED_FEEDPARSER": "1"}
_MATERIAL = f"{SOURCES} sources of {ENTRIES} entries, 16 workers each"


class MissingPeerError(Exception):
    """The peer is not installed."""


def steps() -> int:
    """How many steps `measure` takes."""
    return ROUNDS * 4


def measure(step: Callable[[], None]) -> Iterator[Figure]:
    """Every figure; `step` hears of each run of a side."""
    if not peer_version("reader"):
        raise MissingPeerError("the peer is not installed: pip install -e .[bench]")
    ours: list[Timings] = []
    plain: list[Timings] = []
    theirs: list[Timings] = []
    others: list[Timings] = []
    with serving(SOURCES, ENTRIES) as urls:
        for _ in range(ROUNDS):
            for side, module, *how in ((ours, "ours", "topics"), (theirs, "peer"), (plain, "ours", "plain")):
                side.append(run(f"benchmarks.{module}", urls, *how))
                step()
            reloaded = newsboat.run(urls, ENTRIES)
            others += [reloaded] if reloaded else []
            step()
    yield _rate("poll_first_per_s", [one.first for one in ours], [one.first for one in theirs], memory(ours, theirs))
    yield _rate("poll_unchanged_per_s", [one.unchanged for one in ours], [one.unchanged for one in theirs])
    yield _times("poll_first_vs_reader", [one.first for one in plain], [one.first for one in theirs], "reader")
    yield _times("poll_first_vs_reader_with_all", [one.first for one in ours], [one.first for one in theirs], "reader")
    yield _times(
        "poll_unchanged_vs_reader", [one.unchanged for one in ours], [one.unchanged for one in theirs], "reader"
    )
    if others:
        for name, mine, of_them in (
            ("poll_first_vs_newsboat", [one.first for one in ours], [one.first for one in others]),
            ("poll_unchanged_vs_newsboat", [one.unchanged for one in ours], [one.unchanged for one in others]),
        ):
            yield replace(_times(name, mine, of_them, newsboat.NAME), peer_version=newsboat.version())


def run(module: str, urls: Sequence[str], *how: str) -> Timings:
    """One run of a side in a fresh process. Raises RuntimeError with what it complained of."""
    try:
        ended = subprocess.run(
            [sys.executable, "-m", module, str(ENTRIES), *how], cwd=ROOT, input="\n".join(urls), capture_output=True,
            text=True, check=False, timeout=_LONGEST_RUN, env={**os.environ, **_PEER_ENVIRONMENT},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"{module} took longer than {_LONGEST_RUN} seconds") from None
    if ended.returncode:
        raise RuntimeError(f"{module} failed: {(ended.stderr.strip().splitlines() or ['without a word'])[-1]}")
    return heard(ended.stdout)


def memory(ours: Sequence[Timings], theirs: Sequence[Timings]) -> str:
    """How much memory the polls took at most, in words."""
    own = max(one.peak_mb for one in ours)
    parser = max(one.children_peak_mb for one in ours)
    peer = max(one.peak_mb for one in theirs)
    beside = f", and {parser:.0f} MB in the largest parser process" if parser else ""
    return f"peak memory {own:.0f} MB{beside}; the peer's {peer:.0f} MB"


def _rate(name: str, ours: Sequence[float], theirs: Sequence[float], note: str = "") -> Figure:
    return figure(
        name, SOURCES / statistics.median(ours), "sources/s", "reader", SOURCES / statistics.median(theirs),
        rounds=len(ours), source="generated", material=_MATERIAL, note=note,
    )  # fmt: skip


def _times(name: str, ours: Sequence[float], theirs: Sequence[float], peer: str) -> Figure:
    """How many times the peer's speed ours is."""
    return figure(
        name, statistics.median(theirs) / statistics.median(ours), "times its speed", peer, 1.0, rounds=len(ours),
        source="generated", material=_MATERIAL,
    )  # fmt: skip
