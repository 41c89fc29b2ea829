"""A word -> its stem in a language, so that a query for a word finds its inflections.

In: a word as written, a language. Out: the folded stem; "" where no stemmer knows the language. Never: an irregular form:
Snowball's algorithms cut endings (https://snowballstem.org).
"""

from __future__ import annotations

import unicodedata
from functools import cache

import Stemmer

from aggregator.topics.fold import APOSTROPHES, INVISIBLE, letters, spelling

STEMMERS = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish", "fr": "french", "ga": "irish",
    "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian",
    "nb": "norwegian", "ne": "nepali", "nl": "dutch", "nn": "norwegian", "no": "norwegian", "pl": "polish",
    "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish", "ta": "tamil",
    "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
"""The languages that have a stemmer, by their code of ISO 639-1."""
VERSION = Stemmer.version()
"""Part of the version of every rule that asks for a stemmed word."""
_LONGEST = 60
_DROP = str.maketrans("", "", INVISIBLE + APOSTROPHES)


def stemmed_as(tag: str) -> str:
    """The language that texts of a lower-case tag of BCP 47 are stemmed in; "" where no stemmer knows it."""
    main = tag.partition("-")[0]
    return main if main in STEMMERS else ""


def stem(word: str, language: str) -> str:
    """The folded stem of a word; "" where the language has no stemmer, or the word is longer than any word."""
    name = STEMMERS.get(language)
    if name is None or len(word) > _LONGEST:
        return ""
    if language == "en" and word.isascii() and word.isalpha():
        return english_stem(spelling(word.lower()))
    plain = unicodedata.normalize("NFC", _lower(word.translate(_DROP), language))
    # A stemmer works in memory of its own, and keeps the interpreter's lock meanwhile: threads take turns.
    stemmed: str = _stemmer(name).stemWord(plain)
    return letters(stemmed)


def english_stem(word: str) -> str:
    """The stem of a small-letter English word in the one of its spellings that `fold` keeps: licence and licenses have one."""
    stemmed: str = _stemmer("english").stemWord(word)
    return stemmed


def _lower(word: str, language: str) -> str:
    """Small letters, with the two i of Turkish, and without Russian ё, which is as often written as е."""
    if language == "tr":
        word = word.replace("I", "ı").replace("İ", "i")
    elif language == "ru":
        word = word.replace("ё", "е").replace("Ё", "Е")
    return word.lower()


@cache
def _stemmer(name: str) -> Stemmer.Stemmer:
    return Stemmer.Stemmer(name, 0)
