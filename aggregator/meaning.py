"""An entry -> what it is: its language, its places, its canonical link. PURE.

In: an entry and its source. Out: a Meaning. Never: a word of the author's box: it is not among the entry's words.
"""

from __future__ import annotations

from functools import cache

from aggregator import gazetteer
from aggregator.language import language_of
from aggregator.places import places_of
from feeds.identity import digest, story_url
from feeds.model import Entry, Source
from storage.model import Meaning

# Another number where the code that judges changed, so that stored entries are judged anew.
_JUDGED_BY = "2"


@cache
def meaning_version() -> str:
    """What entries are judged by: another code or gazetteer has another name."""
    return digest(_JUDGED_BY, gazetteer.version())[:12]


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
