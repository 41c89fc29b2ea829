"""The page of an entry: why it is where it is, and what its publisher changed.

In: a kept entry, a publisher. Out: what the page shows, or None where the entry may not be shown.
Never: a word of an entry, as it is or as it was, that `visible` keeps back.
"""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from aggregator import gazetteer, placefeeds
from aggregator.edits import Edit, as_it_was, edits_of
from aggregator.publish import Publisher
from aggregator.reasons import reason_of
from aggregator.visible import visible
from aggregator.web import pages
from aggregator.web.marking import marked_body, marked_title
from feeds.model import Entry, Reason
from storage import reading, stories
from storage.model import Kept, PlaceTag
from storage.revisions import revisions_of

_MOST_EDITS = 10
_LONGEST = 40_000
"""Characters of a text that are compared with what it was: a page is for the reader, `heliograph why` has it all."""
_MOST_MATCHES = 40
_MOST_ALSO = 50


def entry_page(publisher: Publisher, kept: Kept, site: pages.Site) -> pages.Entry | None:
    """The page of an entry, with its places, and with others that tell the same story."""
    shown = visible(kept, publisher.viewer, site.now)
    (item,) = pages.items([kept], publisher.viewer, site.now, {}) or (None,)
    if shown is None or item is None:
        return None
    because = [reason_of(kept, why) for why in kept.filings]
    body = Markup(shown.content or shown.summary)  # noqa: S704 - the sanitiser made it
    item = pages.with_words(item, marked_title(shown.title, because), marked_body(body, kept.entry.text, because))
    return pages.Entry(
        site=site, item=item, updated=kept.updated, language=kept.language or shown.lang, language_by=kept.language_by,
        wire=kept.wire, labels=kept.labels, categories=shown.categories, places=[_placed(tag) for tag in kept.places],
        also=_also(publisher, kept, site), matches={reason.topic: [*_matches(reason)] for reason in because},
        kept_out=[(pin.topic, pin.told) for pin in kept.pins if not pin.is_in],
        edits=_edits(publisher, kept, shown, site), whole=bool(shown.content),
    )  # fmt: skip


def _placed(tag: PlaceTag) -> pages.Place:
    return pages.Place(name=placefeeds.placed(tag).name, slug=gazetteer.slug_of(tag.code), count=tag.count)


def _also(publisher: Publisher, kept: Kept, site: pages.Site) -> list[pages.Also]:
    """The other entries that tell its story, the first that came first."""
    if kept.story is None:
        return []
    keys = [key for key in stories.tellers(publisher.db, [kept.story]).get(kept.story, ()) if key != kept.key]
    held = (
        (one, visible(one, publisher.viewer, site.now)) for one in reading.entries_of(publisher.db, keys[:_MOST_ALSO])
    )
    return [
        pages.Also(title=entry.title, source=one.source_name, link=entry.link, key=one.key)
        for one, entry in held
        if entry is not None
    ]


def _edits(publisher: Publisher, kept: Kept, shown: Entry, site: pages.Site) -> list[Edit]:
    if not kept.revisions:
        return []
    held = revisions_of(publisher.db, kept.key, limit=_MOST_EDITS)
    was = ((one, visible(as_it_was(kept, one), publisher.viewer, site.now)) for one in held)
    return edits_of(shown, [(one, entry) for one, entry in was if entry is not None], longest=_LONGEST)


def _matches(reason: Reason) -> Iterator[pages.Match]:
    """The words that put an entry into a topic, each once: no more of its text than the rule names."""
    found = {(span.term, span.field, span.words): None for span in reason.spans}
    for term, field, words in [*found][:_MOST_MATCHES]:
        yield pages.Match(term=term, field=field, words=words)
