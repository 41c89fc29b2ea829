"""One spelling for what readers call the same word.

In: a word, as written anywhere. Out: its folded form. Never: a stem: inflection is not spelling.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_APOSTROPHES = "'’‘ʼʻ`´＇′"
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff\u0640"  # soft hyphen, zero-width marks, Arabic tatweel
_DROP = str.maketrans("", "", _INVISIBLE + _APOSTROPHES)
# Letters that writers of Arabic script use for one another.
_ARABIC = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ې": "ي", "ک": "ك", "ة": "ه", "ؤ": "و", "ئ": "ي"}
)
# One letter in print, two in ASCII; ı is i, so that Turkish capitals and small letters meet whatever the rules.
_LATIN = str.maketrans(
    {"ı": "i", "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ə": "e"}
)
# Marks that make another letter of a Cyrillic one: й is not и, ї is not і, ў is not у.
_CYRILLIC_MARKS = {("и", "\u0306"), ("і", "\u0308"), ("у", "\u0306")}
# A designator: a letter or two, then digits (С-300, Т-72, Су-30). Its Cyrillic letters are written in Latin by sound
# (S-300) and, by hands that have no Cyrillic keyboard, by look (C-300).
_DESIGNATOR = re.compile(r"[^\W\d_]{1,3}\d+[^\W_]*\Z")
_BY_SOUND = str.maketrans("абвгдезийклмнопрстуфхцчшщыэюя", "abvgdeziyklmnoprstufhccssyeua")
_BY_LOOK = str.maketrans("авекмнорстухѕіј", "abekmhopctyxsij")

_PAIRS = (
    (re.compile(r"\A(self|air|counter)?(defen|offen|preten)[sc](e|es|eless)\Z"), r"\1\2s\3"),
    (re.compile(r"\A(licen|practi)c(e|es|ed|ing)\Z"), r"\1s\2"),
    (
        re.compile(
            r"\A(\w*)(arm|lab|harb|neighb|fav|hon|col|behavi|endeav|hum|rum|vap|rig|vig|splend|sav|par[kl])our(\w*)\Z"
        ),
        r"\1\2or\3",
    ),
    (re.compile(r"\A(\w{3,})ys(e|es|ed|ing)\Z"), r"\1yz\2"),
    (re.compile(r"\A(\w{3,})is(e|es|ed|er|ers|ing|ation|ations)\Z"), r"\1iz\2"),
    (re.compile(r"\A(cent|theat|calib|fib|lit|met|kilomet)re(s?)\Z"), r"\1er\2"),
    (re.compile(r"\Aman(?:oeuv|euv)(re|er)(\w*)\Z"), r"maneuver\2"),
    (re.compile(r"\A(\w*)programme(s?)\Z"), r"\1program\2"),
    (re.compile(r"\A(\w{3,}l)l(ed|ing|er|ers)\Z"), r"\1\2"),
    (re.compile(r"\A(aero|air)plane(s?)\Z"), r"airplane\2"),
)


@lru_cache(maxsize=200_000)
def fold(word: str) -> str:
    """NFKC, case, accents, ё, apostrophes, Arabic letter variants and marks, invisible characters, spelling pairs."""
    text = _unspelled(word)
    return spelling(text) if text.isascii() else text


def forms(word: str) -> tuple[str, ...]:
    """Every folded form that means this word: one, but for designators in Cyrillic, which are found in Latin too."""
    base = fold(word)
    if base.isascii() or not _DESIGNATOR.match(base):
        return (base,)
    return tuple(dict.fromkeys((base.translate(_BY_SOUND), base.translate(_BY_LOOK))))


def prefix_forms(prefix: str) -> tuple[str, ...]:
    """Every folded beginning that a word with this beginning may have: "defence*", "organis*", "С-300*"."""
    bare = _unspelled(prefix)
    found = [bare, *forms(prefix)]
    for british, american in (("our", "or"), ("is", "iz"), ("ys", "yz"), ("enc", "ens")):
        if bare.isascii() and len(bare) > 4 and bare.endswith(british):
            found.append(bare.removesuffix(british) + american)
    return tuple(dict.fromkeys(found))


def spelling(word: str) -> str:
    """One of the two English spellings of a word that has two: defense, armor, organize."""
    for pattern, kept in _PAIRS:
        if pattern.match(word):
            return pattern.sub(kept, word)
    return word


@lru_cache(maxsize=10_000)
def _unspelled(word: str) -> str:
    text = unicodedata.normalize("NFKC", word.translate(_DROP)).translate(_DROP).casefold()
    return _without_marks(text).translate(_LATIN).translate(_ARABIC)


def _without_marks(text: str) -> str:
    if text.isascii():
        return text
    kept: list[str] = []
    for character in unicodedata.normalize("NFD", text):
        if not unicodedata.combining(character):
            kept.append(character)
        elif kept and (kept[-1], character) in _CYRILLIC_MARKS:
            kept[-1] = unicodedata.normalize("NFC", kept[-1] + character)
    return "".join(kept)
