"""What a full-text index is asked: words, any of them, all of them.

In: nothing. Out: frozen records. Never: SQL, or what a word means.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """A token, or any token that begins so."""

    token: str
    is_prefix: bool = False


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of the parts."""

    parts: tuple[Narrowing, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part."""

    parts: tuple[Narrowing, ...]


Narrowing = Word | AnyOf | AllOf
