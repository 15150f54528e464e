"""Landings: where the links of a message led."""

from alembic import op
from sqlalchemy import JSON, Column, DateTime, ForeignKey, Integer, String, UniqueConstraint

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """A table more; nobody's links have been followed yet."""
    op.create_table(
        "landings",
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("tenant_id", Integer, ForeignKey("tenants.id"), nullable=False),
        Column("message_id", Integer, ForeignKey("messages.id"), nullable=False),
        Column("number", Integer, nullable=False),
        Column("landing", JSON, nullable=False),
        Column("page_sha256", String, nullable=False, server_default=""),
        Column("kit", String, nullable=False, server_default=""),
        Column("followed_at", DateTime, nullable=False),
        UniqueConstraint("message_id", "number"),
    )
    op.create_index("ix_landings_tenant_id_page_sha256", "landings", ["tenant_id", "page_sha256"])
    op.create_index("ix_landings_tenant_id_kit", "landings", ["tenant_id", "kit"])
