"""The gazetteer as a whole: which version it is, and every name that an address or a query may give a place. PURE.

In: nothing. Out: a version, slugs. Never: an entry.
"""

from __future__ import annotations

from functools import cache

from aggregator import gazetteer
from feeds.identity import digest


@cache
def version() -> str:
    """Another gazetteer has another: what was judged by this one is judged anew."""
    return digest(repr(gazetteer.data()))[:12]


@cache
def place_slugs() -> tuple[str, ...]:
    """The slug of every country and region."""
    return tuple(gazetteer.slug_of(code) for code in (*gazetteer.codes(), *gazetteer.regions()))
