"""An entry as queries see it: its fields as words and values.

In: an entry, its source, what it was found to be. Out: words with their places, values, what is compared.
Never: a match.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from aggregator.topics.gate import OWN_WORDS, Gate
from aggregator.topics.runs import Runs
from aggregator.topics.stems import stemmed_as
from aggregator.topics.words import BETWEEN, Words
from feeds.model import Entry, Source
from storage.model import Meaning, PlaceTag, Span

_ANY_RUN = Runs(lambda form: ())
_NO_WORDS = Words(runs=_ANY_RUN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is known of an entry beside its words.

    `published` is the moment that we publish; the entry's own where it is None. `now` and `sources`, the number of outlets
    that tell its story, change with time: only searches know them.
    """

    published: datetime | None = None
    now: datetime | None = None
    sources: int = 0


NOTHING_TOLD = Told()
# Names and addresses have no inflections.
_INFLECTED = ("", "category")


def stem_language(entry: Entry, source: Source, meaning: Meaning) -> str:
    """The language that an entry's words are stemmed in; "" where no stemmer knows it."""
    return stemmed_as(_lang(entry, source, meaning))


def _lang(entry: Entry, source: Source, meaning: Meaning) -> str:
    """The language that its text tells, else its own or its source's word, as a lower-case tag of BCP 47."""
    claimed = (entry.lang or source.lang).lower().replace("_", "-")  # some feeds write en_US
    told = meaning.language if meaning.language_by else ""
    # A claim may say more of the same language: pt-br.
    return claimed if claimed.partition("-")[0] == told else told or claimed


class Subject:
    """An entry as queries see it."""

    def __init__(self, entry: Entry, source: Source, gate: Gate, meaning: Meaning, told: Told = NOTHING_TOLD) -> None:
        """`gate` is that of the queries that will be asked, `meaning` what the entry was found to be."""
        self._entry = entry
        self._meaning = meaning
        self._source = source
        self.gate = gate
        """What knows which parts of a query are worth a look."""
        self.atom_of = gate.atom_of
        """The atoms of the pieces of terms, by the piece's identity."""
        self._told = told
        self._words: dict[str, Words] = {}
        self.spans: dict[int, list[Span]] = {}
        """Where terms stand, by their identity: several queries may ask for one."""
        self.present = set(gate.places(tag.code for tag in meaning.places))
        """The atoms that it holds."""
        language = stem_language(entry, source, meaning)
        for field in ("", *OWN_WORDS):
            runs = gate.runs(field, language if field in _INFLECTED else "")
            if runs is not None:
                words = self._words[field] = Words(*self._texts(field), runs=runs)
                self.present |= words.atoms
        self.text_begins = len(entry.title) + len(BETWEEN)
        """Where, in the places of the words of title and text, those of the text begin."""

    def words(self, field: str) -> Words:
        """The words of a field; "" is title and text in one, and the text is without the author's bio."""
        return self._words.get(field, _NO_WORDS)

    def _texts(self, field: str) -> Sequence[str]:
        entry = self._entry
        if field == "author":
            return [author.name for author in entry.authors]
        if field == "source":
            return [self._source.name, self._source.slug]
        if field == "category":
            return entry.categories
        return [entry.link] if field == "url" else [entry.title, entry.text]

    @property
    def places(self) -> Sequence[PlaceTag]:
        """The places that it names."""
        return self._meaning.places

    def values(self, field: str) -> Sequence[str]:
        """What stands in a field of values, in lower case."""
        source = self._source
        held = {
            "kind": (source.kind,),
            "tag": source.tags,
            "label": source.labels,
            "lang": (_lang(self._entry, source, self._meaning),),
        }[field]
        return [value.lower() for value in held]

    def measure(self, name: str) -> float | datetime | None:
        """What a comparison is about; None where nobody knows it."""
        if name == "places":
            return sum(1 for tag in self.places if len(tag.code) == 2 and tag.code.isupper())
        if name == "words":
            words = self._words.get("")
            return words.count(1) if words else Words(self._entry.text, runs=_ANY_RUN).count(0)
        if name == "sources":
            return self._told.sources
        published = self._told.published or self._entry.published
        if name == "published" or published is None or self._told.now is None:
            return published if name == "published" else None
        return (self._told.now - published).total_seconds()
