"""A query -> which entries a full-text index has to be asked for; an entry -> what the index has to hold of it.

In: a tree; an entry with its meaning. Out: tokens and what to ask of them. Never: a match: whoever the index finds is judged
by the evaluator, and whoever it does not find could not have matched.

A token's first letter says where it stands: w a word of title or text, s a stem of one, n a word of a name, p a place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from aggregator.topics.gate import codes_of
from aggregator.topics.runs import STEMMED, forms_of
from aggregator.topics.stems import STEMMERS, stem
from aggregator.topics.subject import stem_language
from aggregator.topics.tree import (
    VALUE_FIELDS,
    And,
    Close,
    Near,
    Node,
    Or,
    Piece,
    Term,
    Weighted,
    place_name,
)
from feeds.model import Entry, Source
from storage.model import Meaning
from storage.search_model import AllOf, AnyOf, Narrowing, Word


def tokens_of(entry: Entry, source: Source, meaning: Meaning) -> frozenset[str]:
    """Everything under which an index has to hold an entry."""
    language = stem_language(entry, source, meaning)
    found = set()
    for run in {*entry.title.split(), *entry.text.split()}:
        for form in forms_of(run, language):
            found.add(f"s{form[1:]}" if form[0] == STEMMED else f"w{form}")
    for author in entry.authors:
        found |= {f"n{form}" for run in author.name.split() for form in forms_of(run)}
    return frozenset(found) | {_place(tag.code) for tag in meaning.places}


def narrowing_of(tree: Node) -> Narrowing | None:
    """What an entry's tokens must be like for the query to match it; None where that says nothing."""
    if isinstance(tree, Term):
        return _of_term(tree)
    if isinstance(tree, And | Close):
        return _all([narrowing_of(part) for part in tree.parts])
    if isinstance(tree, Or):
        return _any([narrowing_of(part) for part in tree.parts])
    if isinstance(tree, Near):
        sides = ([narrowing_of(term) for term in side] for side in (tree.left, tree.right))
        return _all([_any(side) for side in sides])
    if isinstance(tree, Weighted):
        return _any([narrowing_of(part) for part, weight in tree.parts if weight > 0])
    return None


def _of_term(term: Term) -> Narrowing | None:
    if term.field == "place":
        return _any([Word(_place(code)) for code in sorted(codes_of(place_name(term)))])
    if term.field in (*VALUE_FIELDS, "source", "category", "url"):
        return None
    letter = "n" if term.field == "author" else "w"
    words = []
    for spellings in term.words:
        rows = [_all([_of_piece(piece, letter) for piece in row]) for row in spellings]
        words.append(_any(rows))
    return _all(words)


def _of_piece(piece: Piece, letter: str) -> Narrowing | None:
    asked: list[Narrowing | None] = [Word(letter + form, piece.is_prefix) for form in piece.forms]
    if piece.bare and letter == "w":
        asked += [Word(f"s{one}") for one in _stems(piece.bare)]
    return _any(asked)


@lru_cache(maxsize=10_000)
def _stems(word: str) -> tuple[str, ...]:
    """The stems of a word in every language: nobody knows yet in which the entries are."""
    return tuple(sorted({found for language in STEMMERS if (found := stem(word, language))}))


def _place(code: str) -> str:
    return f"p{code.replace('-', '')}"


def _all(parts: Iterable[Narrowing | None]) -> Narrowing | None:
    sound = tuple(part for part in parts if part is not None)
    if len(sound) < 2:
        return sound[0] if sound else None
    return AllOf(sound)


def _any(parts: Sequence[Narrowing | None]) -> Narrowing | None:
    sound = tuple(part for part in parts if part is not None)
    if len(sound) < len(parts) or not sound:
        return None
    return AnyOf(sound) if len(sound) > 1 else sound[0]
