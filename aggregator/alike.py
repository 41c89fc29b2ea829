"""Which authors may be one, by the likeness of their names. PURE.

In: authors with their outlets. Out: pairs, the likeliest first. Never: a merge: two sisters are as like as two spellings.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from feeds.identity import slugify
from storage.author_model import Profile

LIKE_ENOUGH = 85.0
"""Of 100. Below it nearly every pair is two people; far above it some still are (Turganbaeva, Turgunbaeva)."""
_MOST_OF_ONE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two authors of one outlet who may be one. `likeness` is of 100; `scripts` says that their scripts differ."""

    slug: str
    name: str
    other: str
    other_name: str
    likeness: int
    scripts: bool


def pairs_alike(authors: Sequence[Profile], apart: Collection[tuple[str, str]] = ()) -> list[Pair]:
    """Pairs of authors who share an outlet and whose names, in Latin letters, are alike, in either order of their words.

    `apart` are pairs of keys that were refused. Of each pair the one with fewer entries stands first.
    """
    by_outlet: dict[str, list[int]] = {}
    for at, one in enumerate(authors):
        for outlet in one.outlets:
            by_outlet.setdefault(outlet, []).append(at)
    plain = [slugify(one.name, limit=200).replace("-", " ") for one in authors]
    ordered = [" ".join(sorted(name.split())) for name in plain]
    found: dict[tuple[int, int], float] = {}
    for members in by_outlet.values():
        for names in (plain, ordered):
            _look(members, names, found)
    refused = set(apart)
    made = [
        _pair(authors[one], authors[other], likeness)
        for (one, other), likeness in found.items()
        if not _is_refused(authors[one], authors[other], refused) and not _differ(plain[one], plain[other])
    ]
    return sorted(made, key=lambda pair: (-pair.likeness, pair.slug, pair.other))


def _look(members: list[int], names: list[str], found: dict[tuple[int, int], float]) -> None:
    """Hold each name of an outlet against those behind it."""
    those = [names[at] for at in members]
    for index, name in enumerate(those[:-1]):
        behind = those[index + 1 :]
        near = process.extract(name, behind, scorer=fuzz.ratio, score_cutoff=LIKE_ENOUGH, limit=_MOST_OF_ONE)
        for _, likeness, at in near:
            pair = (members[index], members[index + 1 + at])
            found[pair] = max(likeness, found.get(pair, 0.0))


def _differ(name: str, other: str) -> bool:
    """Whether initials tell two people apart: J. Zhang is not X. Zhang."""
    ours, theirs = ({word for word in one.split() if len(word) == 1} for one in (name, other))
    return bool(ours and theirs) and ours.isdisjoint(theirs)


def _is_refused(one: Profile, other: Profile, refused: set[tuple[str, str]]) -> bool:
    return any((min(a, b), max(a, b)) in refused for a in one.keys for b in other.keys)


def _pair(one: Profile, other: Profile, likeness: float) -> Pair:
    few, many = sorted((one, other), key=lambda author: (author.entries, author.slug))
    return Pair(
        slug=few.slug, name=few.name, other=many.slug, other_name=many.name, likeness=round(likeness),
        scripts=_script(few.name) != _script(many.name),
    )  # fmt: skip


def _script(name: str) -> str:
    """The script of a name's first letter: LATIN, CYRILLIC, ARABIC."""
    letter = next((character for character in name if character.isalpha()), "")
    return unicodedata.name(letter, "").partition(" ")[0] if letter else ""
