"""Entries know whether they were news: what a back-fill brought is not.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Every entry of before was news when it came."""
    op.add_column("entries", sa.Column("announced", sa.Boolean(), server_default=sa.true(), nullable=False))
