"""Notes and escalations: what operators write beside a message, and what they put before the team."""

from alembic import op
from sqlalchemy import Column, DateTime, ForeignKey, Integer, String, Text

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Two new tables; nothing that is there changes."""
    op.create_table(
        "notes",
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("tenant_id", Integer, ForeignKey("tenants.id"), nullable=False),
        Column("message_id", Integer, ForeignKey("messages.id"), nullable=False),
        Column("body", Text, nullable=False),
        Column("written_by", String, nullable=False),
        Column("written_at", DateTime, nullable=False),
        Column("struck_by", String, nullable=False, server_default=""),
        Column("struck_at", DateTime, nullable=True),
    )
    op.create_index("ix_notes_tenant_id_message_id", "notes", ["tenant_id", "message_id"])
    op.create_table(
        "escalations",
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("tenant_id", Integer, ForeignKey("tenants.id"), nullable=False),
        Column("submission_id", Integer, ForeignKey("submissions.id"), nullable=False, unique=True),
        Column("escalated_submission_id", Integer, ForeignKey("submissions.id"), nullable=False, unique=True),
        Column("escalated_as", String, nullable=False),
        Column("escalated_by", String, nullable=False),
        Column("escalated_at", DateTime, nullable=False),
    )
    op.create_index("ix_escalations_tenant_id", "escalations", ["tenant_id"])
