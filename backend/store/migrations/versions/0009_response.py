"""Response: canaries, looks after delivery, back-tests, alarms."""

from alembic import op
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
    text,
)

revision = "0009"
down_revision = "0008"

ONE_AT_A_TIME = text("state IN ('awaiting_approval', 'running', 'stopped', 'done', 'incomplete', 'restoring')")


def upgrade() -> None:
    """Retractions that are there had no canary and are not being undone."""
    op.add_column("retractions", Column("canary", String, nullable=False, server_default=""))
    op.add_column("retractions", Column("undoing", Boolean, nullable=False, server_default=text("false")))
    op.drop_index("uq_retractions_one_at_a_time", "retractions")
    op.create_index(
        "uq_retractions_one_at_a_time",
        "retractions",
        ["message_id"],
        unique=True,
        sqlite_where=ONE_AT_A_TIME,
        postgresql_where=ONE_AT_A_TIME,
    )
    _create_looks()
    _create_licence()


def _create_looks() -> None:
    op.create_table(
        "later_looks",
        _id(),
        _tenant(),
        Column("message_id", Integer, ForeignKey("messages.id"), nullable=False),
        Column("decision_id", Integer, ForeignKey("decisions.id"), nullable=False),
        Column("source", String, nullable=False),
        Column("after_minutes", Integer, nullable=False),
        Column("due_at", DateTime, nullable=False),
        Column("state", String, nullable=False),
        Column("response", String, nullable=False, server_default=""),
        Column("why", String, nullable=False, server_default=""),
        Column("found", Integer, nullable=True),
        Column("retraction_id", Integer, ForeignKey("retractions.id"), nullable=True),
        Column("lease", String, nullable=False, server_default=""),
        Column("leased_until", DateTime, nullable=True),
        Column("attempts", Integer, nullable=False, server_default="0"),
        Column("finished_at", DateTime, nullable=True),
        UniqueConstraint("message_id", "decision_id", "after_minutes"),
        Index(None, "tenant_id", "message_id"),
        Index(None, "state", "due_at"),
    )


def _create_licence() -> None:
    op.create_table(
        "backtests",
        _id(),
        _tenant(),
        Column("run_by", Integer, ForeignKey("operators.id"), nullable=False),
        Column("run_at", DateTime, nullable=False),
        Column("policy_mark", String(64), nullable=False),
        Column("days", Integer, nullable=False),
        Column("looked_at", Integer, nullable=False),
        Column("would_retract", Integer, nullable=False),
        Column("confirmed", Integer, nullable=False),
        Column("wrong", Integer, nullable=False),
        Column("lower_bound", Float, nullable=False),
        Index(None, "tenant_id", "run_at"),
    )
    op.create_table(
        "alarms",
        _id(),
        _tenant(),
        Column("kind", String, nullable=False),
        Column("detail", JSON, nullable=False),
        Column("raised_at", DateTime, nullable=False),
        Column("acknowledged_by", Integer, ForeignKey("operators.id"), nullable=True),
        Column("acknowledged_at", DateTime, nullable=True),
        Index(None, "tenant_id", "acknowledged_at"),
    )


def _id() -> Column[int]:
    return Column("id", Integer, primary_key=True, autoincrement=True)


def _tenant() -> Column[int]:
    return Column("tenant_id", Integer, ForeignKey("tenants.id"), nullable=False)
