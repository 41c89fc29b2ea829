"""The words that a rule matched, marked where they are shown: in a title, and in as much of the text as a page shows.

In: safe HTML, the text that it is from, where words stand in that text. Out: the HTML with <mark> around them.
Never: a mark that crosses a tag, or where it is not certain that the text on the page is that of the spans.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import unescape
from itertools import accumulate, pairwise

from markupsafe import Markup, escape

from aggregator.excerpts import marked, places_of
from feeds.model import Reason

Place = tuple[int, int]
"""The first character and the one after the last."""

_TAG = re.compile(r'(<(?:[^">]|"[^"]*")*>)')
_UNIT = re.compile(r"&[#\w]{1,32};|.", re.DOTALL)
_ENOUGH = 40
"""So many characters, white space not counted, begin no two texts alike by chance."""
_LONGEST = 50_000
"""Characters of HTML that are looked through: a page has many entries."""


def marked_title(title: str, reasons: Iterable[Reason]) -> Markup:
    """A title, which is plain text, with its matched words marked."""
    runs = marked(title, (span for reason in reasons for span in reason.spans), "title")
    return Markup().join(Markup("<mark>{}</mark>").format(run.words) if run.hit else escape(run.words) for run in runs)


def marked_body(body: Markup, text: str, reasons: Iterable[Reason]) -> Markup:
    """Safe HTML, the whole of an entry's text or a piece of it, with the matched words of the text marked.

    Compared without white space, what is shown must be found in the text once, or begin as it begins.
    """
    places = places_of((span for reason in reasons for span in reason.spans), "text", len(text))
    if not places or not 0 < len(body) <= _LONGEST:
        return body
    parts = _TAG.split(str(body))
    bare = [_bare(unescape(part)) for part in parts[::2]]
    at, sure = _where("".join(bare), _bare(text))
    bare_places = [(start - at, end - at) for start, end in _without_spaces(text, places) if end - at <= sure]
    for number, (start, end) in enumerate(pairwise(accumulate(map(len, bare), initial=0))):
        inside = [(first - start, last - start) for first, last in bare_places if first < end and last > start]
        if inside:
            parts[2 * number] = _marked(parts[2 * number], inside)
    return Markup("".join(parts))  # noqa: S704 - the sanitiser made it, and marks stand between its characters


def _bare(text: str) -> str:
    return "".join(text.split())


def _where(shown: str, text: str) -> tuple[int, int]:
    """Where what is shown begins in the text, and how many of its characters are surely the text's: none where it is elsewhere.

    What begins as the text does is the text's as far as it agrees: a summary may end in "Continue reading".
    """
    agreed = _agreed(shown, text)
    if agreed >= min(_ENOUGH, len(shown)):
        return 0, agreed
    at = text.find(shown)
    return (at, len(shown)) if at >= 0 and text.find(shown, at + 1) < 0 else (0, 0)


def _agreed(shown: str, text: str) -> int:
    """How many characters both begin with."""
    low, high = 0, min(len(shown), len(text))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if shown[low:middle] == text[low:middle] else (low, middle - 1)
    return low


def _without_spaces(text: str, places: Sequence[Place]) -> list[Place]:
    """The same places in the text without its white space."""
    marks = sorted({mark for place in places for mark in place})
    counted = accumulate(len(_bare(text[start:end])) for start, end in pairwise([0, *marks]))
    bare = dict(zip(marks, counted, strict=True))
    return [(bare[start], bare[end]) for start, end in places]


def _marked(raw: str, places: Sequence[Place]) -> str:
    """Text of HTML, in which white space does not count, with these places marked."""
    made: list[str] = []
    at, number, is_open = 0, 0, False
    for unit in _UNIT.findall(raw):
        width = len(_bare(unescape(unit)))
        while number < len(places) and places[number][1] <= at:
            number += 1
        here = number < len(places) and (places[number][0] <= at if width else places[number][0] < at)
        if here != is_open:
            made.append("<mark>" if here else "</mark>")
            is_open = here
        made.append(unit)
        at += width
    return "".join([*made, "</mark>"] if is_open else made)
