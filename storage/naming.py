"""The places that entries name, for whoever reads entries.

In: numbers of entries. Out: their places, the most prominent first. Never: an entry.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, select

from storage import rows
from storage.model import PlaceTag
from storage.schema import entry_places

_PLACES = (
    select(entry_places)
    .where(entry_places.c.entry_id.in_(bindparam("keys", expanding=True)))
    .order_by(entry_places.c.in_title.desc(), entry_places.c.count.desc(), entry_places.c.code)
)


def places_among(connection: Connection, keys: Sequence[int]) -> defaultdict[int, list[PlaceTag]]:
    """The places of each of these entries: those in its title first, then those named most often."""
    found: defaultdict[int, list[PlaceTag]] = defaultdict(list)
    for row in connection.execute(_PLACES, {"keys": keys}).mappings():
        found[row["entry_id"]].append(rows.place_of(row))
    return found
