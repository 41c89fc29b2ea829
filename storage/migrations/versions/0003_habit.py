"""How a source posts, how much it counts, and the hours that its operator names."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns: nothing is known yet, every source counts alike, and its habit decides."""
    op.add_column("sources", sa.Column("hours", sa.Text(), server_default="", nullable=False))
    op.add_column("sources", sa.Column("weight", sa.Float(), server_default="1", nullable=False))
    op.add_column("sources", sa.Column("habit", sa.JSON(), nullable=True))
