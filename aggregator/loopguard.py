"""Our own feeds are no sources of ours: what we publish would come back as news, without end (A-11).

In: a document that was polled, the address of this server. Out: why it is one of our own, "" where it is not.
Never: another Heliograph's feed refused: those are sources like any other.
"""

from __future__ import annotations

from collections.abc import Iterator

from feeds.identity import address_key
from feeds.model import Document
from storage import following
from storage.database import Database

_OURS = ("topics/", "authors/", "sources/", "places/", "feeds/", "private/", "all.", "all/", "search.")
"""How the paths of our feeds begin. Another program may publish under the same host."""


def is_own(url: str, base_url: str) -> bool:
    """Whether an address is that of a feed of the server that is reached at `base_url`, over TLS or not."""
    here = f"{address_key(base_url).rstrip('/')}/"
    there = address_key(url) if url and base_url else ""
    return there.startswith(here) and there.removeprefix(here).startswith(_OURS)


def own_feed(db: Database, document: Document, base_url: str, *found_at: str) -> str:
    """Why a document is a feed of ours: by where it was found, by its id, or by the address that it gives itself."""
    for url in (*found_at, *_addresses(document)):
        if is_own(url, base_url):
            return f"this is our own feed ({url[:200]}): what we publish is no news to us"
    feed, _, _view = document.head.id.partition("#")
    if feed and following.publishes(db, feed):
        return f"this is our own feed ({feed[:200]}): what we publish is no news to us"
    return ""


def _addresses(document: Document) -> Iterator[str]:
    yield document.head.url
    yield from (link.href for link in document.links if link.rel in ("self", "current"))
