"""Polled mailboxes: which mailboxes at the provider are read for reports, and how far."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Boolean, Column, DateTime, ForeignKey, Index, Integer, String, Text, UniqueConstraint

revision = "0021"
down_revision = "0018"


def upgrade() -> None:
    """None is read until a policy names it."""
    op.create_table(
        "polled_mailboxes",
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("tenant_id", Integer, ForeignKey("tenants.id"), nullable=False),
        Column("mailbox", String, nullable=False),
        Column("reached_at", DateTime, nullable=False),
        Column("behind", Boolean, nullable=False, server_default=sa.text("false")),
        Column("looked_at", DateTime, nullable=True),
        Column("problem", Text, nullable=False, server_default=""),
        Column("leased_until", DateTime, nullable=True),
        UniqueConstraint("tenant_id", "mailbox"),
    )
    op.create_table(
        "polled_mails",
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("tenant_id", Integer, ForeignKey("tenants.id"), nullable=False),
        Column("mailbox_id", Integer, ForeignKey("polled_mailboxes.id"), nullable=False),
        Column("copy_id", String, nullable=False),
        Column("arrived_at", DateTime, nullable=False),
        UniqueConstraint("mailbox_id", "copy_id"),
        Index(None, "mailbox_id", "arrived_at"),
    )
