"""Sources that no file declares: which addresses are followed already, and following many more at once.

In: sources and when to ask them first. Out: rows of origin "command". Never: a change to a source that is followed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select, update

from feeds.model import Head, Source
from storage import rows
from storage.database import Database, one_claims
from storage.intake import LEASE
from storage.model import Claim, SourceRow
from storage.schema import outputs, sources
from storage.upkeep import put_source

_AFTER_THE_FILE = 1_000_000
_NOTHING = Head()


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A source of the store, retired ones included, with every address that it has or had."""

    slug: str
    addresses: tuple[str, ...]
    retired: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """A source to follow from now on: asked first at `due`.

    `site_url`, `title` and `description` are what a list says of it, until the feed itself says more.
    """

    source: Source
    due: datetime
    reason: str
    site_url: str = ""
    title: str = ""
    description: str = ""

    @property
    def head(self) -> Head:
        """What is known of the feed before it was read."""
        return Head(title=self.title, site_url=self.site_url, subtitle=self.description)


def held(db: Database) -> list[Held]:
    """Every source with its declared address, the learned one, the one that issued its validators, the one it moves to."""
    columns = (sources.c.declared_url, sources.c.learned_url, sources.c.validators_url, sources.c.moved_to)
    statement = select(sources.c.slug, sources.c.retired_at, *columns).order_by(sources.c.retired_at, sources.c.id)
    with db.read() as connection:
        found = connection.execute(statement).all()
    return [
        Held(slug=row[0], retired=row[1] is not None, addresses=tuple(dict.fromkeys(filter(None, row[2:]))))
        for row in found
    ]


def follow(db: Database, newcomers: Sequence[Newcomer], now: datetime) -> None:
    """Follow these, in one transaction. One that was followed before takes its old row, entries and validators up again."""
    with db.write() as connection:
        for one in newcomers:
            row = put_source(connection, SourceRow(source=one.source), "command", _AFTER_THE_FILE, now)
            fresh = {"next_poll_at": one.due, "next_reason": one.reason}
            connection.execute(update(sources).where(sources.c.id == row).values(fresh))
            if one.head != _NOTHING:
                unread = (sources.c.id == row, sources.c.head.is_(None))
                connection.execute(update(sources).where(*unread).values(head=rows.head_row(one.head)))


def lease(db: Database, slug: str, now: datetime, *, owner: str, to_ask: bool) -> Claim | None:
    """Lease one source, due or not, so that nobody else works on it; None where somebody does.

    `to_ask` says that its host is to be asked: None also where another source of that host is being asked (F-43). The
    publisher's floor is in the claim's state: whether it forbids what is to be done is for others to judge.
    """
    free = or_(sources.c.lease_until.is_(None), sources.c.lease_until <= now)
    this = and_(sources.c.slug == slug, sources.c.retired_at.is_(None), free)
    asked = sources.alias()
    busy = select(asked.c.id).where(asked.c.host == sources.c.host, asked.c.host != "", asked.c.lease_until > now)
    with db.write() as connection:
        one_claims(connection)
        if to_ask:
            this = and_(this, ~busy.exists())
        leased = update(sources).where(this).values(lease_owner=owner, lease_until=now + LEASE).returning(sources)
        row = connection.execute(leased).mappings().one_or_none()
    if row is None:
        return None
    return Claim(
        source_id=row["id"], source=rows.source_of(row), declared_url=row["declared_url"], state=rows.state_of(row),
        owner=owner, host=row["host"],
    )  # fmt: skip


def publishes(db: Database, feed_id: str) -> bool:
    """Whether an id is that of a feed that this store publishes (A-11)."""
    ours = select(func.count()).select_from(outputs).where(outputs.c.public_id == feed_id)
    with db.read() as connection:
        return bool(feed_id) and bool(connection.execute(ours).scalar_one())
