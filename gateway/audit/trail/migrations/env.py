"""Run by Alembic with the connection that `gateway.audit.trail.schema` gives it."""

from alembic import context

from gateway.audit.trail.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
