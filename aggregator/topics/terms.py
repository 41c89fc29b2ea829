"""A word or phrase as written -> the term that it asks for.

In: what stands in a query or a list. Out: a Term, shared by all who write the same. Never: an operator.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from weakref import WeakValueDictionary

from aggregator.topics.fold import forms, prefix_forms
from aggregator.topics.runs import compounds, is_spaceless
from aggregator.topics.tree import WORD_FIELDS, Piece, QueryError, Term

_SHORTEST_PREFIX = 2
# Terms are shared as long as some topic has them. Nothing else keeps one: anybody may search, for whatever he likes.
_SHARED: WeakValueDictionary[tuple[str, str, str], Term] = WeakValueDictionary()
_UNCOMMON = re.compile(r"[@=~<>?|^\[\]{}\\“”„«»]|[–—−]")


def word_term(written: str, field: str = "") -> Term:
    """A word, or words that hyphens join; with a * the words that begin so. Raises QueryError."""
    return _shared("word", written, field, lambda: _made(written, written, field, bare=not written.endswith("*")))


def phrase_term(text: str, field: str = "") -> Term:
    """The words of `text` in this order, none inflected. Raises QueryError."""
    return _shared("phrase", text, field, lambda: _made(f'"{text}"', text, field, bare=False))


def exact_term(text: str, field: str = "") -> Term:
    """`text` to the letter, capitals included. Raises QueryError."""
    if "*" in text:
        raise QueryError(f'="{text}" asks for the exact spelling, which has no *: leave out the = or the *')

    def made() -> Term:
        loose = _made(f'="{text}"', text, field, bare=False)
        return Term(loose.written, loose.words, field, " ".join(text.split()))

    return _shared("exact", text, field, made)


def listed_term(item: str, field: str = "") -> Term:
    """An item of a list: a word, wor*, ="Exact", or a phrase, with quotation marks or without. Raises QueryError."""
    text = item.strip()
    if text.startswith('="') and text.endswith('"') and len(text) > 3:
        return exact_term(text[2:-1], field)
    if len(text) > 1 and text[0] == text[-1] == '"':
        return phrase_term(text[1:-1], field)
    if '"' in text:
        raise QueryError(f"{item} has a quotation mark inside: an item is one word or one phrase")
    if _UNCOMMON.search(text):
        raise QueryError(f'{item} is no term: expected a word, a wor*, a phrase or ="Exact"')
    return phrase_term(text, field) if len(text.split()) > 1 else word_term(text, field)


def in_field(term: Term, field: str) -> Term:
    """The same term in a field, where it has none."""
    if term.field or not field:
        return term
    if field not in WORD_FIELDS:
        return Term(term.written, term.words, field, term.exact)
    if term.exact:
        return exact_term(term.exact, field)
    quoted = term.written.startswith('"')
    return phrase_term(term.written[1:-1], field) if quoted else word_term(term.written, field)


def _shared(kind: str, text: str, field: str, make: Callable[[], Term]) -> Term:
    """The term that somebody has already, else a new one."""
    known = _SHARED.get((kind, text, field))
    if known is None:
        known = make()
        _SHARED[kind, text, field] = known
    return known


def _made(written: str, text: str, field: str, *, bare: bool) -> Term:
    _check_stars(written, text)
    words = []
    for compound in compounds(text):
        parts = [part.text for part in compound]
        # In a script without spaces a term is found inside a run anyway: there a * adds nothing.
        starred = text[compound[-1].end :].startswith("*") and not is_spaceless(parts[-1])
        if starred and len("".join(parts)) < _SHORTEST_PREFIX:
            raise QueryError(f"{written} would match nearly everything: give a beginning of two letters or more")
        words.append(tuple(_spellings(parts, starred, bare)))
    if not words:
        raise QueryError(f"{written} has no letter or digit to look for")
    is_single = len(words) == len(words[0]) == len(words[0][0]) == 1
    return Term(written, tuple(words), field, single=words[0][0][0] if is_single else None)


def _check_stars(written: str, text: str) -> None:
    ends = {compound[-1].end for compound in compounds(text)}
    for star in re.finditer(r"\*(\w|[-*])?", text):
        if star[1] not in (None, "*"):
            raise QueryError(f"in {written} a * stands inside a word: it may only end one")
        if ends and (star[1] or star.start() not in ends):
            raise QueryError(f"in {written} a * stands alone: it may only end a word")


def _spellings(parts: list[str], starred: bool, bare: bool) -> list[tuple[Piece, ...]]:
    """A compound, joined and apart: counterUAV, counter UAV.

    A designator of one letter is not looked for apart: "a 10 percent rise" is no A-10, «с 300 танками» no С-300.
    """
    joined = (_piece("".join(parts), starred, bare),)
    apart = (*(_piece(part, False, bare) for part in parts[:-1]), _piece(parts[-1], starred, bare))
    letter = any(len(one) == 1 and after[0].isdigit() for one, after in itertools.pairwise(parts))
    return [joined] if len(parts) == 1 or letter else [joined, apart]


def _piece(part: str, starred: bool, bare: bool) -> Piece:
    if starred:
        return Piece(prefix_forms(part), True)
    # Digits and single letters have no inflections, and scripts without spaces have no words to inflect.
    inflects = bare and len(part) > 2 and not any(map(str.isdigit, part)) and not is_spaceless(part)
    return Piece(forms(part), bare=part if inflects else "")
