"""Who is who: the key that two spellings of one name share. PURE.

In: names. Out: their identity. Never: a merge across scripts, or of two names that only look alike: those are aliases
that a person configures, or merges that a person commands.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from aggregator.topics.fold import letters


@lru_cache(maxsize=20_000)
def author_key(name: str) -> str:
    """The identity of a name: folded, letters and digits only, script kept. "" where there is no letter."""
    # The vowel signs of some scripts are marks. Spelling pairs are for words: Denise and Denize are two people.
    key = "".join(one for one in letters(name) if one.isalnum() or unicodedata.category(one).startswith("M"))
    return key if any(one.isalpha() for one in key) else ""
