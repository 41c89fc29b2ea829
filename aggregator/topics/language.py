"""A query as text -> a tree of terms, with errors that say where and what was expected.

In: the query of a topic. Out: a `Node`. Never: an entry.

Today's subset: words, word*, "phrases", AND OR NOT -, parentheses,
title: text: author: source: lang: place: tag: label:.
"""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedToken, v_args
from lark.exceptions import UnexpectedInput, VisitError

from aggregator.gazetteer import code_of, slugs
from aggregator.topics.fold import forms, prefix_forms
from aggregator.topics.words import compounds, is_spaceless

FIELDS = ("title", "text", "author", "source", "lang", "place", "tag", "label")
LONGEST_QUERY = 20_000
DEEPEST_QUERY = 40
_SHORTEST_PREFIX = 2

_GRAMMAR = r"""
?start: either
?either: both (_OR both)*
?both: negation (_AND? negation)*
?negation: _NOT negation -> negated
         | _MINUS atom   -> negated
         | atom
?atom: FIELD atom        -> scoped
     | "(" either ")"
     | PHRASE            -> phrase
     | WORD              -> word

_OR: "OR"
_AND: "AND"
_NOT: "NOT"
_MINUS: /-(?=\S)/
FIELD.2: /[A-Za-z_]+:(?=\S)/
PHRASE: /"[^"]*"/
WORD: /(?!(?:OR|AND|NOT)(?![^\s()":]))[^\s()":-][^\s()":]*/
%ignore /\s+/
"""
_EXPECTED = {
    "WORD": "a word", "PHRASE": 'a "phrase"', "FIELD": "a field", "LPAR": "(", "RPAR": ")", "_OR": "OR", "_AND": "AND",
    "_NOT": "NOT", "_MINUS": "-", "$END": "the end",
}  # fmt: skip


# What the language will have, and what other query languages have; read as words, it would silently mean something else.
_FOREIGN = re.compile(r"NEAR(/\d+)?\Z|.*[@=~<>?|^\[\]{}\\“”„«»]|[–—−]", re.DOTALL)
_UNDERSTOOD = 'words, word*, "phrases", AND, OR, NOT, parentheses and the fields ' + ", ".join(FIELDS)


class QueryError(ValueError):
    """A query that cannot be read: what, where (line and column of the query, from 1), what was expected."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(f"{message} (line {line}, column {column} of the query)")
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Piece:
    """One word of a term: any of these folded forms, whole or as a beginning."""

    forms: tuple[str, ...]
    is_prefix: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase in a field ("" is title and text). Each of its `words` has spellings, which are rows of pieces."""

    written: str
    words: tuple[tuple[tuple[Piece, ...], ...], ...]
    field: str = ""


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


Node = Term | And | Or | Not


def read_query(query: str) -> Node:
    """The tree of a query. Raises QueryError."""
    if not query.strip():
        raise QueryError("the query is empty: write at least one word")
    if len(query) > LONGEST_QUERY:
        raise QueryError(f"the query has {len(query):,} characters, more than {LONGEST_QUERY:,}: make two topics of it")
    _check_depth(query)
    try:
        tree: Node = _PARSE(query)
    except UnexpectedInput as error:
        raise _explained(query, error) from None
    except VisitError as error:
        if isinstance(error.orig_exc, QueryError):
            raise error.orig_exc from None
        raise
    if not _asks_for_something(tree):
        raise QueryError("the query has only NOT terms, so it would match nearly everything: say what it should find")
    return tree


def _scope(node: Node, field: str) -> Node:
    if isinstance(node, Term):
        return Term(node.written, node.words, node.field or field)
    if isinstance(node, Not):
        return Not(_scope(node.part, field))
    return type(node)(tuple(_scope(part, field) for part in node.parts))


@v_args(inline=True)
class _Tree(Transformer[Token, Node]):
    """Turns what the parser saw into our own tree."""

    def either(self, *parts: Node) -> Node:
        return Or(parts) if len(parts) > 1 else parts[0]

    def both(self, *parts: Node) -> Node:
        return And(parts) if len(parts) > 1 else parts[0]

    def negated(self, part: Node) -> Node:
        return part.part if isinstance(part, Not) else Not(part)

    def scoped(self, field: Token, part: Node) -> Node:
        name = field[:-1].lower()
        if name not in FIELDS:
            near = difflib.get_close_matches(name, FIELDS, 1, 0.5)
            hint = f"; did you mean {near[0]}:?" if near else ""
            raise QueryError(
                f"there is no field {field[:-1]}: the fields are {', '.join(FIELDS)}{hint}", *_place(field)
            )
        scoped = _scope(part, name)
        if name == "place":
            _check_places(scoped, field)
        return scoped

    def word(self, token: Token) -> Node:
        if token.lower() in ("and", "or", "not"):
            raise QueryError(f'write {token.upper()} in capitals, or "{token}" for the word itself', *_place(token))
        if _FOREIGN.match(token):
            raise QueryError(f"{token} is not understood by this version: it has {_UNDERSTOOD}", *_place(token))
        return _term(token, str(token), str(token))

    def phrase(self, token: Token) -> Node:
        return _term(token, str(token), str(token)[1:-1])


