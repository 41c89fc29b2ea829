"""Which of many queries an entry can match at all, told from its words alone, without their places.

In: the trees of queries, once; then texts. Out: the numbers of queries worth a closer look, never one too few.
Never: a match: that is for the evaluator.

Every word that any query looks for has a bit; a run of text between white spaces is marked with the bits of its words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from aggregator.topics.language import And, Node, Not, Or, Piece, Term
from aggregator.topics.words import Runs

# Fields without words: what is asked of these is left to the evaluator.
_ELSEWHERE = ("lang", "place", "tag", "label")
# Fields with words of their own; all others are looked for in title and text.
_NAMES = ("author", "source")


@dataclass(frozen=True, slots=True)
class _Need:
    """What must stand in an entry: at least one of `bits`, and every one or any one of `parts` where there are some."""

    bits: int
    parts: tuple[_Need, ...] = ()
    every: bool = False


# No bits at all are needed: negative numbers have a bit in common with every other but 0, and `found` has one of its own.
_ANYTHING = _Need(-1)
ALWAYS_FOUND = 1
"""A bit of every entry."""


class _Sought:
    """The words that queries look for in a field, each with its bit."""

    def __init__(self) -> None:
        self.whole: dict[str, int] = {}
        self.beginnings: dict[str, int] = {}
        self._lengths: list[int] = []

    def close(self) -> Runs:
        """No word is added any more: what knows the bits of a run of text."""
        self._lengths = sorted({len(one) for one in self.beginnings})
        return Runs(self._bits_of)

    def _bits_of(self, form: str) -> int:
        found = self.whole.get(form, 0)
        for length in self._lengths:
            if length > len(form):
                break
            found |= self.beginnings.get(form[:length], 0)
        return found


class Gate:
    """The needs of some queries, and the bits of the words that they are made of."""

    def __init__(self, trees: Sequence[Node]) -> None:
        self._sought = {field: _Sought() for field in ("", *_NAMES)}
        self._of_node: dict[int, _Need] = {}
        self._parts: dict[int, list[tuple[Node, _Need]]] = {}
        self._next_bit = ALWAYS_FOUND << 1
        self._trees = tuple(trees)  # kept, as its nodes are known by their identity
        self._needs = [self._need(tree) for tree in trees]
        runs = {field: sought.close() for field, sought in self._sought.items()}
        self.runs = {"title": runs[""], "text": runs[""], **{field: runs[field] for field in _NAMES}}
        """What knows the bits of a field's words."""

    def open_for(self, found: int) -> Iterator[int]:
        """The numbers of the queries that may match an entry whose words have these bits, in order."""
        return (number for number, need in enumerate(self._needs) if need.bits & found and _is_met(need, found))

    def left_of(self, node: Or, found: int) -> Iterator[Node]:
        """The parts of an alternative that such an entry may match, in order."""
        for part, need in self._parts[id(node)]:
            if need.bits & found and (not need.parts or _is_met(need, found)):
                yield part

    def rules_out(self, node: And, found: int) -> bool:
        """Whether such an entry lacks what some part of a query needs."""
        return not _is_met(self._of_node[id(node)], found)

    def _need(self, node: Node) -> _Need:
        self._of_node[id(node)] = need = self._made_need(node)
        return need

    def _made_need(self, node: Node) -> _Need:
        if isinstance(node, Term):
            return _ANYTHING if node.field in _ELSEWHERE else self._need_of_term(node)
        if isinstance(node, Not):
            self._need(node.part)  # its words are looked for as well
            return _ANYTHING
        parts = [self._need(part) for part in node.parts]
        self._parts[id(node)] = [*zip(node.parts, parts, strict=True)]
        return _both(parts) if isinstance(node, And) else _either(parts)

    def _need_of_term(self, term: Term) -> _Need:
        """Of every word one spelling, and of that every piece."""
        sought = self._sought[term.field if term.field in _NAMES else ""]
        words = [
            _either([_both([_Need(self._bit(piece, sought)) for piece in row]) for row in spellings])
            for spellings in term.words
        ]
        return _both(words)

    def _bit(self, piece: Piece, sought: _Sought) -> int:
        known = sought.beginnings if piece.is_prefix else sought.whole
        for form in piece.forms:
            if form not in known:
                known[form] = self._next_bit
                self._next_bit <<= 1
        return _union(known[form] for form in piece.forms)


def _union(bits: Iterable[int]) -> int:
    return reduce(or_, bits, 0)


def _both(parts: Sequence[_Need]) -> _Need:
    real = tuple(part for part in parts if part != _ANYTHING)
    if len(real) < 2:
        return real[0] if real else _ANYTHING
    # The part that asks for the fewest words is the least likely one: it is looked at first.
    rare = sorted(real, key=lambda part: part.bits.bit_count())
    return _Need(rare[0].bits, tuple(rare), every=True)


def _either(parts: Sequence[_Need]) -> _Need:
    if _ANYTHING in parts:
        return _ANYTHING
    loose = _union(part.bits for part in parts if not part.parts)
    others = tuple(part for part in parts if part.parts)
    if not others:
        return _Need(loose)
    if not loose and len(others) == 1:
        return others[0]
    every = (_Need(loose), *others) if loose else others
    return _Need(_union(part.bits for part in every), every)


def _is_met(need: _Need, found: int) -> bool:
    if not need.bits & found:
        return False
    if not need.parts:
        return True
    for part in need.parts:  # plain loops: this is asked for every topic of every entry
        met = bool(part.bits & found) and (not part.parts or _is_met(part, found))
        if met is not need.every:
            return met
    return need.every
