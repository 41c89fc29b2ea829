"""How long a feed of 50 entries takes from the store to its bytes, in each form, beside feedgen alone.

In: a topic in a store on SQLite, with entries of a news site's size. Out: one figure, that of the slowest form.
Never: a body that was kept: each round is a first one after a change.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path

from feedgen.feed import FeedGenerator

from aggregator.loop import calm
from aggregator.publish import ENTRIES, FORMS, Publisher
from benchmarks.figures import Figure, figure
from feeds.model import Document, Enclosure, Entry, Republish
from storage import reading
from storage.database import Database, open_database
from storage.model import Output
from tests.fakes import NOON, declare, make_entry, make_source, take, write_config

NAMES = ("render_50_ms",)
_ROUNDS = 60
_SENTENCE = "The ministry's helicopter no {0} flew over the river & landed at the old pier. "
_PARAGRAPH = "Words of paragraph {0}, which tell more of the matter at some length. "
_POLICIES: tuple[Republish, ...] = ("summary", "full")


def steps() -> int:
    """How many steps `measure` takes."""
    return len(_POLICIES) * len(FORMS)


def measure(step: Callable[[], None]) -> Iterator[Figure]:
    """The whole of what is done for a feed after a change: reads, what may be shown, bytes, hash."""
    with tempfile.TemporaryDirectory() as folder:
        db = _store(Path(folder))
        try:
            told = {policy: _forms(db, Path(folder), policy, step) for policy in _POLICIES}
            peer = _median(lambda: _feedgen_alone(_document(db, Path(folder))))[0]
        finally:
            db.close()
    slowest, worker = max(told["summary"].values())
    each = "; ".join(
        f"{policy} " + ", ".join(f"{form} {told[policy][form][0]:.1f}" for form in FORMS) for policy in _POLICIES
    )
    note = (
        f"milliseconds from the store to the bytes, the median of {_ROUNDS} first renderings, warm, the slowest form with "
        f"summaries ({worker:.1f} in processor time); by policy and form: {each}. The peer reads no store and writes title, "
        "link, id, dates, author, category and summary only"
    )
    material = f"a topic's newest {ENTRIES} entries, summaries of 400 characters; full texts of 5 kB"
    made = figure(
        "render_50_ms", slowest, "ms", "feedgen", peer, rounds=_ROUNDS, source="generated", material=material, note=note
    )
    yield replace(made, ratio=round(made.peer_value / made.value, 2))


def _store(folder: Path) -> Database:
    """A store with one topic that holds more than a feed shows."""
    db = open_database(f"sqlite:///{folder / 'store.db'}")
    topics = declare(db, make_source(labels=("wire",), lang="en"), topics={"air": "helicopter*"})
    take(db, [_entry(number) for number in range(ENTRIES + 30)], topics=topics)
    return db


def _entry(number: int) -> Entry:
    summary = f"<p>{_SENTENCE.format(number) * 5}</p>"
    content = "".join(f"<p>{_PARAGRAPH.format(part) * 7}</p>" for part in range(10))
    return make_entry(
        id=f"https://news.example/?p={number}", link=f"https://news.example/2026/11/story-{number}",
        title=f"A helicopter, number {number}, at sea", summary=summary, content=content,
        text=_SENTENCE.format(number) * 5 + _PARAGRAPH.format(1) * 70, authors=["Nora Quill"], categories=("defence", "air"),
        published=NOON - timedelta(minutes=number),
        enclosures=(Enclosure(url=f"https://news.example/{number}.jpg", type="image/jpeg", length=90_000),),
    )  # fmt: skip


def _publisher(db: Database, folder: Path, policy: Republish) -> Publisher:
    text = f"settings: {{base_url: 'https://h.example', republish: {policy}}}\nsources: []\n"
    return Publisher(db, write_config(folder, text))


def _forms(db: Database, folder: Path, policy: Republish, step: Callable[[], None]) -> dict[str, tuple[float, float]]:
    """Milliseconds of each form, by the clock and in processor time."""
    publisher = _publisher(db, folder, policy)
    calm()  # as the daemon does
    output = reading.output(db, "topics", "air")
    assert output is not None
    found = {}
    for form in FORMS:
        found[form] = _median(partial(_after_a_change, publisher, output, form, count(output.revision)))
        step()
    return found


def _after_a_change(publisher: Publisher, output: Output, form: str, revisions: Iterator[int]) -> None:
    """Another revision is what a change leaves behind: no body that is held is good for it."""
    publisher.feed(replace(output, revision=next(revisions)), form, NOON)


def _document(db: Database, folder: Path) -> Document:
    output = reading.output(db, "topics", "air")
    assert output is not None
    return _publisher(db, folder, "summary").document(output, "atom", NOON)


def _feedgen_alone(document: Document) -> bytes:
    feed = FeedGenerator()
    feed.id(document.head.id)
    feed.title(document.head.title)
    feed.updated(document.head.updated)
    for entry in document.entries:
        item = feed.add_entry(order="append")
        item.id(entry.public_id)
        item.title(entry.title)
        item.link(href=entry.link, rel="alternate")
        item.updated(entry.updated)
        item.published(entry.published)
        item.summary(entry.summary, type="html")
        item.author(name=next((one.name for one in entry.authors), "-"))
        item.category([{"term": term} for term in entry.categories])
    return bytes(feed.atom_str())


def _median(work: Callable[[], object]) -> tuple[float, float]:
    """The median milliseconds of a piece of work, by the clock and in processor time; its first run is not counted."""
    work()
    clock, busy = [], []
    for _ in range(_ROUNDS):
        start, before = time.perf_counter(), time.process_time()
        work()
        clock.append(time.perf_counter() - start)
        busy.append(time.process_time() - before)
    return statistics.median(clock) * 1000, statistics.median(busy) * 1000
