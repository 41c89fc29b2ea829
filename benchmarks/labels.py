"""The labelled stories, one half or both, and how groups are held against them.

In: benchmarks/labelled. Out: entries, scored pairs, measures. Never: anything of the held half to one who asks for the open.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

_FOLDER = Path(__file__).parent / "labelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An entry to be joined."""

    id: str
    source: str
    lang: str
    at: datetime
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two entries, and whether an editor would name one below the other."""

    one: str
    other: str
    same: bool
    half: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Entries in order of their dates, the scored pairs of them, the stories as lists of ids ([] of the open half)."""

    items: list[Item]
    pairs: list[Pair]
    groups: list[list[str]]


def labels(half: Literal["open"] | None = None) -> Labels:
    """The labelled stories. Of the open half: its pairs and the entries that occur in them, and nothing else."""
    pairs = [row for row in _rows("pairs.jsonl") if half is None or row["half"] == half]
    ids = {row[side] for row in pairs for side in "ab"} if half else None
    items = [
        Item(id=row["id"], source=row["source"], lang=row["lang"], at=datetime.fromisoformat(row["published"]),
             title=row["title"], text=row["text"])
        for row in _rows("stories.jsonl")
        if ids is None or row["id"] in ids
    ]  # fmt: skip
    scored = [Pair(one=row["a"], other=row["b"], same=row["same"], half=row["half"]) for row in pairs if row["scored"]]
    groups = [] if half else json.loads((_FOLDER / "groups.json").read_text("utf-8"))
    return Labels(items=sorted(items, key=lambda item: (item.at, item.id)), pairs=scored, groups=groups)


def _rows(name: str) -> Iterator[dict[str, Any]]:
    with (_FOLDER / name).open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def pair_f1(groups: Mapping[str, object], pairs: Sequence[Pair]) -> float:
    """F1 of "these two are one story" over labelled pairs."""
    return f1([(groups[pair.one] == groups[pair.other], pair.same) for pair in pairs])


def f1(said: Sequence[tuple[bool, bool]]) -> float:
    """F1 of pairs of what was said and what is so."""
    right = sum(one and true for one, true in said)
    return 2 * right / max(1, sum(one for one, _ in said) + sum(true for _, true in said))


def bcubed(groups: Mapping[str, object], every: Labels) -> float:
    """B-cubed F1 (Bagga and Baldwin 1998): how pure and how whole the group of each entry is."""
    langs = {item.id: item.lang for item in every.items}
    gold = {key: (number, langs[key]) for number, group in enumerate(every.groups) for key in group}
    ours: defaultdict[object, set[str]] = defaultdict(set)
    true: defaultdict[object, set[str]] = defaultdict(set)
    for key, group in gold.items():
        ours[groups[key]].add(key)
        true[group].add(key)
    both = {key: len(ours[groups[key]] & true[gold[key]]) for key in gold}
    precision = sum(number / len(ours[groups[key]]) for key, number in both.items()) / len(gold)
    recall = sum(number / len(true[gold[key]]) for key, number in both.items()) / len(gold)
    return 2 * precision * recall / (precision + recall)
