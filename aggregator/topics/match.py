"""A compiled topic held against an entry: does it belong, and because of which words.

In: a tree of terms and an entry's words. Out: spans, or None. Never: full-text search: this evaluator defines a match.
"""

from __future__ import annotations

import operator
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, overload

from aggregator.topics.compiling import Topic
from aggregator.topics.fold import plain_spelling
from aggregator.topics.gate import OWN_WORDS, Gate, codes_of
from aggregator.topics.runs import compounds
from aggregator.topics.subject import NOTHING_TOLD, Subject, Told
from aggregator.topics.tree import (
    FIELDS,
    VALUE_FIELDS,
    And,
    Close,
    Compare,
    Near,
    Node,
    Not,
    Or,
    Piece,
    Term,
    Weighted,
    place_name,
)
from aggregator.topics.words import Token, Words
from feeds.model import Entry, Source
from storage.model import Filing, Meaning, Span

_MOST_SPANS = 200
_COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, "=": operator.eq,
}  # fmt: skip


class Rules(Sequence[Topic]):
    """Topics that judge entries together: what all of them look for is looked up once an entry.

    Safe to ask from many threads.
    """

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

    def judge(
        self, entry: Entry, source: Source, meaning: Meaning = Meaning(), told: Told = NOTHING_TOLD
    ) -> tuple[Filing, ...]:
        """The topics that an entry belongs to, each with the words that made it match."""
        if not self._topics:
            return ()
        subject = Subject(entry, source, self._gate, meaning, told)
        filed = []
        for number in self._gate.open_for(subject.present):
            topic = self._topics[number]
            tree = topic.tree
            # What an And needs as a whole was looked at when its door was opened.
            spans = _match_each(tree, subject) if type(tree) is And else match(tree, subject)
            if spans is not None:
                filed.append(Filing(topic=topic.slug, rule_version=topic.rule_version, spans=_tidy(spans)))
        return tuple(filed)


def judge(
    topics: Sequence[Topic], entry: Entry, source: Source, meaning: Meaning = Meaning(), told: Told = NOTHING_TOLD
) -> tuple[Filing, ...]:
    """The topics that an entry belongs to, each with the words that made it match."""
    rules = topics if isinstance(topics, Rules) else Rules(topics)
    return rules.judge(entry, source, meaning, told)


def match(node: Node, subject: Subject) -> list[Span] | None:
    """The spans that satisfy the query, or None where it is not satisfied."""
    return _MATCHERS[type(node)](node, subject)


def _match_not(node: Not, subject: Subject) -> list[Span] | None:
    return None if match(node.part, subject) is not None else []


def _match_all(node: And, subject: Subject) -> list[Span] | None:
    return None if subject.gate.rules_out(node, subject.present) else _match_each(node, subject)


def _match_each(node: And, subject: Subject) -> list[Span] | None:
    found: list[Span] = []
    for part in node.parts:
        spans = _MATCHERS[type(part)](part, subject)
        if spans is None:
            return None
        found += spans
    return found


def _match_any(node: Or, subject: Subject) -> list[Span] | None:
    found: list[Span] | None = None
    known = subject.spans
    for _, part, _ in subject.gate.left_of(node, 0, subject.present):
        spans = known.get(id(part))  # of terms only, and those are asked for by many
        if spans is None:
            spans = _MATCHERS[type(part)](part, subject)
        if spans or (spans is not None and type(part) is not Term):
            found = spans if found is None else [*found, *spans]
    return found


def _match_weighted(node: Weighted, subject: Subject) -> list[Span] | None:
    """Each part counts once, however often it stands there. Those that count against it are no reason why it matches."""
    total, found = 0, []
    for at, part, _ in subject.gate.left_of(node, 0, subject.present):
        spans = match(part, subject)
        if spans is not None:
            weight = node.parts[at][1]
            total += weight
            found += spans if weight > 0 else []
    return found if total >= node.threshold else None


