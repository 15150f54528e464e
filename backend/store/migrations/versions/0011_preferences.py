"""Preferences: how does an operator like to read?"""

from alembic import op
from sqlalchemy import Boolean, Column, ForeignKey, Integer, String

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Nobody has chosen yet."""
    op.create_table(
        "preferences",
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("tenant_id", Integer, ForeignKey("tenants.id"), nullable=False),
        Column("operator_id", Integer, ForeignKey("operators.id"), nullable=False, unique=True),
        Column("language", String, nullable=False, server_default=""),
        Column("time_zone", String, nullable=False, server_default=""),
        Column("theme", String, nullable=False),
        Column("keys", Boolean, nullable=False),
    )
