"""Archive documents of our feeds (RFC 5005 section 4): which there are, and what changes their addresses.

In: entries that changed, inside a write transaction. Out: the documents that hold them, under new addresses.
Never: bytes: what a document holds is read when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from storage.outputs import Ref


def disturb(connection: Connection, keys: Sequence[int]) -> None:
    """What stands in the archives of these entries changes: an edit, a removal, a return, other topics."""


def disturb_feeds(connection: Connection, refs: Iterable[Ref]) -> None:
    """Every archive of these feeds changes: a feed or a source has another name or policy."""
