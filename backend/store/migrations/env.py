"""Environment: which connection do migrations run on? The one `backend.store.database.upgrade` hands over."""

from alembic import context

from backend.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a table by making it anew
)
with context.begin_transaction():
    context.run_migrations()
