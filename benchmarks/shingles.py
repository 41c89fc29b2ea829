"""The peer of the stories: MinHash-LSH of datasketch over word shingles, chosen fairly on the open half.

In: entries. Out: groups. Never: a choice that the held half had a part in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from datasketch import MinHash, MinHashLSH

from aggregator.telling import sentences
from benchmarks.labels import Item, Labels, Pair, f1, pair_f1

_WORD = re.compile(r"\w+")
_PERMUTATIONS = 128
_SIZES = (1, 2, 3, 5)
_THRESHOLDS = tuple(number / 20 for number in range(1, 18))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What there is to choose: words a shingle, the threshold of likeness, our cleaning before or none, and whether
    likeness goes on from pair to pair, so that groups come of it, or is asked of each pair alone.
    """

    size: int
    threshold: float
    cleaned: bool
    chained: bool

    @property
    def told(self) -> str:
        """In words."""
        how = "groups are what likeness links" if self.chained else "each pair judged alone"
        text = "cleaned as ours are" if self.cleaned else "not cleaned"
        words = "single words" if self.size == 1 else f"shingles of {self.size} words"
        return f"{words}, threshold {self.threshold:g}, {_PERMUTATIONS} permutations, texts {text}, {how}"


class Baseline:
    """Takes entries one by one; knows afterwards which are alike."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._lsh = MinHashLSH(threshold=shape.threshold, num_perm=_PERMUTATIONS)
        self._group: dict[str, str] = {}
        self._alike: set[frozenset[str]] = set()

    def add(self, item: Item, made: MinHash | None = None) -> None:
        """Take an entry in; `made` is its signature, where that is known."""
        made = made or signature(item, self._shape.size, cleaned=self._shape.cleaned)
        alike = self._lsh.query(made)
        self._lsh.insert(item.id, made)
        self._group[item.id] = item.id
        for other in alike:
            self._alike.add(frozenset((item.id, other)))
            self._group[self._root(other)] = self._root(item.id)

    def f1(self, pairs: Sequence[Pair]) -> float:
        """F1 over labelled pairs, by groups or by pairs as the shape has it."""
        if self._shape.chained:
            return pair_f1(self.groups(), pairs)
        return f1([(frozenset((pair.one, pair.other)) in self._alike, pair.same) for pair in pairs])

    def groups(self) -> dict[str, object]:
        """The group of each entry."""
        return {key: self._root(key) for key in self._group}

    def _root(self, key: str) -> str:
        while self._group[key] != key:
            key = self._group[key]
        return key


def signature(item: Item, size: int, *, cleaned: bool) -> MinHash:
    """The MinHash of an entry's shingles, title and text."""
    text = f"{item.title}. {' '.join(sentences(item.text)) if cleaned else item.text}"
    words = _WORD.findall(text.casefold())
    made = MinHash(num_perm=_PERMUTATIONS)
    made.update_batch(sorted({" ".join(words[at : at + size]).encode() for at in range(max(1, len(words) - size + 1))}))
    return made


def best_shape(opened: Labels, *, chained: Sequence[bool] = (False, True)) -> Shape:
    """The shape with the highest F1 over the open pairs, of those that make groups (`chained`) or do not."""
    tried: list[tuple[float, Shape]] = []
    for size, cleaned in product(_SIZES, (False, True)):
        made = {item.id: signature(item, size, cleaned=cleaned) for item in opened.items}
        for threshold, in_chains in product(_THRESHOLDS, chained):
            shape = Shape(size=size, threshold=threshold, cleaned=cleaned, chained=in_chains)
            baseline = Baseline(shape)
            for item in opened.items:
                baseline.add(item, made[item.id])
            tried.append((baseline.f1(opened.pairs), shape))
    return max(tried, key=lambda one: one[0])[1]
