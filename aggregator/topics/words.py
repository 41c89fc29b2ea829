"""A text -> its words, folded and stemmed, each with its place: what queries are held against.

In: a text of any script, its language. Out: for every form, where it stands. Never: a query.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from aggregator.topics.fold import APOSTROPHES, INVISIBLE, held_forms, letters
from aggregator.topics.stems import stem


def _marks() -> str:
    """Every combining mark of the basic plane as ranges of a character class: they belong to the word that they stand in."""
    codes = [code for code in range(0x300, 0x10000) if unicodedata.category(chr(code)) in ("Mn", "Mc")]
    ranges: list[list[int]] = []
    for code in codes:
        if chr(code) in INVISIBLE:
            continue
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


_MARKS = _marks()
# Invisible characters between two letters belong to the word, those at its end do not.
_LETTER = rf"(?:[{INVISIBLE}]{{0,8}}(?:[^\W_]|[{_MARKS}]))"
# Longer than any word: what goes on is cut, so that no later step, however slow on long words, can be made to hang.
_WORD = re.compile(rf"[^\W_]{_LETTER}{{0,99}}(?:[{APOSTROPHES}]{_LETTER}{{1,50}}){{0,3}}")
# Between the parts of a compound: a hyphen, or nothing where a word was taken apart.
_JOINT = re.compile(rf"[{INVISIBLE}]{{0,8}}[-\u2010-\u2013\u2212\ufe63\uff0d]?[{INVISIBLE}]{{0,8}}")
_MOST_PARTS = 5
_LONGEST_PART = 40
_LONGEST_REMEMBERED = 40
_MOST_REMEMBERED = 50_000
_CAMEL = re.compile(r"([^\W\d_][a-zçğıöşüа-яё]{2,})([A-ZÇĞİÖŞÜА-ЯЁ]{2}.*)\Z", re.DOTALL)
# Scripts that write no spaces: every character is a place of its own, so that a term is found inside a run.
_SPACELESS = re.compile(
    "[\u3005\u3007\u3040-\u30ff\uff66-\uff9d\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
    "\u0e00-\u0e7f\u0e80-\u0eff\u1000-\u109f\u1780-\u17ff]"
)
_PIECE = re.compile(
    rf"{_SPACELESS.pattern}[{_MARKS}{INVISIBLE}\uff9e\uff9f]*|"
    rf"(?:(?!{_SPACELESS.pattern})[^{APOSTROPHES}])(?:(?!{_SPACELESS.pattern}).)*"
)
_APOSTROPHE = re.compile(f"[{APOSTROPHES}]")
# What Turkish and English join to a name with an apostrophe; what is longer is a word after an article (l'armée).
_ENDING = re.compile(r".{1,4}|l[ae]r.{0,7}|[dt][ae]ki.{0,6}")


class Part(NamedTuple):
    """A word, or a part of one that a hyphen, a capital or a script without spaces sets apart, and where it stands."""

    text: str
    start: int
    end: int


class Token(NamedTuple):
    """A form at a place: `position` counts words, `width` how many it covers, `start` and `end` are characters."""

    position: int
    width: int
    start: int
    end: int


class Words:
    """The words of one text, or of several that no phrase spans, by folded form. Places are those in " | ".join(texts).

    Where a form stands is told when it is asked for: of the words of a text, queries ask for few.
    """

    def __init__(self, *texts: str, runs: Runs | None = None) -> None:
        """`runs` knows which of them anybody will look for, and the language; all, and none, by default."""
        runs = _EVERY_RUN if runs is None else runs
        self._texts = texts
        self._written = [text.split() for text in texts]
        self._read = {run: runs[run] for run in set(chain.from_iterable(self._written))}
        self._found: dict[str, list[Token]] = {}
        self._sorted: list[str] | None = None

    def marks(self) -> set[int]:
        """The marks of all words together."""
        found: set[int] = set()
        for marks, _, _ in self._read.values():
            if marks:
                found.update(marks)
        return found

    @property
    def count(self) -> int:
        """How many words there are; in scripts that write no spaces, characters."""
        read = self._read
        return sum(read[run][1] for written in self._written for run in written)

    def slice(self, start: int, end: int) -> str:
        """The characters at a place."""
        text = self._texts[0] if len(self._texts) == 1 else " | ".join(self._texts)
        return text[start:end]

    @cached_property
    def forms(self) -> Mapping[str, Sequence[tuple[str, Form]]]:
        """Every form that stands in the texts, with the runs in which it does."""
        forms: defaultdict[str, list[tuple[str, Form]]] = defaultdict(list)
        for run, (marks, _, marked) in self._read.items():
            if marks:
                for form in marked:
                    forms[form[0]].append((run, form))
        return forms

    @cached_property
    def _places(self) -> Mapping[str, Sequence[tuple[int, int]]]:
        """The position and the first character of every run that has a mark."""
        places: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        first = offset = 0
        for text, written in zip(self._texts, self._written, strict=True):
            # Nearly always a single white space lies between two runs: then none needs to be looked for.
            is_even = len(text) == sum(map(len, written)) + len(written) - 1
            position, at = first, 0
            for run in written:
                if not is_even:
                    at = text.index(run, at)
                marks, parts, _ = self._read[run]
                if marks:
                    places[run].append((position, offset + at))
                position += parts
                at += len(run) + 1
            first += len(text) + 1  # a text has fewer words than characters: this leaves a gap
            offset += len(text) + len(" | ")
        return places

    def find(self, form: str) -> list[Token]:
        """Where exactly this form stands."""
        found = self._found.get(form)
        if found is None:
            found = self._found[form] = [
                Token(position + place, width, at + start, at + end)
                for run, (_, place, width, start, end) in self.forms.get(form, ())
                for position, at in self._places[run]
            ]
        return found

    def find_prefix(self, prefix: str) -> list[Token]:
        """Where a form stands that begins so."""
        if self._sorted is None:
            self._sorted = sorted(self.forms)
        found: list[Token] = []
        at = bisect_left(self._sorted, prefix)
        while at < len(self._sorted) and self._sorted[at].startswith(prefix):
            found.extend(self.find(self._sorted[at]))
            at += 1
        return found


Form = tuple[str, int, int, int, int]
"""A form, its position, width, start and end, counted from the beginning of its run."""


class Runs(dict[str, tuple[tuple[int, ...], int, tuple[Form, ...]]]):
    """What stands between two white spaces: its marks (none where nobody looks for it), how many parts it has, and those
    of its forms that have a mark.

    No compound reaches over white space, so a text's words are those of its runs. News repeats its words: most runs are
    remembered, and cost one look into a dictionary.
    """

    def __init__(self, marks: Callable[[str], Sequence[int]], language: str = "") -> None:
        """`marks` are those of a form; a run has those of all its forms together. Words are stemmed in the language."""
        super().__init__()
        self._marks = marks
        self._language = language

    def __missing__(self, run: str) -> tuple[tuple[int, ...], int, tuple[Form, ...]]:
        """Read a run. What is remembered is bounded: a hostile text is full of long words that never come again."""
        forms, parts = read_run(run, self._language)
        found: list[int] = []
        marked: list[Form] = []
        for one in forms:
            if marks := self._marks(one[0]):
                found += marks
                marked.append(one)
        read = (tuple(dict.fromkeys(found)), parts, forms if len(marked) == len(forms) else tuple(marked))
        if len(run) <= _LONGEST_REMEMBERED:
            if len(self) >= _MOST_REMEMBERED:
                self.clear()
            self[run] = read
        return read


STEMMED = "~"
"""What stands before a stem among the forms: no word begins with it."""
_READ: dict[str, dict[str, tuple[tuple[Form, ...], int]]] = {}


def read_run(run: str, language: str = "") -> tuple[tuple[Form, ...], int]:
    """The forms of a run and how many parts it has; remembered for all who ask, whatever they look for."""
    known = _READ.setdefault(language, {})
    read = known.get(run)
    if read is None:
        read = _read_run(run, language)
        if len(run) <= _LONGEST_REMEMBERED:
            if len(known) >= _MOST_REMEMBERED:
                known.clear()
            known[run] = read
    return read


def compounds(text: str) -> Iterator[list[Part]]:
    """The words of a text as lists of the parts that they are joined of.

    "counter-UAV" and "counterUAV" are one compound of two parts, "air defence" two compounds of one, and a run of
    Chinese as many as it has characters.
    """
    compound: list[Part] = []
    for word in _WORD.finditer(text):
        for part in _parts(word):
            if compound and not _joined(text, compound, part):
                yield compound
                compound = []
            compound.append(part)
    if compound:
        yield compound


def is_spaceless(part: str) -> bool:
    """Whether a part is of a script that writes no spaces."""
    return _SPACELESS.match(part) is not None


def _parts(word: re.Match[str]) -> Iterator[Part]:
    """A single word's parts: "counterUAV" has two, a run of Chinese as many as it has characters."""
    for piece in _PIECE.finditer(word[0]) if _SPACELESS.search(word[0]) else _WORD.finditer(word[0]):
        camel = _CAMEL.match(piece[0])
        start = word.start() + piece.start()
        for text in camel.groups() if camel else (piece[0],):
            yield Part(text, start, start + len(text))
            start += len(text)


