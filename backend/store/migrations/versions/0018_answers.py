"""Answers: stages of an answer, reports that are taken back, contested verdicts, and a tenant's own texts."""

from alembic import op
from sqlalchemy import Boolean, Column, DateTime, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text

revision = "0018"
down_revision = "0020"


def upgrade() -> None:
    """Of answers that were on their way it is not known whether they left: an operator decides."""
    with op.batch_alter_table("answers") as batch:
        batch.add_column(Column("stage", String, nullable=False, server_default="verdict"))
        batch.add_column(Column("due_at", DateTime, nullable=True))
        batch.add_column(Column("sent_again_by", String, nullable=False, server_default=""))
        batch.drop_constraint("uq_answers_submission_id", type_="unique")
        batch.create_unique_constraint("uq_answers_submission_id_stage", ["submission_id", "stage"])
    op.execute(text("UPDATE answers SET state = 'unconfirmed' WHERE state = 'intended'"))

    with op.batch_alter_table("submissions") as batch:
        batch.add_column(Column("withdrawn_from", Integer, nullable=True))
    with op.batch_alter_table("queue_rows") as batch:
        batch.add_column(Column("contested", Boolean, nullable=False, server_default=text("false")))
    with op.batch_alter_table("people") as batch:
        batch.add_column(Column("language", String, nullable=False, server_default=""))
        batch.add_column(Column("link_round", Integer, nullable=False, server_default="1"))

    op.create_table(
        "contests",
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("tenant_id", Integer, ForeignKey("tenants.id"), nullable=False),
        Column("submission_id", Integer, ForeignKey("submissions.id"), nullable=False),
        Column("person_id", Integer, ForeignKey("people.id"), nullable=False),
        Column("message_id", Integer, ForeignKey("messages.id"), nullable=False),
        Column("decision_id", Integer, ForeignKey("decisions.id"), nullable=False),
        Column("comment", Text, nullable=False, server_default=""),
        Column("state", String, nullable=False),
        Column("contested_at", DateTime, nullable=False),
        Column("settled_by", String, nullable=False, server_default=""),
        Column("settled_at", DateTime, nullable=True),
        UniqueConstraint("tenant_id", "submission_id", "decision_id"),
        Index(None, "tenant_id", "message_id"),
        Index(None, "tenant_id", "person_id", "state"),
    )
    op.create_table(
        "reply_texts",
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("tenant_id", Integer, ForeignKey("tenants.id"), nullable=False),
        Column("template", String, nullable=False),
        Column("language", String, nullable=False),
        Column("subject", String, nullable=False),
        Column("body", Text, nullable=False),
        Column("changed_by", String, nullable=False),
        Column("changed_at", DateTime, nullable=False),
        UniqueConstraint("tenant_id", "template", "language"),
    )
