"""A text -> its words, folded, each with its place: what queries are held against.

In: a text of any script. Out: for every folded form, where it stands. Never: a query.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from aggregator.topics.fold import fold, forms


def _marks() -> str:
    """Every combining mark of the basic plane as ranges of a character class: they belong to the word that they stand in."""
    codes = [code for code in range(0x300, 0x10000) if unicodedata.category(chr(code)) in ("Mn", "Mc")]
    ranges: list[list[int]] = []
    for code in codes:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


_LETTER = rf"(?:[^\W_]|[{_marks()}\u00ad\u200b-\u200d\u2060\u0640])"
_APOSTROPHE = r"['’‘ʼʻ`´＇′]"
_WORD = re.compile(rf"[^\W_]{_LETTER}*(?:{_APOSTROPHE}{_LETTER}+)*")
_HYPHEN = re.compile(r"[-\u2010\u2011\u2012\u2013]")
_SPLIT_APOSTROPHE = re.compile(_APOSTROPHE)
_CAMEL = re.compile(r"([a-zа-яё]{3,})([A-ZА-ЯЁ]{2,}\w*)\Z")
# Scripts that write no spaces: every character is a place of its own, so that a term is found inside a run.
_SPACELESS = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0e7f]")


@dataclass(frozen=True, slots=True)
class Token:
    """A form at a place: `position` counts words, `width` how many it covers, `start` and `end` are characters."""

    position: int
    width: int
    start: int
    end: int


class Words:
    """The words of one text, by folded form."""

    def __init__(self, text: str) -> None:
        self._places: defaultdict[str, list[Token]] = defaultdict(list)
        self._sorted: list[str] | None = None
        for form, token in _tokens(text):
            self._places[form].append(token)

    def find(self, form: str) -> list[Token]:
        """Where exactly this form stands."""
        return self._places.get(form, [])

    def find_prefix(self, prefix: str) -> list[Token]:
        """Where a form stands that begins so."""
        if self._sorted is None:
            self._sorted = sorted(self._places)
        found: list[Token] = []
        for form in self._sorted[bisect_left(self._sorted, prefix) :]:
            if not form.startswith(prefix):
                break
            found.extend(self._places[form])
        return found


def compounds(text: str) -> Iterator[list[re.Match[str]]]:
    """Runs of words that hyphens join: "counter-UAV" is one run of two, "air defence" two runs of one."""
    run: list[re.Match[str]] = []
    for word in _WORD.finditer(text):
        joined = run and _HYPHEN.fullmatch(text, run[-1].end(), word.start())
        if run and not (joined and len(run) < 5):
            yield run
            run = []
        run.append(word)
    if run:
        yield run


def parts_of(word: str) -> list[str]:
    """A single word's parts: "counterUAV" has two, a run of Chinese as many as it has characters."""
    camel = _CAMEL.match(word)
    if camel:
        return [camel[1], camel[2]]
    if _SPACELESS.search(word):
        return re.findall(
            rf"{_SPACELESS.pattern}{_LETTER}??(?={_SPACELESS.pattern}|\Z|.)|[^\W_]+?(?={_SPACELESS.pattern}|\Z)", word
        ) or [word]
    return [word]


def _tokens(text: str) -> Iterator[tuple[str, Token]]:
    position = 0
    for run in compounds(text):
        places: list[tuple[str, int, int]] = []
        for word in run:
            at = word.start()
            for part in parts_of(word[0]):
                places.append((part, at, at + len(part)))
                at += len(part)
        for offset, (part, start, end) in enumerate(places):
            for form in _standing(part):
                yield form, Token(position + offset, 1, start, end)
        for first in range(len(places) - 1):
            # A pair, and the whole from here on: "S-300PMU-2" is also S300PMU and S300PMU2.
            for last in {first + 2, len(places)} if len(places) <= 5 else {first + 2}:
                covered = places[first:last]
                for form in forms("".join(part for part, _, _ in covered)):
                    yield form, Token(position + first, len(covered), covered[0][1], covered[-1][2])
        position += len(places)


def _standing(part: str) -> set[str]:
    """The forms of a word in a text: with an apostrophe also the word that an ending or an article was joined to."""
    found = set(forms(part))
    pieces = _SPLIT_APOSTROPHE.split(part)
    if len(pieces) == 2:
        head, tail = pieces
        if len(head) == 1 and len(tail) > 2:
            found.add(fold(tail))
        elif len(head) >= 2 and len(tail) <= 4:
            found.add(fold(head))
    return found
