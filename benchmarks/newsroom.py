"""Made-up news and made-up topics, as many as wanted: words by Zipf's law, topics as analysts write them.

In: numbers. Out: texts, queries, and the same queries as regular expressions. Never: a word that somebody published.
"""

from __future__ import annotations

import random
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from feeds.model import Entry

_SEED = 20_261
_VOCABULARY = 50_000
_COLLOCATIONS = 4_000
# As often as words stand in pairs that are known as such: "air defence", "joint venture".
_PAIRED = 0.08
_NUMBERS = 0.03
_ENDINGS = ("",) * 8 + ("s", "ed")
_SYLLABLES = (
    "ba", "ced", "dor", "el", "fan", "gir", "hol", "in", "jur", "kam", "lo", "mer", "nu", "or", "pel", "qua", "rin", "sol",
    "ta", "ul", "ver", "wil", "yar", "zen", "bri", "cla", "dro", "fle", "gra", "sti", "tre", "mon",
)  # fmt: skip


class Newsroom:
    """Texts and topics over one vocabulary; the same number makes the same."""

    def __init__(self) -> None:
        chance = random.Random(_SEED)
        words: dict[str, None] = {}
        while len(words) < _VOCABULARY:
            # Common words are short, as everywhere.
            length = 1 + (len(words) > 30) + (len(words) > 800) + (len(words) > 12_000 and chance.random() < 0.5)
            words["".join(chance.choices(_SYLLABLES, k=length + (chance.random() < 0.3)))] = None
        self.words = [*words]
        self._heights = [*accumulate(1 / (rank + 2.7) ** 1.07 for rank in range(_VOCABULARY))]
        self._pairs = [(self._topical(chance), self._topical(chance)) for _ in range(_COLLOCATIONS)]
        self._pair_heights = [*accumulate(1 / (rank + 1) for rank in range(_COLLOCATIONS))]

    def texts(self, number: int, words: int) -> Iterator[str]:
        """Texts of so many words."""
        chance = random.Random(_SEED + 1)
        for _ in range(number):
            said: list[str] = []
            while len(said) < words:
                said += self._said(chance)
            yield " ".join(said[:words])

    def entries(self, number: int, words: int) -> Iterator[Entry]:
        """The same as entries: the first words are the title."""
        for at, text in enumerate(self.texts(number, words)):
            title, _, rest = text.partition(". ")
            yield Entry(
                id=str(at), title=title[:80], text=rest or text, link=f"https://news.example.org/{at}", lang="en"
            )

    def topics(self, number: int) -> Iterator[Topical]:
        """Topics of 10 to 40 terms."""
        chance = random.Random(_SEED + 2)
        for _ in range(number):
            terms = chance.randint(10, 40)
            sides = 2 if chance.random() < 0.7 else 3
            without = chance.randint(0, 2)
            groups = [[self._term(chance) for _ in range(max(3, (terms - without) // sides))] for _ in range(sides)]
            yield Topical(
                groups=tuple(map(tuple, groups)), without=tuple(self._term(chance) for _ in range(without)),
                within=8 if sides == 2 and chance.random() < 0.1 else None,
            )  # fmt: skip

    def _said(self, chance: random.Random) -> list[str]:
        if chance.random() < _NUMBERS:
            return [str(chance.randint(2, 9999))]
        if chance.random() < _PAIRED:
            return [*self._pairs[_drawn(chance, self._pair_heights)]]
        word = self.words[_drawn(chance, self._heights)] + chance.choice(_ENDINGS)
        if chance.random() < 0.06:
            word = word.capitalize()
        return [word + ("." if chance.random() < 0.05 else "," if chance.random() < 0.05 else "")]

    def _topical(self, chance: random.Random) -> str:
        """A word that a topic would be about: neither among the most common ones nor always a rare one."""
        low, high = 6_000, _VOCABULARY
        return self.words[int(low * (high / low) ** chance.random()) - 1]

    def _term(self, chance: random.Random) -> str:
        kind = chance.random()
        if kind < 0.55:
            return self._topical(chance)
        if kind < 0.75:
            word = self._topical(chance)
            return f"{word[: max(5, len(word) - 1)]}*"
        if kind < 0.95:
            return '"' + " ".join(chance.choice(self._pairs)) + '"'
        return f'="{self._topical(chance).capitalize()}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Topical:
    """A topic: one term of each group and none of `without`; `within` so many words where it is about nearness."""

    groups: tuple[tuple[str, ...], ...]
    without: tuple[str, ...]
    within: int | None = None

    @property
    def query(self) -> str:
        """In the topic language."""
        joined = [f"({' OR '.join(group)})" for group in self.groups]
        sign = f" NEAR/{self.within} " if self.within else " AND "
        without = f" NOT ({' OR '.join(self.without)})" if self.without else ""
        return sign.join(joined) + without

    @property
    def patterns(self) -> tuple[tuple[re.Pattern[str], ...], re.Pattern[str] | None]:
        """A compiled regular expression a group, and one for what must not be there. Nearness is left out."""
        found = tuple(re.compile(_expression(group)) for group in self.groups)
        return found, re.compile(_expression(self.without)) if self.without else None


def _expression(terms: tuple[str, ...]) -> str:
    return rf"\b(?:{'|'.join(map(_alternative, terms))})"


def _alternative(term: str) -> str:
    if term.startswith("="):
        return re.escape(term[2:-1]) + r"\b"
    if term.startswith('"'):
        row = r"\s+".join(map(re.escape, term[1:-1].split()))
        return rf"(?i:{row})\b"
    if term.endswith("*"):
        return rf"(?i:{re.escape(term[:-1])})"
    return rf"(?i:{re.escape(term)}(?:s|ed|ing)?)\b"


def _drawn(chance: random.Random, heights: list[float]) -> int:
    return bisect_left(heights, chance.random() * heights[-1])
