"""Directories: which organisation at its provider is a tenant?"""

from alembic import op
from sqlalchemy import Column, String, text

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Tenants that are there keep an empty directory: their mail lies on our own disk."""
    with op.batch_alter_table("tenants") as batch:
        batch.add_column(Column("directory", String, nullable=False, server_default=""))
        batch.add_column(Column("administrator", String, nullable=False, server_default=""))
    named = text("directory <> ''")
    op.create_index(
        "uq_tenants_directory",
        "tenants",
        ["provider", "directory"],
        unique=True,
        sqlite_where=named,
        postgresql_where=named,
    )
