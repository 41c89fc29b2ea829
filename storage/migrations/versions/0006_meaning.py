"""What an entry is: language, places, article, story; what a source and an author are."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Entries of before are judged by the work queue once the daemon runs."""
    _add_columns()
    op.create_index("ix_entries_canonical", "entries", ["canonical"], unique=False)
    op.create_index("ix_entries_story_id", "entries", ["story_id"], unique=False)
    op.create_table(
        "entry_places",
        sa.Column("entry_id", _KEY, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("in_title", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("spans", sa.JSON(), nullable=False),
        sa.Column("arrival", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name="fk_entry_places_entry_id"),
        sa.PrimaryKeyConstraint("entry_id", "code", name="pk_entry_places"),
    )
    op.create_index("ix_entry_places_code_arrival", "entry_places", ["code", "arrival"], unique=False)
    op.create_table(
        "articles",
        sa.Column("entry_id", _KEY, nullable=False),
        *(_text(name) for name in ("url", "state", "reason")),
        sa.Column("fetched_at", sa.BigInteger(), nullable=True),
        *(_text(name) for name in ("title", "content", "text")),
        sa.Column("authors", sa.JSON(), nullable=True),
        sa.Column("published", sa.BigInteger(), nullable=True),
        _text("lang"),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name="fk_articles_entry_id"),
        sa.PrimaryKeyConstraint("entry_id", name="pk_articles"),
    )
    op.create_table(
        "stories",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("merged_into", _KEY, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_stories"),
    )
    op.create_index("ix_stories_merged_into", "stories", ["merged_into"], unique=False)
    op.create_table(
        "authors_apart",
        sa.Column("key_a", sa.Text(), nullable=False),
        sa.Column("key_b", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key_a", "key_b", name="pk_authors_apart"),
    )


def _text(name: str, start: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default=start, nullable=False)


def _add_columns() -> None:
    op.add_column("sources", sa.Column("labels", sa.JSON(), nullable=True))
    op.add_column("sources", sa.Column("rank", sa.BigInteger(), server_default="50", nullable=False))
    op.add_column("sources", _text("full_text"))
    for name in ("language", "language_by", "canonical", "wire"):
        op.add_column("entries", _text(name))
    op.add_column("entries", sa.Column("story_id", _KEY, nullable=True))
    op.add_column("authors", _text("kind", "person"))
    op.add_column("bylines", _text("kind", "person"))
    for name in ("role", "affiliation", "raw"):
        op.add_column("bylines", _text(name))
    op.add_column("bylines", _text("origin", "feed"))
