"""How many entries a second are held against ten thousand topics, and what a hundred times the topics cost, beside a
compiled regular expression for every group of a topic's terms.

In: made-up news and topics. Out: figures. Never: a topic that a regular expression could not be written for, other than
those about nearness, which it takes for AND.
"""

from __future__ import annotations

import gc
import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from aggregator.topics.compiling import compile_topic
from aggregator.topics.match import Rules
from benchmarks.figures import Figure, figure
from benchmarks.newsroom import Newsroom, Topical
from benchmarks.timings import own_peak
from feeds.model import Entry, Source
from storage.model import Meaning

NAMES = ("match_per_s_10k", "match_growth_10k_vs_100", "match_speed_vs_regex")
_MANY, _FEW = 10_000, 100
_WORDS = 400
_WARM, _MEASURED, _ROUNDS = 3_000, 500, 3
_REGEX_ENTRIES = 4
_SOURCE = Source(slug="newsroom", url="https://news.example.org/feed", name="Newsroom", lang="en")
_ENGLISH = Meaning(language="en", language_by="text")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """Entries a second with many and with few topics (medians of rounds), matches and spans an entry, memory in MB."""

    many: float
    few: float
    matches: float
    spans: float
    terms: float
    compile_seconds: float
    empty_mb: float
    topics_mb: float
    peak_mb: float
    regex: float
    regex_matches: float
    ours_of_those: float


def steps() -> int:
    """How many steps `measure` takes."""
    return 1


def measure(step: Callable[[], None]) -> Iterator[Figure]:
    """The figures; in a process of its own, so that its memory is that of topics alone."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        told = pool.submit(_measured).result()
    step()
    material = f"{_MEASURED} entries of {_WORDS} words, {_MANY:,} topics of {told.terms:.0f} terms on average"
    matched = f"{told.matches:.1f} matches with {told.spans:.0f} spans an entry"
    memory = (
        f"compiled in {told.compile_seconds:.0f} s; the process takes {told.empty_mb:.0f} MB before, {told.topics_mb:.0f} MB with"
        f" the topics, {told.peak_mb:.0f} MB at most"
    )
    yield figure(
        "match_per_s_10k", told.many, "entries/s", "re", told.regex, rounds=_ROUNDS, source="generated", material=material,
        note=f"{matched}; {memory}; the process is warm: it has seen {_WARM:,} other entries",
    )  # fmt: skip
    yield figure(
        "match_growth_10k_vs_100", told.few / told.many, "times the cost with 100", "100 topics", 1, rounds=_ROUNDS,
        source="generated", material=material, note=f"{told.few:.0f} entries a second with the first {_FEW} of the topics",
    )  # fmt: skip
    yield figure(
        "match_speed_vs_regex", told.many, "entries/s", "re", told.regex, rounds=1, source="generated",
        material=f"{_REGEX_ENTRIES} of these entries for the peer",
        note=f"one compiled expression for each group of terms, searched for in title and text; it finds"
        f" {told.regex_matches:.1f} matches an entry and tells no places, Heliograph {told.ours_of_those:.1f} in these",
    )  # fmt: skip


def _measured() -> _Measured:
    room = Newsroom()
    entries = [*room.entries(_WARM + _MEASURED, _WORDS)]
    drawn = [*room.topics(_MANY)]
    empty = own_peak()
    start = time.perf_counter()
    topics = [compile_topic(f"topic-{number}", "A topic", one.query) for number, one in enumerate(drawn)]
    rules = {_FEW: Rules(topics[:_FEW]), _MANY: Rules(topics)}
    compiled = time.perf_counter() - start
    held = own_peak()
    rates: dict[int, list[float]] = {_FEW: [], _MANY: []}
    filed = [rules[_MANY].judge(one, _SOURCE, _ENGLISH) for one in entries[_WARM:]]
    for _ in range(_ROUNDS):
        for number in (_FEW, _MANY):
            rates[number].append(_rate(Rules(topics[:number]), entries))
    expected = [len(one) for one in filed[:_REGEX_ENTRIES]]
    regex, found = _regex(drawn, entries[_WARM : _WARM + _REGEX_ENTRIES])
    return _Measured(
        many=_median(rates[_MANY]), few=_median(rates[_FEW]), matches=sum(map(len, filed)) / len(filed),
        spans=sum(len(one.spans) for each in filed for one in each) / len(filed), terms=_terms(drawn),
        compile_seconds=compiled, empty_mb=empty, topics_mb=held, peak_mb=own_peak(), regex=regex,
        regex_matches=found / _REGEX_ENTRIES, ours_of_those=sum(expected) / _REGEX_ENTRIES,
    )  # fmt: skip


def _rate(rules: Rules, entries: Sequence[Entry]) -> float:
    """Entries a second, spans included, after as many as make a process warm."""
    for one in entries[:_WARM]:
        rules.judge(one, _SOURCE, _ENGLISH)
    gc.collect()
    gc.freeze()  # as the daemon does with what it has loaded
    start = time.perf_counter()
    for one in entries[_WARM:]:
        rules.judge(one, _SOURCE, _ENGLISH)
    rate = (len(entries) - _WARM) / (time.perf_counter() - start)
    gc.unfreeze()
    return rate


def _regex(drawn: Sequence[Topical], entries: Sequence[Entry]) -> tuple[float, int]:
    """Entries a second by regular expressions, and how many topics they found."""
    patterns = [one.patterns for one in drawn]
    texts = [f"{one.title}\n{one.text}" for one in entries]
    found = 0
    start = time.perf_counter()
    for text in texts:
        for groups, without in patterns:
            if all(group.search(text) for group in groups) and not (without and without.search(text)):
                found += 1
    return len(texts) / (time.perf_counter() - start), found


def _terms(drawn: Sequence[Topical]) -> float:
    return sum(sum(map(len, one.groups)) + len(one.without) for one in drawn) / len(drawn)


def _median(numbers: Sequence[float]) -> float:
    return sorted(numbers)[len(numbers) // 2]