def _joined(text: str, compound: list[Part], part: Part) -> bool:
    last = compound[-1]
    if not _JOINT.fullmatch(text, last.end, part.start) or len(compound) == _MOST_PARTS:
        return False
    return not any(is_spaceless(one.text) or len(one.text) > _LONGEST_PART for one in (last, part))


def _read_run(run: str, language: str) -> tuple[tuple[Form, ...], int]:
    """Every part, and every row of parts of a compound as one: "S-300PMU-2" is also S300PMU, 300PMU2 and S300PMU2.

    Of every part also its stem. Also how many parts there are.
    """
    forms: list[Form] = []
    position = 0
    for compound in compounds(run):
        for first in range(len(compound)):
            for last in range(first, len(compound)):
                covered = compound[first : last + 1]
                place = (position + first, len(covered), covered[0].start, covered[-1].end)
                joined = "".join(part.text for part in covered)
                forms += ((form, *place) for form in _standing(joined))
                if language and first == last:
                    forms += ((STEMMED + one, *place) for one in _stems(joined, language))
        position += len(compound)
    return tuple(forms), position


_EVERY_RUN = Runs(lambda form: (1,))


def _standing(word: str) -> tuple[str, ...]:
    """The forms of a word in a text: with an apostrophe also the word that an ending or an article was joined to."""
    return tuple(dict.fromkeys(form for one in _said(word) for form in held_forms(one)))


def _stems(word: str, language: str) -> tuple[str, ...]:
    """The stems of a word, and of the word that an ending or an article was joined to."""
    return tuple(dict.fromkeys(found for one in _said(word) if (found := stem(one, language))))


def _said(word: str) -> tuple[str, ...]:
    """The word, and what is left of it without what an apostrophe joined to it."""
    pieces = _APOSTROPHE.split(word)
    if len(pieces) != 2:
        return (word,)
    head, tail = pieces
    if len(head) > 1 and _ENDING.fullmatch(letters(tail)):
        return (word, head)
    return (word, tail) if len(tail) > 1 else (word,)
