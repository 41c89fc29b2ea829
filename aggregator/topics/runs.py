"""A run of text between two white spaces -> its words, folded and stemmed, each with its place in the run.

In: a run of any script, its language, and which atom has which form. Out: forms, places, atoms. Never: a query.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from aggregator.topics.fold import APOSTROPHES, INVISIBLE, held_forms, letters
from aggregator.topics.stems import english_stem, stem


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
_MOST_REMEMBERED = 160_000
_FEWEST_REMEMBERED = 4_096
_MOST_KNOWN = 20_000
# What stands around a word and is no part of it.
_AROUND = ".,;:!?()[]{}\"'…“”„‘’«»"
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
# What French and Italian join to a word, of two letters or more: the word is what follows, however short (dell'ONU).
_ARTICLES = re.compile(r"qu|un|jusqu|lorsqu|puisqu|quoiqu|dell|all|nell|sull|dall|coll|quell|degl|gl")
# What Turkish and English join to a name with an apostrophe; what is longer is a word after an article (l'armée).
_ENDING = re.compile(r".{1,4}|l[ae]r.{0,7}|[dt][ae]ki.{0,6}")


class Part(NamedTuple):
    """A word, or a part of one that a hyphen, a capital or a script without spaces sets apart, and where it stands."""

    text: str
    start: int
    end: int


Form = tuple[str, int, int, int, int]
"""A form, its position, width, start and end, counted from the beginning of its run."""
Place = tuple[int, int, int, int]
"""A position, width, start and end, counted from the beginning of a run."""
Read = tuple[tuple[tuple[int, tuple[str, Place]], ...], int]
"""Of a run: the atoms that anybody looks for (none, mostly) and where in it each stands, and how many parts it has."""


class Runs(dict[str, Read]):
    """What stands between two white spaces.

    No compound reaches over white space, so a text's words are those of its runs. News repeats its words: most runs are
    remembered, and cost one look into a dictionary.
    """

    def __init__(
        self, atoms: Callable[[str], Sequence[int]], language: str = "", *, passing: bool = False,
        family: list[Runs] | None = None,
    ) -> None:  # fmt: skip
        """`atoms` are those of a form; a run has those of all its forms together. Words are stemmed in the language.

        Those who are `passing`, like a search, share what they learn of words: the next one asks for the same. What those
        of a `family` remember is bounded for all of them together.
        """
        super().__init__()
        self._family = [] if family is None else family
        self._family.append(self)
        self._forms = _known_forms if passing else _forms
        self._atoms = atoms
        self._language = language
        self._before: dict[str, Read] = {}

    def __missing__(self, run: str) -> Read:
        """Read a run. What is remembered is bounded: a hostile text is full of long words that never come again."""
        if run.isdigit() and run.isascii() and len(run) <= _LONGEST_PART:
            # Numbers hardly ever come again, and are told at once.
            return tuple((atom, (run, (0, 1, 0, len(run)))) for atom in self._atoms(run)), 1
        read = self._before.get(run)
        if read is None:
            read = self._like_another(run) or self._read(run)
        if len(run) <= _LONGEST_REMEMBERED:
            if not len(self) % _FEWEST_REMEMBERED and len(self) >= self._room():
                self._before = dict(self)  # what is still in use comes back from here
                self.clear()
            self[run] = read
        return read

    def _room(self) -> int:
        """How many runs to remember before those read longest ago are let go."""
        others = sum(len(one) + len(one._before) for one in self._family if one is not self)
        return max(_FEWEST_REMEMBERED, (_MOST_REMEMBERED - others) // 2)

    def _read(self, run: str) -> Read:
        forms, parts = self._forms(run, self._language)
        if len(forms) == 1:
            (form,) = forms
            return tuple((atom, (run, form[1:])) for atom in self._atoms(form[0])), parts
        # An atom may stand at a place in several forms: it stands there once.
        pairs: dict[tuple[int, Place], None] = {}
        for form in forms:
            for atom in self._atoms(form[0]):
                pairs[atom, form[1:]] = None
        return tuple((atom, (run, place)) for atom, place in pairs), parts

    def _like_another(self, run: str) -> Read | None:
        """A plain word with a capital or a comma is read as the same word without; None for what is no plain word."""
        word = run.strip(_AROUND)
        if len(word) == len(run) and word.islower():
            return None
        if not (word.isascii() and word.isalpha() and _is_even(word) and len(word) <= _LONGEST_PART):
            return None
        if self._language == "tr" and not word.islower():
            return None  # there, the small letter of I is not i
        pairs, parts = self[word.lower()]
        offset = run.index(word)
        return tuple(
            (atom, (run, (at, width, start + offset, end + offset))) for atom, (_, (at, width, start, end)) in pairs
        ), parts


STEMMED = "~"
"""What stands before a stem among the forms: no word begins with it."""


def forms_of(run: str, language: str = "") -> Iterator[str]:
    """Every form of a run, stems among them."""
    return (form[0] for form in _known_forms(run, language)[0])


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


_Forms = tuple[tuple[Form, ...], int]
_KNOWN: dict[str, tuple[dict[str, _Forms], dict[str, _Forms]]] = {}
"""The forms of runs by language, those read lately and those before: whoever comes with new queries asks for the same words."""


def _known_forms(run: str, language: str) -> _Forms:
    """The same, remembered."""
    lately, before = _KNOWN.get(language) or ({}, {})
    read = lately.get(run)
    if read is not None:
        return read
    read = before.get(run) or _forms(run, language)
    if len(run) <= _LONGEST_REMEMBERED:
        if len(lately) >= _MOST_KNOWN:
            lately, before = {}, lately
        lately[run] = read
        _KNOWN[language] = (lately, before)
    return read


def _forms(run: str, language: str) -> _Forms:
    """The forms of a run, and how many parts it has. Most are one word, with a comma or a full stop."""
    word = run.strip(_AROUND)
    plain = word.isascii()
    # What a hyphen, an apostrophe, a capital inside, a mark or a script without spaces sets apart is taken apart with care.
    if len(word) > _LONGEST_PART or not ((word.isalpha() and _is_even(word)) or (plain and word.isdigit())):
        return _read_parts(run, language)
    # Two of the apostrophes, ʼ and ʻ, are letters to Unicode.
    if not plain and (_SPACELESS.search(word) or _APOSTROPHE.search(word)):
        return _read_parts(run, language)
    start = run.index(word)
    end = start + len(word)
    held = held_forms(word)
    forms = [(form, 0, 1, start, end) for form in held]
    if language and not word.isdigit():
        stemmed = english_stem(held[-1]) if plain and language == "en" else stem(word, language)
        if stemmed:
            forms.append((STEMMED + stemmed, 0, 1, start, end))
    return tuple(forms), 1


def _is_even(word: str) -> bool:
    """Whether no capital inside sets a part of a word apart."""
    return word.islower() or word.istitle() or word.isupper()


def _read_parts(run: str, language: str) -> _Forms:
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
    if len(tail) > 1 and _ARTICLES.fullmatch(letters(head)):
        return (word, tail)
    if len(head) > 1 and _ENDING.fullmatch(letters(tail)):
        return (word, head)
    return (word, tail) if len(tail) > 1 else (word,)
