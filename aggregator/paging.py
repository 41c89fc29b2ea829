"""Feeds read in pages: first the news by arrival, newest first, then history in the same order (RFC 5005 section 3, P-02).

In: how to read a stretch of a feed, and what is asked. Out: a page of entries and the cursor of the next. Never: an entry
twice in one walk, or one left out that stood in the feed when the walk began, whatever arrives meanwhile (P-06): a cursor
names a place in the order of arrival, and places stay.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from aggregator import placefeeds
from aggregator.asking import Asked, Cursor
from storage import placing, reading
from storage.database import Database
from storage.model import Kept, Output
from storage.stretch import WHOLE, Stretch, Teller, tellers

Read = Callable[[Stretch, int], list[Kept]]
"""The newest arrivals in a stretch of a feed, so many at most."""
Tellers = Callable[[Stretch, Collection[int]], list[Teller]]
"""The entries in a stretch of a feed that tell some stories."""
LOOKED_THROUGH = 4
"""So many times more entries than a page shows are read where one stands for several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of a feed, and where the next one begins; None where this is the last."""

    kept: list[Kept]
    following: Cursor | None


def readers_of(db: Database, output: Output) -> tuple[Read, Tellers]:
    """How a feed of ours is read in stretches."""
    if output.kind == "places":
        codes = placefeeds.codes_of(output.slug)
        return (
            lambda stretch, limit: placing.page(db, codes, limit=limit, stretch=stretch),
            lambda stretch, stories: placing.tellers(db, codes, stretch, stories),
        )
    return (
        lambda stretch, limit: reading.page(db, output.kind, output.slug, limit=limit, stretch=stretch),
        lambda stretch, stories: tellers(db, output.kind, output.slug, stretch, stories),
    )


def page_of(read: Read, asked: Asked, limit: int, stretch: Stretch = WHOLE) -> Page:
    """A page of every entry in a stretch. The first page holds news only: history is on those that follow."""
    begin = asked.cursor
    rest: list[Kept] = []
    news: list[Kept] = []
    if begin is None or not begin.in_history:
        news = read(replace(stretch, news=True, before=begin.before if begin else None), limit + 1)
    if len(news) <= limit:
        before = begin.before if begin and begin.in_history else None
        wanted = limit + 1 - len(news) if begin else 1
        rest = read(replace(stretch, news=False, before=before), wanted)
    found = news + rest
    kept = found[:limit] if begin else news[:limit]
    return Page(kept=kept, following=_after(kept) if len(found) > len(kept) else None)


def stories_of(
    read: Read, tellers: Tellers, asked: Asked, limit: int, start: int, shown: Callable[[Teller], bool],
    stretch: Stretch = WHOLE,
) -> Page:  # fmt: skip
    """A page with one entry a story: the best that is `shown`, at its own place in the order of arrival.

    What arrives after a walk began, with the place `start`, is not looked at by it: a better entry of a story would else
    take it away from a page that comes to one that was read. A story that has news is told by news.
    """
    begin = asked.cursor
    start = start if begin is None or begin.start is None else begin.start
    stretch = replace(stretch, upto=start)
    wide = page_of(read, asked, limit * LOOKED_THROUGH, stretch)
    best = best_of(
        one for one in tellers(stretch, {one.story for one in wide.kept if one.story is not None}) if shown(one)
    )
    kept = [one for one in wide.kept if one.story is None or best.get(one.story, one.key) == one.key]
    following = _after(kept[:limit]) if len(kept) > limit else wide.following
    return Page(kept=kept[:limit], following=following and replace(following, start=start))


def best_of(tellers: Iterable[Teller]) -> dict[int, int]:
    """The key of the entry that stands for each story: news before history, the best source's, of those the earliest."""
    best: dict[int, Teller] = {}
    for one in tellers:
        held = best.setdefault(one.story, one)
        best[one.story] = min(held, one, key=lambda each: (not each.is_news, each.rank, each.published, each.key))
    return {story: one.key for story, one in best.items()}


def _after(kept: Sequence[Kept]) -> Cursor:
    """Where the page after these begins. Where there is none of them, history follows from its newest on."""
    return Cursor(before=kept[-1].arrival, in_history=not kept[-1].is_news) if kept else Cursor(before=0)
