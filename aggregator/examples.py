"""The examples of topics held against their rules: what must match, and what must not.

In: a configuration; stored entries for examples that are addresses. Out: an outcome each. Never: a change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from aggregator.config import Config
from aggregator.meaning import meaning_of
from aggregator.reasons import texts_of
from aggregator.settings import ExampleModel
from aggregator.topics.match import Rules
from aggregator.topics.subject import Told
from feeds.model import Author, Entry, Source
from storage.model import Filing, Meaning, PlaceTag


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A stored entry as an example: what a rule is held against."""

    entry: Entry
    source: Source
    meaning: Meaning
    told: Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one example: `number` counts from 1 in its list. `words` are those that matched, "" where none did.

    `missing` says that it is the address of an entry that the store does not hold.
    """

    topic: str
    must_match: bool
    number: int
    shown: str
    matched: bool
    words: tuple[str, ...] = ()
    missing: bool = False

    @property
    def passed(self) -> bool:
        """Whether the rule does what the example says."""
        return not self.missing and self.matched == self.must_match


Finder = Callable[[str], Stored | None]
"""Finds a stored entry by its address."""


def try_examples(config: Config, find: Finder, slugs: Sequence[str] = ()) -> Iterator[Outcome]:
    """Hold the examples of these topics, or of all, against their rules, in the order of the configuration."""
    sources = {row.source.slug: row.source for row in config.sources}
    for topic in config.topics:
        model = config.examples.get(topic.slug)
        if model is None or (slugs and topic.slug not in slugs):
            continue
        rules = Rules([topic])
        for must_match, examples in ((True, model.must_match), (False, model.must_not_match)):
            for number, example in enumerate(examples, start=1):
                if isinstance(example, str):
                    stored, shown = find(example), example
                else:
                    stored, shown = invented(example, sources), example.title or example.text
                filed = stored and rules.judge(stored.entry, stored.source, stored.meaning, stored.told)
                yield Outcome(
                    topic=topic.slug, must_match=must_match, number=number, shown=shown, matched=bool(filed),
                    words=_words(stored.entry, filed[0]) if stored and filed else (), missing=stored is None,
                )  # fmt: skip


def invented(example: ExampleModel, sources: dict[str, Source]) -> Stored:
    """An entry as an example describes it; what it leaves out is told by its words, as for an entry of a feed."""
    entry = Entry(
        id="example", title=example.title, text=example.text, link=example.url, lang=example.lang,
        authors=tuple(Author(name=name) for name in example.author), categories=example.category,
        published=example.published,
    )  # fmt: skip
    source = sources.get(example.source) or Source(slug=example.source or "example", url="", name=example.source)
    meaning = meaning_of(entry, source)
    if example.places is not None:
        places = tuple(PlaceTag(code=code, count=1) for code in dict.fromkeys(example.places))
        meaning = Meaning(language=meaning.language, language_by=meaning.language_by, places=places)
    return Stored(entry=entry, source=source, meaning=meaning, told=Told(published=example.published))


def _words(entry: Entry, filing: Filing) -> tuple[str, ...]:
    """The words that matched, as they stand there; where a whole field matched, the term."""
    texts = texts_of(entry)
    found = (texts.get(span.field, "")[span.start : span.end] or span.term for span in filing.spans)
    return tuple(dict.fromkeys(found))
