"""A compiled topic held against an entry: does it belong, and because of which words.

In: a tree of terms and an entry's words. Out: spans, or None. Never: full-text search: this evaluator defines a match.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from operator import or_
from typing import overload

from aggregator import gazetteer
from aggregator.topics.gate import ALWAYS_FOUND, Gate
from aggregator.topics.language import And, Node, Not, Or, Piece, Term, place_name, read_query
from aggregator.topics.words import Token, Words
from feeds.identity import digest
from feeds.model import Entry, Source
from storage.model import Filing, Meaning, PlaceTag, Span

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
    tree = read_query(query)
    # A rule that asks for places means something else with another gazetteer.
    versions = (LANGUAGE_VERSION, gazetteer.version()) if _asks_for_places(tree) else (LANGUAGE_VERSION,)
    version = digest(*versions, " ".join(query.split()))[:12]
    return Topic(slug=slug, title=title, query=query, tree=tree, rule_version=version)


def _asks_for_places(node: Node) -> bool:
    if isinstance(node, Term):
        return node.field == "place"
    return any(map(_asks_for_places, (node.part,) if isinstance(node, Not) else node.parts))


class Rules(Sequence[Topic]):
    """Topics that judge entries together: what all of them look for is looked up once an entry."""

    def __init__(self, topics: Iterable[Topic]) -> None:
        self._topics = tuple(topics)
        self._gate = Gate([topic.tree for topic in self._topics])

    @overload
    def __getitem__(self, at: int) -> Topic: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Topic]: ...
    def __getitem__(self, at: int | slice) -> Topic | Sequence[Topic]:
        """A topic, or some of them."""
        return self._topics[at]

    def __len__(self) -> int:
        """How many topics."""
        return len(self._topics)

    def __eq__(self, other: object) -> bool:
        """The same topics in the same order."""
        return self._topics == tuple(other) if isinstance(other, Sequence) else NotImplemented

    def __hash__(self) -> int:
        """Equal for the same topics."""
        return hash(self._topics)

    def judge(self, entry: Entry, source: Source, meaning: Meaning = Meaning()) -> tuple[Filing, ...]:
        """The topics that an entry belongs to, each with the words that made it match."""
        if not self._topics:
            return ()
        subject = Subject(entry, source, self._gate, meaning)
        worth_a_look = [self._topics[number] for number in self._gate.open_for(subject.bits)]
        found = ((topic, match(topic.tree, subject)) for topic in worth_a_look)
        return tuple(
            Filing(topic=topic.slug, rule_version=topic.rule_version, spans=_tidy(spans))
            for topic, spans in found
            if spans is not None
        )


class Subject:
    """An entry as queries see it: its fields as words."""

    def __init__(self, entry: Entry, source: Source, gate: Gate, meaning: Meaning) -> None:
        """`gate` is that of the queries that will be asked, `meaning` what the entry was found to be."""
        self._entry = entry
        self._meaning = meaning
        self._source = source
        self._gate = gate
        names = [author.name for author in entry.authors]
        self._words = {
            "title": Words(entry.title, runs=gate.runs["title"]),
            "text": Words(entry.text, runs=gate.runs["text"]),
            "author": Words(*names, runs=gate.runs["author"]),
            "source": Words(source.name, source.slug, runs=gate.runs["source"]),
        }
        self.bits = reduce(or_, (words.mark for words in self._words.values()), ALWAYS_FOUND)

    def rules_out(self, node: And) -> bool:
        """Whether the fields lack a word that a part of a query needs."""
        return self._gate.rules_out(node, self.bits)

    def left_of(self, node: Or) -> Iterator[Node]:
        """The parts of an alternative that the fields do not rule out."""
        return self._gate.left_of(node, self.bits)

    def words(self, field: str) -> Words:
        """The words of a field; the text is without the author's bio."""
        return self._words[field]

    @property
    def lang(self) -> str:
        """The language that its text tells, else its own or its source's word, as a lower-case tag of BCP 47."""
        claimed = (self._entry.lang or self._source.lang).lower().replace("_", "-")  # some feeds write en_US
        told = self._meaning.language if self._meaning.language_by else ""
        # A claim may say more of the same language: pt-br.
        return claimed if claimed.partition("-")[0] == told else told or claimed

    @property
    def places(self) -> Sequence[PlaceTag]:
        """The places that it names."""
        return self._meaning.places

    @property
    def tag(self) -> frozenset[str]:
        """The source's tags."""
        return frozenset(tag.lower() for tag in self._source.tags)

    @property
    def label(self) -> frozenset[str]:
        """The source's labels."""
        return frozenset(label.lower() for label in self._source.labels)


