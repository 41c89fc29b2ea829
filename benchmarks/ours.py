"""A child process: our polls of the URLs on its input, timed.

In: URLs, a line each, and how many entries each has. Out: one line of JSON, `Timings`. Never: figures of a poll that did
not do all of its work.
"""

from __future__ import annotations

import ipaddress
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from aggregator.config import Config, load_config
from aggregator.daemon import WORKERS, hands_of, utc_now
from aggregator.loop import run_loop
from aggregator.poll import Hands
from aggregator.prepare import own_lease, prepare
from aggregator.reader import About
from aggregator.rounds import claiming, poll_in_rounds
from benchmarks.server import ROOT
from benchmarks.timings import Timings, children_peak, own_peak, say
from feeds.model import Document, Failed, Source
from storage.database import open_database
from storage.model import Claim, Decision, Meaning, SourceRow


def config_for(urls: Sequence[str], folder: Path, *, topics: bool = True) -> Config:
    """The topics and authors of the configuration that we ship, with these sources and a store in `folder`.

    Without `topics`, nothing is matched or filed, and no language or place is told: what is left is what the peer does.
    """
    shipped = load_config(ROOT / "feeds.yaml", environment={})
    if not topics:
        shipped = replace(shipped, topics=(), topic_rows=())
    sources = tuple(
        SourceRow(
            source=Source(slug=f"outlet-{n}", url=url, name=f"Outlet {n}", tags=("defence",), may_be_private=True)
        )
        for n, url in enumerate(urls)
    )
    settings = shipped.settings.model_copy(update={"allow_private": (ipaddress.ip_network("127.0.0.0/8"),)})
    store = f"sqlite:///{folder / 'store.db'}"
    return replace(shipped, path=folder / "feeds.yaml", settings=settings, database=store, sources=sources)


async def poll_all(hands: Hands, outcome: str, new: int, sources: int) -> float:
    """Claim every source and poll it; the seconds. Raises where one was left out or did not end as it should."""
    ended: list[Decision | None] = []

    def done(_claim: Claim, decision: Decision | None) -> None:
        ended.append(decision)

    start = time.perf_counter()
    claim = claiming(hands.db, own_lease(), utc_now, slugs=None, explicit=True)
    await poll_in_rounds(claim, hands, workers=WORKERS, done=done)
    seconds = time.perf_counter() - start
    wrong = [
        one and one.journal for one in ended if not one or one.journal.outcome != outcome or one.journal.new != new
    ]
    if len(ended) != sources:
        raise RuntimeError(f"only {len(ended)} of {sources} sources were polled")
    if wrong:
        raise RuntimeError(f"{len(wrong)} polls did not end as {outcome} with {new} new entries: {wrong[:1]}")
    return seconds


async def words_alone(
    made: Hands, body: bytes, url: str, content_type: str, _about: About
) -> tuple[Document | Failed, Sequence[Meaning]]:
    """A parser that tells no language and no places, as the peer tells none."""
    read = await made.parse(body, url, content_type)
    return read, [] if isinstance(read, Failed) else [Meaning()] * len(read.entries)


async def measure(urls: Sequence[str], entries: int, folder: Path, *, topics: bool) -> Timings:
    """A first poll and a second one, on a fresh store in `folder`."""
    config = config_for(urls, folder, topics=topics)
    db = open_database(config.database)
    try:
        prepare(config, db, utc_now())
        async with hands_of(config, db, "bench", warm=True) as made:
            hands = made if topics else replace(made, tell=partial(words_alone, made))
            first = await poll_all(hands, "fetched", entries, len(urls))
            unchanged = await poll_all(hands, "unchanged", 0, len(urls))
            parsers = children_peak()
    finally:
        db.close()
    return Timings(first=first, unchanged=unchanged, peak_mb=own_peak(), children_peak_mb=parsers)


def main() -> None:
    """Measure once."""
    urls = sys.stdin.read().split()
    with tempfile.TemporaryDirectory() as folder:
        say(run_loop(measure(urls, int(sys.argv[1]), Path(folder), topics=sys.argv[2:] != ["plain"])))


if __name__ == "__main__":
    main()