def _match_compare(node: Compare, subject: Subject) -> list[Span] | None:
    held: float | datetime | date | None = subject.measure(node.name)
    if isinstance(held, datetime) and not isinstance(node.value, datetime):
        held = held.astimezone(UTC).date()
    if held is None or not _COMPARED[node.operator](held, node.value):
        return None
    return [Span(field=node.name, start=0, end=0, term=node.written)]


def _match_term(term: Term, subject: Subject) -> list[Span] | None:
    known = subject.spans.get(id(term))
    if known is None:
        if term.field in VALUE_FIELDS:
            known = _match_place(term, subject) if term.field == "place" else _match_value(term, subject)
        else:
            known = _spans(subject, term.field, term.written, _standing(subject, term))
        subject.spans[id(term)] = known
    return known or None


def _spans(subject: Subject, field: str, written: str, places: Sequence[Token]) -> list[Span]:
    """Places as places in their field."""
    if field in OWN_WORDS:
        return [Span(field, place.start, place.end, written) for place in places]
    begins = subject.text_begins
    return [
        Span("title", start, end, written) if start < begins else Span("text", start - begins, end - begins, written)
        for _, _, start, end in places
    ]


def _match_value(term: Term, subject: Subject) -> list[Span]:
    wanted = (term.exact or term.written.strip('"')).lower()
    stem = wanted.removesuffix("*")
    if term.field == "lang":
        held = any(
            tag == wanted or tag.startswith(stem + ("" if stem != wanted else "-")) for tag in subject.values("lang")
        )
    else:
        held = any(word == wanted or (stem != wanted and word.startswith(stem)) for word in subject.values(term.field))
    return [Span(field=term.field, start=0, end=0, term=term.written)] if held else []


def _match_place(term: Term, subject: Subject) -> list[Span]:
    """The words that name the place, or for a region any that it holds."""
    if not subject.places:
        return []
    wanted = codes_of(place_name(term))
    named = f"place:{term.written}"
    return [
        span
        for tag in subject.places
        if tag.code in wanted
        for span in (
            [Span(field=one.field, start=one.start, end=one.end, term=named) for one in tag.spans]
            or [Span(field="place", start=0, end=0, term=named)]
        )
    ]


def _match_near(node: Near, subject: Subject) -> list[Span] | None:
    gate, present = subject.gate, subject.present
    left = [*_each_standing(subject, gate.left_of(node, 0, present))]
    right = [*_each_standing(subject, gate.left_of(node, 1, present))] if left else []
    if not right:
        return None
    return [
        span
        for place, written in _close_pairs(left, right, node.within)
        for span in _spans(subject, node.field, written, (place,))
    ] or None


def _each_standing(subject: Subject, terms: Iterable[tuple[int, Any, Any]]) -> Iterable[tuple[Token, str]]:
    for _, term, _ in terms:
        for place in _standing(subject, term):
            yield place, term.written


def _close_pairs(
    left: list[tuple[Token, str]], right: list[tuple[Token, str]], within: int
) -> Iterable[tuple[Token, str]]:
    """Every place on one side that has a place of the other side near it."""
    for mine, others in ((left, right), (right, left)):
        starts = sorted({place.position for place, _ in others})
        ends = sorted({place.position + place.width for place, _ in others})
        for place, written in mine:
            after, before = place.position + place.width, place.position
            at = bisect_left(starts, after)
            follows = at < len(starts) and starts[at] - after <= within
            back = bisect_left(ends, before - within)
            if follows or (back < len(ends) and ends[back] <= before):
                yield place, written


def _match_close(node: Close, subject: Subject) -> list[Span] | None:
    places = [_standing(subject, part) for part in node.parts]
    if not all(places):
        return None
    return [
        span
        for place, which in _windows(places, node.within)
        for span in _spans(subject, node.field, node.parts[which].written, (place,))
    ] or None


