"""Entries known again under new ids: a guid that changes at every edit, a site that moved (I-13). PURE.

In: a document, what is known by its ids, what is held under its links. Out: both with the ids that we hold.
Never: two entries made one on a likeness: link and date of publication are the same, or link and every word.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from feeds.identity import says_the_same
from feeds.model import Document, Entry
from storage.model import Known, KnownEntry

HeldByLink = Mapping[str, Sequence[tuple[str, KnownEntry]]]


def strangers(document: Document, known: Known) -> dict[str, Entry]:
    """Entries under ids that were never seen, by their links, where a link belongs to one entry of the document alone."""
    often = Counter(entry.link for entry in document.entries)
    return {
        entry.link: entry
        for entry in document.entries
        if entry.link and often[entry.link] == 1 and entry.id not in known.entries and entry.id not in known.seen
    }


def known_again(document: Document, known: Known, held: HeldByLink) -> tuple[Document, Known]:
    """The document with held ids in the place of new ones where an entry is surely the same, and what is known by them."""
    again = {
        entry.id: held[link][0]
        for link, entry in strangers(document, known).items()
        if len(held.get(link, ())) == 1 and _same(entry, held[link][0][1])
    }
    if not again:
        return document, known
    entries = tuple(replace(e, id=again[e.id][0]) if e.id in again else e for e in document.entries)
    note = f"{len(again)} entries came under other ids than before and were known again by link and date"
    return (
        replace(document, entries=entries, notes=(*document.notes, note)),
        replace(known, entries={**known.entries, **dict(again.values())}),
    )


def _same(entry: Entry, held: KnownEntry) -> bool:
    dated = entry.published is not None and entry.published == held.published_claimed
    return dated or says_the_same(entry, held.fingerprint)
