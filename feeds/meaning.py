"""What we add to a publisher's entry on its way out: its places on the map, the labels of its source, why a topic has it.

In: an entry with places, labels and reasons, an element of a feed. Out: GeoRSS Simple, categories with a scheme of ours,
so that no reader takes them for the publisher's, and an element of ours with the words that matched. Never: a category
without a scheme where the server has an address.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from feeds.dates import rfc3339
from feeds.decode import legal
from feeds.markup import element
from feeds.model import Entry, Pinned, Place, Reason

GEORSS = "http://www.georss.org/georss"
WHY = "tag:heliograph,2026:why"
"""The name space of our own element (RFC 4287 section 6.4): which topic, by which rule, because of which words."""
_MOST = 40
"""Places of one entry: one that names more is a list of countries."""


def sound_places(places: Iterable[Place]) -> Iterator[Place]:
    """Each place once, with a name, and a point only where it is one on Earth."""
    found: dict[str, Place] = {}
    for place in places:
        code = legal(place.code).strip()
        if code and code not in found and len(found) < _MOST:
            found[code] = replace(place, code=code, name=legal(place.name).strip() or code, point=_point(place.point))
    yield from found.values()


def _point(point: tuple[float, float] | None) -> tuple[float, float] | None:
    if point is None or not all(math.isfinite(degrees) for degrees in point):
        return None
    return point if abs(point[0]) <= 90 and abs(point[1]) <= 180 else None


def sound_reasons(reasons: Iterable[Reason]) -> Iterator[Reason]:
    """Reasons without characters that no document may hold."""
    for one in reasons:
        said = one.pinned
        yield Reason(
            topic=legal(one.topic),
            title=legal(one.title) or legal(one.topic),
            rule_version=legal(one.rule_version),
            spans=one.spans,  # of which no word goes out but through `legal`: most forms tell of none
            pinned=replace(said, by=legal(said.by), because=legal(said.because)) if said else None,
        )


def _categories(entry: Entry, base: str) -> Iterator[tuple[str, str, str]]:
    """(term, name, scheme) of what we add."""
    for place in entry.places:
        yield place.code, place.name, f"{base}/places/" if base else ""
    for label in entry.labels:
        yield label, label, f"{base}/labels/" if base else ""
    for reason in entry.reasons:
        yield reason.topic, reason.title, f"{base}/topics/" if base else ""


def written_atom(entry: Entry, base: str) -> Iterator[str]:
    """Categories with scheme, term and label (RFC 4287 section 4.2.2), why, and the point."""
    for term, name, scheme in _categories(entry, base):
        yield element("category", "", {"term": term, "scheme": scheme, "label": name if name != term else ""})
    yield from _written_why(entry)
    yield from _written_point(entry)


def written_rss(entry: Entry, base: str) -> Iterator[str]:
    """Categories with a domain (RSS 2.0), why, and the point."""
    for _, name, scheme in _categories(entry, base):
        yield element("category", name, {"domain": scheme})
    yield from _written_why(entry)
    yield from _written_point(entry)


def _written_why(entry: Entry) -> Iterator[str]:
    """Of each topic the words that matched and how often, as EMM's emm:trigger has them (E-02, E-08)."""
    for reason in entry.reasons:
        pinned = reason.pinned.told if reason.pinned else ""
        told = {"topic": reason.topic, "rule": reason.rule_version, "trigger": legal(reason.trigger), "pinned": pinned}
        yield element("heliograph:why", "", told)


def _written_point(entry: Entry) -> Iterator[str]:
    """The point of the most prominent place that has one: a reader with a map expects one an entry."""
    place = next((place for place in entry.places if place.point), None)
    if place is not None and place.point is not None:
        yield element("georss:point", " ".join(map(degrees, place.point)))
        yield element("georss:featurename", place.name)


def degrees(number: float) -> str:
    """Degrees as GeoRSS has them: to about ten metres, without an exponent."""
    told = f"{number:.4f}".rstrip("0").rstrip(".")
    return "0" if told == "-0" else told


def told_json(entry: Entry) -> dict[str, Any]:
    """The same for JSON Feed, as an extension of ours."""
    places = [
        {
            "code": place.code,
            "name": place.name,
            **({"point": [round(one, 4) + 0.0 for one in place.point]} if place.point else {}),
        }
        for place in entry.places
    ]
    told = {"places": places, "labels": list(entry.labels), "why": [*map(told_reason, entry.reasons)]}
    return {key: value for key, value in told.items() if value}


def told_reason(reason: Reason) -> dict[str, Any]:
    """A reason as plain values: in JSON Feed, and wherever else a machine asks why."""
    told = {
        "topic": reason.topic,
        "title": reason.title,
        "rule_version": reason.rule_version,
        "terms": [{"term": legal(term), "count": count} for term, count in reason.terms],
        "spans": [
            {
                "field": span.field,
                "start": span.start,
                "end": span.end,
                "term": legal(span.term),
                "words": legal(span.words),
            }
            for span in reason.spans
        ],
        "pinned": _told_pin(reason.pinned) if reason.pinned else None,
    }
    return {key: value for key, value in told.items() if value}


def _told_pin(said: Pinned) -> dict[str, str]:
    told = {"at": rfc3339(said.at), "by": said.by, "because": said.because}
    return {key: value for key, value in told.items() if value}
