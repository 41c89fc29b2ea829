"""What entries that no topic caught are about: their frequent words, phrases of two words and places. PURE.

In: entries, caught or not, by title and the beginning of the text. Out: terms with how many entries have them, and two of
these. Never: a list of stop words. What stands in a twelfth of all entries of its language, caught or not, tells nothing in
it; nor does what hardly ever stands in a title, as "many" and "read more".

Inflections count as one term where the language has a stemmer, as they do for a query; shown is the commonest spelling.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from aggregator.topics.fold import fold, letters
from aggregator.topics.runs import compounds, is_spaceless
from aggregator.topics.stems import stem, stemmed_as
from storage.arrival_model import Seen

COMMON = 1 / 12
"""What stands in so many of a language's entries tells nothing in it."""
FEWEST = 40
"""With fewer entries of a language, nobody can say which of its words are common: it is left out."""
# Of the entries that have a term, so many have it in their titles, where it tells what they are about.
_IN_TITLES = 0.15
_EXAMPLES = 2
_FEWEST_WITH = 2
_SHORTEST = 2
# What a phrase has in so many of a word's entries, the word need not say again.
_SAID = 0.8
# Beyond these, what was met once is forgotten; and runs that were read.
_MOST_TERMS, _MOST_RUNS = 400_000, 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """An entry that has a term."""

    entry: int
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """A word, a phrase or a country's code, in how many entries that no topic caught, and two of these."""

    term: str
    entries: int
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """What was missed. `unjudged` are missed entries of languages that have too few entries in all."""

    entries: int
    missed: int
    unjudged: int
    words: tuple[Miss, ...]
    phrases: tuple[Miss, ...]
    places: tuple[Miss, ...]


class _Word(NamedTuple):
    """A word: what makes it one with others, its spelling, and whether nothing but a space is at its either end."""

    key: str
    spelled: str
    joins_before: bool
    joins_after: bool


@dataclass(slots=True)
class _Met:
    """In how many missed entries a term was met, in how many titles, in which first, by title where one has it; its spelling."""

    entries: int = 0
    titles: int = 0
    examples: tuple[int, ...] = ()
    spelled: str = ""
    votes: int = 0

    def add(self, entry: int, spelled: str, *, in_title: bool) -> None:
        """Met in one more entry. The spelling is that of the majority, where one has it (Boyer and Moore's vote)."""
        self.entries += 1
        self.titles += in_title
        if in_title and self.titles <= _EXAMPLES:
            before = self.titles - 1
            self.examples = (*self.examples[:before], entry, *self.examples[before:])[:_EXAMPLES]
        elif len(self.examples) < _EXAMPLES:
            self.examples += (entry,)
        if not self.votes:
            self.spelled = spelled
        self.votes += 1 if spelled == self.spelled else -1

    @property
    def tells(self) -> bool:
        """Whether it was met often enough, and in titles, to say what entries are about."""
        return self.entries >= _FEWEST_WITH and self.titles >= _IN_TITLES * self.entries


