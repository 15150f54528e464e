"""Escalations can be withdrawn, and what the overview counted is kept for the next who opens it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import JSON, Column, DateTime, Float, ForeignKey, Integer, UniqueConstraint

revision = "0020"
down_revision = "0019"

STANDS = sa.text("withdrawn_at IS NULL")


def upgrade() -> None:
    """Every escalation that is there stands; nothing was counted yet."""
    with op.batch_alter_table("escalations") as batch:
        batch.add_column(Column("withdrawn_at", DateTime, nullable=True))
        batch.drop_constraint("uq_escalations_submission_id", type_="unique")
    op.create_index(
        "uq_escalations_one_that_stands",
        "escalations",
        ["submission_id"],
        unique=True,
        sqlite_where=STANDS,
        postgresql_where=STANDS,
    )
    op.create_table(
        "overviews",
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("tenant_id", Integer, ForeignKey("tenants.id"), nullable=False),
        Column("counted_at", DateTime, nullable=False),
        Column("seconds", Float, nullable=False),
        Column("known", JSON, nullable=False),
        UniqueConstraint("tenant_id"),
    )
