"""What a document of ours says of itself: its title and id, its links, how often to come again, the words of a day.

In: an output, what is asked of it, the entries of a page. Out: the parts of a document to write. Never: a clock: what a
document says depends on what stands in it (V-12).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median_low

from aggregator import gazetteer
from aggregator.asking import Asked, said_moment
from aggregator.edits import as_it_was
from aggregator.reasons import reasons_for
from feeds.identity import digest
from feeds.model import Head, Link, Reason
from storage.model import Kept, Output, Revision

WRITER = 1
"""The version of what makes bytes of an archive document. To be raised by whoever changes them: no address may give other
bytes than it gave (P-03)."""
WEEK = 604_800
"""For how many seconds an archive document may be kept without asking: it never changes under its address."""
_PACES = (300, 600, 900, 1800, 3600)
_NEWEST = 20
_ABOUT = {
    "authors": "Entries by {0}, wherever they were published.",
    "sources": "Entries of {0}, as they came.",
    "topics": "Entries from many sources on {0}, chosen by a rule that anyone may read.",
    "places": "Entries from many sources that name {0}.",
    "feeds": "Entries that are in any of these, {1}.",
    "all": "Every entry of every source, as it came.",
}


def head_of(output: Output, title: str, asked: Asked, updated: datetime, *, url: str, site_url: str) -> Head:
    """The head of a document. A view other than the feed's own, and a day of the past, are feeds with ids of their own;
    pages of a feed share its id."""
    about = _ABOUT[output.kind].format(output.title, output.detail)
    own: list[str] = [asked.view] if asked.view else []
    if asked.as_of:
        moment = said_moment(asked.as_of)
        own.append(f"as_of={moment}")
        title, about = f"{title}, as of {moment}", f"{about} As it stood at {_told(asked.as_of)}."
    return Head(
        title=title, id="#".join([output.public_id, *(["&".join(own)] if own else [])]), url=url, site_url=site_url,
        subtitle=about, updated=updated,
    )  # fmt: skip


def links_of(found: Mapping[str, str]) -> tuple[Link, ...]:
    """Links by their relation, in one order; those without an address are left out."""
    order = ("hub", "self", "current", "first", "next", "prev-archive")
    return tuple(Link(rel=rel, href=found[rel]) for rel in order if found.get(rel))


def pace_of(kept: Sequence[Kept]) -> int:
    """For how many seconds a document may be kept: as long as it commonly took until something new was in it (S-05)."""
    moments = sorted({one.first_seen for one in kept}, reverse=True)[:_NEWEST]
    gaps = [later - earlier for later, earlier in pairwise(moments)]
    common = median_low(gaps) if gaps else timedelta(seconds=_PACES[-1])
    return max((pace for pace in _PACES if timedelta(seconds=pace) <= common), default=_PACES[0])


def unique(kept: Sequence[Kept]) -> list[Kept]:
    """One entry a public id: where two sources hold the same id, a document shows the first seen (V-03, V-06)."""
    first: dict[str, int] = {}
    for one in kept:
        first[one.entry.public_id] = min(one.key, first.get(one.entry.public_id, one.key))
    return [one for one in kept if first[one.entry.public_id] == one.key]


def reasons_then(kept: Kept, topic: str, moment: datetime | None) -> tuple[Reason, ...]:
    """Why a topic has an entry; of a day of the past nothing, since the rule of today says nothing of it."""
    return reasons_for(kept, topic) if moment is None else ()


def in_the_words_of(kept: Sequence[Kept], said: Mapping[int, Revision]) -> list[Kept]:
    """Entries as they were, where they have been edited since."""
    return [as_it_was(one, said[one.key]) if one.key in said else one for one in kept]


def archive_version(output: Output, changes: int, *settings: str) -> str:
    """The version in the address of an archive document: what changed in it, and all else that its bytes depend on."""
    return digest(output.public_id, str(changes), str(WRITER), gazetteer.version(), *settings)[:12]


def without_own(asked: Asked, own_view: str) -> Asked:
    """What is asked, without what the feed has anyhow."""
    return replace(asked, view=None) if asked.view == own_view else asked


def _told(moment: datetime) -> str:
    said = said_moment(moment)
    return f"the end of {said} (UTC)" if len(said) == len("2026-11-24") else f"{moment:%Y-%m-%d %H:%M:%S} UTC"
