"""How well we tell which countries an entry names, and how fast, beside a plain match of CLDR's names.

In: benchmarks/labelled/places.jsonl, the gazetteer. Out: figures. Never: an entry of the held half on a screen.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from aggregator import gazetteer
from aggregator.places import places_of
from benchmarks.figures import Figure, figure

NAMES = ("places_precision", "places_recall", "places_per_s")
LABELLED = Path(__file__).parent / "labelled" / "places.jsonl"
ROUNDS = 5
PEER = "exact names"

Find = Callable[[Mapping[str, Any]], set[str]]


class Counts(NamedTuple):
    """Pairs of an entry and a country: found and labelled, found only, labelled only."""

    right: int
    extra: int
    missing: int

    @property
    def precision(self) -> float:
        """How much of what was found is right; 1 where nothing was found."""
        return self.right / max(1, self.right + self.extra)

    @property
    def recall(self) -> float:
        """How much of what is labelled was found."""
        return self.right / max(1, self.right + self.missing)


def entries(half: str = "") -> list[dict[str, Any]]:
    """The labelled entries, of one half where it is named ("open", "held")."""
    rows = map(json.loads, LABELLED.read_text("utf-8").splitlines())
    return [row for row in rows if half in ("", row["half"])]


def steps() -> int:
    """How many steps `measure` takes."""
    return ROUNDS + 2


def measure(step: Callable[[], None]) -> Iterator[Figure]:
    """Precision and recall of both on all entries, with the held half apart in a note; entries a second."""
    whole, held = entries(), entries("held")
    plain = exact_names()
    ours, theirs = count(whole, found), count(whole, plain)
    apart, apart_theirs = count(held, found), count(held, plain)
    step()
    for name, value in (("places_precision", "precision"), ("places_recall", "recall")):
        kept, peer = getattr(apart, value), getattr(apart_theirs, value)
        yield figure(
            name, getattr(ours, value), "of all pairs", PEER, getattr(theirs, value), rounds=1, source="generated",
            material=f"{len(whole)} labelled entries, {ours.right + ours.missing} countries",
            note=f"of the {len(held)} entries that no rule was tuned on {kept:.3f}, and {peer:.3f} by exact names",
        )  # fmt: skip
    step()
    yield speed(whole, plain, step)


def speed(rows: list[dict[str, Any]], plain: Find, step: Callable[[], None]) -> Figure:
    """Entries a second of both, in processor time, the best of the rounds; the first one reads the gazetteer."""
    own, peer = [], []
    for _ in range(ROUNDS):
        own.append(seconds(rows, found))
        peer.append(seconds(rows, plain))
        step()
    size = sum(len(row["title"]) + len(row["text"]) for row in rows) / len(rows)
    return figure(
        "places_per_s", len(rows) / min(own), "entries/s", PEER, len(rows) / min(peer), rounds=ROUNDS, source="generated",
        material=f"{len(rows)} labelled entries of {size:.0f} characters",
    )  # fmt: skip


def seconds(rows: Iterable[Mapping[str, Any]], find: Find) -> float:
    """The processor time of one reading of all."""
    start = time.thread_time()
    for row in rows:
        find(row)
    return time.thread_time() - start


def count(rows: Iterable[Mapping[str, Any]], find: Find) -> Counts:
    """What a way of finding finds, beside the labels."""
    right = extra = missing = 0
    for row in rows:
        named, labelled = find(row), set(row["places"])
        right += len(named & labelled)
        extra += len(named - labelled)
        missing += len(labelled - named)
    return Counts(right, extra, missing)


def found(row: Mapping[str, Any]) -> set[str]:
    """The countries that we find: regions are told apart."""
    tags = places_of(row["title"], row["text"], row["lang"])
    return {tag.code for tag in tags} & set(gazetteer.codes())


def exact_names() -> Find:
    """The peer: CLDR's name of each territory in the entry's language, as a whole word, in any case."""
    by_language: dict[str, tuple[re.Pattern[str], dict[str, str]]] = {}
    for language in gazetteer.languages():
        names = {gazetteer.names(code, language).casefold(): code for code in gazetteer.codes()}
        longest_first = sorted(names, key=len, reverse=True)
        by_language[language] = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)"), names

    def find(row: Mapping[str, Any]) -> set[str]:
        pattern, names = by_language[row["lang"]]
        return {names[one] for one in pattern.findall(f"{row['title']}\n{row['text']}".casefold())}

    return find
