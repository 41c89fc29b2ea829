"""Feeds that are combined of several topics, authors, places and sources, as feeds.yaml defines them.

In: a definition, a store. Out: an Output like any other, entries, lists. Never: a row of its own in the store: a combined
feed changes when one of its parts does. A private one is not there for anybody without a key to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from aggregator import gazetteer
from aggregator.paging import Read, Tellers
from aggregator.settings import CombinedModel
from feeds.identity import derived_id
from storage import combining
from storage.combining import Parts
from storage.database import Database
from storage.model import Kept, Listed, Output
from storage.stretch import WHOLE, Stretch

_MOST_PARTS = 300
"""Each is asked for its newest entries by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Combined:
    """A combined feed, checked. `told` says in words what it is made of; `cap` is how many entries a source may have in it."""

    slug: str
    title: str
    parts: Parts
    told: str
    cap: int | None
    by_story: bool
    is_private: bool
    formerly: tuple[str, ...]

    @property
    def first_name(self) -> str:
        """The slug that it had first, by which its id is made."""
        return self.formerly[0] if self.formerly else self.slug


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The slugs that a definition may name."""

    topics: tuple[str, ...]
    sources: tuple[str, ...]


def wrong_parts(model: CombinedModel, known: Known) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Parts that there are not: where in the definition, and what is near. Authors may be learned: any may come."""
    for at, slug in enumerate(model.topics):
        if slug not in known.topics:
            yield ("topics", at), f"there is no topic {slug}{_near(slug, known.topics, 'the topics of this file are')}"
    for at, slug in enumerate(model.sources):
        if slug not in known.sources:
            hint = "; one that was added by a command must stand in this file: `heliograph export` prints it"
            near = get_close_matches(slug, known.sources, 1)
            yield ("sources", at), f"there is no source {slug}{f'; did you mean {near[0]}?' if near else hint}"
    parts = _parts(model)
    count = sum(map(len, (parts.topics, parts.authors, parts.sources, parts.places)))
    if count > _MOST_PARTS:
        yield (), f"it is made of {count} parts, the countries of its regions counted; a feed may have {_MOST_PARTS}"


def _near(slug: str, known: tuple[str, ...], listing: str) -> str:
    near = get_close_matches(slug, known, 1)
    if near:
        return f"; did you mean {near[0]}?"
    return f"; {listing} {', '.join(known[:12])}{' …' if len(known) > 12 else ''}" if known else ""


def combined_of(slug: str, model: CombinedModel) -> Combined:
    """The definition of a feed, with the countries of its regions."""
    named = {
        "topics": model.topics, "authors": model.authors, "sources": model.sources,
        "places": tuple(map(gazetteer.names, model.places)),
    }  # fmt: skip
    told = "; ".join(f"{kind}: {', '.join(dict.fromkeys(names))}" for kind, names in named.items() if names)
    capped = f"; at most {model.cap} entr{'y' if model.cap == 1 else 'ies'} of a source" if model.cap else ""
    return Combined(
        slug=slug, title=model.title or slug.replace("-", " ").capitalize(), parts=_parts(model), told=told + capped,
        cap=model.cap, by_story=model.order == "story", is_private=model.private, formerly=model.formerly,
    )  # fmt: skip


def _parts(model: CombinedModel) -> Parts:
    codes = {code for place in model.places for code in (place, *gazetteer.members(place))}
    return Parts(
        topics=tuple(dict.fromkeys(model.topics)), authors=tuple(dict.fromkeys(model.authors)),
        sources=tuple(dict.fromkeys(model.sources)), places=tuple(sorted(codes)),
    )  # fmt: skip


def combined_output(
    db: Database, feeds: Mapping[str, Combined], name: str, *, is_private: bool = False
) -> Output | None:
    """A combined feed by its slug; a former one of it leads there. A private one is told to those who have a key only."""
    one = feeds.get(name) or next((each for each in feeds.values() if name in each.formerly), None)
    if one is None or (one.is_private and not is_private):
        return None
    held = combining.standing(db, one.parts)
    if held is None:
        return None
    return Output(
        kind="feeds", slug=name, title=one.title, public_id=derived_id(held.root, f"feeds/{one.first_name}"),
        revision=held.revision, changed_at=held.changed_at, detail=one.told, moved_to="" if name == one.slug else one.slug,
        arrivals=held.arrivals,
    )  # fmt: skip


def page(
    db: Database, one: Combined, *, limit: int, announced: bool = False, stretch: Stretch = WHOLE
) -> list[Kept]:  # fmt: skip
    """Its newest entries in a stretch of it. One with a cap is a digest: what is left out of it is on no further page."""
    if one.cap is None:
        return combining.page(db, one.parts, limit=limit, announced=announced, stretch=stretch)
    return combining.digest(db, one.parts, limit=limit, cap=one.cap, announced=announced, stretch=stretch)


def readers(db: Database, parts: Parts) -> tuple[Read, Tellers]:
    """How a feed without a cap is read in stretches: its pages hold news alone. History is on the pages of its parts."""
    return (
        lambda stretch, limit: combining.page(db, parts, limit=limit, stretch=stretch) if stretch.news else [],
        lambda stretch, stories: combining.tellers(db, parts, stretch, stories),
    )


def list_combined(db: Database, feeds: Mapping[str, Combined]) -> list[Listed]:
    """The combined feeds that anybody may read, in the file's order, with what each is made of and when it last changed."""
    found = ((one, combining.standing(db, one.parts)) for one in feeds.values() if not one.is_private)
    return [
        Listed(slug=one.slug, title=one.title, detail=one.told, entries=0, latest=held.changed_at if held else None)
        for one, held in found
    ]
