"""The labelled stories: who asks for the open half sees nothing of the other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.labels import Item, Labels, Pair, bcubed, f1, labels, pair_f1
from tests.fakes import NOON

FOLDER = Path(__file__).parent.parent / "benchmarks" / "labelled"


def test_the_open_half_is_open_alone() -> None:
    """Of the open half come its scored pairs and their entries, and no stories, which name entries of both."""
    opened = labels("open")
    rows = [json.loads(line) for line in (FOLDER / "pairs.jsonl").read_text("utf-8").splitlines()]
    shown = {row[side] for row in rows if row["half"] == "open" for side in "ab"}
    assert {item.id for item in opened.items} == shown
    assert {pair.half for pair in opened.pairs} == {"open"}
    assert len(opened.pairs) == sum(row["scored"] for row in rows if row["half"] == "open")
    assert opened.groups == []


def test_measures_are_those_of_the_books() -> None:
    """Pairwise F1 and B-cubed F1 of a small example, computed by hand."""
    items = [Item(id=key, source="s", lang="en", at=NOON, title="", text="") for key in "abcd"]
    pairs = [
        Pair(one=one, other=other, same=same, half="open")
        for one, other, same in (("a", "b", True), ("c", "d", True), ("a", "c", False), ("b", "d", False))
    ]
    every = Labels(items=items, pairs=pairs, groups=[["a", "b"], ["c", "d"]])
    groups: dict[str, object] = {"a": 1, "b": 1, "c": 1, "d": 2}
    assert pair_f1(groups, pairs) == f1([(True, True), (False, True), (True, False), (False, False)]) == 0.5
    precision, recall = (2 / 3 + 2 / 3 + 1 / 3 + 1) / 4, (1 + 1 + 1 / 2 + 1 / 2) / 4
    assert bcubed(groups, every) == pytest.approx(2 * precision * recall / (precision + recall))
