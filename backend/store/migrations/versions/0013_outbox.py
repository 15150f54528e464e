"""Outbox: where events are sent, and what has still to be sent."""

from alembic import op
from sqlalchemy import JSON, Column, DateTime, ForeignKey, Index, Integer, String, Text

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Nobody is told of anything before a place is added."""
    op.create_table(
        "webhooks",
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("tenant_id", Integer, ForeignKey("tenants.id"), nullable=False),
        Column("name", String, nullable=False),
        Column("kind", String, nullable=False),
        Column("address", String, nullable=False),
        Column("salt", String, nullable=False),
        Column("events", JSON, nullable=False),
        Column("created_at", DateTime, nullable=False),
        Column("disabled_at", DateTime, nullable=True),
        Column("lease", String, nullable=False, server_default=""),
        Column("leased_until", DateTime, nullable=True),
        Column("retry_at", DateTime, nullable=True),
        Index(None, "tenant_id"),
    )
    op.create_table(
        "deliveries",
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("tenant_id", Integer, ForeignKey("tenants.id"), nullable=False),
        Column("webhook_id", Integer, ForeignKey("webhooks.id"), nullable=False),
        Column("audit_id", Integer, ForeignKey("audit.id"), nullable=False),
        Column("state", String, nullable=False),
        Column("attempts", Integer, nullable=False, server_default="0"),
        Column("cause", Text, nullable=False, server_default=""),
        Column("queued_at", DateTime, nullable=False),
        Column("finished_at", DateTime, nullable=True),
        Index(None, "tenant_id", "webhook_id", "state", "audit_id"),
        Index(None, "state"),
    )
