"""The patterns of one language, held against the words of a text.

In: patterns as the gazetteer writes them; a word. Out: the patterns that begin with it. Never: a text, or the data's file.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from aggregator.topics import fold

WORD = re.compile("\\w[\\w\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u0640\u00ad\u200d]*")
"""A word with the marks in it, of a text whose underscores are spaces.

Apostrophes, hyphens and the zero-width non-joiner part words: what they join is an ending.
"""
HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]+")
_MOST_REMEMBERED = 50_000
_LONGEST = 40
_SLAVIC = re.compile(r"[аеиоуыэюяйьмхвїєі]{0,3}")
_TURKIC = re.compile(
    r"(?:[дтлн][аеыіиуүөоәө]\w{0,7}|[ғгқк][аеуыі]\w{0,5}|м[еа]н|п[еа]н|б[еа]н|с[ыіиу]\w{0,5}|н|ң|лық\w*|лік\w*|й[аы]\w*)?"
)
_LATIN_TURKIC = re.compile(
    r"(?:l[iaue]\w{0,10}|[dtn][aeiu]\w{0,6}|[gkqy][aeiu]\w{0,6}|[iuae]|in\w{0,3}|un\w{0,3}|s[iue]\w{0,4})?"
)
_ARABIC = re.compile("(?:ي|يا|يه|يون|يين|يات|يان|يتان|يتين)?")
_PERSIAN = re.compile("(?:ي|يه|يها|يهاي|يان|ها|هاي|هايي|اي|يايي)?")
_ENDINGS = {
    "ru": _SLAVIC, "uk": _SLAVIC, "be": _SLAVIC, "pl": re.compile(r"[aeiouymch]{0,3}"), "de": re.compile("s?"),
    "kk": _TURKIC, "ky": _TURKIC, "tg": re.compile(r"(?:и|ро|ҳо|ҳои|ӣ|е)?"), "mn": re.compile(r"\w{0,5}"),
    "tr": _LATIN_TURKIC, "az": _LATIN_TURKIC, "tk": _LATIN_TURKIC, "uz": _LATIN_TURKIC,
    "ka": re.compile(r"\w{0,5}"), "hy": re.compile(r"\w{0,6}"), "ar": _ARABIC, "fa": _PERSIAN,
}  # fmt: skip
_NONE = re.compile("")
_WHOLE, _CAPITAL, _CAPITALS = "", "c", "u"
_SHORTEST_IN_UNION = 4
# What Arabic writes on to a word: and, so; with, as, to; the.
_PROCLITICS = re.compile("(?P<and>[وف]?)(?:(?P<to>لل)|(?P<with>[بكل]?)(?P<the>ال)?)")


_letters = lru_cache(20_000)(fold.letters)


def letters(word: str) -> str:
    """The folded form of a word, cut where it is longer than any name, and remembered: it is mostly one of a few."""
    return _letters(word[:_LONGEST])


class Pattern(NamedTuple):
    """A name: of which codes, in which words.

    `kind` is "n" for a name and "p" for a people or an adjective, `case` what capitals it asks for, `article` whether
    Arabic writes it with one, `weak` 1 where it needs a second cue and 2 where that is another name of the place. There are
    no codes where the name is not a place's.
    """

    codes: tuple[str, ...]
    kind: str
    weak: int
    case: str
    article: bool
    words: tuple[tuple[str, str], ...]
    endings: re.Pattern[str]

    @property
    def length(self) -> int:
        """How much of a text it covers at least; the longer of two is meant."""
        return sum(len(word) for word, _ in self.words)


def read_pattern(codes: tuple[str, ...], written: str, language: str) -> Pattern:
    """A pattern as the gazetteer writes it: flags, a colon, words with their markers."""
    flags, _, rest = written.partition(":")
    words = tuple((word.rstrip("*~+"), word[-1] if word[-1] in "*~+" else "") for word in rest.split())
    case = _CAPITALS if "u" in flags else _CAPITAL if "c" in flags else _WHOLE
    endings = _ENDINGS.get(language, _NONE)
    return Pattern(codes, flags[0], flags.count("?"), case, "a" in flags, words, endings)


class Lexicon(dict[str, tuple[Pattern, ...]]):
    """For every word, as written, the patterns that begin with it, the longest first; remembers what it was asked."""

    def __init__(self, patterns: Iterable[Pattern], *, arabic: bool) -> None:
        super().__init__()
        self._arabic = arabic
        self._whole: defaultdict[str, list[Pattern]] = defaultdict(list)
        self._begin: defaultdict[str, list[Pattern]] = defaultdict(list)
        self.han: defaultdict[str, list[Pattern]] = defaultdict(list)
        for pattern in patterns:
            word, mark = pattern.words[0]
            if HAN.match(word):
                self.han[word[:2]].append(pattern)
            else:
                (self._begin if mark else self._whole)[word].append(pattern)
        for listed in self.han.values():
            listed.sort(key=lambda one: -one.length)

    def __missing__(self, raw: str) -> tuple[Pattern, ...]:
        if len(raw) > _LONGEST:
            return ()  # and not remembered: it may be a megabyte
        if len(self) > _MOST_REMEMBERED:
            self.clear()
        found = self[raw] = tuple(self._look_up(raw))
        return found

    def _look_up(self, raw: str) -> list[Pattern]:
        found: dict[Pattern, None] = {}
        for word, article in self._readings(letters(raw)):
            for pattern in self._beginning_with(word):
                if (article or not pattern.article) and has_case(raw, pattern.case):
                    found[_of_kind(pattern, word)] = None
        return sorted(found, key=lambda one: (-len(one.words), -one.length, one.kind, one.words[0][1]))

    def _beginning_with(self, word: str) -> Iterator[Pattern]:
        yield from self._whole.get(word, ())
        for end in range(len(word), 1, -1):
            for pattern in self._begin.get(word[:end], ()):
                if fits(word, *pattern.words[0], pattern.endings):
                    yield pattern

    def _readings(self, word: str) -> Iterator[tuple[str, bool]]:
        """The word with and without what Arabic may have written on to it, and whether the article was among that."""
        yield word, False
        if not self._arabic or not "\u0600" <= word[:1] <= "\u06ff":
            return
        bare = word[1:] if word[0] in "وف" and len(word) > 3 else ""
        for one in (word, bare):
            if not one:
                continue
            if one is bare:
                yield one, False
            if one.startswith(("ال", "لل")) and len(one) > 4:
                yield one[2:], True
            if one[0] in "بكل" and len(one) > 3:
                yield one[1:], False
                if one.startswith("ال", 1) and len(one) > 5:
                    yield one[3:], True


def fits(word: str, stem: str, mark: str, endings: re.Pattern[str]) -> bool:
    """Whether a folded word is a word of a pattern."""
    if not mark:
        return word == stem
    if not word.startswith(stem):
        return False
    if mark == "*":
        return True
    return not (mark == "+" and len(word) == len(stem)) and endings.fullmatch(word, len(stem)) is not None


def has_case(raw: str, case: str) -> bool:
    """Whether a word is written with the capitals that a pattern asks for."""
    if not case:
        return True
    return raw.isupper() if case == _CAPITALS else raw[0].isupper()


def _of_kind(pattern: Pattern, word: str) -> Pattern:
    """In English, Arabic and Persian the ending tells a people from a name."""
    stem, mark = pattern.words[0]
    ending = word[len(stem) :]
    if len(pattern.words) > 1:
        people = False
    elif "\u0600" <= word[0] <= "\u06ff":
        people = word.endswith("ي") or (mark in ("~", "+") and ending not in ("", "ا", "يا"))
    else:
        people = mark == "*" and ending in ("i", "is", "an", "ans", "ian", "ians", "ese")
    return pattern._replace(kind="p") if people else pattern


def union(lexicons: Iterable[tuple[str, list[Pattern]]]) -> list[Pattern]:
    """The patterns of all languages that say one thing in all of them, for a text whose language nobody knows."""
    meant: defaultdict[tuple[tuple[str, str], ...], list[Pattern]] = defaultdict(list)
    for _, patterns in lexicons:
        for pattern in patterns:
            meant[pattern.words].append(pattern)
    kept = []
    for words, listed in meant.items():
        first = listed[0]
        if len({one.codes for one in listed}) > 1 or (len(words) == 1 and _is_short(first)):
            continue
        kept.append(first._replace(weak=max(one.weak for one in listed)))
    return kept


def _is_short(pattern: Pattern) -> bool:
    word, mark = pattern.words[0]
    if HAN.match(word) or pattern.case == _CAPITALS:
        return False
    latin_in_small = word.isascii() and not pattern.case
    return latin_in_small or len(word) < _SHORTEST_IN_UNION + (mark == "*" and not pattern.case)
