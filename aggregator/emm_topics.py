"""Alerts of the Europe Media Monitor as topics of ours (E-01). PURE.

In: alerts as they are written. Out: topics that compile, each with what in it is not to the letter what the alert says;
complaints by line on what cannot be said here. Never: a topic that means less or more without a word about it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from aggregator.emm import Alert, Combination, Complaint, Keyword
from aggregator.topics.compiling import compile_topic
from aggregator.topics.language import LONGEST_QUERY, WIDEST_NEAR
from aggregator.topics.terms import exact_term, phrase_term, word_term
from aggregator.topics.tree import QueryError, Term
from feeds.identity import slugify

_PLAIN_PREFIX = re.compile(r"[^\W_]+\*\Z")
_MOST_THRESHOLD = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A topic: its rule is a `query`, or `any_of` with a `threshold`. `notes` say where it is wider than the alert."""

    slug: str
    title: str
    query: str = ""
    any_of: Mapping[str, int] = field(default_factory=dict)
    threshold: int = 0
    notes: tuple[str, ...] = ()


def topics_of(alerts: Iterable[Alert]) -> tuple[list[Imported], list[Complaint]]:
    """The topics that these alerts become, and what of them cannot be said here."""
    complaints: list[Complaint] = []
    made: dict[str, Imported] = {}
    lines: dict[str, int] = {}
    for alert in alerts:
        maker = _Maker(alert)
        topic = maker.topic()
        complaints += maker.complaints
        if topic is None:
            continue
        slug = _free(topic.slug, made)
        if alert.name in lines:
            told = f"an alert {alert.name} stands in line {lines[alert.name]} already: this one becomes {slug}"
            complaints.append(Complaint(line=alert.line, message=told))
        lines.setdefault(alert.name, alert.line)
        made[slug] = Imported(
            slug=slug, title=topic.title, query=topic.query, any_of=topic.any_of, threshold=topic.threshold,
            notes=topic.notes,
        )  # fmt: skip
    return [*made.values()], sorted(complaints, key=lambda one: one.line)


def _free(slug: str, taken: Mapping[str, Imported]) -> str:
    numbered = (f"{slug}-{number}" for number in itertools.count(2))
    return next(one for one in itertools.chain([slug], numbered) if one not in taken)


