"""What is known of languages without a model: scripts, alphabets, small words, codes.

In: nothing. Out: tables. Never: a rule.

Alphabets are those of the Unicode CLDR's exemplar characters; small words are the commonest conjunctions, prepositions
and auxiliaries, and only such as none of the other languages of the table writes in the same way.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from typing import Final

_BLOCKS: Final = (
    (0x41, "Latn"), (0x370, "Grek"), (0x400, "Cyrl"), (0x530, "Armn"), (0x590, "Hebr"), (0x600, "Arab"), (0x700, "Syrc"),
    (0x750, "Arab"), (0x780, "Thaa"), (0x7C0, ""), (0x860, "Syrc"), (0x870, "Arab"), (0x900, "Deva"), (0x980, "Beng"),
    (0xA00, "Guru"), (0xA80, "Gujr"), (0xB00, "Orya"), (0xB80, "Taml"), (0xC00, "Telu"), (0xC80, "Knda"), (0xD00, "Mlym"),
    (0xD80, "Sinh"), (0xE00, "Thai"), (0xE80, "Laoo"), (0xF00, "Tibt"), (0x1000, "Mymr"), (0x10A0, "Geor"), (0x1100, "Hang"),
    (0x1200, "Ethi"), (0x13A0, ""), (0x1780, "Khmr"), (0x1800, "Mong"), (0x18B0, ""), (0x1C80, "Cyrl"), (0x1C90, "Geor"),
    (0x1CC0, ""), (0x1E00, "Latn"), (0x1F00, "Grek"), (0x2000, ""), (0x2C60, "Latn"), (0x2C80, ""), (0x2D00, "Geor"),
    (0x2D30, ""), (0x2DE0, "Cyrl"), (0x2E00, ""), (0x3005, "Hani"), (0x3041, "Kana"), (0x3100, ""), (0x3130, "Hang"),
    (0x3190, ""), (0x31F0, "Kana"), (0x3200, ""), (0x3400, "Hani"), (0xA000, ""), (0xA640, "Cyrl"), (0xA6A0, ""),
    (0xA720, "Latn"), (0xA800, ""), (0xAC00, "Hang"), (0xD800, ""), (0xF900, "Hani"), (0xFB00, "Latn"), (0xFB13, "Armn"),
    (0xFB1D, "Hebr"), (0xFB50, "Arab"), (0xFE00, ""), (0xFE70, "Arab"), (0xFF00, ""), (0xFF21, "Latn"), (0xFF66, "Kana"),
    (0xFFA0, "Hang"), (0xFFE0, ""), (0x20000, "Hani"), (0x40000, ""),
)  # fmt: skip
_STARTS: Final = [start for start, _ in _BLOCKS]


@lru_cache(maxsize=4096)
def script_of(letter: str) -> str:
    """The ISO 15924 code of a letter's script, "" for one that we tell nothing by."""
    return _BLOCKS[at - 1][1] if (at := bisect_right(_STARTS, ord(letter))) else ""


ONE_LANGUAGE: Final = {
    "Armn": "hy", "Beng": "bn", "Ethi": "am", "Geor": "ka", "Grek": "el", "Gujr": "gu", "Guru": "pa", "Hang": "ko",
    "Hebr": "he", "Khmr": "km", "Knda": "kn", "Laoo": "lo", "Mlym": "ml", "Mong": "mn", "Mymr": "my", "Orya": "or",
    "Sinh": "si", "Syrc": "syr", "Taml": "ta", "Telu": "te", "Thaa": "dv", "Thai": "th", "Tibt": "bo",
}  # fmt: skip
"""Scripts in which news is written in one language, or nearly so: a declared sister (Yiddish, Assamese, Tigrinya) is believed."""

_WRITTEN: Final = {
    "Latn": (
        "af an ast az br bs ca ceb co cs cy da de en eo es et eu fi fil fo fr fy ga gd gl gn ha hr ht hu id ig is it jv kaa kk"
        " kl ku la lb lt lv mg mi ms mt nl no nn oc om pl pt qu rm ro rw sco se sk sl sm sn so sq sr st su sv sw tk tl tn tr"
        " ts uz vi wa wo xh yo zu"
    ),
    "Cyrl": "ab av ba be bg ce cv kaa kk kv ky mk mn os ru sah sr tg tt tyv udm uk uz",
    "Arab": "ar azb bal ckb fa ks ku kk prs ps sd ug ur",
    "Deva": "hi mr ne sa mai bho",
    "Hani": "zh ja",
    "Hebr": "he yi", "Beng": "bn as", "Ethi": "am ti", "Tibt": "bo dz", "Syrc": "syr",
}  # fmt: skip
WRITTEN: Final = {
    **{script: frozenset({language}) for script, language in ONE_LANGUAGE.items()},
    **{script: frozenset(languages.split()) for script, languages in _WRITTEN.items()},
}
"""The languages in which news is written in a script."""
KNOWN: Final = frozenset(language for languages in WRITTEN.values() for language in languages)
"""Every language that a declaration may name."""