def judge(topics: Iterable[Topic], entry: Entry, source: Source, meaning: Meaning = Meaning()) -> tuple[Filing, ...]:
    """The topics that an entry belongs to, each with the words that made it match."""
    return (topics if isinstance(topics, Rules) else Rules(topics)).judge(entry, source, meaning)


def match(node: Node, subject: Subject) -> list[Span] | None:
    """The spans that satisfy the query, or None where it is not satisfied."""
    if isinstance(node, Term):
        return _match_term(node, subject) or None
    if isinstance(node, Not):
        return None if match(node.part, subject) is not None else []
    return _match_all(node, subject) if isinstance(node, And) else _match_any(node, subject)


def _match_all(node: And, subject: Subject) -> list[Span] | None:
    if subject.rules_out(node):
        return None
    found: list[Span] = []
    for part in node.parts:
        spans = match(part, subject)
        if spans is None:
            return None
        found.extend(spans)
    return found


def _match_any(node: Or, subject: Subject) -> list[Span] | None:
    found: list[Span] | None = None
    for part in subject.left_of(node):
        spans = match(part, subject)
        if spans is not None:
            found = spans if found is None else [*found, *spans]
    return found


def _match_term(term: Term, subject: Subject) -> list[Span]:
    if term.field in ("lang", "tag", "label"):
        return _match_value(term, subject)
    if term.field == "place":
        return _match_place(term, subject)
    fields = (term.field,) if term.field else ("title", "text")
    return [
        Span(field=field, start=place.start, end=place.end, term=term.written)
        for field in fields
        if (words := subject.words(field)).mark
        for place in _phrase(words, term)
    ]


def _match_value(term: Term, subject: Subject) -> list[Span]:
    wanted = term.written.strip('"').lower()
    stem = wanted.removesuffix("*")
    if term.field == "lang":
        held = subject.lang == wanted or subject.lang.startswith(stem + ("" if stem != wanted else "-"))
    else:
        said = subject.tag if term.field == "tag" else subject.label
        held = any(word == wanted or (stem != wanted and word.startswith(stem)) for word in said)
    return [Span(field=term.field, start=0, end=0, term=term.written)] if held else []


def _match_place(term: Term, subject: Subject) -> list[Span]:
    """The words that name the place, or for a region any that it holds."""
    if not subject.places:
        return []
    wanted = _codes(place_name(term))
    named = f"place:{term.written}"
    return [
        Span(field=span.field, start=span.start, end=span.end, term=named)
        for tag in subject.places
        if tag.code in wanted
        for span in tag.spans
    ]


@lru_cache(maxsize=1000)
def _codes(name: str) -> frozenset[str]:
    code = gazetteer.code_of(name)
    return frozenset({code}) | gazetteer.members(code) if code else frozenset()


def _phrase(words: Words, term: Term) -> list[Token]:
    """Where the words of a term stand in a row."""
    rows = _spelled(words, term.words[0])
    for spellings in term.words[1:]:
        rows = _followed(rows, _spelled(words, spellings)) if rows else rows
    return rows


def _spelled(words: Words, spellings: Sequence[Sequence[Piece]]) -> list[Token]:
    """Where a word stands in any of its spellings."""
    found: list[Token] = []
    for row in spellings:
        rows = _places(words, row[0])
        for piece in row[1:]:
            rows = _followed(rows, _places(words, piece)) if rows else rows
        found = found + rows if found else rows
    return found if len(spellings) == 1 else _unique(found)


def _followed(rows: list[Token], places: list[Token]) -> list[Token]:
    """Every row together with every place that begins where it ends, as one place."""
    starts: defaultdict[int, list[Token]] = defaultdict(list)
    for place in places:
        starts[place.position].append(place)
    return _unique(
        [
            Token(row.position, row.width + place.width, row.start, place.end)
            for row in rows
            for place in starts.get(row.position + row.width, ())
        ]
    )


def _places(words: Words, piece: Piece) -> list[Token]:
    if piece.is_prefix:
        return _unique([token for form in piece.forms for token in words.find_prefix(form)])
    found = words.find(piece.forms[0])
    for form in piece.forms[1:]:
        found = _unique([*found, *words.find(form)])
    return found


def _unique(places: list[Token]) -> list[Token]:
    return list(dict.fromkeys(places)) if len(places) > 1 else places


def _tidy(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Each span once, in reading order, never more than a page can show."""
    order = {"title": 0, "text": 1, "author": 2, "source": 3, "lang": 4, "tag": 5, "label": 6}
    unique = sorted(set(spans), key=lambda span: (order[span.field], span.start, span.end, span.term))
    return tuple(unique[:_MOST_SPANS])
