"""How fast and how like feedparser we read: bytes -> Raw, bytes -> clean Document, shares of entries.

In: made-up feeds, and real ones where the shared corpus is there. Out: figures. Never: more than one process.
"""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial

import feedparser

from benchmarks.figures import Figure, figure
from benchmarks.material import parse_bodies
from benchmarks.server import ROOT
from feeds.model import Document, Entry
from feeds.parse import parse, read_raw
from feeds.raw import Raw

NAMES = (
    "parse_mb_s", "parse_speed_vs_feedparser", "document_speed_vs_feedparser", "fast_path_share", "parse_agreement",
)  # fmt: skip
ROUNDS = 5  # the first warms up, which a parser process does once in its life
CORPUS = ROOT.parent / "shared" / "corpus" / "real"
URL = "https://feed.example/"
_EVERY = 5
"""One real feed in so many is read for parse_mb_s, as it has been from the first figure on."""
_SAID = ("id", "link", "title", "authors", "published", "updated", "summary", "content", "categories", "enclosures")

Read = Callable[[bytes], object]


def inputs() -> Iterator[tuple[str, list[bytes]]]:
    """What there is to read, by name."""
    yield "generated", parse_bodies()
    if CORPUS.is_dir():
        yield "corpus", real_feeds()


def real_feeds() -> list[bytes]:
    """The XML feeds of the corpus: feedparser reads no JSON, and the index is no feed."""
    feeds = [path for path in sorted(CORPUS.iterdir()) if path.suffix in (".rss", ".atom", ".rdf", ".xml")]
    return [path.read_bytes() for path in feeds]


def steps() -> int:
    """How many steps `measure` takes."""
    return (3 * ROUNDS + 1) * (2 if CORPUS.is_dir() else 1)


def measure(step: Callable[[], None]) -> Iterator[Figure]:
    """The figures of each input; `step` hears of each round."""
    for name, bodies in inputs():
        plain = [body for body in bodies if is_wellformed(body)]
        without = partial(feedparser_alone, cleaning=False)
        yield speed("parse_mb_s", name, bodies[:: _EVERY if name == "corpus" else 1], parse, feedparser_alone, step)
        yield speed("parse_speed_vs_feedparser", name, plain, read_raw, without, step)
        yield speed("document_speed_vs_feedparser", name, bodies, read_document, feedparser_alone, step)
        yield from shares(name, bodies)
        step()


def speed(
    name: str, source: str, bodies: Sequence[bytes], ours: Read, theirs: Read, step: Callable[[], None]
) -> Figure:
    """Megabytes a second of both, on the same bodies in turn, in processor time: the median of the rounds."""
    rounds = []
    for _ in range(ROUNDS):
        rounds.append(one_round(bodies, ours, theirs))
        step()
    ratios = [peer / own for own, peer in rounds]
    own, peer = next(one for one in rounds if one[1] / one[0] == statistics.median_low(ratios))
    size = sum(map(len, bodies)) / 1e6
    return figure(
        name, size / own, "MB/s", "feedparser", size / peer, rounds=ROUNDS, source=source,
        material=f"{len(bodies)} feeds, {size:.1f} MB",
    )  # fmt: skip


def one_round(bodies: Sequence[bytes], ours: Read, theirs: Read) -> tuple[float, float]:
    """Every body read once by us and once by the peer, in turn, so that whatever slows the machine slows both."""
    own = peer = 0.0
    for body in bodies:
        own += seconds(ours, body)
        peer += seconds(theirs, body)
    return own, peer


def shares(source: str, bodies: Sequence[bytes]) -> Iterator[Figure]:
    """How many entries the fast reader reads, and in how many of those both readers say the same."""
    entries = fast = compared = alike = 0
    for body in bodies:
        raw = read_raw(body)
        if not isinstance(raw, Raw):
            continue
        entries += len(raw.entries)
        if raw.reader == "wellformed":
            fast += len(raw.entries)
            both = [*pairs(body)]
            compared += len(both)
            alike += sum(same(one, other) for one, other in both)
    material = f"{len(bodies)} feeds, {entries} entries"
    yield figure(
        "fast_path_share", fast / entries, "of all", "feedparser", 1, rounds=1, source=source, material=material
    )
    yield figure(
        "parse_agreement", alike / compared, "of all", "feedparser", 1, rounds=1, source=source,
        material=f"{compared} entries read by both",
    )  # fmt: skip


def pairs(body: bytes) -> Iterator[tuple[Entry | None, Entry | None]]:
    """The entries of a body as the fast reader and as feedparser have them; None where one of them has fewer."""
    one, other = parse(body, URL), parse(body, URL, fast=False)
    ours = one.entries if isinstance(one, Document) else ()
    theirs = other.entries if isinstance(other, Document) else ()
    for number in range(max(len(ours), len(theirs))):
        yield (ours[number] if number < len(ours) else None, theirs[number] if number < len(theirs) else None)


def same(one: Entry | None, other: Entry | None) -> bool:
    """Whether two readings of an entry say the same in all that a reader sees."""
    return one is not None and other is not None and all(getattr(one, key) == getattr(other, key) for key in _SAID)


def is_wellformed(body: bytes) -> bool:
    """Whether feedparser itself finds nothing to complain of."""
    try:
        return not feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False).bozo
    except Exception:
        return False


def read_document(body: bytes) -> object:
    """A clean Document, with an address from which relative links start."""
    return parse(body, URL)


def feedparser_alone(body: bytes, *, cleaning: bool = True) -> object:
    """The peer as its own documentation uses it; sanitising is its default, and said here all the same."""
    return feedparser.parse(io.BytesIO(body), sanitize_html=cleaning, resolve_relative_uris=cleaning)


def seconds(read: Read, body: bytes) -> float:
    """The processor time of one reading, which waits for nothing, so that other programs at work count less.

    Some real feeds make feedparser give up, which takes time too.
    """
    start = time.thread_time()
    with suppress(Exception):
        read(body)
    return time.thread_time() - start
