"""An entry -> what its story is told by: cleaned of boilerplate, as sets of terms.

In: a title, a text, where and when. Out: a `Telling`. Never: more of a text than its beginning, however long it is.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from itertools import pairwise
from sys import intern

from aggregator.storywords import AGENCY_AFTER, BOILERPLATE, DATELINE, NUMBERS, SCALES, STOP, TAIL
from aggregator.topics.fold import letters
from feeds.identity import digest

MOST_TEXT = 6000
"""Characters of a text that are read: news says what it has to say before that."""
_MOST_TITLE = 500
_LEAD_WORDS = 36
_MOST_TERMS = 400
_LONG_TEXT = 200
_SHORT_TEXT = 40
_MOST_REMEMBERED = 100_000
_LONGEST_REMEMBERED = 40

# A number with its thousands; a designator (Mi-8, T72, S-300PMU); a word with what an apostrophe joins to it.
_WORD = re.compile(
    r"\d+(?:[.,\u00a0\u202f ]\d{3}(?!\d))*(?:[.,:]\d+)?|[^\W\d_]{1,6}-\d+[^\W_]*|[^\W\d_]{1,2}\d+[^\W_]*"
    r"|[^\W\d_]+(?:['’ʼ`][^\W\d_]+)*"
)
_SENTENCE = re.compile(r"(?<=[.!?؟。…])[\"»”’)]*\s+|\n+")
_SPACELESS = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0e7f\u1000-\u109f\u1780-\u17ff]{2,}")
_OF_AN_ENTRY = re.compile(r"[a-z]+://[^/]+/.")
_ARABIC = re.compile("[\u0600-\u06ff]")
_ARTICLES = ("بال", "كال", "فال", "لل", "ال")
# Vowel marks of Arabic script, tatweel, joiners: written or not as one likes.
_MARKS = re.compile("[\u0300-\u036f\u064b-\u065f\u0670\u0640\u200b-\u200f\u2060\u00ad]")
_APOSTROPHE = re.compile("['’ʼ`]")


class Kind(IntEnum):
    """What a word is to a story."""

    STOP = 0
    WORD = 1
    NAME = 2
    NUMBER = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """An entry as stories are compared by: tuples, since many are held at a time.

    `at` is when it was published, `seen` when it came. `exact` are keys that it shares with its exact copies alone.
    `terms` are those of the whole text, each once; `lead` those of the title and the first sentences; `names` and
    `numbers` those that are such. `pairs` are hashes of two terms that follow each other: they show what was copied.
    """

    key: int
    source: str
    at: datetime
    seen: datetime
    exact: tuple[str, ...]
    terms: tuple[str, ...]
    lead: tuple[str, ...]
    names: tuple[str, ...]
    numbers: tuple[str, ...]
    pairs: array[int]


def telling(
    *, key: int, source: str, at: datetime, title: str, text: str, canonical: str = "", seen: datetime | None = None
) -> Telling:
    """What an entry tells. `canonical` is its address without tracking, "" where it has none."""
    said = list(sentences(_bare(text[:MOST_TEXT])))
    title = _bare(title[:_MOST_TITLE])
    reader = _Reader(joined([_read(word) for word in _WORD.findall(title)]))
    for sentence in said:
        if not reader.read(sentence):
            break
    return Telling(
        key=key, source=source, at=at, seen=seen or at, exact=tuple(_exact(title, said, canonical)),
        terms=tuple(reader.terms), lead=tuple(reader.lead), names=tuple(reader.names), numbers=tuple(reader.numbers),
        pairs=array("q", reader.pairs),
    )  # fmt: skip


def exact_keys(*, title: str, text: str, canonical: str = "") -> tuple[str, ...]:
    """What an entry shares with its exact copies alone, without reading the rest of it."""
    return tuple(_exact(_bare(title[:_MOST_TITLE]), [*sentences(_bare(text[:MOST_TEXT]))], canonical))


def _exact(title: str, said: list[str], canonical: str) -> Iterator[str]:
    """The keys of N-01. The address of a site's front page is no entry's own.

    A short text counts with its title, since many sources set the same line below all they have.
    """
    if _OF_AN_ENTRY.match(canonical):
        yield f"url:{canonical}"
    words = " ".join(_WORD.findall(" ".join(said))).casefold()
    if len(words) >= _LONG_TEXT:
        yield f"text:{digest(words)}"
    elif len(words) >= _SHORT_TEXT:
        yield f"text:{digest(title.casefold(), words)}"


def _bare(text: str) -> str:
    """The text without marks that are written or not; what is written without spaces in pairs of characters."""
    if text.isascii():
        return text
    text = _MARKS.sub("", unicodedata.normalize("NFC", text))
    return _SPACELESS.sub(_in_pairs, text) if _SPACELESS.search(text) else text


def _in_pairs(run: re.Match[str]) -> str:
    return " ".join(map("".join, pairwise(run[0]))) + " "


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text without its dateline, its boilerplate and the list of other stories at its end (N-03)."""
    text = _without_dateline(text)
    small = text.lower()
    marks = [mark for mark in BOILERPLATE if mark in small]
    for line in text.split("\n"):
        if TAIL.match(line):
            return
        for sentence in _SENTENCE.split(line):
            if sentence and not (marks and _holds(sentence, marks)):
                yield sentence


def _holds(sentence: str, marks: list[str]) -> bool:
    small = sentence.lower()
    return any(mark in small for mark in marks)


