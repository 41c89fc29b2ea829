"""A name in capitals, or with its surname first -> the name as people write it. PURE.

In: a name without what is not a name. Out: the same name. Never: another name: what is not surely wrong stays.
"""

from __future__ import annotations

import re

from aggregator.byline_words import MACS, PARTICLES, ROMAN, SUFFIXES

_WORD = re.compile(r"[^\W\d_]+")
_VOWEL = re.compile(r"[aeiouyаеёиоуыэюяіїєäöüéèêáàâóòôíìîúùûıəåæø]", re.IGNORECASE)
_INITIALS = re.compile(r"(?:[^\W\d_]\.?[ -]?){1,4}\Z")


def named(name: str, *, turkish: bool) -> str:
    """A name of two words or more that is all capitals, or all small letters, in name case; any other as it is."""
    words = name.split()
    turkish = turkish or any(letter in name for letter in "İŞĞ")
    if len(words) < 2 or not any(character.isalpha() for character in name):
        return name
    if name == name.lower() != name.upper():
        return " ".join(word if word in PARTICLES and at else _small(word, turkish, first=at == 0)
                        for at, word in enumerate(words))  # fmt: skip
    if not all(_is_loud(word) for word in words):
        return name
    return " ".join(_small(word, turkish, first=at == 0) for at, word in enumerate(words))


def _is_loud(word: str) -> bool:
    if word == word.upper() or (word.lower().rstrip(".") in PARTICLES and word == word.lower()):
        return True
    return word.startswith("Mc") and word[2:] == word[2:].upper()


def _small(word: str, turkish: bool, *, first: bool) -> str:
    bare = word.strip(".,").lower()
    if not first and bare in PARTICLES and not word.endswith(".") and word != "E":
        return word.lower()
    if bare in ROMAN and not first:
        return word.upper()
    if word.endswith(".") and len(bare) <= 1:
        return word.upper()
    return _WORD.sub(lambda found: _capital(found[0], turkish), word) if "." not in word else _dotted(word)


def _dotted(word: str) -> str:
    """Initials stay capitals; what is longer is a word: J.R., ST.JOHN, JR."""
    return ".".join(part if len(part) <= 1 else part[:1].upper() + part[1:].lower() for part in word.upper().split("."))


def _capital(word: str, turkish: bool) -> str:
    """A part of a name with its first letter large: between hyphens, after O' and Mc too."""
    if len(word) == 2 and not _VOWEL.search(word) and word.upper() not in ("NG", "HR"):
        return word.upper()  # TJ, PK
    rest = word[1:].replace("I", "ı").replace("İ", "i").lower() if turkish else word[1:].lower()
    small = _upper(word[0], turkish) + rest
    for prefix in ("Mc", "Mac"):
        tail = small.removeprefix(prefix)
        if tail != small and len(tail) > 2 and (prefix == "Mc" or tail in MACS):
            return prefix + tail[0].upper() + tail[1:]
    return small


def _upper(letter: str, turkish: bool) -> str:
    return "İ" if turkish and letter == "i" else letter.upper()


def in_order(parts: list[str]) -> list[str]:
    """Names of a field cut at its commas, whose surnames stand first: "Quill, Nora" is one, "Quill, N., Roe, J." two."""
    if len(parts) < 2 or len(parts) % 2:
        return parts
    if any(part.lower() in SUFFIXES for part in parts):
        return parts
    pairs = list(zip(parts[::2], parts[1::2], strict=True))
    if all(_is_surname(last) and _is_given(first) for last, first in pairs):
        return [f"{first} {last}" for last, first in pairs]
    if all(len(last.split()) <= 3 and _are_initials(first) for last, first in pairs):
        return [f"{first} {last}" for last, first in pairs]
    return parts


def _is_surname(text: str) -> bool:
    words = text.split()
    return bool(words) and all(word.lower() in PARTICLES for word in words[:-1]) and words[-1][:1].isalpha()


def _is_given(text: str) -> bool:
    words = text.split()
    return len(words) == 1 or _are_initials(text) or (len(words) == 2 and _are_initials(words[1]))


def _are_initials(text: str) -> bool:
    return len(text) <= 12 and ("." in text or len(text) == 1) and bool(_INITIALS.match(text))
