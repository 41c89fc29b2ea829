"""Who signs an entry: persons, desks, organisations, and the agency whose story it is. PURE.

In: an entry and its source. Out: bylines, best sign first, and the slug of the agency, "" where none is named.
Never: somebody whom the text only quotes, an account, an address, or a role without a name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal
from urllib.parse import urljoin, urlsplit

from aggregator.authors import author_key
from aggregator.byline_kinds import agency_of
from aggregator.byline_names import Part, read_field, without_prefix
from aggregator.byline_text import Dateline, bios, boxed, byline_line, closing_agency, dateline
from aggregator.byline_words import KNOWN_ORGANISATIONS
from feeds.identity import slugify
from feeds.model import Author, Entry, Source
from storage.model import Byline

Origin = Literal["feed", "page", "text", "dateline", "box", "bio"]
_LONGEST_RAW = 10_000
_MOST = 100  # who signed one entry
_CACHED = 300
_PIECES = re.compile(r"\s+[|:»–—-]+\s+|\s*[|:»]\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """Who signs an entry, and whose story it is: `wire` is an agency's slug ("afp"), "" where none is named."""

    bylines: tuple[Byline, ...] = ()
    wire: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """What a byline field says: finished bylines, and the agency in it."""

    bylines: tuple[Byline, ...]
    wire: str
    href: str


def bylines_of(entry: Entry, source: Source, *, page: Sequence[Author] = ()) -> Signed:
    """Who signs an entry. `page` are the authors that its web page names, asked where the feed names no person.

    In this order: the feed's authors, the page's, a line "by NAME" at the start of the text, the dateline, an author box
    and a bio at its end. A byline that only repeats the outlet's name is none, unless the outlet is an agency.
    """
    outlet = _outlet(source.name, source.slug, source.url)
    turkish = (entry.lang or source.lang)[:2] in ("tr", "az")
    found, wire = _named(entry.authors, entry, outlet, turkish, "feed")
    line = dateline(entry.text) if entry.text else Dateline()
    if not any(one.kind == "person" for one in found.values()):
        found, more = _elsewhere(entry, page, outlet, turkish, found, line)
        wire = wire or more
    elif entry.text:
        _tell_bios(found, entry.text)
    wire = wire or line.wire or (closing_agency(entry.text) if entry.text else "")
    return Signed(bylines=tuple(found.values())[:_MOST], wire=wire)


def _named(
    authors: Sequence[Author], entry: Entry, outlet: _Outlet, turkish: bool, origin: Origin
) -> tuple[dict[str, Byline], str]:
    """The bylines of a list of authors, each name once, and the first agency among them."""
    found: dict[str, Byline] = {}
    wire = ""
    for author in authors[:_MOST]:
        if outlet.is_called(author.name):
            continue
        read = _field(author.name, turkish, origin)
        wire = wire or read.wire
        for at, byline in enumerate(read.bylines):
            if byline.key not in found and not outlet.signs(byline):
                found[byline.key] = _told(byline, author, read.href, entry.link) if at == 0 else byline
    return found, wire


def _told(byline: Byline, author: Author, href: str, base: str) -> Byline:
    """The first byline of a field with what came beside the field: a page, a bio."""
    url = author.url or (urljoin(base, href) if href else "")
    url = url if url.startswith(("http://", "https://")) else ""
    if not url and not author.bio:
        return byline
    return replace(byline, url=url, bio=author.bio, origin="box" if author.bio else byline.origin)


def _elsewhere(
    entry: Entry, page: Sequence[Author], outlet: _Outlet, turkish: bool, found: dict[str, Byline], line: Dateline
) -> tuple[dict[str, Byline], str]:
    """The people whom the page or the text names, where the feed names none; else what the feed said, or the dateline's."""
    people, wire = _named(page, entry, outlet, turkish, "page")
    if _has_person(people):
        return _in_place_of(found, people), wire
    text = entry.text
    if text:
        parts, raw = byline_line(text)
        people = _of_parts(parts, raw, "text", outlet)
        if not people and line.name:
            part = Part(name=line.name, kind="person", affiliation=line.agency)
            people = _of_parts((part,), line.raw, "dateline", outlet)
        if not people:
            people = _at_the_end(text, outlet, settled=bool(found or line.agency))
        if people:
            _tell_bios(people, text)
            return _in_place_of(found, people), wire
    if not found and line.agency:
        found = _of_parts((Part(name=line.agency, kind="organisation"),), line.raw, "dateline", outlet)
    return found or people, wire


