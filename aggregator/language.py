"""Which language is an entry in?

In: title, text, and what the feed declares. Out: a tag, and who told: the text or the feed.
Never: a guess from names alone; a declared language that the script of the text rules out; more than the text's beginning.

Letters first: a script or an alphabet that one language has decides, then small words that one language has, then the model
(`aggregator.language_model`) among those languages that the letters allow, where a declared language weighs more than others.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from typing import Final

from aggregator.language_tables import (
    ARABIC_OWN,
    CYRILLIC_LACKS,
    CYRILLIC_NEEDS,
    CYRILLIC_OWN,
    KNOWN,
    ONE_LANGUAGE,
    PARTICLES,
    RUSSIAN_SMALL,
    SAME,
    SERVED,
    SMALL,
    WRITTEN,
    script_of,
)
from storage.model import LanguageOrigin

UNKNOWN: Final = "unknown"
_LOOKED_AT: Final = 900
"""Characters of title and text that are looked at at all."""
_ENOUGH: Final = 200
"""Characters of words that are judged: more tell no better, and cost time."""
_CLAIMED: Final = 8.0
"""How much likelier the declared language is than others, before its words are seen."""
_PRIOR: Final = {**dict.fromkeys(SERVED, 1.0), "en": 2.0, "ru": 2.0}
"""The same for those that Heliograph serves, the commonest first; _RARE for all others."""
_RARE: Final = 0.5
_SURE: Final = 0.1
"""Below this likelihood, of 1, as the model gives it and as the priors weigh it, the text tells nothing."""
_CERTAIN: Final = 0.8
"""Above this likelihood the text is believed, whatever is declared."""
_SHORT: Final = 40
"""Characters of a text that says too little against what is declared: a foreign name or two make half of it."""
_HARDLY: Final = 0.002
"""Below this likelihood a language is not thought of."""
_UNHEARD: Final = 0.1
"""The likelihood of a declared language that the model does not know."""
_FOREIGN: Final = 50
"""One letter in so many may be foreign: of a name that the text quotes."""

_TAG = re.compile(r"[a-z]{2,3}(?=$|[-_])")
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_NO_WORD = re.compile(r"[\d@#/\\_=&%]|^www\.")
_EDGES: Final = "\"'`´.,:;!?…()[]{}<>«»‹›“”„‘’‚-–—*•|·+~^،؛؟。，、：；！？「」『』（）《》【】・"
_CYRILLIC_TELLING = re.compile("[^\\Wа-иА-ИклмнопрстуфхцчшКЛМНОПРСТУФХЦЧШ\\d_A-Za-z]")
_ARABIC_TELLING = re.compile(f"[ې{''.join(ARABIC_OWN.values())}]")
_NOT_IN_ALL: Final = "йщъыьэюя"  # of а-я
_DENSE: Final = ("Hani", "Kana", "Hang")
_KANA = re.compile("[\u3041-\u30ff]")


def language_of(title: str, text: str, declared: str) -> tuple[str, LanguageOrigin]:
    """The language (a lower-case BCP 47 primary tag, or "unknown") and who told it: "text", "feed", or "" for unknown.

    `text` is plain text; `declared` is the entry's or the feed's claim as it came ("en_US", "AZ", ""), and may be wrong.
    """
    claim = declared_tag(declared)
    words = _words(f"{title[:_LOOKED_AT]}\n{text[:_LOOKED_AT]}"[:_LOOKED_AT])
    if words:
        script, own = _main(words)
        # Names in Latin letters stand in texts of every language, so they rule out nothing.
        if claim not in WRITTEN.get(script, KNOWN) and (script != "Latn" or _tells(own)):
            claim = ""
        if found := _told(own, script, claim):
            return found, "text"
    return (claim, "feed") if claim else (UNKNOWN, "")


def prepare() -> None:
    """Read the model now, so that the first entry need not wait half a second for it."""
    language_of("", "prepare the model", "")


def declared_tag(declared: str) -> str:
    """The primary tag of a declared language ("en-US" and "en_us" are en), "" for what names no language."""
    match = _TAG.match(declared[:40].strip().lower())
    tag = SAME.get(match[0], match[0]) if match else ""
    return tag if tag in KNOWN else ""


def _words(text: str) -> list[str]:
    """The words that can tell: no numbers and designations, addresses, tags, handles."""
    if not text.isascii():
        text = _INVISIBLE.sub("", text)
    words: list[str] = []
    left = 2 * _ENOUGH
    for piece in text.split():
        word = piece.strip(_EDGES)
        # Chinese and Japanese have no spaces: there, a number does not spoil its neighbours.
        if word and word[0].isalpha() and (not _NO_WORD.search(word) or script_of(word[0]) in ("Hani", "Kana")):
            words.append(word)
            left -= len(word)
            if left < 0:
                break
    return words


def _main(words: list[str]) -> tuple[str, list[str]]:
    """The script of most letters, and the words in it; another script than the Latin of names where that has words too."""
    if all(map(str.isascii, words)):
        return "Latn", words
    letters: Counter[str] = Counter()
    for word in words:
        script = script_of(word[0])
        # A Chinese or Korean character says as much as three letters; Japanese words begin in either of its scripts.
        letters["Hani" if script == "Kana" else script] += len(word) * (3 if script in _DENSE else 1)
    (script, _), *other = letters.most_common(2)
    own = _written_in(script, words)
    if script == "Latn" and other and not _has_plain(own):
        script = other[0][0]
        own = _written_in(script, words)
    return script, own


def _written_in(script: str, words: list[str]) -> list[str]:
    scripts = ("Hani", "Kana") if script == "Hani" else (script,)
    return [word for word in words if script_of(word[0]) in scripts]


def _told(words: list[str], script: str, claim: str) -> str:
    """The language that the text itself tells, "" where it tells none or no other than could be claimed."""
    if script == "Hani":
        return _han("".join(words), claim)
    if script in ONE_LANGUAGE:
        return ONE_LANGUAGE[script] if claim in ("", ONE_LANGUAGE[script]) else ""
    if not script or not _tells(words):
        return ""
    sample = " ".join(words)[:_ENOUGH]
    return (
        (_arabic(sample, claim) if script == "Arab" else "")
        or _by_small_words(words, claim)
        or (_cyrillic(sample, words, claim) if script == "Cyrl" else _by_model(sample, script, claim))
    )


def _tells(words: list[str]) -> bool:
    """Whether these are more than names: two words of which one is no name, or four in capitals, as headlines have them."""
    long = [word for word in words if len(word) > 1 and word not in PARTICLES]
    return len(long) > 3 or (len(long) > 1 and _has_plain(long))


def _has_plain(words: list[str]) -> bool:
    return any(len(word) > 1 and not word[0].isupper() and word not in PARTICLES for word in words)


def _han(text: str, claim: str) -> str:
    """Chinese, or Japanese where kana stand between; a few characters without kana may be either."""
    kana = len(_KANA.findall(text[:_ENOUGH]))
    if kana * 10 >= len(text[:_ENOUGH]):
        return "ja"
    return "zh" if len(text) > (20 if claim == "ja" else 3) else ""


def _arabic(sample: str, claim: str) -> str:
    """The language whose own letters stand in a text in Arabic script; Arabic and Persian have none, and the model tells them."""
    letters = Counter(_ARABIC_TELLING.findall(sample))
    if not letters:
        return ""
    own = {language: sum(letters[one] for one in own) for language, own in ARABIC_OWN.items()}
    own["ug"] *= 3  # it writes Sorani's ۆ too
    best = max(own, key=own.__getitem__)
    if own[best]:
        return best if own[best] * _FOREIGN > len(sample) else ""
    return _by_model(sample, "Arab", claim, ("ps", "ug"))


def _by_small_words(words: list[str], claim: str) -> str:
    """The language whose small words stand in the text three times, twice where it is declared, and no other's do."""
    small = Counter(SMALL[one] for word in words[:60] if (one := word.lower()) in SMALL)
    if len(small) != 1:
        return ""
    ((best, times),) = small.items()
    return best if times > (1 if best == claim else 2) else ""


