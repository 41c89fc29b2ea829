"""The topic language once more, written straight from its definition, slow and without an index: for comparison.

In: a query as a nested tuple, an entry as lists of words. Out: whether it matches. Never: a line of the program's evaluator:
only what folds and stems a single word is shared, and tested by itself.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from aggregator.topics.fold import fold
from aggregator.topics.stems import stem

Query = tuple[Any, ...]
"""("word", w) ("prefix", w) ("phrase", (w, ...)) ("exact", (w, ...)) ("near", [q], [q], n) ("close", (w, ...), n)
("and", q, ...) ("or", q, ...) ("not", q) ("field", name, q) ("place", code) ("places", n) ("words", n)
("weighted", ((q, weight), ...), n)."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """An entry as its words."""

    title: Sequence[str]
    text: Sequence[str]
    author: Sequence[str] = ()
    language: str = ""
    places: frozenset[str] = field(default_factory=frozenset)


def written(query: Query) -> str:
    """A query in the topic language."""
    kind, *rest = query
    if kind == "word":
        return str(rest[0])
    if kind == "prefix":
        return f"{rest[0]}*"
    if kind in ("phrase", "exact"):
        return ("=" if kind == "exact" else "") + '"' + " ".join(rest[0]) + '"'
    if kind == "near":
        left, right = (" OR ".join(map(written, side)) for side in rest[:2])
        return f"({left}) NEAR/{rest[2]} ({right})"
    if kind == "close":
        return '"' + " ".join(rest[0]) + f'"~{rest[1]}'
    if kind in ("and", "or"):
        return "(" + f" {kind.upper()} ".join(map(written, rest)) + ")"
    if kind == "not":
        return f"NOT ({written(rest[0])})"
    if kind == "field":
        return f"{rest[0]}:({written(rest[1])})"
    return f"place:{rest[0]}" if kind == "place" else f"{kind}>={rest[0]}"


def holds(query: Query, item: Item, where: str = "") -> bool:
    """Whether an entry matches, by the definition."""
    kind, *rest = query
    if kind == "and":
        return all(holds(part, item, where) for part in rest)
    if kind == "or":
        return any(holds(part, item, where) for part in rest)
    if kind == "not":
        return not holds(rest[0], item, where)
    if kind == "field":
        return holds(rest[1], item, where or rest[0])
    if kind == "place":
        return bool(rest[0] in item.places)
    if kind == "places":
        return bool(len(item.places) >= rest[0])
    if kind == "words":
        return bool(len(item.text) >= rest[0])
    if kind == "weighted":
        return bool(sum(weight for part, weight in rest[0] if holds(part, item, where)) >= rest[1])
    fields = {"title": item.title, "text": item.text, "author": item.author}
    names = (where,) if where else ("title", "text")
    return any(stands(query, fields[name], "" if name == "author" else item.language) for name in names)


def stands(query: Query, words: Sequence[str], language: str) -> bool:
    """Whether a term, NEAR or ~ holds in a row of words."""
    kind, *rest = query
    if kind == "near":
        sides = [[place for term in side for place in places(term, words, language)] for side in rest[:2]]
        return any(
            0 <= second[0] - first[1] <= rest[2]
            for one, other in itertools.product(*sides)
            for first, second in ((one, other), (other, one))
        )
    if kind == "close":
        found = [[at for at, word in enumerate(words) if fits("plain", wanted, word, language)] for wanted in rest[0]]
        return any(
            len(set(chosen)) == len(chosen) and max(chosen) - min(chosen) + 1 - len(chosen) <= rest[1]
            for chosen in itertools.product(*found)
        )
    return next(places(query, words, language), None) is not None


def places(term: Query, words: Sequence[str], language: str) -> Iterator[tuple[int, int]]:
    """Where a term stands: its first word and the one after its last."""
    kind, wanted = term
    row = (wanted,) if isinstance(wanted, str) else wanted
    kinds = {"word": "word", "prefix": "prefix", "phrase": "plain", "exact": "exact"}
    for at in range(len(words) - len(row) + 1):
        if all(fits(kinds[kind], one, words[at + number], language) for number, one in enumerate(row)):
            yield at, at + len(row)


def fits(kind: str, wanted: str, word: str, language: str) -> bool:
    """Whether a word of a text is the word that is wanted."""
    if kind == "exact":
        return word == wanted
    if kind == "prefix":
        return fold(word).startswith(fold(wanted))
    if fold(word) == fold(wanted):
        return True
    return (
        kind == "word" and len(wanted) > 2 and bool(language) and stem(word, language) == stem(wanted, language) != ""
    )
