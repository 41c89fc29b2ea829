"""Our feeds as rows: their lasting ids, their revisions, their order of arrival.

In: a kind and the number of a topic, author or source, inside a write transaction. Out: places and new revisions.
Never: entries: what is in a feed is told by filings, bylines and sources.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, insert, update

from storage.schema import outputs


def new_output(connection: Connection, kind: str, ref: int, now: datetime) -> None:
    """The row of a feed that we publish, with the id that it keeps for ever."""
    row = {"kind": kind, "ref": ref, "public_id": f"urn:uuid:{uuid.uuid4()}", "changed_at": now}
    connection.execute(insert(outputs).values(row))


def allot(connection: Connection, kind: str, ref: int, count: int) -> int:
    """Take `count` places in a feed's order of arrival; the last of them. Holds the feed's row until the commit."""
    this = and_(outputs.c.kind == kind, outputs.c.ref == ref)
    taken = update(outputs).where(this).values(arrivals=outputs.c.arrivals + count).returning(outputs.c.arrivals)
    return int(connection.execute(taken).scalar_one())


def bump(connection: Connection, kind: str, refs: Sequence[int], now: datetime) -> None:
    """A new revision for these feeds of a kind."""
    these = and_(outputs.c.kind == kind, outputs.c.ref.in_(list(refs)))
    connection.execute(update(outputs).where(these).values(revision=outputs.c.revision + 1, changed_at=now))
