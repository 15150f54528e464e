"""Learning: which decision rests on which label, and what did operators do to campaigns?"""

from alembic import op
from sqlalchemy import JSON, Boolean, Column, DateTime, Float, ForeignKey, Integer, String, Text, UniqueConstraint, text

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """What follows from labels that are there already has been decided: only new ones are to be followed.

    Signatures are made in another way now and cannot be compared with the old ones, which go.
    """
    op.execute("DELETE FROM signatures")
    op.execute("DELETE FROM minhashes")
    _labels()
    _lessons()
    _traits()
    _campaigns()


def _labels() -> None:
    with op.batch_alter_table("labels") as batch:
        batch.add_column(Column("weight", Float, nullable=False, server_default="1"))
        batch.add_column(Column("revoked_by", String, nullable=False, server_default=""))
        batch.add_column(Column("revoked_why", Text, nullable=False, server_default=""))
        batch.add_column(Column("followed_at", DateTime, nullable=True))
    op.execute("UPDATE labels SET followed_at = given_at")
    op.create_index("ix_labels_tenant_id_given_at", "labels", ["tenant_id", "given_at"])


def _lessons() -> None:
    op.create_table(
        "lessons",
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("tenant_id", Integer, ForeignKey("tenants.id", name="fk_lessons_tenant_id"), nullable=False),
        Column("message_id", Integer, ForeignKey("messages.id", name="fk_lessons_message_id"), nullable=False),
        Column("decision_id", Integer, ForeignKey("decisions.id", name="fk_lessons_decision_id"), nullable=False),
        Column("label_id", Integer, ForeignKey("labels.id", name="fk_lessons_label_id"), nullable=False),
        Column("how", String, nullable=False),
        Column("likeness", Float, nullable=False),
        Column("learned_at", DateTime, nullable=False),
        UniqueConstraint("decision_id", name="uq_lessons_decision_id"),
    )
    op.create_index("ix_lessons_tenant_id_label_id", "lessons", ["tenant_id", "label_id"])
    op.create_index("ix_lessons_tenant_id_message_id", "lessons", ["tenant_id", "message_id"])


def _traits() -> None:
    op.create_table(
        "traits",
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("tenant_id", Integer, ForeignKey("tenants.id", name="fk_traits_tenant_id"), nullable=False),
        Column("message_id", Integer, ForeignKey("messages.id", name="fk_traits_message_id"), nullable=False),
        Column("kind", String, nullable=False),
        Column("value", String(64), nullable=False),
        Column("proven", Boolean, nullable=False),
        UniqueConstraint("message_id", "kind", "value", name="uq_traits_message_id_kind_value"),
    )
    op.create_index("ix_traits_tenant_id_kind_value", "traits", ["tenant_id", "kind", "value"])


def _campaigns() -> None:
    with op.batch_alter_table("campaigns") as batch:
        batch.add_column(Column("by_hand", Boolean, nullable=False, server_default=text("false")))
    changes = "campaign_changes"
    op.create_table(
        changes,
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("tenant_id", Integer, ForeignKey("tenants.id", name=f"fk_{changes}_tenant_id"), nullable=False),
        Column("kind", String, nullable=False),
        Column(
            "from_campaign_id",
            Integer,
            ForeignKey("campaigns.id", name=f"fk_{changes}_from_campaign_id"),
            nullable=False,
        ),
        Column(
            "to_campaign_id", Integer, ForeignKey("campaigns.id", name=f"fk_{changes}_to_campaign_id"), nullable=False
        ),
        Column("message_ids", JSON, nullable=False),
        Column("by_hand_before", JSON, nullable=False),
        Column("changed_by", String, nullable=False, server_default=""),
        Column("changed_at", DateTime, nullable=False),
        Column("undone_at", DateTime, nullable=True),
    )
    for end in ("from", "to"):
        op.create_index(f"ix_{changes}_tenant_id_{end}_campaign_id", changes, ["tenant_id", f"{end}_campaign_id"])
