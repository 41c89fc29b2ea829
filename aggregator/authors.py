"""Many spellings -> one author. PURE.

In: names as publishers write them. Out: the name without what is not a name, and the key that two spellings share.
Never: a merge across scripts, or of two names that only look alike: those are aliases that a person configures.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from aggregator.topics.fold import letters
from feeds.identity import slugify
from feeds.model import Author, Entry
from storage.model import Byline

# Words that say "by" before a name, in the languages of our sources.
_BY = re.compile(
    r"\A(?:by|written by|words by|story by|reported by|view all posts by|автор(?:ы)?|подготовил(?:а)?|"
    r"yazar|yazan|haber|haberi hazırlayan|بقلم|كتب|نویسنده|von|par|por)"
    r"(?:\s*:\s*|\s+)(?=\S)",
    re.IGNORECASE,
)
_TAIL = re.compile(r"[\s,;:.|·–—-]+\Z")
# Accounts, not people.
_NOT_A_NAME = re.compile(
    r"(?:admin|administrator|editor|webmaster|user\d*|root|noreply|unknown|author)\Z", re.IGNORECASE
)


def plain_name(raw: str) -> str:
    """A byline without "By" and trailing punctuation, white space squeezed; "" where nothing of a name is left."""
    name = _TAIL.sub("", _BY.sub("", " ".join(raw.split())))
    return "" if _NOT_A_NAME.match(name) else name


@lru_cache(maxsize=10_000)
def author_key(name: str) -> str:
    """The identity of a name: folded, letters and digits only, script kept. "" where there is no letter."""
    # The vowel signs of some scripts are marks. Spelling pairs are for words: Denise and Denize are two people.
    key = "".join(one for one in letters(name) if one.isalnum() or unicodedata.category(one).startswith("M"))
    return key if any(one.isalpha() for one in key) else ""


def bylines_of(entry: Entry, source_name: str) -> tuple[Byline, ...]:
    """Who signs an entry. A byline that only repeats the outlet's name is none."""
    outlet = author_key(source_name)
    found: dict[str, Byline] = {}
    for author in entry.authors:
        byline = _byline(author)
        if byline.key and byline.key != outlet and byline.key not in found:
            found[byline.key] = byline
    return tuple(found.values())


def _byline(author: Author) -> Byline:
    name, key, slug = _known_by(author.name)
    return Byline(key=key, name=name, slug=slug, url=author.url, bio=author.bio)


@lru_cache(maxsize=10_000)
def _known_by(written: str) -> tuple[str, str, str]:
    """The plain name, its key and its slug: outlets have the same few writers every day."""
    name = plain_name(written)
    return name, author_key(name), slugify(name)
