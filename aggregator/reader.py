"""What the parser processes run: they read a feed, and tell what each of its entries is.

In: feeds, with the language and country of their source. Out: documents, with a meaning an entry. Never: a feed that is not
read because what it means cannot be told: then who decides finds it out again.
"""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.language import prepare
from aggregator.meaning import meaning_of
from feeds import sandbox
from feeds.model import Document, Source
from storage.model import Meaning

PROGRAM = "aggregator.reader"
"""The name of this module, for `feeds.sandbox.Sandbox`."""

About = tuple[str, str]
"""The language and the country of a source."""


def about(source: Source) -> About:
    """What a parser process needs to know of a source."""
    return source.lang, source.country


def meanings(document: Document, said: About) -> Sequence[Meaning]:
    """What each entry of a document is, in the document's order; nothing where that takes too much."""
    source = Source(slug="", url="", lang=said[0], country=said[1])
    try:
        return [meaning_of(entry, source) for entry in document.entries]
    except (MemoryError, RecursionError):
        return ()


if __name__ == "__main__":
    prepare()
    sandbox.serve(meanings)
