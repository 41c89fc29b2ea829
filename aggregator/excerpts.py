"""Texts with the words marked that a query asked for. PURE.

In: a text, where words of it matched. Out: the text in runs, marked or not; or no more than what stands around the marks.
Never: markup: what a mark looks like is for whoever shows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

_AROUND = 70
"""Characters on either side of a mark."""
_MOST_PLACES = 3
_MOST_WORDS = 100
_BETWEEN = " … "


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text; `hit` says that a query asked for it."""

    words: str
    hit: bool = False


class Standing(Protocol):
    """Where something stands: characters `start` to `end` of a field."""

    @property
    def field(self) -> str:
        """The field's name."""

    @property
    def start(self) -> int:
        """The first character."""

    @property
    def end(self) -> int:
        """The one after the last."""


def places_of(spans: Iterable[Standing], field: str, length: int) -> list[tuple[int, int]]:
    """Where the marks are in a field's text of this length, in order, those that overlap as one."""
    held = {(one.start, one.end) for one in spans if one.field == field and 0 <= one.start < one.end <= length}
    found: list[tuple[int, int]] = []
    for start, end in sorted(held):
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def marked(text: str, spans: Iterable[Standing], field: str) -> list[Run]:
    """The whole text in runs."""
    return _runs(text, places_of(spans, field, len(text)))


def excerpt(text: str, spans: Iterable[Standing], field: str = "text") -> list[Run]:
    """What stands around the first marks; the beginning of the text where there are none."""
    places = places_of(spans, field, len(text))
    if not places:
        start, end = 0, min(len(text), 3 * _AROUND)
        return [Run(_lead(text, start, end))] if text else []
    found: list[Run] = []
    at = 0
    for first, last in _windows(text, places)[:_MOST_PLACES]:
        if first > at:
            found.append(Run("… " if not found else _BETWEEN))
        inside = [(start - first, end - first) for start, end in places if first <= start and end <= last]
        found += _runs(text[first:last], inside)
        at = last
    return [*found, Run(" …")] if at < len(text) else found


def marked_words(text: str, words: Iterable[str]) -> list[Run]:
    """A text in which these words are marked wherever they stand: another telling of what matched elsewhere."""
    wanted = sorted({word for word in words if word.strip()}, key=lambda word: (-len(word), word))[:_MOST_WORDS]
    if not wanted:
        return [Run(text)] if text else []
    pattern = re.compile("|".join(f"{_edge(word[0])}{re.escape(word)}{_edge(word[-1])}" for word in wanted))
    return _runs(text, [found.span() for found in pattern.finditer(text)])


def matched_words(text: str, spans: Iterable[Standing], field: str) -> list[str]:
    """The words that matched in a field, as they stand there, each once."""
    return list(dict.fromkeys(text[start:end] for start, end in places_of(spans, field, len(text))))


def _edge(character: str) -> str:
    """The boundary of a word, in scripts that write spaces between words."""
    return r"\b" if character.isalnum() and ord(character) < 0x0E00 else ""


def _runs(text: str, places: Sequence[tuple[int, int]]) -> list[Run]:
    found: list[Run] = []
    at = 0
    for start, end in places:
        found += [Run(text[at:start]), Run(text[start:end], hit=True)]
        at = end
    return [one for one in (*found, Run(text[at:])) if one.words]


def _windows(text: str, places: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Stretches around the marks that begin and end at words, those that touch as one."""
    found: list[tuple[int, int]] = []
    for start, end in places:
        first, last = _word_start(text, start), _word_end(text, end)
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found


def _word_start(text: str, at: int) -> int:
    start = max(0, at - _AROUND)
    if start == 0:
        return 0
    space = text.find(" ", start, at)
    return start if space < 0 else space + 1


def _word_end(text: str, at: int) -> int:
    end = min(len(text), at + _AROUND)
    if end == len(text):
        return end
    space = text.rfind(" ", at, end)
    return end if space < 0 else space


def _lead(text: str, start: int, end: int) -> str:
    if end == len(text):
        return text[start:end]
    space = text.rfind(" ", start, end)
    return text[start : end if space < 0 else space] + " …"
