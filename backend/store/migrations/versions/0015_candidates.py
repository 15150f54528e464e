"""Candidates: which networks has a tenant's learning made, and which one serves it?"""

from alembic import op
from sqlalchemy import JSON, Column, DateTime, Float, ForeignKey, Integer, String, Text

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Nobody has one yet: the installation's checkpoint serves everybody."""
    op.create_table(
        "candidates",
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("tenant_id", Integer, ForeignKey("tenants.id", name="fk_candidates_tenant_id"), nullable=False),
        Column("name", String, nullable=False, server_default=""),
        Column("state", String, nullable=False),
        Column("based_on", String, nullable=False, server_default=""),
        Column("weights_sha256", String, nullable=False, server_default=""),
        Column("card_sha256", String, nullable=False, server_default=""),
        Column("progress", Float, nullable=False, server_default="0"),
        Column("measures", JSON, nullable=False),
        Column("label_ids", JSON, nullable=False),
        Column("cause", Text, nullable=False, server_default=""),
        Column("asked_by", String, nullable=False, server_default=""),
        Column("asked_at", DateTime, nullable=False),
        Column("started_at", DateTime, nullable=True),
        Column("finished_at", DateTime, nullable=True),
    )
    op.create_index("ix_candidates_tenant_id_asked_at", "candidates", ["tenant_id", "asked_at"])
    op.create_table(
        "servings",
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("tenant_id", Integer, ForeignKey("tenants.id", name="fk_servings_tenant_id"), nullable=False),
        Column("candidate_id", Integer, ForeignKey("candidates.id", name="fk_servings_candidate_id"), nullable=True),
        Column("set_by", String, nullable=False, server_default=""),
        Column("why", String, nullable=False, server_default=""),
        Column("set_at", DateTime, nullable=False),
    )
    op.create_index("ix_servings_tenant_id_set_at", "servings", ["tenant_id", "set_at"])
