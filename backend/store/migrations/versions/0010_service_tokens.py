"""Service tokens: programs that may do some things for a tenant."""

from alembic import op
from sqlalchemy import JSON, Column, DateTime, ForeignKey, Index, Integer, String

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """A table of its own: a reporter's token speaks for a person, a service token for nobody."""
    op.create_table(
        "service_tokens",
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("tenant_id", Integer, ForeignKey("tenants.id"), nullable=False),
        Column("name", String, nullable=False),
        Column("shown", String, nullable=False),
        Column("token_sha256", String(64), nullable=False, unique=True),
        Column("scopes", JSON, nullable=False),
        Column("created_by", Integer, ForeignKey("operators.id"), nullable=False),
        Column("created_at", DateTime, nullable=False),
        Column("expires_at", DateTime, nullable=True),
        Column("last_used_at", DateTime, nullable=True),
        Column("revoked_at", DateTime, nullable=True),
        Index(None, "tenant_id"),
    )
