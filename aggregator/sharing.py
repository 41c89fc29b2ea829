"""Who else tells the story of an entry, and one entry a story for those who want no more.

In: kept entries of a page or a feed. Out: the other outlets of each, as far as they may be shown. Never: an outlet twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from aggregator.visible import Viewer, visible
from feeds.identity import without_credentials
from feeds.model import Outlet, Shared
from storage import reading, stories
from storage.database import Database
from storage.model import Kept

LOOKED_THROUGH = 4
"""So many times more entries than a feed shows are read where one stands for several."""
_MOST_OUTLETS = 30


def shared(db: Database, kept: Sequence[Kept], viewer: Viewer, now: datetime) -> dict[int, Shared]:
    """Who else tells the stories of these entries, by their keys; entries that stand alone are left out."""
    told = stories.tellers(db, sorted({one.story for one in kept if one.story is not None}))
    keys = sorted({key for of_story in told.values() for key in of_story[:_MOST_OUTLETS]})
    held = {one.key: one for one in reading.entries_of(db, keys)}
    found: dict[int, Shared] = {}
    for one in kept:
        others = [held[key] for key in told.get(one.story or 0, ()) if key in held and key != one.key]
        also = {
            other.source_slug: Outlet(name=other.source_name, url=without_credentials(entry.link))
            for other in reversed(others)
            if other.source_slug != one.source_slug and (entry := visible(other, viewer, now)) is not None
        }
        wire = next((other.wire for other in (one, *others) if other.wire), "")
        if also:
            found[one.key] = Shared(also=tuple(reversed(also.values())), wire=wire)
    return found


def one_a_story(kept: Sequence[Kept], limit: int) -> list[Kept]:
    """One entry a story, in the given order: the best source's (`rank`, lower is better), of those the earliest."""
    best: dict[int, Kept] = {}
    for one in kept:
        if one.story is not None:
            held = best.setdefault(one.story, one)
            best[one.story] = min(held, one, key=lambda each: (each.rank, each.published, each.key))
    return [one for one in kept if one.story is None or best[one.story].key == one.key][:limit]