SAME: Final = {
    "ara": "ar", "arz": "ar", "aze": "az", "bel": "be", "chi": "zh", "cmn": "zh", "deu": "de", "eng": "en", "fas": "fa",
    "fra": "fr", "fre": "fr", "geo": "ka", "ger": "de", "heb": "he", "hye": "hy", "arm": "hy", "in": "id", "ita": "it",
    "iw": "he", "ji": "yi", "jpn": "ja", "kat": "ka", "kaz": "kk", "kir": "ky", "kor": "ko", "kur": "ku", "mon": "mn",
    "nb": "no", "nn": "no", "nob": "no", "per": "fa", "pes": "fa", "pol": "pl", "por": "pt", "prs": "fa", "pus": "ps",
    "rus": "ru", "sdh": "ckb", "sh": "sr", "spa": "es", "tgk": "tg", "tuk": "tk", "tur": "tr", "uig": "ug", "ukr": "uk",
    "urd": "ur", "uzb": "uz", "uzn": "uz", "wuu": "zh", "yue": "zh", "zho": "zh",
}  # fmt: skip
"""Codes of three letters, of old and of dialects, as the primary tags that we use (Dari goes by fa, Bokmål by no)."""

_SERVED: Final = "en ru tr ar fa kk ky uz tg tk az hy ka uk de fr es zh ps ur he pl"
SERVED: Final = frozenset(_SERVED.split())
"""The languages for which Heliograph is made; between two that a text allows, they are the likelier."""

CYRILLIC_OWN: Final = {
    "ru": "ё", "uk": "іїєґ", "be": "іўё", "bg": "ѝ", "mk": "ѓѕјљњќџѐѝ", "sr": "ђјљњћџ", "kk": "әғқңөұүһіё", "ky": "ңөүё",
    "tg": "ғӣқӯҳҷё", "uz": "ўқғҳё", "mn": "өүё", "tt": "әөүҗңһё", "ba": "ҙҫҡғәөүңһё",
}  # fmt: skip
"""Letters beyond а-я; a letter of this table that a language does not list is foreign to it."""
CYRILLIC_LACKS: Final = {
    "uk": "ыэъё", "be": "ищъ", "bg": "ыэё", "mk": "йщъыьэюяё", "sr": "йщъыьэюяё", "tg": "щы", "uz": "щы",
}  # fmt: skip
"""Letters of а-я that a language does without."""
CYRILLIC_NEEDS: Final = {
    "uk": (40, "іїєґ"), "be": (40, "іў"), "bg": (80, "ъ"), "mk": (60, "јљњѓќѕџ"), "sr": (60, "јљњђћџ"), "kk": (60, "әғқңөұүһі"),
    "ky": (80, "ңөү"), "tg": (60, "ғӣқӯҳҷ"), "uz": (60, "ўқғҳ"), "mn": (60, "өү"), "tt": (60, "әөүҗңһ"), "ba": (40, "ҙҫҡғәөүңһ"),
}  # fmt: skip
"""Letters of which a text of so many letters has shown one, where it is in the language."""

ARABIC_OWN: Final = {
    "ug": "ۇۈڭۋ", "ckb": "ڕڵێۆ", "ps": "ټډړږښګڼۍځڅ", "ur": "ٹڈڑںےھہ", "sd": "ٻڀٺٿڦڃڄڏڌڳڱڻ",
}  # fmt: skip
"""Letters that one language in Arabic script has, among those that are told apart by them; ې is of Pashto and Uyghur."""

_SMALL: Final = {
    "en": "the and that with from which would after this its been their",
    "de": "und ist mit von für auf nicht eine einen einem zur zum dem sich wird nach auch wurde",
    "fr": "les des et est dans pour qui une avec aux sont ses cette après été",
    "es": "el los y según más fue también hasta",
    "it": "che della dei sono gli nel delle alla dal nella più",
    "pl": "się że nie jest oraz przez był dla",
    "tr": "ve için ile olarak kadar gibi",
    "ar": "في على إلى أن التي الذي هذا هذه عن بعد كان",
    "fa": "در از است این با برای شد شده می های کرد",
}  # fmt: skip
SMALL: Final = {word: language for language, words in _SMALL.items() for word in words.split()}
"""Small words of the languages that come most, none of which is common in another language of the same script."""
_RUSSIAN: Final = "в и на не что с из по для от за к о со это"
RUSSIAN_SMALL: Final = frozenset(_RUSSIAN.split())
"""Small words that Kazakh, Kyrgyz, Tajik, Uzbek and Mongolian do not have; Bulgarian has some, and lacks ы and э."""
_PARTICLES: Final = "al bin da de del der di du dos el ibn la le und van von"
PARTICLES: Final = frozenset(_PARTICLES.split())
"""Words in small letters that are parts of names."""
