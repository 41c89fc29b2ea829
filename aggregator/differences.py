"""What an edit changed, word by word. PURE.

In: two texts. Out: runs of words that stayed, went and came. Never: more work than a page is worth: words that stand
once in both texts hold them together (patience diff), and only small gaps between them are looked at closely.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

Kind = Literal["same", "gone", "new"]

_CLOSE = 40_000
"""The largest gap that `difflib` looks at: words gone times words come. Its time grows faster than that at worst."""
_BUDGET = 250_000
"""The same for all gaps of two texts together."""
# In a row of four and the spaces between them, words that are common everywhere are rare enough to stand once.
_ROWS = (7, 1)
# Scripts without spaces would be one word a sentence: their characters are compared one by one.
_LETTERS = r"\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"
_WORDS = re.compile(rf"[{_LETTERS}]|[^\W{_LETTERS}]+|\s+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Run:
    """Words in a row that stayed, went or came."""

    kind: Kind
    words: str


def compare(before: str, after: str) -> tuple[Run, ...]:
    """How one text became the other; both can be put together again from the runs."""
    if before == after:
        return (Run("same", after),) if after else ()
    comparison = _Comparison(_WORDS.findall(before), _WORDS.findall(after))
    comparison.between(0, len(comparison.old), 0, len(comparison.new), _ROWS)
    return tuple(_merged(comparison.runs))


class _Comparison:
    """Two rows of words, and what was found out of them so far."""

    def __init__(self, old: Sequence[str], new: Sequence[str]) -> None:
        self.old = old
        self.new = new
        self.runs: list[Run] = []
        self.budget = _BUDGET

    def say(self, kind: Kind, words: Sequence[str]) -> None:
        if words:
            self.runs.append(Run(kind, "".join(words)))

    def between(self, a: int, a_end: int, b: int, b_end: int, rows: Sequence[int]) -> None:
        """Compare a stretch: what both begin and end with, then what holds the rest together, then the rest."""
        start = a
        while a < a_end and b < b_end and self.old[a] == self.new[b]:
            a, b = a + 1, b + 1
        self.say("same", self.old[start:a])
        tail = a_end
        while a_end > a and b_end > b and self.old[a_end - 1] == self.new[b_end - 1]:
            a_end, b_end = a_end - 1, b_end - 1
        if a == a_end or b == b_end or not rows:
            self.gap(self.old[a:a_end], self.new[b:b_end])
        else:
            self.held(a, a_end, b, b_end, rows)
        self.say("same", self.old[a_end:tail])

    def held(self, a: int, a_end: int, b: int, b_end: int, rows: Sequence[int]) -> None:
        """Compare what stands between words that both have once."""
        anchors = [(a + i, b + j) for i, j in _anchors(self.old[a:a_end], self.new[b:b_end], rows[0])]
        for i, j in (*anchors, (a_end, b_end)):
            if i >= a and j >= b:
                self.between(a, i, b, j, rows[1:])
                a, b = i, j
                while a < a_end and b < b_end and self.old[a] == self.new[b]:
                    a, b = a + 1, b + 1
                self.say("same", self.old[i:a])

    def gap(self, gone: Sequence[str], came: Sequence[str]) -> None:
        """A stretch that nothing holds together: closely where it is small, else as a whole."""
        work = len(gone) * len(came)
        if not 0 < work <= min(_CLOSE, self.budget):
            self.say("gone", gone)
            self.say("new", came)
            return
        self.budget -= work
        for tag, start, end, from_, to in SequenceMatcher(None, gone, came, autojunk=False).get_opcodes():
            if tag == "equal":
                self.say("same", came[from_:to])
            else:
                self.say("gone", gone[start:end])
                self.say("new", came[from_:to])


def _anchors(old: Sequence[str], new: Sequence[str], width: int) -> list[tuple[int, int]]:
    """Where rows of `width` words stand once in each, as far as they stand in the same order."""
    ours, theirs = _once(old, width), _once(new, width)
    return _rising([(at, theirs[row]) for row, at in ours.items() if row in theirs])


def _once(words: Sequence[str], width: int) -> dict[tuple[str, ...], int]:
    rows = list(zip(*(words[shift:] for shift in range(width)), strict=False))
    often = Counter(rows)
    return {row: at for at, row in enumerate(rows) if often[row] == 1 and any(word.strip() for word in row)}


def _rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest choice of pairs, which come in order of their first, that rises in both."""
    ends: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for at, (_, place) in enumerate(pairs):
        length = bisect_left(ends, place)
        before.append(last[length - 1] if length else -1)
        ends[length : length + 1] = [place]
        last[length : length + 1] = [at]
    chosen = []
    at = last[-1] if last else -1
    while at >= 0:
        chosen.append(pairs[at])
        at = before[at]
    return chosen[::-1]


def _merged(runs: Iterable[Run]) -> Iterator[Run]:
    """Runs of one kind in a row as one; between two unchanged ones, all that went before all that came."""
    same, gone, new, space = "", "", "", ""
    for run in runs:
        if run.kind == "same" and (gone or new):
            if not run.words.strip():
                space += run.words
                continue
            yield from _told(same, gone, new)
            same, gone, new, space = space + run.words, "", "", ""
        elif run.kind == "same":
            same += run.words
        else:  # a space between two changed words changed with them
            gone += space + (run.words if run.kind == "gone" else "")
            new += space + (run.words if run.kind == "new" else "")
            space = ""
    yield from _told(same, gone, new)
    yield from _told(space, "", "")


def _told(same: str, gone: str, new: str) -> Iterator[Run]:
    told: tuple[tuple[Kind, str], ...] = (("same", same), ("gone", gone), ("new", new))
    yield from (Run(kind, words) for kind, words in told if words)


def shortened(runs: Sequence[Run], *, around: int = 120) -> tuple[Run, ...]:
    """The same with long stretches that stayed cut to what stands around the changes, "…" in the place of the rest."""
    return tuple(_cut(run, around, first=at == 0, last=at == len(runs) - 1) for at, run in enumerate(runs))


def _cut(run: Run, around: int, *, first: bool, last: bool) -> Run:
    words = run.words
    if run.kind != "same" or len(words) <= around * (1 if first or last else 2) + 20:
        return run
    start = "" if first else words[:around].rpartition(" ")[0] or words[:around]
    end = "" if last else words[-around:].partition(" ")[2] or words[-around:]
    return Run("same", f"{start} … {end}")