class _Tongue:
    """The words of one language's entries."""

    def __init__(self, language: str) -> None:
        self._language = stemmed_as(language.lower())
        self._read: dict[str, tuple[_Word, ...]] = {}
        self.entries = self.missed = 0
        self.everywhere: Counter[str] = Counter()
        self.words: defaultdict[str, _Met] = defaultdict(_Met)
        self.phrases: defaultdict[tuple[str, str], _Met] = defaultdict(_Met)

    def add(self, one: Seen) -> None:
        """Count an entry's words, and what a missed one has of words and phrases."""
        title, text = ([word for run in said.split() for word in self._words(run)] for said in (one.title, one.text))
        self.entries += 1
        self.everywhere.update({word.key for word in (*title, *text)})
        if one.is_caught:
            return
        self.missed += 1
        heads = {word.key: word.spelled for word in title}
        for key, spelled in ({word.key: word.spelled for word in text} | heads).items():
            self.words[key].add(one.entry, spelled, in_title=key in heads)
        pairs = _pairs(title)
        for pair, spelled in (_pairs(text) | pairs).items():
            self.phrases[pair].add(one.entry, spelled, in_title=pair in pairs)
        if len(self.phrases) > _MOST_TERMS:
            self.phrases = defaultdict(_Met, {pair: met for pair, met in self.phrases.items() if met.entries > 1})

    def _words(self, run: str) -> tuple[_Word, ...]:
        read = self._read.get(run)
        if read is None:
            read = tuple(self._read_run(run))
            if len(self._read) >= _MOST_RUNS:
                self._read.clear()
            self._read[run] = read
        return read

    def _read_run(self, run: str) -> Iterator[_Word]:
        for parts in compounds(run):
            start, end = parts[0].start, parts[-1].end
            written = run[start:end]
            whole = "".join(part.text for part in parts)
            key = stem(whole, self._language) or fold(whole)
            bare = is_spaceless(written)
            yield _Word(key, letters(written), bare or not run[:start], bare or not run[end:])

    def told(self) -> Iterator[_Term]:
        """Every term that tells something."""
        told = {key for key, number in self.everywhere.items() if number < COMMON * self.entries and _is_word(key)}
        for key in told & self.words.keys():
            if len(key) >= _SHORTEST and self.words[key].tells:
                yield self.words[key], (key,)
        for pair, met in self.phrases.items():
            if met.tells and told.issuperset(pair):
                yield met, pair


class Gathering:
    """Entries are added one by one; then `missed` sums up."""

    def __init__(self) -> None:
        self._tongues: dict[str, _Tongue] = {}
        self._places: defaultdict[str, _Met] = defaultdict(_Met)
        self._titles: dict[int, str] = {}
        self._entries = 0

    def add(self, one: Seen) -> None:
        """Take an entry into account: a caught one tells which words are common."""
        self._entries += 1
        tongue = self._tongues.get(one.language)
        if tongue is None:
            tongue = self._tongues[one.language] = _Tongue(one.language)
        tongue.add(one)
        if not one.is_caught:
            self._titles[one.entry] = one.title
            for code in one.countries:
                self._places[code].add(one.entry, code, in_title=False)

    def missed(self, most: int) -> Missed:
        """The most frequent words, phrases and places of missed entries, `most` of each."""
        judged = [one for one in self._tongues.values() if one.entries >= FEWEST]
        words: list[_Term] = []
        phrases: list[_Term] = []
        for tongue in judged:
            terms = list(tongue.told())
            mine = _most([term for term in terms if len(term[1]) == 2], most)
            said: dict[str, int] = {}
            for met, keys in mine:
                said |= {key: max(met.entries, said.get(key, 0)) for key in keys}
            phrases += mine
            words += (term for term in terms if len(term[1]) == 1 and said.get(term[1][0], 0) < _SAID * term[0].entries)
        return Missed(
            entries=self._entries, missed=len(self._titles),
            unjudged=sum(one.missed for one in self._tongues.values() if one.entries < FEWEST),
            words=self._told(words, most), phrases=self._told(phrases, most),
            places=self._told([(met, (code,)) for code, met in self._places.items()], most),
        )  # fmt: skip

    def _told(self, terms: Iterable[_Term], most: int) -> tuple[Miss, ...]:
        return tuple(
            Miss(
                term=met.spelled, entries=met.entries,
                examples=tuple(Example(entry=one, title=self._titles[one]) for one in met.examples),
            )
            for met, _ in _most(terms, most)
        )  # fmt: skip


_Term = tuple[_Met, tuple[str, ...]]
"""Where a term was met, and the words that it is made of."""


def _most(terms: Iterable[_Term], most: int) -> list[_Term]:
    return heapq.nsmallest(most, terms, key=lambda term: (-term[0].entries, term[1]))


def _pairs(words: Sequence[_Word]) -> dict[tuple[str, str], str]:
    """Words that stand side by side with nothing but a space between them, as they are spelled."""
    return {
        (one.key, other.key): _joined(one.spelled, other.spelled)
        for one, other in pairwise(words)
        if one.joins_after and other.joins_before
    }


def _is_word(key: str) -> bool:
    return any(letter.isalpha() for letter in key)


def _joined(one: str, other: str) -> str:
    return f"{one}{other}" if is_spaceless(one) and is_spaceless(other) else f"{one} {other}"
