"""What commands print of pages that were read for the text of entries.

In: what became of pages. Out: words for people, dictionaries for JSON. Never: a query.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aggregator.show import ago, stamp
from storage.articles import Page

_TOLD = (("fetched", "read"), ("refused", "refused"), ("failed", "without an article"), ("waiting", "waiting"))


def page_words(page: Page | None, now: datetime) -> str:
    """What became of an entry's page; "" where none was wanted."""
    if page is None:
        return ""
    if page.state == "waiting":
        before = f", after: {page.reason}" if page.reason else ""
        return f"waits to be read, {'now' if page.at is None or page.at <= now else ago(page.at, now)}{before}"
    at = f", {stamp(page.at)}" if page.at else ""
    if page.state == "fetched":
        return f"read: {page.size:,} characters{at}"
    return f"{'refused' if page.state == 'refused' else 'not read'}: {page.reason}{at}"


def page_row(page: Page | None) -> dict[str, Any] | None:
    """The same for `why --json`."""
    if page is None:
        return None
    return {"state": page.state, "url": page.url, "reason": page.reason, "at": page.at, "characters": page.size}


def pages_words(counts: Mapping[str, int]) -> str:
    """What became of the pages of a source's entries, in a line: "30 read, 2 refused"."""
    return ", ".join(f"{counts[state]:,} {word}" for state, word in _TOLD if counts.get(state))
