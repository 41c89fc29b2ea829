"""Keys to private feeds, as the store knows them: their hashes, never themselves (X-32).

In: the hash of a key. Out: the feed that it opens, lists for the operator. Never: a key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update

from storage.database import Database
from storage.model import OutputKind
from storage.schema import tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A key to one feed: `holder` is whom it was made for, in the operator's words. It opens nothing once it is revoked."""

    id: int
    digest: str
    kind: OutputKind
    slug: str
    holder: str
    made_at: datetime
    revoked_at: datetime | None = None


def add_token(db: Database, digest: str, kind: OutputKind, slug: str, holder: str, now: datetime) -> Token:
    """Remember the hash of a new key to a feed."""
    row = {"hash": digest, "kind": kind, "slug": slug, "holder": holder, "made_at": now}
    with db.write() as connection:
        number: int = connection.execute(insert(tokens).values(row).returning(tokens.c.id)).scalar_one()
    return Token(id=number, digest=digest, kind=kind, slug=slug, holder=holder, made_at=now)


def token_of(db: Database, digest: str) -> Token | None:
    """The key with this hash, revoked or not; None where nobody was given it."""
    return next(iter(_tokens(db, digest)), None)


def list_tokens(db: Database) -> list[Token]:
    """Every key that was ever made, the oldest first."""
    return _tokens(db)


def _tokens(db: Database, digest: str | None = None) -> list[Token]:
    wanted = select(tokens).order_by(tokens.c.id)
    if digest is not None:
        wanted = wanted.where(tokens.c.hash == digest)
    with db.read() as connection:
        return [
            Token(
                id=row.id, digest=row.hash, kind=row.kind, slug=row.slug, holder=row.holder, made_at=row.made_at,
                revoked_at=row.revoked_at,
            )
            for row in connection.execute(wanted)
        ]  # fmt: skip


def revoke_tokens(db: Database, numbers: Sequence[int], now: datetime) -> list[int]:
    """Revoke these keys; those of them that opened something until now."""
    still = tokens.c.id.in_(numbers) & tokens.c.revoked_at.is_(None)
    with db.write() as connection:
        ended = connection.execute(update(tokens).where(still).values(revoked_at=now).returning(tokens.c.id))
        return sorted(ended.scalars())
