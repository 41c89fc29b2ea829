"""A compiled topic held against an entry: does it belong, and because of which words.

In: a tree of terms and an entry's words. Out: spans, or None. Never: full-text search: this evaluator defines a match.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from aggregator.topics.language import And, Node, Not, Piece, Term, read_query
from aggregator.topics.words import Token, Words
from feeds.identity import digest
from feeds.model import Entry, Source
from storage.model import Filing, Span

# Part of every rule's version: a change in what a query means files history again.
LANGUAGE_VERSION = "1"
_MOST_SPANS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic ready to judge entries."""

    slug: str
    title: str
    query: str
    tree: Node
    rule_version: str


def compile_topic(slug: str, title: str, query: str) -> Topic:
    """Read a topic's query once. Raises QueryError."""
    version = digest(LANGUAGE_VERSION, " ".join(query.split()))[:12]
    return Topic(slug=slug, title=title, query=query, tree=read_query(query), rule_version=version)


class Subject:
    """An entry as queries see it: its fields as words, made when a query first asks for them."""

    def __init__(self, entry: Entry, source: Source) -> None:
        self._entry = entry
        self._source = source

    @cached_property
    def title(self) -> Words:
        """The title."""
        return Words(self._entry.title)

    @cached_property
    def text(self) -> Words:
        """Summary and content, without the author's bio."""
        return Words(self._entry.text)

    @cached_property
    def author(self) -> Words:
        """The bylines; a full stop between two, so that no phrase spans them."""
        return Words(" | ".join(author.name for author in self._entry.authors))

    @cached_property
    def source(self) -> Words:
        """The source's name and slug."""
        return Words(f"{self._source.name} | {self._source.slug}")

    @cached_property
    def lang(self) -> str:
        """The entry's language, else its source's, lower case."""
        return (self._entry.lang or self._source.lang).lower()

    @cached_property
    def tag(self) -> frozenset[str]:
        """The source's tags."""
        return frozenset(tag.lower() for tag in self._source.tags)


def judge(topics: Iterable[Topic], entry: Entry, source: Source) -> tuple[Filing, ...]:
    """The topics that an entry belongs to, each with the words that made it match."""
    subject = Subject(entry, source)
    found = ((topic, match(topic.tree, subject)) for topic in topics)
    return tuple(
        Filing(topic=topic.slug, rule_version=topic.rule_version, spans=_tidy(spans))
        for topic, spans in found
        if spans is not None
    )


def match(node: Node, subject: Subject) -> list[Span] | None:
    """The spans that satisfy the query, or None where it is not satisfied."""
    if isinstance(node, Term):
        return _match_term(node, subject) or None
    if isinstance(node, Not):
        return None if match(node.part, subject) is not None else []
    found = [match(part, subject) for part in node.parts]
    if isinstance(node, And):
        return None if any(spans is None for spans in found) else [span for spans in found if spans for span in spans]
    return [span for spans in found if spans for span in spans] if any(spans is not None for spans in found) else None


def _match_term(term: Term, subject: Subject) -> list[Span]:
    if term.field in ("lang", "tag"):
        return _match_value(term, subject)
    fields = (term.field,) if term.field else ("title", "text")
    return [
        Span(field=field, start=first.start, end=last.end, term=term.written)
        for field in fields
        for variant in term.variants
        for first, last in _phrases(getattr(subject, field), variant)
    ]


def _match_value(term: Term, subject: Subject) -> list[Span]:
    wanted = term.written.strip('"').lower()
    stem = wanted.removesuffix("*")
    if term.field == "lang":
        held = subject.lang == wanted or subject.lang.startswith(stem + ("" if stem != wanted else "-"))
    else:
        held = any(tag == wanted or (stem != wanted and tag.startswith(stem)) for tag in subject.tag)
    return [Span(field=term.field, start=0, end=0, term=term.written)] if held else []


def _phrases(words: Words, pieces: Sequence[Piece]) -> list[tuple[Token, Token]]:
    """Where these pieces stand in a row: the first and the last word of each place."""
    rows = [(token, token) for token in _places(words, pieces[0])]
    for piece in pieces[1:]:
        if not rows:
            break
        following: dict[int, Token] = {}
        for token in _places(words, piece):
            following.setdefault(token.position, token)
        rows = [
            (first, following[last.position + last.width])
            for first, last in rows
            if last.position + last.width in following
        ]
    return rows


def _places(words: Words, piece: Piece) -> list[Token]:
    find = words.find_prefix if piece.is_prefix else words.find
    return [token for form in piece.forms for token in find(form)]


def _tidy(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Each span once, in reading order, never more than a page can show."""
    order = {"title": 0, "text": 1, "author": 2, "source": 3, "lang": 4, "tag": 5}
    unique = sorted(set(spans), key=lambda span: (order[span.field], span.start, span.end, span.term))
    return tuple(unique[:_MOST_SPANS])
