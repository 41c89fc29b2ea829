"""What a document's tombstones mean for the entries that we hold: who is hidden, who is shown again (I-14). PURE.

In: a document, what is known. Out: deletions and returns, as ids. Never: an entry erased, or one shown that somebody
else than its publisher has hidden.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from feeds.model import Deleted, Document, Entry
from storage.model import WITHDRAWN, Known, KnownEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Graves:
    """What a document withdraws. `buried` are ids whose entries in it are not to be read."""

    buried: frozenset[str] = frozenset()
    deleted: tuple[Deleted, ...] = ()
    returned: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What the journal says of it."""
        gone, back = len(self.deleted), len(self.returned)
        told = []
        if gone:
            told.append(f"{gone} {'entry' if gone == 1 else 'entries'} deleted by the publisher")
        if back:
            told.append(f"{back} deleted {'entry' if back == 1 else 'entries'} listed again")
        return tuple(told)


def graves_of(document: Document | None, known: Known) -> Graves:
    """Whom a document withdraws, and who returns in it.

    A tombstone is overruled by an entry that was updated after it (RFC 6721 section 3). One without a time that can be
    read is overruled by any entry that stands beside it: nothing is lost for a word that is not clear.
    """
    if document is None:
        return Graves()
    listed = {entry.id: entry for entry in document.entries}
    graves = {one.id: one for one in document.deleted}
    buried = frozenset(id_ for id_, one in graves.items() if id_ in listed and _is_older(listed[id_], one))
    return Graves(
        buried=buried,
        deleted=tuple(one for id_, one in graves.items() if _dies(one, known.entries.get(id_), listed, buried)),
        returned=tuple(id_ for id_ in listed if id_ not in buried and _is_withdrawn(known.entries.get(id_))),
    )


def _is_older(entry: Entry, grave: Deleted) -> bool:
    stamp = entry.updated or entry.published
    return grave.at is not None and (stamp is None or stamp <= grave.at)


def _dies(grave: Deleted, held: KnownEntry | None, listed: Mapping[str, Entry], buried: frozenset[str]) -> bool:
    if held is None or held.hidden_why is not None:
        return False
    return grave.id in buried if grave.id in listed else not _is_later(held.updated_claimed, grave)


def _is_later(updated: datetime | None, grave: Deleted) -> bool:
    return updated is not None and grave.at is not None and updated > grave.at


def _is_withdrawn(held: KnownEntry | None) -> bool:
    return held is not None and held.hidden_why is not None and held.hidden_why.startswith(WITHDRAWN)