def _at_the_end(text: str, outlet: _Outlet, *, settled: bool) -> dict[str, Byline]:
    """The name of a box, else those of bios; a bio is no sign where somebody signs already."""
    name, bio = boxed(text)
    if name:
        found = _of_parts((Part(name=name, kind="person"),), name, "box", outlet)
        return {key: replace(one, bio=bio) for key, one in found.items()}
    if settled:
        return {}
    told = bios(text)
    people = {}
    for name, bio in told.values():
        for key, one in _of_parts((Part(name=name, kind="person"),), name, "bio", outlet).items():
            people[key] = replace(one, bio=bio)
    return people


def _in_place_of(found: dict[str, Byline], people: dict[str, Byline]) -> dict[str, Byline]:
    """People instead of the desk or organisation whose account they used; it is where they work."""
    where = next((one.name for one in found.values() if one.kind == "organisation"), "")
    if not where:
        return people
    return {key: replace(one, affiliation=one.affiliation or where) for key, one in people.items()}


def _tell_bios(found: dict[str, Byline], text: str) -> None:
    """What the last lines of a text say of its authors, where no box did."""
    tail = text[-1200:]
    if " is " not in tail and " was " not in tail and " — " not in tail:
        return
    silent = [key for key, one in found.items() if one.kind == "person" and not one.bio and one.name in tail]
    if silent:
        told = bios(text)
        for key in silent:
            if key in told:
                found[key] = replace(found[key], bio=told[key][1])


def _has_person(found: dict[str, Byline]) -> bool:
    return any(one.kind == "person" for one in found.values())


def _of_parts(parts: Sequence[Part], raw: str, origin: Origin, outlet: _Outlet) -> dict[str, Byline]:
    made = (_byline(part, raw if at == 0 else part.raw, origin) for at, part in enumerate(parts))
    return {one.key: one for one in made if one.key and not outlet.signs(one)}


def _byline(part: Part, raw: str, origin: Origin) -> Byline:
    return Byline(
        key=part.key, name=part.name, slug=slugify(part.name), kind=part.kind, role=part.role,
        affiliation=part.affiliation, raw=raw[:_LONGEST_RAW], origin=origin,
    )  # fmt: skip


def _field(raw: str, turkish: bool, origin: Origin) -> _Field:
    return _kept_field(raw, turkish, origin) if len(raw) <= _CACHED else _read_anew(raw, turkish, origin)


@lru_cache(maxsize=20_000)
def _kept_field(raw: str, turkish: bool, origin: Origin) -> _Field:
    """Outlets have the same few writers every day."""
    return _read_anew(raw, turkish, origin)


def _read_anew(raw: str, turkish: bool, origin: Origin) -> _Field:
    read = read_field(raw, turkish=turkish)
    made = tuple(_byline(part, part.raw, origin) for part in read.parts)
    return _Field(bylines=tuple(one for one in made if one.key), wire=read.wire, href=_href(read.parts))


def _href(parts: Sequence[Part]) -> str:
    return parts[0].href if parts else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outlet:
    """The names under which an outlet signs: those that the operator gave it, and those of its address."""

    names: frozenset[str]
    addresses: frozenset[str]

    def is_called(self, written: str) -> bool:
        """Whether a field holds the outlet's name and nothing else, with "and" in it or not."""
        return _key_of(written) in self.names and not agency_of(written)

    def signs(self, byline: Byline) -> bool:
        """Whether a byline only repeats the outlet's name. An agency that signs is named all the same."""
        key = byline.key.removeprefix("the") if byline.kind != "person" else byline.key
        if key in self.names or byline.key in self.names:
            return not agency_of(byline.name)
        if slugify(byline.name).replace("-", "") not in self.addresses:
            return False
        known = byline.name.casefold() in KNOWN_ORGANISATIONS
        return not agency_of(byline.name) and (byline.kind == "organisation" or known or " " not in byline.name)


@lru_cache(maxsize=20_000)
def _key_of(written: str) -> str:
    return author_key(without_prefix(written[:_CACHED]))


@lru_cache(maxsize=5000)
def _outlet(name: str, slug: str, url: str) -> _Outlet:
    pieces = {author_key(piece) for piece in (name, *_PIECES.split(name))}
    pieces |= {piece.removeprefix("the") for piece in pieces}
    try:
        labels = (urlsplit(url).hostname or "").removeprefix("www.").split(".")
    except ValueError:
        labels = []
    main = max(labels[:-1], key=len, default="")
    return _Outlet(names=frozenset(pieces - {""}), addresses=frozenset({slug.replace("-", ""), main} - {""}))
