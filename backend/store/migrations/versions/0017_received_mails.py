"""Received mails: what came in over SMTP, and what was wrong with it."""

from alembic import op
from sqlalchemy import Boolean, Column, DateTime, ForeignKey, Index, Integer, String, UniqueConstraint

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """What was reported before named no disposition of its own."""
    op.create_table(
        "received_mails",
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("tenant_id", Integer, ForeignKey("tenants.id"), nullable=False),
        Column("mail_sha256", String(64), nullable=False),
        Column("address", String, nullable=False),
        Column("sender", String, nullable=False, server_default=""),
        Column("proven", Boolean, nullable=False),
        Column("kind", String, nullable=False, server_default=""),
        Column("said", String, nullable=False, server_default=""),
        Column("problem", String, nullable=False, server_default=""),
        Column("submissions", Integer, nullable=False),
        Column("evidence_sha256", String, nullable=False, server_default=""),
        Column("size", Integer, nullable=False),
        Column("received_at", DateTime, nullable=False),
        Column("handled_by", String, nullable=False, server_default=""),
        Column("handled_at", DateTime, nullable=True),
        Column("told", String, nullable=False, server_default=""),
        Column("told_at", DateTime, nullable=True),
        UniqueConstraint("tenant_id", "address", "mail_sha256"),
        Index(None, "tenant_id", "problem", "id"),
        Index(None, "tenant_id", "evidence_sha256"),
        Index(None, "tenant_id", "received_at"),
        Index(None, "told"),
    )
    op.add_column("submissions", Column("said", String, nullable=False, server_default=""))
