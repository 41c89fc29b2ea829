"""Our feeds as rows: their lasting ids, their revisions, their order of arrival.

In: a kind and the number of a topic, author or source, inside a write transaction. Out: places and new revisions.
Never: entries: what is in a feed is told by filings, bylines and sources.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, tuple_, update

from storage.hub_work import put_deliveries
from storage.schema import outputs

Ref = tuple[str, int]
"""A feed of ours: its kind, and the number of its topic, author or source (0 for everything)."""

ALL: Ref = ("all", 0)
_CHUNK = 400
_HELD = (
    select(outputs.c.kind, outputs.c.ref, outputs.c.arrivals)
    .where(tuple_(outputs.c.kind, outputs.c.ref).in_(bindparam("refs", expanding=True)))
    .order_by(outputs.c.kind, outputs.c.ref)
    .with_for_update()
)
_RENEW = (
    update(outputs)
    .where(outputs.c.kind == bindparam("this_kind"), outputs.c.ref == bindparam("this_ref"))
    .values(revision=outputs.c.revision + 1, arrivals=bindparam("places"), changed_at=bindparam("now"))
)
_NEW = insert(outputs)


class Ledger:
    """Places and revisions of our feeds within one transaction, written once at its end.

    Rows are locked in one order, everything first: so transactions that bring entries commit one after the other, in
    the order of their places, and no reader that walks a feed can miss one that was given an earlier place (P-06).
    """

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now
        self._places: dict[Ref, int] = {}
        self._touched: set[Ref] = set()

    def lock(self, refs: Iterable[Ref]) -> None:
        """Take these rows, and those touched so far, until the commit, in order."""
        wanted = sorted((set(refs) | self._touched) - self._places.keys())
        for start in range(0, len(wanted), _CHUNK):
            for row in self._connection.execute(_HELD, {"refs": wanted[start : start + _CHUNK]}):
                self._places[(row.kind, row.ref)] = row.arrivals

    def place(self, ref: Ref, count: int = 1) -> int:
        """Take the next `count` places in a feed's order of arrival; the last of them. The feed gets a new revision."""
        if ref not in self._places:
            self.lock([ref])
        self._places[ref] += count
        self._touched.add(ref)
        return self._places[ref]

    def touch(self, refs: Iterable[Ref]) -> None:
        """Give these feeds a new revision."""
        self._touched.update(refs)

    def close(self) -> None:
        """Write the places and revisions down, and have our hub tell those who subscribed."""
        if not self._touched:
            return
        self.lock(())
        self._connection.execute(
            _RENEW,
            [
                {"this_kind": kind, "this_ref": ref, "places": self._places[(kind, ref)], "now": self._now}
                for kind, ref in sorted(self._touched)
                if (kind, ref) in self._places
            ],
        )
        put_deliveries(self._connection, self._touched, self._now)


def new_output(connection: Connection, kind: str, ref: int, now: datetime) -> None:
    """The row of a feed that we publish, with the id that it keeps for ever."""
    row = {"kind": kind, "ref": ref, "public_id": f"urn:uuid:{uuid.uuid4()}", "changed_at": now}
    connection.execute(_NEW, row)


def renew(connection: Connection, refs: Iterable[Ref], now: datetime) -> None:
    """A new revision for these feeds."""
    ledger = Ledger(connection, now)
    ledger.touch(refs)
    ledger.close()
