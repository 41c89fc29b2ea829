"""A byline field -> persons, desks and organisations, with roles and where people work. PURE.

In: a field as the publisher wrote it. Out: parts in its order, and the news agency that it names.
Never: a split on "/", on a hyphen, on "&" beside a role, or on spaces; never a name made of what is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from aggregator import byline_words as words
from aggregator.authors import author_key
from aggregator.byline_case import in_order, named
from aggregator.byline_clean import MOST_NAMES, link_of, strings_of
from aggregator.byline_kinds import (
    EDGES,
    agency_of,
    beside_slash,
    in_tables,
    is_account,
    is_desk,
    is_nobody,
    is_organisation,
    is_short_role,
    is_strong_name,
    is_title_like,
    may_be_person,
    name_beside_role,
    role_and_place,
    role_in,
    starts_with_name,
    unjammed,
    without_place,
)

Kind = Literal["person", "desk", "organisation"]
_LONGEST_NAME = 120
_MOST_WORDS = 12
_CACHED = 300  # characters: longer fields are rare, and would fill the cache

_PREFIX = re.compile(
    rf"\A\W{{0,3}}(?:(?:{'|'.join(map(re.escape, words.PREFIXES))})(?:\s*[:：]\s*|\s+)|"
    rf"(?:{'|'.join(map(re.escape, words.LABELS))})\s*[:：]\s*)(?=\S)",
    re.IGNORECASE,
)
_CONTRIBUTION = re.compile(r"\A(?P<what>[^\W\d_]+)(?:\s*:\s*|\s+(?:by|von|par|por)\s+)\S", re.IGNORECASE)
_PARENTHESES = re.compile(r"\s*[(\[]([^()\[\]]{0,200})[)\]]")
_OPEN = re.compile(r"\s*[(\[][^()\[\]]*\Z")
_STRONG = re.compile(r"\s*[;；|\n、，،؛•·]\s*|\s+/\s+(?=\S)|\s+[–—-]+\s+|\s*//\s*")
_AND = re.compile(rf"\s+(?:{'|'.join(words.JOINERS)}|&|\+|و)\s+(?=\S)", re.IGNORECASE)
_WEAK_AND = re.compile(rf"\s+(?:{'|'.join(words.WEAK_JOINERS)})\s+", re.IGNORECASE)
_LEADING_AND = re.compile(rf"\A(?:{'|'.join(words.JOINERS)}|&)\s+", re.IGNORECASE)
_IN_PLACE = re.compile(rf"\s+(?:{'|'.join(words.IN_A_PLACE)})\s+(?=[A-ZА-ЯЁİÖÜŞÇ])")
_RANKS = re.compile(
    r"(?:(?:Lt|Gen|Col|Maj|Adm|Vice Adm|Rear Adm|Cmdr|Brig|Capt|Sgt|Prof)\.\s+)+(?=\S+\s+\S)", re.IGNORECASE
)
_TO_WHOM = re.compile(r"\A(?:for|at|with)\s+(?:the\s+)?(?=[A-Z])")
_IS_A = re.compile(r"\A(?:is|was)\s+(?:(?:an?|the)\s+)?")
_WITH_HELP = re.compile(
    r",?\s+with (?:additional|interviews?|reporting|contributions?|files|research|photos?)\b|,?\s+as told to\b",
    re.IGNORECASE,
)
_DOMAIN = re.compile(r"(?:\A|\s)[\w-]+\.(?:com|org|net|info|[a-z]{2})\Z")
_NO_REPLY = re.compile(r"(?:do )?no[t-]?[ -]?reply\b", re.IGNORECASE)
_SENTENCE = re.compile(r"\s+(?:is|was|are|has|have|covers|writes|reports|works|joined|for)\s+(?=[a-z])")
_FOR = re.compile(r"\s+(?:for(?:\s+the)?|at(?:\s+the)?|of\s+the)\s+(?=[A-Z])")
# "AnalystForecast International", "Jane DoeJohn Roe": a space was lost.
_JAM = re.compile(
    r"(?i:(?<=analyst)|(?<=correspondent)|(?<=editor)|(?<=reporter)|(?<=fellow)|(?<=writer)|(?<=journalist)|"
    r"(?<=director)|(?<=specialist)|(?<=professor)|(?<=researcher))(?=[A-Z][a-z])"
)
_WORD = re.compile(r"[^\s,;:()\"“”«»]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A signature: whose, what they are, where they work, and the words that said so."""

    name: str
    kind: Kind
    role: str = ""
    affiliation: str = ""
    raw: str = ""
    href: str = ""

    @property
    def key(self) -> str:
        """The identity of the name."""
        return author_key(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a field says: its parts in order, and the slug of the first news agency in it."""

    parts: tuple[Part, ...] = ()
    wire: str = ""


def read_field(raw: str, *, turkish: bool = False) -> Read:
    """The names in a byline field; `turkish` says that its capitals are those of a Turkish text."""
    return _read_kept(raw, turkish) if len(raw) <= _CACHED else _read(raw, turkish)


@lru_cache(maxsize=20_000)
def _read_kept(raw: str, turkish: bool) -> Read:
    return _read(raw, turkish)


def _read(raw: str, turkish: bool) -> Read:
    parts: list[Part] = []
    wire = ""
    for text in strings_of(raw):
        reader = _Reader(turkish)
        reader.read(text)
        parts += reader.parts
        wire = wire or reader.wire
    found: dict[str, Part] = {}
    for part in parts[:MOST_NAMES]:
        if part.key:
            found.setdefault(part.key, part)
    kept = list(found.values())
    if kept:
        # What stood there is kept whole once; the names behind the first know their own piece of it.
        kept[0] = replace(kept[0], raw=raw, href=link_of(raw))
    return Read(parts=tuple(kept), wire=wire)


class _Reader:
    """Reads one string from left to right: a segment is somebody, or tells of those before it."""

    def __init__(self, turkish: bool) -> None:
        self.parts: list[Part] = []
        self.wire = ""
        self._turkish = turkish
        self._first = 0  # the first part of the list that is being read: roles and affiliations are about these
        self._placed = False
        self._left = 0  # segments behind the one that is being read

    def read(self, text: str) -> None:
        text = _WITH_HELP.split(unjammed(_JAM.sub(", ", without_prefix(text))))[0]
        pieces = _STRONG.split(text)
        marks = _STRONG.findall(text)
        for at, piece in enumerate(pieces):
            mark = marks[at - 1].strip() if at else ""
            if mark[:1] in ("|", "/", "–", "—", "-"):
                self._after_bar(piece, mark)
                continue
            contribution = _CONTRIBUTION.match(piece)
            if contribution and contribution["what"].casefold() in words.CONTRIBUTIONS:
                continue
            self._first = len(self.parts)
            self._piece(without_prefix(piece))

    def _after_bar(self, piece: str, mark: str) -> None:
        """What stands behind | or a dash: a department, a place, an agency; a person only where none stands before."""
        people = any(part.kind == "person" for part in self.parts[self._first :])
        bare = without_prefix(piece).strip(EDGES)
        if not people:
            before, self.parts = self.parts, []
            self._first = 0
            self._piece(bare)
            if not any(part.kind == "person" for part in self.parts):
                self.parts = before or self.parts
            elif before:
                self.parts = [_with(part, affiliation=before[0].name) for part in self.parts]
        elif mark.startswith("/") and is_strong_name(bare) and bare.casefold() not in words.PLACES:
            self._piece(bare)
        elif "," in bare or self._is_about(bare) or mark.startswith("|"):
            for segment in _segments(bare):
                self._about_those_before(segment)

    def _piece(self, piece: str) -> None:
        self._placed = False
        piece, aside = _without_parentheses(piece)
        segments, notes = self._without_agencies(_segments(beside_slash(piece)))
        ordered = segments if any(agency_of(one) or is_desk(one) for one in segments) else in_order(segments)
        self._left = len(ordered)
        for at, segment in enumerate(ordered):
            self._left -= 1
            after_comma = at > 0 and ordered is segments and not _LEADING_AND.match(segment)
            for inner, one in enumerate(_joined(_LEADING_AND.sub("", segment))):
                self._segment(one, after_comma=after_comma and inner == 0)
        for note in notes:
            self._segment(note, after_comma=True)
        for note in aside:
            if agency_of(note) or in_tables(note) in words.KNOWN_ORGANISATIONS or is_short_role(note):
                self._about_those_before(note)
        if len(self.parts) == self._first and not self.wire:
            for note in aside[:1]:
                self._segment(without_prefix(note), after_comma=False)

    def _without_agencies(self, segments: list[str]) -> tuple[list[str], list[str]]:
        """Agencies in a list of names, apart: they are nobody's first name."""
        if len(segments) < 3:
            return segments, []
        apart = [
            one for one in segments if in_tables(one) in words.ANY_AGENCIES or (agency_of(one) and one != segments[0])
        ]
        return [one for one in segments if one not in apart], apart

    def _segment(self, text: str, *, after_comma: bool) -> None:
        text = text.strip(EDGES.replace(".", "")).lstrip(".")
        text = text if after_comma else without_prefix(text)
        contribution = _CONTRIBUTION.match(text)
        if contribution and contribution["what"].casefold() in words.CONTRIBUTIONS:
            return  # photographs and the like: whoever made them is in `raw`
        place = _IN_PLACE.search(text)
        before = text[: place.start()] if place else ""
        if place and not role_in(text[place.end() :]) and (not is_organisation(text) or agency_of(before)):
            text, placed = before, True
        else:
            text, placed = without_place(text)
        if not text or len(text) > _LONGEST_NAME or (len(text.split()) > _MOST_WORDS and not after_comma):
            sentence = _SENTENCE.search(text)
            text = text[: sentence.start()] if sentence else ""
        folded = in_tables(text)
        if not folded or is_nobody(folded) or not any(one.isalpha() for one in text) or _NO_REPLY.match(text):
            return
        if is_account(text) and not self._is_about(text):
            return
        if self._placed and (len(text.split()) == 1 or folded in words.PLACES):
            return  # the country of the place before
        self._placed = self._placed or placed
        if after_comma and self._people() and self._belongs(text, folded):
            self._about_those_before(text)
        elif (
            after_comma and self.parts[self._first :] and not self._people() and not agency_of(text) and " " not in text
        ):
            return  # where an organisation is
        else:
            self._sign(text, folded)

    def _people(self) -> list[Part]:
        return [part for part in self.parts[self._first :] if part.kind == "person"]

    def _belongs(self, text: str, folded: str) -> bool:
        """Whether what follows a comma tells of the people before it, rather than being one more of them."""
        if self._is_about(text) or folded in words.SUFFIXES or folded in words.PLACES:
            return True
        last = self._people()[-1]
        if last.role and not last.affiliation:
            # NAME, ROLE, ORGANISATION: what ends the list behind a role is where they work.
            return not is_strong_name(text) or self._left == 0
        return not is_strong_name(text) and (len(text.split()) != 1 or text.isascii() or text != text.upper())

    def _is_about(self, text: str) -> bool:
        return bool(agency_of(text) or role_in(text) or is_organisation(text) or is_desk(text))

    def _about_those_before(self, text: str) -> None:
        """A role, an affiliation, or a name's own suffix, for the people before; what is neither stays in `raw`."""
        text = text.strip(EDGES.replace(".", ""))
        folded = in_tables(text)
        people = [at for at in range(self._first, len(self.parts)) if self.parts[at].kind == "person"]
        if not people or not text:
            return
        last = self.parts[people[-1]]
        if folded in words.SUFFIXES:
            suffix = text.upper() if folded in words.ROMAN else "Jr." if folded.startswith("jr") else "Sr."
            self.parts[people[-1]] = replace(last, name=f"{last.name} {suffix}")
            return
        slug = agency_of(text)
        self.wire = self.wire or slug
        if folded in words.ANY_AGENCIES:
            return
        role, where = role_and_place(text) if not slug else ("", text)
        where = _TO_WHOM.sub("", where)
        self.wire = self.wire or agency_of(where)
        where = where if where.endswith(("Inc.", "Ltd.", "Co.", "U.S.", "U.K.")) else where.rstrip(".")
        for at in reversed(people):
            part = self.parts[at]
            if (role and part.role) or (where and part.affiliation):
                if at == people[-1] and where and part.affiliation and not role:
                    self.parts[at] = replace(part, affiliation=f"{part.affiliation}, {where}"[:200])
                break
            self.parts[at] = _with(part, role=role, affiliation=where)

    def _sign(self, text: str, folded: str) -> None:
        slug = agency_of(text)
        for_whom = _FOR.search(text)
        if for_whom and is_strong_name(text[: for_whom.start()]):
            self._person(text[: for_whom.start()], text, where=text[for_whom.end() :])
        elif slug:
            self.wire = self.wire or slug
            self.parts.append(Part(name=text.removeprefix("the "), kind="organisation", raw=text))
        elif folded in words.KNOWN_ORGANISATIONS:
            self.parts.append(Part(name=text, kind="organisation", raw=text))
        elif folded in words.ANY_AGENCIES:
            if not self.parts:
                self.parts.append(Part(name=_capital(text), kind="desk", raw=text))
        elif is_desk(text):
            self._desk(text)
        elif role_in(text):
            self._with_role(text)
        elif is_organisation(text) or not may_be_person(text):
            if is_title_like(text):
                self.parts.append(Part(name=text.removeprefix("the "), kind="organisation", raw=text))
        else:
            self._person(text, text)

    def _desk(self, text: str) -> None:
        found = text.split()
        of = next((one for size in (3, 2, 1) if agency_of(one := " ".join(found[:size]))), "")
        slug = agency_of(of)
        self.wire = self.wire or slug
        name = _capital(named(text, turkish=self._turkish))
        self.parts.append(Part(name=name, kind="desk", affiliation=of if slug else "", raw=text))

    def _with_role(self, text: str) -> None:
        """A name with a role before or behind it and no comma between; a role that is nobody's is a desk, or nothing."""
        name, role = name_beside_role(text)
        if name:
            role, where = role_and_place(_IS_A.sub("", role))
            self.wire = self.wire or agency_of(where)
            self._person(name, text, role=role, where=where)
        elif any(word in words.LONE_ROLES for word in in_tables(text).split()):
            self._desk(text)
        elif text.split()[0].endswith(".") and len(text.split()) > 1:
            self._person(text, text)  # a rank before a surname alone

    def _person(self, name: str, raw: str, *, role: str = "", where: str = "") -> None:
        sentence = _SENTENCE.search(name) or _FOR.search(name)
        if sentence:
            behind = name[sentence.end() :]
            where = where or (behind if is_organisation(behind) else "")
            name = name[: sentence.start()]
        halves = _WEAK_AND.split(name)
        whole = [half for half in halves if len(half.split()) >= 2]
        for one in halves if len(whole) == len(halves) else [name]:
            if _DOMAIN.search(one):
                continue
            rank = _RANKS.match(one)
            role = role or (rank[0].strip() if rank else "")
            kept = named(one[rank.end() if rank else 0 :].strip(EDGES.replace(".", "")), turkish=self._turkish)
            last = kept.rpartition(" ")[2]
            if len(last) > 3 and "." not in last[:-1]:
                kept = kept.rstrip(".")
            self.parts.append(Part(name=kept, kind="person", role=role, affiliation=where, raw=raw))


def without_prefix(text: str) -> str:
    """Without "By", "Written by" and their like, however often they stand there."""
    for _ in range(3):
        shorter = _PREFIX.sub("", text)
        if shorter == text:
            break
        text = shorter
    return text


def _segments(text: str) -> list[str]:
    return [one for one in (part.strip() for part in text.split(",")) if one][: MOST_NAMES * 2]


def _joined(segment: str) -> list[str]:
    """A segment cut where it joins people: not inside a role, nor inside the name of an organisation."""
    pieces = _AND.split(segment)
    if len(pieces) == 1:
        return pieces
    if role_in(segment):
        # "editor and Nora Quill": cut before a whole name only.
        head, *rest = pieces
        kept = [head]
        for piece in rest:
            if starts_with_name(piece) and (is_strong_name(kept[-1]) or starts_with_name(kept[-1])):
                kept.append(piece)
            else:
                kept[-1] = segment[: segment.find(piece) + len(piece)] if len(kept) == 1 else f"{kept[-1]} and {piece}"
        return kept
    if (
        is_organisation(segment)
        and not agency_of(pieces[-1])
        and in_tables(pieces[-1]) not in words.KNOWN_ORGANISATIONS
    ):
        if agency_of(pieces[0]) or in_tables(pieces[0]) in words.KNOWN_ORGANISATIONS:
            return pieces if all(is_strong_name(piece) for piece in pieces[1:]) else [segment]
        first_is_name = is_strong_name(pieces[0])
        return pieces if first_is_name and (is_desk(pieces[1]) or pieces[1][:4].lower() == "the ") else [segment]
    return pieces


def _without_parentheses(text: str) -> tuple[str, list[str]]:
    if "(" not in text and "[" not in text:
        return text, []
    text = text.lstrip("([ ")
    aside = [one for one in _PARENTHESES.findall(text) if one.strip()]
    return _OPEN.sub("", _PARENTHESES.sub(" ", text)).strip(), aside


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:] if text[:1].isalpha() else text


def _with(part: Part, *, role: str = "", affiliation: str = "") -> Part:
    return replace(part, role=part.role or role, affiliation=part.affiliation or affiliation)