def _windows(places: Sequence[Sequence[Token]], within: int) -> Iterable[tuple[Token, int]]:
    """The places of every stretch of text that holds all parts, each at a place of its own, and few other words."""
    events = sorted((place.position, place.width, number, place) for number, row in enumerate(places) for place in row)
    reach = within + sum(max(place.width for place in row) for row in places)
    # Every stretch holds the part that is rarest: nothing begins far from one of its places.
    rare = sorted(place.position for place in min(places, key=len))
    found: dict[tuple[Token, int], None] = {}
    for at, (position, _, _, _) in enumerate(events):
        after = bisect_left(rare, position)
        if after == len(rare) or rare[after] - position > reach:
            continue
        for which, place in _taken(events, at, len(places), within).items():
            found[place, which] = None
        if len(found) >= _MOST_SPANS:
            break
    return found


def _taken(events: Sequence[tuple[int, int, int, Token]], at: int, parts: int, within: int) -> Mapping[int, Token]:
    """The places of all parts in the stretch that begins at an event; none where it holds too many other words."""
    taken: dict[int, Token] = {}
    first = events[at][0]
    end = covered = 0
    for number_of in range(at, len(events)):
        start, width, number, place = events[number_of]
        if start - first - covered > within:
            break
        if number in taken or start < end:
            continue
        taken[number] = place
        end, covered = start + width, covered + width
        if len(taken) == parts:
            return taken if end - first - covered <= within else {}
    return {}


def _standing(subject: Subject, term: Term) -> list[Token]:
    """Where the words of a term stand in a row, in its field; where it is an exact one, those that are spelled so."""
    field = term.field
    words = subject.words(field if field in OWN_WORDS else "")
    if term.single is not None:
        rows = words.find(subject.atom_of[id(term.single)])
    else:
        rows = _spelled(words, term.words[0], subject)
        for spellings in term.words[1:]:
            rows = _followed(rows, _spelled(words, spellings, subject)) if rows else rows
    if rows and (field == "title" or field == "text"):
        rows = [place for place in rows if (place.start < subject.text_begins) is (field == "title")]
    return _exact(words, rows, term.exact) if rows and term.exact else rows


def _exact(words: Words, rows: Sequence[Token], exact: str) -> list[Token]:
    """Those that are spelled so, but for white space, the kind of apostrophe and what one joins to the words."""
    compounds_in = [*compounds(exact)]
    # What stands around the words is no part of any, as the last full stop of "U.S." is not.
    before, after = compounds_in[0][0].start, len(exact) - compounds_in[-1][-1].end
    wanted = plain_spelling(exact)

    def is_exact(place: Token) -> bool:
        plain = plain_spelling(words.slice(max(place.start - before, 0), place.end + after))
        return plain == wanted or plain.startswith(f"{wanted}'") or plain.endswith(f"'{wanted}")

    return [place for place in rows if is_exact(place)]


def _spelled(words: Words, spellings: Sequence[Sequence[Piece]], subject: Subject) -> list[Token]:
    """Where a word stands in any of its spellings."""
    found: list[Token] = []
    for row in spellings:
        rows = words.find(subject.atom_of[id(row[0])])
        for piece in row[1:]:
            rows = _followed(rows, words.find(subject.atom_of[id(piece)])) if rows else rows
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


def _unique(places: list[Token]) -> list[Token]:
    return list(dict.fromkeys(places)) if len(places) > 1 else places


_ORDER = {field: at for at, field in enumerate((*FIELDS, "published", "words", "places", "age", "sources"))}


def _tidy(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Each span once, in reading order, never more than a page can show."""
    if len(spans) < 2:
        return tuple(spans)
    unique = sorted(set(spans), key=lambda span: (_ORDER[span.field], span.start, span.end, span.term))
    return tuple(unique[:_MOST_SPANS])


_MATCHERS: Mapping[type[Any], Callable[[Any, Subject], list[Span] | None]] = {
    Term: _match_term, Not: _match_not, And: _match_all, Or: _match_any, Near: _match_near, Close: _match_close,
    Compare: _match_compare, Weighted: _match_weighted,
}  # fmt: skip
