"""poll_first_per_s and poll_unchanged_per_s: sources a second through the whole pipeline, beside lemon24/reader.

In: a publisher on this machine. Out: figures. Never: both sides in one process, where one would carry the other's load.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence

from benchmarks.figures import Figure, figure, peer_version
from benchmarks.server import ROOT, serving
from benchmarks.timings import Timings, heard

ROUNDS = 3
SOURCES = 200
ENTRIES = 20
_LONGEST_RUN = 300
# The peer brings a copy of feedparser that wants a module which its dependencies no longer install. This switch of its
# own makes it use the installed feedparser, the same that we use.
_PEER_ENVIRONMENT = {"READER_NO_VENDORED_FEEDPARSER": "1"}


class MissingPeerError(Exception):
    """The peer is not installed."""


def steps() -> int:
    """How many steps `measure` takes."""
    return ROUNDS * 2


def measure(step: Callable[[], None]) -> Iterator[Figure]:
    """Both figures; `step` hears of each run of a side."""
    if not peer_version("reader"):
        raise MissingPeerError("the peer is not installed: pip install -e .[bench]")
    ours: list[Timings] = []
    theirs: list[Timings] = []
    with serving(SOURCES, ENTRIES) as urls:
        for _ in range(ROUNDS):
            for side, module in ((ours, "benchmarks.ours"), (theirs, "benchmarks.peer")):
                side.append(run(module, urls))
                step()
    yield _figure("poll_first_per_s", [one.first for one in ours], [one.first for one in theirs], memory(ours, theirs))
    yield _figure("poll_unchanged_per_s", [one.unchanged for one in ours], [one.unchanged for one in theirs])


def run(module: str, urls: Sequence[str]) -> Timings:
    """One run of a side in a fresh process. Raises RuntimeError with what it complained of."""
    try:
        ended = subprocess.run(
            [sys.executable, "-m", module, str(ENTRIES)], cwd=ROOT, input="\n".join(urls), capture_output=True, text=True,
            check=False, timeout=_LONGEST_RUN, env={**os.environ, **_PEER_ENVIRONMENT},
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


def _figure(name: str, ours: Sequence[float], theirs: Sequence[float], note: str = "") -> Figure:
    return figure(
        name, SOURCES / statistics.median(ours), "sources/s", "reader", SOURCES / statistics.median(theirs),
        rounds=len(ours), source="generated", material=f"{SOURCES} sources of {ENTRIES} entries", note=note,
    )  # fmt: skip
