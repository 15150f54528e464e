"""Workplace: operations on many messages that can be undone, and operators' own views of the queue."""

from alembic import op
from sqlalchemy import JSON, Boolean, Column, DateTime, ForeignKey, Integer, String, Text, UniqueConstraint, text

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Three empty tables."""
    op.create_table(
        "operations",
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("tenant_id", Integer, ForeignKey("tenants.id"), nullable=False),
        Column("operator_id", Integer, ForeignKey("operators.id"), nullable=False),
        Column("key", String, nullable=False),
        Column("kind", String, nullable=False),
        Column("value", String, nullable=False, server_default=""),
        Column("at", DateTime, nullable=False),
        Column("undone_at", DateTime, nullable=True),
        UniqueConstraint("tenant_id", "operator_id", "key"),
    )
    op.create_index(None, "operations", ["tenant_id", "operator_id", "at"])
    op.create_table(
        "operation_items",
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("tenant_id", Integer, ForeignKey("tenants.id"), nullable=False),
        Column("operation_id", Integer, ForeignKey("operations.id"), nullable=False),
        Column("message_id", Integer, ForeignKey("messages.id"), nullable=False),
        Column("before", JSON, nullable=False),
        Column("after", JSON, nullable=False),
        Column("outcome", String, nullable=False, server_default=""),
        Column("detail", Text, nullable=False, server_default=""),
        UniqueConstraint("operation_id", "message_id"),
    )
    op.create_index(None, "operation_items", ["tenant_id", "message_id"])
    op.create_table(
        "saved_views",
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("tenant_id", Integer, ForeignKey("tenants.id"), nullable=False),
        Column("operator_id", Integer, ForeignKey("operators.id"), nullable=False),
        Column("name", String, nullable=False),
        Column("asked", JSON, nullable=False),
        Column("opens_first", Boolean, nullable=False, server_default=text("false")),
        Column("saved_at", DateTime, nullable=False),
        UniqueConstraint("tenant_id", "operator_id", "name"),
    )
