"""What feeds that others build on need: places of their own in the order of arrival, archives, graves, a hub, tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def _number(name: str, start: str = "0") -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), server_default=start, nullable=False)


def _moment(name: str, *, nullable: bool = True) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def upgrade() -> None:
    """Entries of before stand where they arrived; nobody is under embargo."""
    op.add_column("sources", _number("embargo_seconds"))
    op.add_column("entries", _number("arrival"))
    op.add_column("entries", _moment("embargo_until"))
    op.add_column("work", _number("serial"))
    op.execute("UPDATE entries SET arrival = id")
    op.create_index("ix_entries_arrival", "entries", ["arrival"], unique=False)
    op.create_index("ix_entries_source_id_arrival", "entries", ["source_id", "arrival"], unique=False)
    late = sa.text("arrival > id")
    op.create_index("ix_entries_late", "entries", ["arrival"], unique=False, sqlite_where=late, postgresql_where=late)
    for table, owner in (("filings", "topic_id"), ("bylines", "author_id"), ("entry_places", "code")):
        op.create_index(f"ix_{table}_{owner}_entry_id", table, [owner, "entry_id"], unique=False)
    op.create_table(
        "archives",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ref", _KEY, autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        _number("changes"),
        sa.PrimaryKeyConstraint("kind", "ref", "number", name="pk_archives"),
    )
    op.create_table(
        "graves",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ref", _KEY, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        _moment("at", nullable=False),
        _text("code"),
        _text("comment"),
        sa.Column("arrival", sa.BigInteger(), nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_graves"),
    )
    op.create_index("ix_graves_kind_ref_arrival", "graves", ["kind", "ref", "arrival"], unique=False)
    op.create_index("ix_graves_public_id", "graves", ["public_id"], unique=False)
    _create_hub()
    op.create_table(
        "tokens",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        _text("slug"),
        _text("holder"),
        _moment("made_at", nullable=False),
        _moment("revoked_at"),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sa.UniqueConstraint("hash", name="uq_tokens_hash"),
    )


def _create_hub() -> None:
    op.create_table(
        "subscribers",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("callback", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ref", _KEY, nullable=False),
        _text("host"),
        _text("secret"),
        _moment("verified_at"),
        _number("lease_seconds"),
        _moment("lease_until"),
        sa.Column("asked", sa.JSON(), nullable=True),
        _moment("asked_at"),
        _text("etag"),
        _number("failures"),
        _moment("delivered_at"),
        _text("last_error"),
        sa.PrimaryKeyConstraint("id", name="pk_subscribers"),
        sa.UniqueConstraint("callback", "topic", name="uq_subscribers_callback_topic"),
    )
    op.create_index("ix_subscribers_kind_ref", "subscribers", ["kind", "ref"], unique=False)
    op.create_index("ix_subscribers_host", "subscribers", ["host"], unique=False)
    op.create_index("ix_subscribers_lease_until", "subscribers", ["lease_until"], unique=False)
