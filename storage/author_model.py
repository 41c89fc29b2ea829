"""What is told of an author: beside others, and on a page of its own.

In: nothing. Out: frozen records. Never: SQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.model import AuthorKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """An author beside others: every key, the outlets that published the author, and how many entries."""

    slug: str
    name: str
    keys: tuple[str, ...]
    outlets: frozenset[str]
    entries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """A source that published an author, and how many entries."""

    slug: str
    name: str
    entries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorFacts:
    """An author's page: the kind, the latest role and affiliation that a byline told, outlets, and when entries appeared.

    `names` are the spellings in bylines, the most frequent first; `published` are the dates of the entries since some day.
    """

    kind: AuthorKind
    role: str = ""
    affiliation: str = ""
    names: tuple[str, ...] = ()
    outlets: tuple[Outlet, ...] = ()
    published: tuple[datetime, ...] = ()
