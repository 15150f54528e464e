"""Sign-in: sessions that can be listed and ended, passwords that must be changed, operators known to a provider."""

from alembic import op
from sqlalchemy import Boolean, Column, DateTime, ForeignKey, Index, Integer, String, text

revision = "0008"
down_revision = "0007"

INVITED = text("email <> ''")
BOUND = text("subject <> ''")


def upgrade() -> None:
    """Sessions begun before the upgrade end with it. Operators who are there have signed in before, and need not
    change the password they have."""
    op.create_table(
        "sessions",
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("tenant_id", Integer, ForeignKey("tenants.id"), nullable=False),
        Column("operator_id", Integer, ForeignKey("operators.id"), nullable=False),
        Column("version", Integer, nullable=False),
        Column("way", String, nullable=False),
        Column("source", String, nullable=False, server_default=""),
        Column("agent", String, nullable=False, server_default=""),
        Column("began_at", DateTime, nullable=False),
        Column("seen_at", DateTime, nullable=False),
        Column("until", DateTime, nullable=False),
        Column("ended_at", DateTime, nullable=True),
        Index(None, "tenant_id", "operator_id"),
    )
    for name in ("email", "issuer", "subject"):
        op.add_column("operators", Column(name, String, nullable=False, server_default=""))
    op.add_column("operators", Column("must_change", Boolean, nullable=False, server_default=text("false")))
    op.add_column("operators", Column("invited_until", DateTime, nullable=True))
    op.add_column("operators", Column("signed_in_at", DateTime, nullable=True))
    op.execute("UPDATE operators SET signed_in_at = created_at")
    op.create_index(
        "uq_operators_email", "operators", ["email"], unique=True, sqlite_where=INVITED, postgresql_where=INVITED
    )
    op.create_index(
        "uq_operators_issuer_subject",
        "operators",
        ["issuer", "subject"],
        unique=True,
        sqlite_where=BOUND,
        postgresql_where=BOUND,
    )
