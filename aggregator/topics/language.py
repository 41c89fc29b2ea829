"""A query as text -> a tree of terms, with errors that say where and what was expected.

In: a query, and how to look up the lists and topics that it names. Out: a `Node`. Never: an entry.

docs/topics.md tells the language on one page.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedToken, v_args
from lark.exceptions import UnexpectedInput, VisitError

from aggregator.gazetteer import code_of, slugs
from aggregator.topics.comparing import comparison
from aggregator.topics.terms import exact_term, in_field, listed_term, phrase_term, word_term
from aggregator.topics.tree import (
    FIELDS,
    VALUE_FIELDS,
    And,
    Close,
    Compare,
    Listed,
    Near,
    Node,
    Not,
    Or,
    OtherTopic,
    QueryError,
    Term,
    Weighted,
    check_bounds,
    leaves,
    place_name,
)

LONGEST_QUERY = 20_000
DEEPEST_QUERY = 40
WIDEST_NEAR = 100
_MOST_CLOSE = 8

_GRAMMAR = r"""
?start: either
?either: both (_OR both)*
?both: negation (_AND? negation)*
?negation: _NOT negation -> negated
         | _MINUS close  -> negated
         | close
?close: atom
      | atom (NEAR atom)+ -> near
?atom: FIELD atom        -> scoped
     | "(" either ")"
     | SLOP              -> slop
     | PHRASE            -> phrase
     | EXACT             -> exact
     | LIST              -> listed
     | COMPARE           -> compared
     | WORD              -> word