class _Maker:
    """Makes a topic of an alert, and keeps what is to be said about it."""

    def __init__(self, alert: Alert) -> None:
        self._alert = alert
        self._notes: dict[str, None] = {}
        self.complaints: list[Complaint] = []

    def topic(self) -> Imported | None:
        """The topic; None where nothing of the alert can be said."""
        patterns = self._patterns()
        wholes = [whole for one in self._alert.combinations if (whole := self._combination(one))]
        slug, title = slugify(self._alert.name), self._alert.name
        if not patterns and not wholes:
            self._complain(self._alert.line, f"nothing of the alert {title} can be said here: it is left out")
            return None
        if not patterns and len(wholes) == 1:
            made = Imported(slug=slug, title=title, query=wholes[0], notes=tuple(self._notes))
        else:
            threshold = self._threshold() if patterns else 1
            # A combination is enough by itself, whatever speaks against it among the words.
            enough = threshold - sum(weight for weight in patterns.values() if weight < 0)
            any_of = {**patterns, **{whole: max(enough, patterns.get(whole, 0)) for whole in wholes}}
            made = Imported(slug=slug, title=title, any_of=any_of, threshold=threshold, notes=tuple(self._notes))
        return made if self._compiles(made) else None

    def _compiles(self, made: Imported) -> bool:
        try:
            compile_topic(made.slug, made.title, made.query, any_of=made.any_of, threshold=made.threshold)
        except QueryError as error:
            self._complain(self._alert.line, f"the alert {made.title} is left out: {error.message}")
            return False
        return True

    def _threshold(self) -> int:
        threshold = self._alert.threshold
        if threshold is None:
            self._note("no words threshold is given: any word is enough")
            return 1
        return threshold

    def _patterns(self) -> dict[str, int]:
        """The weighted words; one that stands there twice has both weights."""
        threshold = self._alert.threshold
        found: dict[str, int] = {}
        if not self._alert.patterns:
            return found
        if threshold is not None and not 1 <= threshold <= _MOST_THRESHOLD:
            wanted = f"expected a threshold from 1 to {_MOST_THRESHOLD:,}, not {threshold}"
            self._complain(self._alert.line, f"{wanted}: the words of {self._alert.name} are left out")
            return found
        for keyword, weight in self._alert.patterns:
            if term := self._term(keyword):
                found[term] = found.get(term, 0) + weight
        most = sum(weight for weight in found.values() if weight > 0)
        if most < (threshold or 1):
            told = f"each word counts once here, so the words of {self._alert.name} reach {most} and never {threshold or 1}"
            self._complain(self._alert.line, f"{told}: they are left out")
            return {}
        return found

    def _combination(self, one: Combination) -> str:
        """A combination as a query, "" where it cannot be said."""
        groups = [self._terms(group) for group in one.groups]
        without = self._terms(one.without)
        if not groups or not all(groups):
            why = "has a group without a usable keyword" if groups else "has no begin or"
            self._complain(one.line, f"the combination {why}: it is left out")
            return ""
        if len(without) < len(one.without):
            self._note("a keyword behind begin not is left out, so that more matches")
        for join in self._joins(one, len(groups)):
            made = join([_either(group) for group in groups])
            query = f"{made} AND NOT {_either(without)}" if without else made
            if len(query) <= LONGEST_QUERY:
                return query if len(groups) > 1 or without else query.removeprefix("(").removesuffix(")")
        self._complain(
            one.line, f"the combination is longer than the {LONGEST_QUERY:,} characters of a query: it is left out"
        )
        return ""

    def _joins(self, one: Combination, groups: int) -> Iterator[Callable[[Sequence[str]], str]]:
        """Ways to ask for all groups, the truest first."""
        if one.proximity is None or groups == 1:
            yield " AND ".join
            return
        if not 0 <= one.proximity <= WIDEST_NEAR:
            self._complain(
                one.line,
                f"a proximity of {one.proximity} cannot be said (0 to {WIDEST_NEAR}): the words may be anywhere",
            )
            yield " AND ".join
            return
        sign = f" NEAR/{one.proximity} "
        if groups > 2:
            self._note("NEAR joins two groups: three or more are near each other two by two, not all in one place")
        yield lambda sides: " AND ".join(map(sign.join, itertools.combinations(sides, 2)))
        if groups > 2:
            yield lambda sides: " AND ".join(map(sign.join, itertools.pairwise(sides)))

    def _terms(self, keywords: Iterable[Keyword]) -> list[str]:
        return list(dict.fromkeys(term for keyword in keywords if (term := self._term(keyword))))

    def _term(self, keyword: Keyword) -> str:
        """A keyword as a term, "" where it cannot be said."""
        written = keyword.written
        text = " ".join(written.split("+"))
        wrong = _unsayable(written)
        if not wrong:
            is_exact = written != written.lower()
            text = text.replace("%", "*")
            try:
                if is_exact and "*" in text:
                    self._complain(keyword.line, f"{written} matches small letters too: a wildcard has no exact form")
                return _checked(text, is_exact=is_exact and "*" not in text).written
            except QueryError as error:
                wrong = error.message
        self._complain(keyword.line, f"the keyword {written} is left out: {wrong}")
        return ""

    def _complain(self, line: int, message: str) -> None:
        self.complaints.append(Complaint(line=line, message=message))

    def _note(self, note: str) -> None:
        self._notes[note] = None


def _unsayable(written: str) -> str:
    """Why a keyword cannot be said in the topic language; "" where it can."""
    if "_" in written:
        return "_ is any one letter there, which cannot be said here"
    if re.search(r"(?:\A|\+)%", written):
        return "a % needs the beginning of a word before it"
    if re.search(r"%(?!\+|\Z)", written):
        return "a % can be said here at the end of a word only"
    if not all(written.split("+")):
        return "expected a word on each side of a +"
    strange = re.search(r'["*]', written)
    return f"a {strange[0]} cannot be part of a word here" if strange else ""


def _checked(text: str, *, is_exact: bool) -> Term:
    """The term that means these words and no inflection of them. Raises QueryError."""
    if is_exact:
        return exact_term(text)
    return word_term(text) if _PLAIN_PREFIX.match(text) else phrase_term(text)


def _either(terms: Sequence[str]) -> str:
    return terms[0] if len(terms) == 1 else f"({' OR '.join(terms)})"
