"""What each edit of an entry changed, for `heliograph why` and the entry's page.

In: an entry and what it said before, both as far as they may be shown. Out: edits, each with the fields that changed.
Never: a word that the caller did not hand in: what may be shown, `aggregator.visible` has said before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from aggregator.differences import Run, compare
from feeds import clean
from feeds.model import Author, Entry
from storage.model import Kept, Revision


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A field that an edit changed, and how. Texts are without markup; lists have a line a name."""

    field: str
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """An edit: its number, when we saw it, and what it changed; nothing where only markup or files differ."""

    number: int
    at: datetime
    changes: tuple[Change, ...]


def as_it_was(kept: Kept, revision: Revision) -> Kept:
    """The entry as it was before an edit, so that what may be shown of it can be asked as of any."""
    said = replace(
        kept.entry, title=revision.title, link=revision.link, summary=revision.summary, content=revision.content,
        authors=tuple(Author(name=name) for name in revision.authors), categories=revision.categories, text="",
    )  # fmt: skip
    return replace(kept, entry=said, published=revision.published, updated=revision.updated, author_slugs=())


def edits_of(now: Entry, before: Sequence[tuple[Revision, Entry]], *, longest: int | None = None) -> list[Edit]:
    """What each edit changed, the last first. `before` are revisions, the last first, with the entry as it was then.

    Of a text the first `longest` characters are compared.
    """
    edits = []
    for revision, was in before:
        changes = tuple(_changes(was, now, longest))
        edits.append(Edit(number=revision.number, at=revision.until, changes=changes))
        now = was
    return edits


def _changes(was: Entry, now: Entry, longest: int | None) -> Iterator[Change]:
    old, new = _fields(was, longest), _fields(now, longest)
    for field, text in old.items():
        # A summary that we or a program cut from the text changes with it.
        if text != new[field] and not (field == "summary" and old["text"] != new["text"]):
            yield Change(field=field, runs=compare(text, new[field]))


def _fields(entry: Entry, longest: int | None) -> dict[str, str]:
    return {
        "title": entry.title,
        "text": clean.plain_text(entry.content)[:longest],
        "summary": clean.plain_text(entry.summary)[:longest],
        "link": entry.link,
        "authors": "\n".join(author.name for author in entry.authors),
        "categories": "\n".join(entry.categories),
    }