def _without_dateline(text: str) -> str:
    found = DATELINE.match(text)
    if not found:
        return text
    rest = text[found.end() :]
    agency = AGENCY_AFTER.match(rest) if "(" not in found[0] else None
    return rest[agency.end() :] if agency else rest


class _Reader:
    """Gathers the terms of a text, sentence by sentence."""

    def __init__(self, headline: list[tuple[str, Kind]]) -> None:
        # Dictionaries for sets: the order is that of the text, in every process.
        self.terms = dict.fromkeys(term for term, kind in headline if kind)
        self.lead = dict(self.terms)
        self.names: dict[str, None] = {}
        self.numbers = dict.fromkeys(term for term, kind in headline if kind is Kind.NUMBER)
        self.pairs: set[int] = set()
        self._words = 0

    def read(self, sentence: str) -> bool:
        """Take a sentence in; whether there is room for more."""
        found = joined([_read(word) for word in _WORD.findall(sentence)])
        kept = [term for term, kind in found if kind]
        if self._words < _LEAD_WORDS:
            self.lead.update(dict.fromkeys(kept[: 2 * _LEAD_WORDS]))
        self._words += len(found)
        self.terms.update(dict.fromkeys(kept))
        for at, (term, kind) in enumerate(found):
            if kind is Kind.NAME and at:
                self.names[term] = None
            elif kind is Kind.NUMBER:
                self.numbers[term] = None
        self.pairs.update(map(hash, pairwise(kept)))
        return len(self.terms) < _MOST_TERMS


def joined(found: list[tuple[str, Kind]]) -> list[tuple[str, Kind]]:
    """Numbers that take more than a word as one: twenty six is 26, "3 bin 100" is 3100, "6 млн" is 6000000."""
    made: list[tuple[str, Kind]] = []
    for term, kind in found:
        if made and made[-1][1] is Kind.NUMBER and (value := _with(made[-1][0], term, kind)):
            made[-1] = (value, Kind.NUMBER)
        else:
            made.append((term, kind))
    return made


def _with(before: str, term: str, kind: Kind) -> str:
    """A number and what stands behind it as one number; "" where they are two things."""
    if kind is Kind.WORD and term in SCALES:
        try:
            return f"#{round(float(before[1:]) * SCALES[term])}"
        except ValueError:
            return ""
    if kind is Kind.NUMBER and before[1:].isdigit() and term[1:].isdigit():
        held, more = int(before[1:]), int(term[1:])
        room = 10 if held in _TENS else 1000 if held % 1000 == 0 and held < 1_000_000 else 0
        return f"#{held + more}" if 0 < more < room else ""
    return ""


_TENS = range(20, 100, 10)


class _Words(dict[str, tuple[str, Kind]]):
    """A word as it stands -> its term and kind. News repeats its words: most are remembered."""

    def __missing__(self, word: str) -> tuple[str, Kind]:
        term, kind = _read_word(word)
        read = (intern(term), kind)
        if len(word) <= _LONGEST_REMEMBERED:
            if len(self) >= _MOST_REMEMBERED:
                self.clear()
            self[word] = read
        return read


def _read_word(word: str) -> tuple[str, Kind]:
    if word[0].isdigit():
        return _number(word)
    if "-" in word:
        return letters(word.replace("-", ""))[:12], Kind.NAME
    parts = _APOSTROPHE.split(word)
    bare = parts[0] if len(parts[0]) > 2 or len(parts) == 1 else parts[1]
    folded = letters(bare)
    if not folded or folded in STOP:
        return "", Kind.STOP
    if folded in NUMBERS:
        return f"#{NUMBERS[folded]}", Kind.NUMBER
    if len(folded) == 1:
        return "", Kind.STOP
    if folded in SCALES:
        return folded, Kind.WORD
    return stem(folded), Kind.NAME if bare[0].isupper() else Kind.WORD


_memory = _Words()
_read = _memory.__getitem__


def _number(word: str) -> tuple[str, Kind]:
    """A number in one spelling: 2,000 and 2 000 are 2000, 5,9 is 5.9; a year is a word like others."""
    digits = re.sub(r"[\u00a0\u202f ]", "", word)
    if re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", digits):
        digits = re.sub(r"[.,]", "", digits)
    whole, _, part = digits.replace(",", ".").partition(".")
    if not part and len(whole) == 4 and whole[:2] in ("19", "20"):
        return whole, Kind.WORD
    if not whole.isdigit():  # a time of day, or a letter among the digits
        return f"#{digits}"[:20], Kind.NUMBER
    whole, part = str(int(whole[:30])), part.rstrip("0")[:6]
    if whole in ("0", "1") and not part:
        return "", Kind.STOP
    return (f"#{whole}.{part}" if part else f"#{whole}"), Kind.NUMBER


def stem(word: str) -> str:
    """The beginning of a folded word, which its inflected forms share; light on purpose, for all languages at once."""
    if _ARABIC.match(word):
        if word[0] == "و" and len(word) > 4:
            word = word[1:]
        for article in _ARTICLES:
            if word.startswith(article) and len(word) > len(article) + 2:
                word = word[len(article) :]
                break
        return word[:5]
    if word.isascii() and len(word) > 4:
        for ending in ("ing", "ed", "es", "s"):
            if word.endswith(ending) and len(word) - len(ending) >= 4:
                word = word.removesuffix(ending)
                break
    return word[:5] if len(word) > 5 else word
