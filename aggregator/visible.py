"""What an output may show of an entry. Every output asks this one function.

In: a kept entry, who looks, now. Out: the entry as it may be shown, or None. Never: a word that policy keeps back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from feeds import clean
from feeds.copies import changed
from feeds.model import Entry, Republish
from storage.model import Kept

_LONGEST_SUMMARY = 500
"""Characters of a summary under the policy "summary"; a longer one is cut at a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who looks: anybody at all, or, where `is_private`, the holder of a key to a private feed, who sees whole texts.

    `policy` holds where a source says nothing.
    """

    policy: Republish = "summary"
    is_private: bool = False


def visible(kept: Kept, viewer: Viewer, now: datetime, **more: Any) -> Entry | None:
    """The entry with our lasting id and dates, cut to what its source's policy allows; None where it is hidden.

    `more` are fields that an output says of it besides: one copy instead of two.
    """
    if kept.hidden_at is not None and kept.hidden_at <= now:
        return None
    policy = kept.republish or viewer.policy
    if kept.embargo_until is not None or policy == "none":
        return None
    if policy == "full" or viewer.is_private:
        return changed(kept.entry, published=kept.published, updated=kept.updated, **more)
    held = kept.entry.summary
    cut = _cut_before if len(held) < _REMEMBERED else _cut
    summary = cut(held) if policy == "summary" else ""
    # The words for matching and search are as much of the publisher's text as the content is.
    return changed(
        kept.entry, published=kept.published, updated=kept.updated, content="", text="", summary=summary, **more
    )  # fmt: skip


def _cut(summary: str) -> str:
    """A summary as plain words (still HTML, but without markup), cut at a word where it is longer than a summary."""
    words = " ".join(clean.plain_text(summary).split())
    if len(words) > _LONGEST_SUMMARY:
        start = words[:_LONGEST_SUMMARY]
        # A script without spaces has no word to cut at.
        words = (start.rpartition(" ")[0] or start).rstrip(",;:–— ") + " …"
    return clean.escape(words)


# A feed that changed holds forty-nine entries of before, and every form and every feed has them again.
_REMEMBERED = 4000
"""Characters of a summary that is remembered with what was made of it."""
_cut_before = lru_cache(maxsize=4096)(_cut)
