"""parse_mb_s: bytes -> a clean Document, beside feedparser alone on the same bodies.

In: made-up feeds, and real ones where the shared corpus is there. Out: figures. Never: more than one process.
"""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

import feedparser

from benchmarks.figures import Figure, figure
from benchmarks.material import parse_bodies
from benchmarks.server import ROOT
from feeds.parse import parse

ROUNDS = 5
CORPUS = ROOT.parent / "shared" / "corpus" / "real"
_EVERY = 5
"""One real feed in so many is read: all of them would take minutes."""

Read = Callable[[bytes], object]


def inputs() -> Iterator[tuple[str, list[bytes]]]:
    """What there is to read, by name."""
    yield "generated", parse_bodies()
    if CORPUS.is_dir():
        # feedparser reads no JSON, and the index is no feed.
        feeds = [path for path in sorted(CORPUS.iterdir()) if path.suffix in (".rss", ".atom", ".rdf", ".xml")]
        yield "corpus", [path.read_bytes() for path in feeds[::_EVERY]]


def steps() -> int:
    """How many steps `measure` takes."""
    return ROUNDS * (2 if CORPUS.is_dir() else 1)


def measure(step: Callable[[], None]) -> Iterator[Figure]:
    """The figures of each input; `step` hears of each round."""
    for name, bodies in inputs():
        rounds = []
        for _ in range(ROUNDS):
            rounds.append(one_round(bodies))
            step()
        ours, theirs = (statistics.median(one) for one in zip(*rounds, strict=True))
        size = sum(map(len, bodies)) / 1e6
        yield figure(
            "parse_mb_s", size / ours, "MB/s", "feedparser", size / theirs, rounds=ROUNDS,
            source=name, material=f"{len(bodies)} feeds, {size:.1f} MB",
        )  # fmt: skip


def one_round(bodies: Sequence[bytes]) -> tuple[float, float]:
    """Every body read once by us and once by the peer, in turn, so that whatever slows the machine slows both."""
    ours = theirs = 0.0
    for body in bodies:
        ours += seconds(parse, body)
        theirs += seconds(feedparser_alone, body)
    return ours, theirs


def feedparser_alone(body: bytes) -> object:
    """The peer as its own documentation uses it; sanitising is its default, and said here all the same."""
    return feedparser.parse(io.BytesIO(body), sanitize_html=True)


def seconds(read: Read, body: bytes) -> float:
    """The processor time of one reading, which waits for nothing, so that other programs at work count less.

    Some real feeds make feedparser give up, which takes time too.
    """
    start = time.thread_time()
    with suppress(Exception):
        read(body)
    return time.thread_time() - start
