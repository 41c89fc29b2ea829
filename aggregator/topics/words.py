"""A text -> where in it stands what queries look for.

In: texts of any script, and who knows what is looked for in which run. Out: where each atom stands. Never: a query.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence, Set
from functools import cached_property
from itertools import accumulate, chain, count
from operator import add, itemgetter
from typing import NamedTuple

from aggregator.topics.runs import Place, Runs

_GAP = 1000
"""Words that seem to lie between two texts: more than any nearness reaches over."""
_PAIRS, _PARTS = itemgetter(0), itemgetter(1)


class Token(NamedTuple):
    """A form at a place: `position` counts words, `width` how many it covers, `start` and `end` are characters."""

    position: int
    width: int
    start: int
    end: int


BETWEEN = " | "
"""What is shown between the texts of a field that has several."""


class Words:
    """The words of one text, or of several that no phrase spans, by atom. Places are those in BETWEEN.join(texts).

    Where an atom stands is told when it is asked for: of the words of a text, queries ask for few.
    """

    def __init__(self, *texts: str, runs: Runs) -> None:
        """`runs` knows which words anybody will look for, and the language."""
        self._texts = texts
        self._written = [text.split() for text in texts]
        self._read = {run: runs[run] for run in set(chain.from_iterable(self._written))}
        # No loops here: every entry passes, and few of its words are asked for.
        pairs = [*chain.from_iterable(map(_PAIRS, self._read.values()))]
        self._first = dict(pairs)
        self._others = [pair for pair in pairs if self._first[pair[0]] is not pair[1]]
        self._found: dict[int, list[Token]] = {}

    @property
    def atoms(self) -> Set[int]:
        """The atoms of all words together."""
        return self._first.keys()

    def count(self, number: int) -> int:
        """How many words a text has, the first being 0; in scripts that write no spaces, characters."""
        read = self._read
        return sum(read[run][1] for run in self._written[number])

    def slice(self, start: int, end: int) -> str:
        """The characters at a place."""
        return self._whole[start:end]

    @cached_property
    def _whole(self) -> str:
        return BETWEEN.join(self._texts)

    def find(self, atom: int) -> list[Token]:
        """Where an atom stands."""
        found = self._found.get(atom)
        if found is None:
            first = self._first.get(atom)
            if first is None:
                return []
            found = self._found[atom] = self._places(first)
            if self._others:
                for other, where in self._others:
                    if other == atom:
                        found += self._places(where)
        return found

    def _places(self, where: tuple[str, Place]) -> list[Token]:
        """Where a run stands, and in it what is looked for."""
        run, (place, width, start, end) = where
        text, starts, positions = self._layout
        length, last = len(run), len(text)
        found = []
        at = text.find(run)
        while at >= 0:
            after = at + length
            # Not where it is a part of a longer run.
            if (not at or text[at - 1].isspace()) and (after == last or text[after].isspace()):
                found.append(Token(positions[bisect_left(starts, at)] + place, width, at + start, at + end))
            at = text.find(run, after)
        return found

    @cached_property
    def _layout(self) -> tuple[str, list[int], list[int]]:
        """The texts in one, at which character each run begins, and at which position."""
        starts: list[int] = []
        positions: list[int] = []
        first = offset = 0
        for text, written in zip(self._texts, self._written, strict=True):
            # No loops where one can do without: every entry that matches anything passes here.
            lengths = [*map(len, written)]
            if not written:
                pass
            elif (
                len(text) == sum(lengths) + len(written) - 1
            ):  # nearly always a single white space lies between two runs
                starts += map(add, accumulate(lengths[:-1], initial=offset), count())
            else:
                starts += (offset + at for at in _starts(text, written))
            ends = [*accumulate(map(_PARTS, map(self._read.__getitem__, written)), initial=first)]
            positions += ends[:-1]
            first = ends[-1] + _GAP
            offset += len(text) + len(BETWEEN)
        return self._whole, starts, positions


def _starts(text: str, written: Sequence[str]) -> Iterator[int]:
    at = 0
    for run in written:
        at = text.index(run, at)
        yield at
        at += len(run)
