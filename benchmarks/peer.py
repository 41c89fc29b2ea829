"""A child process: the peer's polls of the same URLs, timed. The peer is lemon24/reader, as it comes.

In: URLs, a line each, and how many entries each has. Out: one line of JSON, `Timings`. Never: figures of an update that
did not do all of its work.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
import time
from typing import Any

from benchmarks.timings import Timings, own_peak, say

WORKERS = 16


def update_all(reader: Any) -> tuple[float, list[Any]]:
    """Update every feed, due or not; the seconds, and what became of each."""
    start = time.perf_counter()
    results = list(reader.update_feeds_iter(scheduled=False, workers=WORKERS))
    return time.perf_counter() - start, [result.value for result in results]


def measure(urls: list[str], entries: int, folder: str) -> Timings:
    """A first update and a second one, on a fresh database in `folder`."""
    # The peer is an optional dependency; types of a package that may be absent help nobody.
    reader = importlib.import_module("reader").make_reader(f"{folder}/reader.sqlite")
    for url in urls:
        reader.add_feed(url)
    first, values = update_all(reader)
    wrong = [value for value in values if getattr(value, "new", None) != entries]
    if wrong or len(values) != len(urls):
        raise RuntimeError(f"{len(wrong)} feeds did not bring {entries} new entries: {wrong[:1]}")
    unchanged, values = update_all(reader)
    wrong = [value for value in values if value is not None]
    if wrong or len(values) != len(urls):
        raise RuntimeError(f"{len(wrong)} feeds were not told 304: {wrong[:1]}")
    reader.close()
    return Timings(first=first, unchanged=unchanged, peak_mb=own_peak())


def main() -> None:
    """Measure once."""
    urls = sys.stdin.read().split()
    with tempfile.TemporaryDirectory() as folder:
        say(measure(urls, int(sys.argv[1]), folder))


if __name__ == "__main__":
    main()
