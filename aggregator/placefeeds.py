"""Countries and regions as feeds of ours: what they are called, what they hold, which are named.

In: a place's slug or code. Out: an Output like any other, entries, lists. Never: a row of its own in the store: a place's
feed changes when anything does, and its bytes tell whether it did.
"""

from __future__ import annotations

from datetime import datetime

from aggregator import gazetteer
from feeds.identity import derived_id
from feeds.model import Place
from storage import placing, reading
from storage.database import Database
from storage.model import Kept, Listed, Output, PlaceTag
from storage.stretch import WHOLE, Stretch


def place_output(db: Database, name: str) -> Output | None:
    """The feed of a place by its slug; another name of it (KZ, 143) leads there. None where there is no such place."""
    code = gazetteer.code_of(name)
    everything = reading.output(db, "all", "")
    if not code or everything is None:
        return None
    slug = gazetteer.slug_of(code)
    return Output(
        kind="places", slug=name, title=gazetteer.names(code), public_id=derived_id(everything.public_id, f"places/{slug}"),
        revision=everything.revision, changed_at=everything.changed_at, detail=", ".join(names_within(code)),
        moved_to="" if name == slug else slug, arrivals=everything.arrivals,
    )  # fmt: skip


def placed(tag: PlaceTag) -> Place:
    """A place that an entry names, as outputs and pages name it; a region has no point."""
    return Place(code=tag.code, name=gazetteer.names(tag.code) or tag.code, point=gazetteer.point(tag.code))


def names_within(code: str) -> list[str]:
    """The countries that a region holds, by name; none for a country."""
    return sorted(gazetteer.names(one) for one in gazetteer.members(code))


def page(
    db: Database, slug: str, *, limit: int, announced: bool = False, stretch: Stretch = WHOLE
) -> list[Kept]:  # fmt: skip
    """The newest entries that name a place, a region by its countries too."""
    return placing.page(db, codes_of(slug), limit=limit, announced=announced, stretch=stretch)


def codes_of(slug: str) -> set[str]:
    """The codes that stand for a place: its own, and of a region those of its countries; none where there is no such place."""
    code = gazetteer.code_of(slug)
    return {code, *gazetteer.members(code)} if code else set()


def list_places(db: Database) -> tuple[list[Listed], list[Listed]]:
    """Countries that are named, and regions of which anything is: those with most entries first."""
    named = placing.named(db)
    countries = [_listed(code, *counted) for code, counted in named.items() if code not in gazetteer.regions()]
    within = {code: {code, *gazetteer.members(code)} & named.keys() for code in gazetteer.regions()}
    counted = placing.entries_naming(db, within)
    regions = [_listed(code, number, max(named[one][1] for one in within[code])) for code, number in counted.items()]
    return _ordered(countries), _ordered(regions)


def _listed(code: str, entries: int, latest: datetime) -> Listed:
    return Listed(
        slug=gazetteer.slug_of(code), title=gazetteer.names(code), detail=code, entries=entries, latest=latest
    )


def _ordered(listed: list[Listed]) -> list[Listed]:
    return sorted(listed, key=lambda one: (-one.entries, one.title))