def _cyrillic(sample: str, words: list[str], claim: str) -> str:
    """By letters where they leave one language only, by the model among those which they leave otherwise."""
    telling = Counter(_CYRILLIC_TELLING.findall(sample.lower()))
    allowed = [language for language in CYRILLIC_OWN if _can_be(language, telling, len(sample))]
    # Bulgarian, Serbian and Ukrainian lack these two letters, Belarusian the third, and others the small words.
    russian = (
        sum(word in RUSSIAN_SMALL for word in words) if ("ы" in telling or "э" in telling) and "и" in sample else 0
    )
    if russian > (0 if "ru" in allowed else 2):
        return "ru"
    if len(allowed) == 1 and sum(telling[one] for one in CYRILLIC_OWN[allowed[0]]) > 1:
        return allowed[0]
    return _by_model(sample, "Cyrl", claim, allowed)


def _can_be(language: str, telling: Counter[str], letters: int) -> bool:
    """Whether so many letters, of which these tell something, may be of this language."""
    own, lacks = CYRILLIC_OWN[language], CYRILLIC_LACKS.get(language, "")
    foreign = sum(n for one, n in telling.items() if (one not in own and one not in _NOT_IN_ALL) or one in lacks)
    needs, needed = CYRILLIC_NEEDS.get(language, (0, ""))
    return foreign * _FOREIGN <= letters and (not needed or letters < needs or any(one in telling for one in needed))


def _by_model(sample: str, script: str, claim: str, allowed: Collection[str] = ()) -> str:
    """The likeliest language of those that are written so; "" where another than the claimed one is hardly likelier."""
    from aggregator.language_model import likelihoods  # half a second, once: most commands need none

    allowed = allowed or WRITTEN.get(script, ())
    likely = {language: share for language, share in likelihoods(sample) if language in allowed and share > _HARDLY}
    if not likely:
        return ""
    weighed = {language: share * _PRIOR.get(language, _RARE) for language, share in likely.items()}
    best = max(weighed, key=weighed.__getitem__)
    if claim and claim != best:
        if len(sample) < _SHORT and claim in likely:
            return ""
        if likely[best] < _CERTAIN and likely.get(claim, _UNHEARD) * _CLAIMED > weighed[best]:
            return ""
    return best if min(likely[best], weighed[best]) >= _SURE else ""