def _check_places(node: Node, field: Token) -> None:
    """Raises QueryError where a place is asked for that nobody knows."""
    if not isinstance(node, Term):
        for part in (node.part,) if isinstance(node, Not) else node.parts:
            _check_places(part, field)
        return
    name = place_name(node)
    if not code_of(name):
        near = difflib.get_close_matches(name, slugs(), 1, 0.6)
        hint = f"; did you mean {near[0]}?" if near else ""
        known = "a country by its code or name, such as KZ or kazakhstan, or a region, such as central-asia"
        raise QueryError(f"there is no place {node.written}: expected {known}{hint}", *_place(field))


def place_name(term: Term) -> str:
    """The place that a term of place: asks for, as an address writes it: "Central Asia" is central-asia."""
    return "-".join(term.written.strip('"').lower().split())


def _term(token: Token, written: str, text: str) -> Term:
    _check_stars(token, written, text)
    words = []
    for compound in compounds(text):
        parts = [part.text for part in compound]
        # In a script without spaces a term is found inside a run anyway: there a * adds nothing.
        starred = text[compound[-1].end :].startswith("*") and not is_spaceless(parts[-1])
        if starred and len("".join(parts)) < _SHORTEST_PREFIX:
            raise QueryError(
                f"{written} would match nearly everything: give a beginning of two letters or more", *_place(token)
            )
        words.append(tuple(_spellings(parts, starred)))
    if not words:
        raise QueryError(f"{written} has no letter or digit to look for", *_place(token))
    return Term(written, tuple(words))


def _check_stars(token: Token, written: str, text: str) -> None:
    ends = {compound[-1].end for compound in compounds(text)}
    for star in re.finditer(r"\*(\w|[-*])?", text):
        if star[1] not in (None, "*"):
            raise QueryError(f"in {written} a * stands inside a word: it may only end one", *_place(token))
        if ends and (star[1] or star.start() not in ends):
            raise QueryError(f"in {written} a * stands alone: it may only end a word", *_place(token))


def _spellings(parts: list[str], starred: bool) -> list[tuple[Piece, ...]]:
    """A compound, joined and apart: counterUAV, counter UAV.

    A designator of one letter is not looked for apart: "a 10 percent rise" is no A-10, «с 300 танками» no С-300.
    """
    joined = (_piece("".join(parts), starred),)
    apart = (*(Piece(forms(part)) for part in parts[:-1]), _piece(parts[-1], starred))
    letter = any(len(one) == 1 and after[0].isdigit() for one, after in itertools.pairwise(parts))
    return [joined] if len(parts) == 1 or letter else [joined, apart]


def _piece(part: str, starred: bool) -> Piece:
    return Piece(prefix_forms(part), True) if starred else Piece(forms(part))


def _asks_for_something(node: Node) -> bool:
    if isinstance(node, Term):
        return True
    if isinstance(node, Not):
        return False
    found = [_asks_for_something(part) for part in node.parts]
    return any(found) if isinstance(node, And) else all(found)


def _check_depth(query: str) -> None:
    depth = 0
    in_phrase = False
    for at, character in enumerate(query):
        if character == '"':
            in_phrase = not in_phrase
        elif not in_phrase and character in "()":
            depth += 1 if character == "(" else -1
            if depth > DEEPEST_QUERY:
                raise QueryError(f"parentheses are nested deeper than {DEEPEST_QUERY}", *_line_column(query, at))


def _explained(query: str, error: UnexpectedInput) -> QueryError:
    if query.count('"') % 2:
        return QueryError('a " is never closed', *_line_column(query, query.rindex('"')))
    if isinstance(error, UnexpectedToken):
        wanted = sorted(_EXPECTED.get(name, name) for name in error.expected)
        if error.token.type == "$END":
            return QueryError(
                f"the query ends too early: expected {_listed(wanted)}", *_line_column(query, len(query.rstrip()))
            )
        return QueryError(f"{error.token!s} does not fit here: expected {_listed(wanted)}", *_place(error.token))
    at = int(getattr(error, "pos_in_stream", 0) or 0)
    return QueryError(f"{query[at]!r} does not fit here", *_line_column(query, at))


def _listed(words: list[str]) -> str:
    return " or ".join(words) if len(words) < 3 else ", ".join(words[:-1]) + " or " + words[-1]


def _place(token: Token) -> tuple[int, int]:
    return token.line if token.line is not None else 1, token.column if token.column is not None else 1


def _line_column(query: str, at: int) -> tuple[int, int]:
    before = query[:at]
    return before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1


_tree: Any = _Tree()
# With a transformer inside, the parser answers with what the transformer made, not with lark's own tree.
_PARSE: Callable[[str], Any] = Lark(_GRAMMAR, parser="lalr", transformer=_tree).parse
