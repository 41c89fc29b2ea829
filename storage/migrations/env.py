"""Alembic's entry: runs the migrations on the connection that `storage.database` opened, in its transaction."""

from alembic import context
from sqlalchemy import Connection

from storage.schema import metadata

connection: Connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
