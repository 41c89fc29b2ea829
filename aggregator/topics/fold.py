"""One spelling for what readers call the same word.

In: a word, as written anywhere. Out: its folded form. Never: a stem: inflection is not spelling.
"""

from __future__ import annotations

import re
import unicodedata

APOSTROPHES = "'’‘ʼʻ`´＇′"
# Soft hyphen, Arabic tatweel, zero-width characters, marks of writing direction, variation selectors of emoji.
INVISIBLE = "\u00ad\u061c\u0640\ufeff" + "".join(
    chr(code) for first, last in ((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0xFE00, 0xFE0F))
    for code in range(first, last + 1)
)  # fmt: skip
_DROP = str.maketrans("", "", INVISIBLE + APOSTROPHES)
_INVISIBLE = str.maketrans("", "", INVISIBLE)
_ALIKE = str.maketrans(dict.fromkeys(APOSTROPHES, "'") | dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-"))
# Letters that writers of Arabic script use for one another.
_ARABIC = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ې": "ي", "ک": "ك", "ة": "ه", "ؤ": "و", "ئ": "ي"}
)
# One letter in print, two in ASCII; ı is i, so that Turkish capitals and small letters meet whatever the rules.
_LATIN = str.maketrans(
    {"ı": "i", "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ə": "e"}
)
# Marks that make another letter: й is not и, ї is not і, ў is not у; and the voicing marks of kana: が is not か.
_OTHER_LETTER = {("и", "\u0306"), ("і", "\u0308"), ("у", "\u0306")}
_VOICING = ("\u3099", "\u309a")
# A designator: a letter or two, then digits (С-300, Т-72, Су-30). Its Cyrillic letters are written in Latin by sound
# (S-300, Yak-130, Kh-101) and, by hands that have no Cyrillic keyboard, by look (C-300).
_DESIGNATOR = re.compile(r"[^\W\d_]{1,3}\d+[^\W_]*\Z")
_BY_SOUND = str.maketrans(
    {
        **dict(zip("абвгдезийклмнопрстуфыэ", "abvgdeziyklmnoprstufye", strict=True)),
        "ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ю": "yu", "я": "ya", "ь": "", "ъ": "",
    }
)  # fmt: skip
_BY_LOOK = str.maketrans("авекмнорстухѕіј", "abekmhopctyxsij")

_PAIRS = (
    (re.compile(r"\A(self|air|counter)?(defen|offen|preten)[sc](e|es|eless)\Z"), r"\1\2s\3"),
    (re.compile(r"\A(licen|practi)[sc](e|es|ed|ing)\Z"), r"\1s\2"),
    (
        re.compile(
            r"\A(\w*)(arm|lab|harb|neighb|fav|hon|col|behavi|endeav|hum|rum|vap|rig|vig|splend|sav|par[kl])our(\w*)\Z"
        ),
        r"\1\2or\3",
    ),
    (re.compile(r"\A(\w{3,})ys(e|es|ed|ing)\Z"), r"\1yz\2"),
    (re.compile(r"\A(\w{3,})is(e|es|ed|er|ers|ing|ation|ations)\Z"), r"\1iz\2"),
    (re.compile(r"\A(cent|theat|calib|fib|lit|met|kilomet)re(s?)\Z"), r"\1er\2"),
    # The e of manoeuvred stands after the r, that of maneuvered before it: neither is kept.
    (re.compile(r"\Aman(?:oe|e)uve?re?(s|d|ing|able|ability)?\Z"), r"maneuver\1"),
    (re.compile(r"\A(\w*)programme(s?)\Z"), r"\1program\2"),
    (re.compile(r"\A(\w{3,}l)l(ed|ing|er|ers)\Z"), r"\1\2"),
    (re.compile(r"\A(aero|air)plane(s?)\Z"), r"airplane\2"),
)
# What none of these words is without: most words are told by one look.
_MAY_BE_TWO = re.compile(
    r"[cs](?:e|es|eless|ed|ing)\Z|our|[yi]s(?:e|es|ed|er|ers|ing|ation|ations)\Z|res?\Z|\Aman|programme|ll(?:ed|ing|er|ers)\Z|plane"
)
# The same for the beginning of a word, which no pattern above can know: organis* is also organiz*.
_BEGINNINGS = (
    ("our", "or"), ("is", "iz"), ("isi", "izi"), ("isin", "izin"), ("isa", "iza"), ("isat", "izat"), ("isati", "izati"),
    ("isatio", "izatio"), ("ys", "yz"), ("enc", "ens"), ("noeuv", "neuv"), ("noeuvr", "neuver"),
)  # fmt: skip
_SHORTEST_BEGINNING = 6
# Longer than any name; some characters stand for a whole sentence (ﷺ), and a hostile text could be all of these.
_LONGEST_FOLDED = 300


def fold(word: str) -> str:
    """NFKC, case, accents, ё, apostrophes, Arabic letter variants and marks, invisible characters, spelling pairs."""
    text = letters(word)
    return spelling(text) if text.isascii() else text


def forms(word: str) -> tuple[str, ...]:
    """What a query looks for: one folded form, but for designators in Cyrillic, which are written in Latin in two ways."""
    base = fold(word)
    if base.isascii() or not _DESIGNATOR.match(base):
        return (base,)
    latin = (base.translate(_BY_SOUND), base.translate(_BY_LOOK))
    return tuple(dict.fromkeys(form for form in latin if form.isascii())) or (base,)


def prefix_forms(prefix: str) -> tuple[str, ...]:
    """Every folded beginning that a word with this beginning may have: "defence*", "organis*", "С-300*"."""
    bare = letters(prefix)
    found = [bare, *forms(prefix)]
    for british, american in _BEGINNINGS:
        if bare.isascii() and len(bare) >= _SHORTEST_BEGINNING and bare.endswith(british):
            found.append(bare.removesuffix(british) + american)
    return tuple(dict.fromkeys(found))


def held_forms(word: str) -> tuple[str, ...]:
    """Every form under which a word of a text is found: as a query looks for it, and as it is written, for prefixes."""
    if word.isascii() and word.isalpha():
        lower = word.lower()
        spelled = spelling(lower)
        return (lower,) if spelled == lower else (lower, spelled)
    if word.isascii() and word.isdigit():
        return (word,)
    return tuple(dict.fromkeys((letters(word), *forms(word))))


def spelling(word: str) -> str:
    """One of the two English spellings of a word that has two: defense, armor, organize."""
    if not _MAY_BE_TWO.search(word):
        return word
    for pattern, kept in _PAIRS:
        if pattern.match(word):
            return pattern.sub(kept, word)
    return word


def letters(word: str) -> str:
    """The folded form without spelling pairs: what names are compared by."""
    text = unicodedata.normalize("NFKC", word.translate(_DROP)).translate(_DROP).casefold()[:_LONGEST_FOLDED]
    return _without_marks(text).translate(_LATIN).translate(_ARABIC)


def plain_spelling(text: str) -> str:
    """A text to the letter: only white space, hyphens, apostrophes and what nobody sees are made alike."""
    shown = unicodedata.normalize("NFKC", text.translate(_INVISIBLE).translate(_ALIKE))
    return " ".join(shown.split())


def _without_marks(text: str) -> str:
    if text.isascii():
        return text
    kept: list[str] = []
    for character in unicodedata.normalize("NFD", text):
        other_letter = character in _VOICING or (kept and (kept[-1], character) in _OTHER_LETTER)
        if other_letter or not unicodedata.combining(character):
            kept.append(character)
    return unicodedata.normalize("NFC", "".join(kept))