_OR: "OR"
_AND: "AND"
_NOT: "NOT"
_MINUS: /-(?=\S)/
NEAR.3: /NEAR(\/\d+)?(?![^\s()"])/
COMPARE.2: /[A-Za-z_]+(>=|<=|>|<|=)[^\s()"=<>][^\s()"]*/
FIELD.2: /[A-Za-z_]+:(?=\S)/
EXACT.2: /="[^"]*"/
LIST.2: /@[^\s()":]+/
SLOP.2: /"[^"]*"~[^\s()"]*/
PHRASE: /"[^"]*"/
WORD: /(?!(?:OR|AND|NOT)(?![^\s()":]))[^\s()":-][^\s()":]*/
%ignore /\s+/
"""
_EXPECTED = {
    "WORD": "a word", "PHRASE": 'a "phrase"', "FIELD": "a field", "LPAR": "(", "RPAR": ")", "_OR": "OR", "_AND": "AND",
    "_NOT": "NOT", "_MINUS": "-", "$END": "the end", "NEAR": "NEAR/n",
}  # fmt: skip
# Said in few words: who wrote something else does not look for these.
_UNSAID = {"COMPARE", "EXACT", "LIST", "SLOP"}
# What other query languages have; read as words, it would silently mean something else.
_FOREIGN = re.compile(r".*[@=~<>?|^\[\]{}\\“”„«»]|[–—−]", re.DOTALL)
_STRAIGHT = 'phrases stand in straight quotation marks: "air defence"'
_ADVICE = {
    **dict.fromkeys("“”„«»", _STRAIGHT), "|": "write OR between alternatives",
    "=": '="Word" is how the exact spelling is asked for', "~": '"two words"~6 is how nearness is asked for',
}  # fmt: skip
_SMALL_NEAR = re.compile(r"near/\d+", re.IGNORECASE)
_UNDERSTOOD = (
    'words, word*, "phrases", ="Exact", AND, OR, NOT, NEAR/n, parentheses, @lists and the fields ' + ", ".join(FIELDS)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """What a query may name: lists of terms, and topics. Both raise QueryError for a name that nobody knows."""

    terms: Callable[[str], Node]
    topic: Callable[[str], Node]


def _no_list(name: str) -> Node:
    raise QueryError(f"there is no list @{name}: there are none")


def _no_topic(slug: str) -> Node:
    raise QueryError(f"there is no topic {slug}")


ALONE = Lookup(terms=_no_list, topic=_no_topic)
"""For a query that names nothing."""


def read_query(query: str, lookup: Lookup = ALONE) -> Node:
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
    # From here, not from the depths of the query: topics within topics are read within one another.
    named = {one: _of_topic(one, lookup) for one in reversed([*leaves(tree)]) if isinstance(one, OtherTopic)}
    tree = _looked_up(tree, lookup, named)
    check_bounds(tree)
    if not _asks_for_something(tree):
        raise QueryError("the query has only NOT terms, so it would match nearly everything: say what it should find")
    return tree


def read_list(name: str, items: Sequence[str]) -> Node:
    """The terms of a list as one alternative. Raises QueryError, whose column counts in the item."""
    if not items:
        raise QueryError(f"the list @{name} is empty: expected words or phrases")
    found = []
    for item in items:
        if item.strip().startswith("@"):
            raise QueryError(f"@{name} holds {item}: a list holds words and phrases, no other list")
        found.append(listed_term(item))
    return Or(tuple(dict.fromkeys(found))) if len(found) > 1 else found[0]


def near_hint(wanted: str, known: Sequence[str], before: str = "") -> str:
    """The nearest of what is known, as the end of a sentence; "" where nothing is near."""
    near = difflib.get_close_matches(wanted, known, 1, 0.5)
    return f"; did you mean {before}{near[0]}?" if near else ""


@v_args(inline=True)
class _Tree(Transformer[Token, Node]):
    """Turns what the parser saw into our own tree."""

    def either(self, *parts: Node) -> Node:
        return Or(parts) if len(parts) > 1 else parts[0]

    def both(self, *parts: Node) -> Node:
        return And(parts) if len(parts) > 1 else parts[0]

    def negated(self, part: Node) -> Node:
        return part.part if isinstance(part, Not) else Not(part)

    def near(self, left: Node, sign: Token, right: Node, *more: Any) -> Node:
        if more:
            raise QueryError("NEAR does not chain: write a NEAR/6 b AND b NEAR/6 c", *_place(more[0]))
        sides = (_side(left, sign), _side(right, sign))
        fields = {one.field for side in sides for one in side}
        if len(fields) > 1:
            raise QueryError("both sides of NEAR stand in one field: write title:(a NEAR/6 b)", *_place(sign))
        if "/" not in sign:
            raise QueryError("NEAR needs a number: a NEAR/6 b has at most six words between a and b", *_place(sign))
        (field,) = fields
        return Near(*sides, _width(sign.partition("/")[2], sign), field)

    def scoped(self, field: Token, part: Node) -> Node:
        name = field[:-1].lower()
        if name not in FIELDS:
            raise QueryError(
                f"there is no field {field[:-1]}: the fields are {', '.join(FIELDS)}{_field_hint(name)}", *_place(field)
            )
        if name == "topic":
            if not isinstance(part, Term) or part.field:
                raise QueryError("expected a topic's slug, as in topic:helicopters", *_place(field))
            return OtherTopic(part.written.strip('"'), *_place(field))
        scoped = _scope(part, name, field)
        if name == "place":
            _check_places(scoped, field)
        return scoped

    def word(self, token: Token) -> Node:
        if token.lower() in ("and", "or", "not"):
            raise QueryError(f'write {token.upper()} in capitals, or "{token}" for the word itself', *_place(token))
        if _SMALL_NEAR.fullmatch(token):  # read as two words, it would silently mean something else
            raise QueryError(f"write {token.upper()} in capitals", *_place(token))
        if _FOREIGN.match(token):
            advice = next((told for sign, told in _ADVICE.items() if sign in token), "")
            has = advice or f"this language has {_UNDERSTOOD}"
            raise QueryError(f"{token} is not understood: {has}", *_place(token))
        return _placed(token, word_term, str(token))

    def phrase(self, token: Token) -> Node:
        return _placed(token, phrase_term, str(token)[1:-1])

    def exact(self, token: Token) -> Node:
        return _placed(token, exact_term, str(token)[2:-1])

    def slop(self, token: Token) -> Node:
        text, _, number = str(token).rpartition("~")
        words = text[1:-1].split()
        if not 2 <= len(words) <= _MOST_CLOSE:
            raise QueryError(f"expected 2 to {_MOST_CLOSE} words before the ~ of {token}", *_place(token))
        parts = [_placed(token, phrase_term, word) for word in words]
        return Close(tuple(parts), _width(number, token))

    def listed(self, token: Token) -> Node:
        return Listed(str(token)[1:], "", *_place(token))

    def compared(self, token: Token) -> Node:
        try:
            return comparison(str(token))
        except QueryError as error:
            raise QueryError(error.message, *_place(token)) from None


def _scope(node: Node, field: str, token: Token) -> Node:
    """The node with everything in it that has no field yet in this one."""
    if isinstance(node, Term):
        return in_field(node, field)
    if isinstance(node, Listed):
        return Listed(node.name, node.field or field, node.line, node.column)
    if isinstance(node, Near | Close):
        if field in VALUE_FIELDS:
            raise QueryError(f"{field}: is a value, in which no word is near another", *_place(token))
        if node.field:
            return node
        if isinstance(node, Close):
            return Close(tuple(in_field(part, field) for part in node.parts), node.within, field)
        left, right = (tuple(_scope(one, field, token) for one in side) for side in (node.left, node.right))
        return Near(left, right, node.within, field)  # type: ignore[arg-type] # terms and lists stay such
    if isinstance(node, Not):
        return Not(_scope(node.part, field, token))
    if isinstance(node, And | Or):
        return type(node)(tuple(_scope(part, field, token) for part in node.parts))
    return node


def _side(node: Node, sign: Token) -> tuple[Term | Listed, ...]:
    """A side of NEAR as alternatives."""
    parts = node.parts if isinstance(node, Or) else (node,)
    sound = [part for part in parts if isinstance(part, Term | Listed) and part.field not in VALUE_FIELDS]
    if len(sound) < len(parts):
        raise QueryError(
            "each side of NEAR is a word, a phrase or an OR of these in parentheses: (a OR b) NEAR/6 c", *_place(sign)
        )
    return tuple(sound)


def _width(number: str, token: Token) -> int:
    if not (number.isascii() and number.isdigit() and len(number) < 6 and 0 <= int(number) <= WIDEST_NEAR):
        raise QueryError(f"expected a number of words up to {WIDEST_NEAR} in {token}", *_place(token))
    return int(number)


def _looked_up(node: Node, lookup: Lookup, named: Mapping[OtherTopic, Node]) -> Node:
    """The tree with the lists and topics that it names in their places. Raises QueryError."""
    if isinstance(node, Listed):
        return _of_list(node, lookup)
    if isinstance(node, OtherTopic):
        return named[node]
    if isinstance(node, Near):
        return Near(_terms(node.left, lookup), _terms(node.right, lookup), node.within, node.field)
    if isinstance(node, Not):
        return Not(_looked_up(node.part, lookup, named))
    if isinstance(node, And | Or):
        return type(node)(tuple(_looked_up(part, lookup, named) for part in node.parts))
    return node


def _of_topic(node: OtherTopic, lookup: Lookup) -> Node:
    try:
        return lookup.topic(node.slug)
    except QueryError as error:
        raise QueryError(error.message, node.line, node.column) from None


def _of_list(node: Listed, lookup: Lookup) -> Node:
    try:
        tree = lookup.terms(node.name)
    except QueryError as error:
        raise QueryError(error.message, node.line, node.column) from None
    if not node.field:
        return tree  # shared by all who name it
    parts = tree.parts if isinstance(tree, Or) else (tree,)
    scoped = tuple(in_field(part, node.field) for part in parts if isinstance(part, Term))
    return Or(scoped) if len(scoped) > 1 else scoped[0]


def _terms(side: Sequence[Term | Listed], lookup: Lookup) -> tuple[Term, ...]:
    found: list[Node] = []
    for one in side:
        tree = _of_list(one, lookup) if isinstance(one, Listed) else one
        found.extend(tree.parts if isinstance(tree, Or) else (tree,))
    return tuple(part for part in found if isinstance(part, Term))


def _placed(token: Token, make: Callable[[str], Term], text: str) -> Term:
    try:
        return make(text)
    except QueryError as error:
        raise QueryError(error.message, *_place(token)) from None


def _check_places(node: Node, field: Token) -> None:
    """Raises QueryError where a place is asked for that nobody knows."""
    if isinstance(node, And | Or | Not):
        for part in (node.part,) if isinstance(node, Not) else node.parts:
            _check_places(part, field)
    elif not isinstance(node, Term) or node.exact:
        raise QueryError("place: takes the code or the name of a country or region, no list and no =", *_place(field))
    elif node.field == "place" and not code_of(place_name(node)):
        known = "a country by its code or name, such as KZ or kazakhstan, or a region, such as central-asia"
        hint = near_hint(place_name(node), slugs())
        raise QueryError(f"there is no place {node.written}: expected {known}{hint}", *_place(field))


def _field_hint(name: str) -> str:
    near = difflib.get_close_matches(name, FIELDS, 1, 0.5)
    return f"; did you mean {near[0]}:?" if near else ""


def _asks_for_something(tree: Node) -> bool:
    if isinstance(tree, Not):
        return False
    if isinstance(tree, And | Or):
        found = [_asks_for_something(part) for part in tree.parts]
        return any(found) if isinstance(tree, And) else all(found)
    return isinstance(tree, Term | Near | Close | Compare | Weighted)


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
        wanted = sorted(_EXPECTED.get(name, name) for name in error.expected if name not in _UNSAID)
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
