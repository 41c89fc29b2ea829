"""What manners remember: hosts, hints that outlive a 304, facts for health, why a request was unconditional."""

import sqlalchemy as sa
from alembic import op

from storage.rows import host_of

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, name the hosts of the sources that are there, and order the index that due sources are read by."""
    for name in ("host", "last_kind"):
        op.add_column("sources", sa.Column(name, sa.Text(), server_default="", nullable=False))
    for name in ("hints", "facts"):
        op.add_column("sources", sa.Column(name, sa.JSON(), nullable=True))
    op.add_column("journal", sa.Column("whole", sa.Text(), server_default="", nullable=False))
    op.drop_index("ix_sources_next_poll_at", table_name="sources")
    for columns in (["next_poll_at", "position", "id"], ["last_poll_at"], ["host"]):
        op.create_index(f"ix_sources_{'_'.join(columns)}", "sources", columns, unique=False)
    leased = sa.text("lease_until IS NOT NULL")
    op.create_index(
        "ix_sources_lease_until", "sources", ["lease_until"], unique=False, sqlite_where=leased, postgresql_where=leased
    )
    connection = op.get_bind()
    sources = sa.table("sources", *map(sa.column, ("id", "declared_url", "learned_url", "host")))
    for row in connection.execute(sa.select(sources)).all():
        # Hosts of the operator's own become "" when the configuration is next read.
        host = host_of(row.learned_url or row.declared_url)
        connection.execute(sa.update(sources).where(sources.c.id == row.id).values(host=host))
