"""What a query asks for, as a tree.

In: nothing. Out: the kinds of nodes, and what a term looks for. Never: an entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

WORD_FIELDS = ("title", "text", "author", "source", "category", "url")
"""Fields that are texts: words and phrases are looked for in them."""
VALUE_FIELDS = ("kind", "tag", "label", "lang", "place")
"""Fields that are values: one of them is asked for as a whole."""
FIELDS = (*WORD_FIELDS, *VALUE_FIELDS, "topic")
TIMELESS = ("places", "published", "words")
"""What can be compared and stays as it is."""
TIMELY = ("age", "sources")
"""What changes with time, and is therefore known to searches only."""
COMPARED = (*TIMELESS, *TIMELY)


MOST_TERMS = 20_000
"""Of a rule together with all that it names: what names two others twice each, which do the same, would grow without end."""
DEEPEST_TREE = 140
"""Nodes within one another, with those of the topics that are named: whoever walks down a tree calls himself for each."""


class QueryError(ValueError):
    """A query that cannot be read: what, where (line and column of the query, from 1), what was expected."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(f"{message} (line {line}, column {column} of the query)")
        self.message = message
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Piece:
    """One word of a term: any of these folded forms, whole or as a beginning.

    `bare` is the word as it was written where its other inflections count too: it is stemmed in the entry's language.
    """

    forms: tuple[str, ...]
    is_prefix: bool = False
    bare: str = ""


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Term:
    """A word or phrase in a field ("" is title and text). Each of its `words` has spellings, which are rows of pieces.

    `exact` is how it has to be spelled to the letter, "" where that does not matter. `single` is the only piece of a term
    that is one word in one spelling, as most are.
    """

    written: str
    words: tuple[tuple[tuple[Piece, ...], ...], ...]
    field: str = ""
    exact: str = ""
    single: Piece | None = None


@dataclass(frozen=True, slots=True)
class Near:
    """One of the terms on the left and one on the right, in either order, at most `within` words between them."""

    left: tuple[Term | Listed, ...]
    right: tuple[Term | Listed, ...]
    within: int
    field: str = ""


@dataclass(frozen=True, slots=True)
class Close:
    """All of these terms, in any order, at most `within` other words among them."""

    parts: tuple[Term, ...]
    within: int
    field: str = ""


@dataclass(frozen=True, slots=True)
class Compare:
    """A number or a moment of the entry compared: places (countries), words, sources (outlets), published, age (seconds).

    A date stands for its whole day in UTC.
    """

    written: str
    name: str
    operator: str
    value: float | datetime | date


@dataclass(frozen=True, slots=True)
class Listed:
    """A named list of terms, until it is looked up."""

    name: str
    field: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class OtherTopic:
    """Another topic's rule, until it is looked up."""

    slug: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class And:
    """Every part."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any part."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Not this."""

    part: Node


@dataclass(frozen=True, slots=True)
class Weighted:
    """Parts whose weights, of those that match, add up to the threshold."""

    parts: tuple[tuple[Node, int], ...]
    threshold: int


Node = Term | Near | Close | Compare | And | Or | Not | Weighted | Listed | OtherTopic


def parts_of(node: Node) -> tuple[Node, ...]:
    """What a node is made of; nothing for a leaf."""
    if isinstance(node, And | Or):
        return node.parts
    if isinstance(node, Not):
        return (node.part,)
    if isinstance(node, Weighted):
        return tuple(part for part, _ in node.parts)
    if isinstance(node, Near):
        return (*node.left, *node.right)
    return node.parts if isinstance(node, Close) else ()


def leaves(node: Node) -> Iterator[Node]:
    """Every leaf of a tree: terms, comparisons, what is to be looked up."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        parts = parts_of(one)
        if parts:
            waiting.extend(parts)
        else:
            yield one


def size_of(node: Node) -> int:
    """How many leaves a tree has. Parts that stand in it several times are looked at once."""
    known: dict[int, int] = {}

    def counted(one: Node) -> int:
        if id(one) not in known:
            known[id(one)] = sum(map(counted, parts_of(one))) or 1
        return known[id(one)]

    return counted(node)


def depth_of(node: Node) -> int:
    """How many nodes stand within one another, the longest way down."""
    known: dict[int, int] = {}

    def measured(one: Node) -> int:
        if id(one) not in known:
            known[id(one)] = 1 + max(map(measured, parts_of(one)), default=0)
        return known[id(one)]

    return measured(node)


def check_bounds(tree: Node) -> None:
    """Raises QueryError where a query has become too large, or too deep, by what it names."""
    if (terms := size_of(tree)) > MOST_TERMS:
        raise QueryError(
            f"with the topics and lists that it names, the rule has {terms:,} terms, more than {MOST_TERMS:,}"
        )
    if (depth := depth_of(tree)) > DEEPEST_TREE:
        raise QueryError(
            f"with the topics that it names, the rule is nested {depth} deep, more than {DEEPEST_TREE}: "
            "use fewer brackets within brackets, or fewer topics within topics"
        )


def place_name(term: Term) -> str:
    """The place that a term of place: asks for, as an address writes it: "Central Asia" is central-asia."""
    return "-".join(term.written.strip('"').lower().split())
