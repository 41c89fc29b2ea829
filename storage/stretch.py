"""A stretch of a feed's order of arrival: which entries stand in it, at which place, and whether they are news there.

In: a kind, a slug and a stretch. Out: statements for whoever reads. Never: a word of an entry, or one that is hidden.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, RowMapping, Select, and_, bindparam, exists, or_, select

from storage.database import Database
from storage.model import OutputKind
from storage.schema import authors, bylines, entries, entry_places, filings, sources, topics

_Columns = tuple[ColumnElement[bool], ...]
_LIMITS = ("before", "after", "upto", "since", "as_of")
_NEWS: _Columns = (entries.c.announced,)
_FILED_NEWS: _Columns = (filings.c.announced, entries.c.announced)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Part of a feed by arrival: the places after `after`, up to `upto`, before `before`.

    `news` takes news alone, or with False history alone: what was filed again over history, or read from archives. `since`
    leaves out what was first seen earlier. `as_of` is the feed as it stood at a moment.
    """

    news: bool | None = None
    before: int | None = None
    after: int | None = None
    upto: int | None = None
    since: datetime | None = None
    as_of: datetime | None = None


WHOLE = Stretch()
Shape = tuple[bool | None, frozenset[str]]
"""What is asked of a stretch, without the values: a statement is made once for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """An entry that tells a story in a stretch of a feed, as far as it matters which of them stands for all."""

    key: int
    story: int
    is_news: bool
    rank: int
    published: datetime
    republish: str | None


def shape_of(stretch: Stretch) -> Shape:
    """What is asked of a stretch, without the values."""
    return stretch.news, frozenset(name for name in _LIMITS if getattr(stretch, name) is not None)


def values_of(stretch: Stretch) -> dict[str, Any]:
    """The values."""
    return {name: getattr(stretch, name) for name in _LIMITS if getattr(stretch, name) is not None}


def standing(kind: OutputKind, shape: Shape) -> Select[Any]:
    """The entries of the feed `slug` in a stretch of this shape: `entry_id`, `turn`, `is_news`, in no order.

    To be executed with the slug and `values_of` the stretch.
    """
    slug: BindParameter[str] = bindparam("slug")
    if kind == "topics":
        joined = (
            _placed(filings.c.arrival, _FILED_NEWS, shape)
            .join(filings, filings.c.entry_id == entries.c.id)
            .join(topics, topics.c.id == filings.c.topic_id)
        )
        return joined.where(topics.c.slug == slug, _filed(was="as_of" in shape[1]))
    if kind == "authors":
        joined = _placed(bylines.c.arrival, _NEWS, shape).join(bylines, bylines.c.entry_id == entries.c.id)
        # Two names of one author may stand under one entry, at one place.
        return joined.join(authors, authors.c.id == bylines.c.author_id).where(authors.c.slug == slug).distinct()
    every = _placed(entries.c.arrival, _NEWS, shape)
    if kind == "sources":
        return every.where(entries.c.source_id.in_(select(sources.c.id).where(sources.c.slug == slug)))
    return every


def naming(codes: Collection[str], shape: Shape, *, among: Collection[str] = ()) -> Select[Any]:
    """The same of the entries that name one of these places, which are `among` those of a feed.

    An entry stands where it first named any of them: one more that an edit names does not make it arrive again.
    """
    placed = _placed(entry_places.c.arrival, _NEWS, shape).join(entry_places, entry_places.c.entry_id == entries.c.id)
    named = placed.where(entry_places.c.code.in_(sorted(codes)))
    every = {*codes, *among}
    if len(every) == 1:
        return named
    before = entry_places.alias()
    earlier = exists().where(
        before.c.entry_id == entries.c.id, before.c.code.in_(sorted(every)), before.c.arrival < entry_places.c.arrival
    )
    return named.where(~earlier).distinct()


def telling(standing_in: Select[Any], stories: Collection[int]) -> Select[Any]:
    """Those of them that tell these stories, with what `Teller` says of them."""
    named = standing_in.add_columns(entries.c.story_id, entries.c.published, sources.c.rank, sources.c.republish)
    return named.join(sources, sources.c.id == entries.c.source_id).where(entries.c.story_id.in_(sorted(stories)))


def tellers(db: Database, kind: OutputKind, slug: str, stretch: Stretch, stories: Collection[int]) -> list[Teller]:
    """Which entries in a stretch of a feed tell these stories."""
    wanted = telling(standing(kind, shape_of(stretch)), stories)
    with db.read() as connection:
        return tellers_of(connection.execute(wanted, {"slug": slug, **values_of(stretch)}).mappings())


def tellers_of(rows: Iterable[RowMapping]) -> list[Teller]:
    """The rows of `telling` as records."""
    return [
        Teller(
            key=row["entry_id"], story=row["story_id"], is_news=bool(row["is_news"]), rank=row["rank"],
            published=row["published"], republish=row["republish"],
        )
        for row in rows
    ]  # fmt: skip


def _placed(turn: ColumnElement[int], announced: _Columns, shape: Shape) -> Select[Any]:
    news, limits = shape
    is_news = and_(*(one.is_(True) for one in announced))
    placed = (
        select(entries.c.id.label("entry_id"), turn.label("turn"), is_news.label("is_news"))
        .select_from(entries)
        .where(entries.c.hidden_at.is_(None), entries.c.embargo_until.is_(None))
    )
    if news is not None:
        placed = placed.where(is_news if news else or_(*(one.is_(False) for one in announced)))
    told = {
        "before": turn < bindparam("before"), "after": turn > bindparam("after"), "upto": turn <= bindparam("upto"),
        "since": entries.c.first_seen >= bindparam("since"), "as_of": entries.c.first_seen <= bindparam("as_of"),
    }  # fmt: skip
    return placed.where(*(told[name] for name in _LIMITS if name in limits))


def _filed(*, was: bool) -> ColumnElement[bool]:
    """Filings that are open, or were at the moment `as_of`."""
    if not was:
        return filings.c.closed_at.is_(None)
    then: BindParameter[datetime] = bindparam("as_of")
    return and_(filings.c.opened_at <= then, or_(filings.c.closed_at.is_(None), filings.c.closed_at > then))
