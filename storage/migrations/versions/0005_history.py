"""Entries know whether they were news: what a back-fill brought is not.

Revision ID: 0005
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Every entry of before was news when it came."""
    op.add_column("entries", sa.Column("announced", sa.Boolean(), server_default=sa.true(), nullable=False))
