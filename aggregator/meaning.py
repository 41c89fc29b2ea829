"""An entry -> what it is: its language, its places, its canonical link. PURE.

In: an entry and its source. Out: a Meaning. Never: a word of the author's box: it is not among the entry's words.
"""

from __future__ import annotations

from aggregator.language import LANGUAGES_VERSION, language_of
from aggregator.places import PLACES_VERSION, places_of
from feeds.identity import digest, story_url
from feeds.model import Entry, Source
from storage.model import Meaning

MEANING_VERSION = digest(LANGUAGES_VERSION, PLACES_VERSION)[:12]
"""Another version judges stored entries anew."""


def meaning_of(entry: Entry, source: Source, wire: str = "") -> Meaning:
    """What an entry is. `wire` is the agency that its byline or dateline names."""
    language, told_by = language_of(entry.title, entry.text, entry.lang or source.lang)
    return Meaning(
        language=language,
        language_by=told_by,
        places=places_of(entry.title, entry.text, language, source.country),
        canonical=story_url(entry.link),
        wire=wire,
    )
