"""What we know of countries and regions: names, addresses, members, points; and the patterns of each language.

In: aggregator/data/places.json, a constant of the program, read once when it is first needed. Out: look-ups.
Never: a text that is judged, or a file of the operator's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from aggregator.place_lexicon import Lexicon, Pattern, read_pattern, union
from feeds.identity import digest

GEOGRAPHIC = ("geo", "m49")
_NEARBY = 30
"""A region of at most so many countries says something about a neighbour; "Africa" does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The words that make a place beside them no place, by the side on which they stand and the kind of name.

    Words are folded; the value of a whole one says whether it must have a capital, `begin` are beginnings.
    """

    whole: dict[str, bool]
    begin: tuple[str, ...]


def _written() -> str:
    return (files("aggregator") / "data" / "places.json").read_text("utf-8")


@cache
def data() -> dict[str, Any]:
    """The whole gazetteer, as scripts/make_places.py wrote it."""
    read: dict[str, Any] = json.loads(_written())
    return read


@cache
def version() -> str:
    """Another gazetteer has another: what was judged by this one is judged anew. Nothing is parsed for it."""
    return digest(_written())[:12]


def codes() -> tuple[str, ...]:
    """Every country and territory: ISO 3166-1 alpha-2, and XK."""
    return tuple(data()["territories"])


def regions() -> tuple[str, ...]:
    """The slug of every region."""
    return tuple(data()["regions"])


@cache
def slugs() -> tuple[str, ...]:
    """The slug of every country and region."""
    return tuple(slug_of(code) for code in (*codes(), *regions()))


def names(code: str, lang: str = "en") -> str:
    """The name of a country or region, in English where the language has none; "" where there is no such place."""
    place = data()["territories"].get(code) or data()["regions"].get(code)
    if place is None:
        return ""
    known: dict[str, str] = place["names"]
    return known.get(primary(lang)) or known["en"]


def slug_of(code: str) -> str:
    """The place's part of an address: "kazakhstan" for "KZ", a region's own slug; "" where there is no such place."""
    if code in data()["regions"]:
        return code
    place = data()["territories"].get(code)
    return str(place["slug"]) if place else ""


def code_of(name: str) -> str:
    """The code of a slug, of an M49 number or of a code in any case; "" where there is no such place."""
    return _code_by_name().get(name.strip().lower(), "")


@cache
def _code_by_name() -> dict[str, str]:
    known = {region["m49"]: slug for slug, region in data()["regions"].items() if region["m49"]}
    known |= {slug: slug for slug in data()["regions"]}
    for code, place in data()["territories"].items():
        known |= {code.lower(): code, place["slug"]: code}
    return known | {"turkiye": "TR", "uk": "GB", "usa": "US", "uae": "AE", "burma": "MM"}


@cache
def members(region: str) -> frozenset[str]:
    """The countries of a region, with those of the regions in it; nothing for a country or what is no place."""
    found: set[str] = set()
    for one in data()["regions"].get(region, {}).get("members", ()):
        found |= members(one) if one in data()["regions"] else {one}
    return frozenset(found)


@cache
def regions_of(code: str) -> tuple[str, ...]:
    """The regions that hold a country, smallest first."""
    holding = [region for region in data()["regions"] if code in members(region)]
    return tuple(sorted(holding, key=lambda one: (len(members(one)), one)))


def point(code: str) -> tuple[float, float] | None:
    """A country's capital or chief town as latitude and longitude in degrees (WGS 84); None for what is no country."""
    place = data()["territories"].get(code)
    return (place["point"][0], place["point"][1]) if place else None


@cache
def neighbours(code: str) -> frozenset[str]:
    """The countries that share a small region with a country: where they are named, an unsure name of it is surer."""
    found: set[str] = set()
    for region in regions_of(code):
        if data()["regions"][region]["kind"] in GEOGRAPHIC and len(members(region)) <= _NEARBY:
            found |= members(region)
    return frozenset(found - {code})


def primary(lang: str) -> str:
    """The language of a BCP 47 tag, without script and country."""
    return lang.replace("_", "-").split("-")[0].lower()


def languages() -> tuple[str, ...]:
    """The languages whose names we know."""
    return tuple(data()["territories"]["KZ"]["names"])


@cache
def lexicon(lang: str) -> Lexicon:
    """The patterns of a language; of all, where they agree, for a language that we do not know."""
    if lang in languages():
        return Lexicon(_patterns(lang), arabic=lang in ("ar", "fa", "ur", "ps"))
    return Lexicon(union((one, [*_patterns(one)]) for one in languages()), arabic=True)


def _patterns(lang: str) -> Iterator[Pattern]:
    held = data()
    for written in held["phrases"].get(lang, ()):
        yield read_pattern((), written, lang)
    for group in ("territories", "regions"):
        for code, place in held[group].items():
            for written in place["words"].get(lang, ()):
                yield read_pattern((code,), written, lang)
    for shared, words in held["shared"].items():
        for written in words.get(lang, ()):
            yield read_pattern(tuple(shared.split("/")), written, lang)


@cache
def context(side: str, kind: str, lang: str) -> Context:
    """The words before ("prev") or after ("next") a name ("n") or a people ("p") that make it no place."""
    whole: dict[str, bool] = {}
    begin: list[str] = []
    for one in data()["context"]:
        if one["side"] == side and kind in one["scope"] and one["language"] == lang:
            for word in one["words"].split():
                bare, capital = word.removeprefix("^"), word.startswith("^")
                if bare.endswith("*"):
                    begin.append(bare[:-1])
                else:
                    whole[bare] = capital
    return Context(whole=whole, begin=tuple(begin))


@cache
def listed(kind: str) -> frozenset[str]:
    """A list of folded words: given names of a script ("latin", "cyrillic", "arabic"), and others by their names."""
    return frozenset(data()["lists"][kind].split())
