"""Queue rows: one indexed row per message for the list, its triage, and fields to search by."""

from alembic import op
from sqlalchemy import Boolean, Column, DateTime, Float, ForeignKey, Integer, PrimaryKeyConstraint, String, Text

revision = "0005"
down_revision = "0004"

_COLUMNS = ("subject", "sender", "body", "keywords", "recipients", "domains", "own_id", "attachments", "reasons")
_NAMED = ("subject", "sender", "recipients", "domains", "own_id", "attachments", "reasons")
_ALL = " || ' ' || ".join([*_COLUMNS, *(f"'{n}\u00b7' || replace({n}, ' ', ' {n}\u00b7')" for n in _NAMED)])
_INDEX = (
    "CREATE INDEX ix_search_documents_vector ON search_documents"
    f" USING gin (array_to_tsvector(array_remove(string_to_array({_ALL}, ' '), '')))"
)


def upgrade() -> None:
    """The rows themselves are made by backend.store.queue_rows after the upgrade, from what the other tables say."""
    op.add_column("messages", Column("triage", String, nullable=False, server_default="unreviewed"))
    op.execute("UPDATE messages SET triage = 'reviewed' WHERE closed_at IS NOT NULL")
    for name in ("recipients", "domains", "own_id", "attachments", "reasons"):
        op.add_column("search_documents", Column(name, Text, nullable=False, server_default=""))
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP INDEX ix_search_documents_vector")
        op.execute(_INDEX)  # SQLite's FTS5 table is made by backend.store.search_index after each upgrade

    op.create_table(
        "queue_rows",
        Column("message_id", Integer, ForeignKey("messages.id", name="fk_queue_rows_message_id"), autoincrement=False),
        Column("tenant_id", Integer, ForeignKey("tenants.id", name="fk_queue_rows_tenant_id"), nullable=False),
        _words("subject"),
        _words("sender"),
        Column("campaign_id", Integer, ForeignKey("campaigns.id", name="fk_queue_rows_campaign_id"), nullable=True),
        Column("first_reported_at", DateTime, nullable=False),
        Column("last_reported_at", DateTime, nullable=False),
        Column("reports", Integer, nullable=False),
        Column("reporters", Integer, nullable=False),
        Column("mailboxes", Integer, nullable=False),
        _words("kinds"),
        _words("submitted_as"),
        _words("identities"),
        _words("disposition"),
        Column("simulation", Boolean, nullable=False),
        Column("judged", Boolean, nullable=False),
        Column("base_margin", Float, nullable=True),
        Column("margin", Float, nullable=True),
        _words("reasons"),
        _words("retraction"),
        Column("psr", Boolean, nullable=False),
        Column("to_judge", Boolean, nullable=False),
        Column("review", Boolean, nullable=False),
        Column("triage", String, nullable=False),
        Column("harm", Float, nullable=False),
        Column("band", Integer, nullable=False),
        PrimaryKeyConstraint("message_id", name="pk_queue_rows"),
    )
    op.create_index("ix_queue_rows_tenant_id_harm_message_id", "queue_rows", ["tenant_id", "harm", "message_id"])
    op.create_index("ix_queue_rows_newest", "queue_rows", ["tenant_id", "message_id"])
    op.create_index("ix_queue_rows_campaign", "queue_rows", ["tenant_id", "campaign_id"])


def _words(name: str) -> Column[str]:
    return Column(name, String, nullable=False, server_default="")
