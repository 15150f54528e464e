"""The first tables: what Unhook 0.1 keeps, and what its search stands on."""

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
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)

revision = "0001"
down_revision = None

SEARCH_INDEX = (
    "CREATE INDEX ix_search_documents_vector ON search_documents USING gin (array_to_tsvector(array_remove("
    "string_to_array(subject || ' ' || sender || ' ' || body || ' ' || keywords, ' '), '')))"
)


def _id() -> Column[int]:
    return Column("id", Integer, primary_key=True, autoincrement=True)


def _tenant() -> Column[int]:
    return Column("tenant_id", Integer, ForeignKey("tenants.id"), nullable=False)


def _message() -> Column[int]:
    return Column("message_id", Integer, ForeignKey("messages.id"), nullable=False)


def _at(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime, nullable=nullable)


def _words(name: str, *, nullable: bool = False) -> Column[str]:
    """A short text that is empty rather than NULL."""
    return Column(name, String, nullable=nullable, server_default="")


def upgrade() -> None:
    op.create_table(
        "tenants",
        _id(),
        Column("slug", String, nullable=False, unique=True),
        Column("name", String, nullable=False),
        Column("provider", String, nullable=False),
        Column("policy", JSON, nullable=False),
        _at("created_at"),
    )
    op.create_table(
        "people",
        _id(),
        _tenant(),
        Column("provider", String, nullable=False),
        Column("subject", String, nullable=False),
        _words("address"),
        _words("name"),
        _at("created_at"),
        _at("erased_at", nullable=True),
        UniqueConstraint("tenant_id", "provider", "subject"),
        Index(None, "tenant_id", "address"),
    )
    op.create_table(
        "tokens",
        _id(),
        _tenant(),
        Column("person_id", Integer, ForeignKey("people.id"), nullable=False),
        Column("token_sha256", String(64), nullable=False, unique=True),
        _words("kind"),
        _at("created_at"),
        _at("revoked_at", nullable=True),
    )
    op.create_table(
        "operators",
        _id(),
        _tenant(),
        Column("name", String, nullable=False),
        Column("password_hash", String, nullable=False),
        Column("role", String, nullable=False),
        Column("session_version", Integer, nullable=False, server_default="1"),
        _at("created_at"),
        _at("disabled_at", nullable=True),
        UniqueConstraint("name"),
    )
    op.create_table(
        "evidence",
        _id(),
        _tenant(),
        Column("sha256", String(64), nullable=False),
        Column("size", Integer, nullable=False),
        _at("kept_at"),
        _at("deleted_at", nullable=True),
        UniqueConstraint("tenant_id", "sha256"),
    )
    op.create_table(
        "campaigns",
        _id(),
        _tenant(),
        _words("name"),
        _at("first_seen_at"),
        Index(None, "tenant_id"),
    )
    op.create_table(
        "messages",
        _id(),
        _tenant(),
        Column("fingerprint", String(64), nullable=False),
        _words("internet_message_id"),
        _words("from_address"),
        _words("subject"),
        _at("sent_at", nullable=True),
        Column("evidence_sha256", String(64), nullable=False),
        Column("evidence_source", String, nullable=False),
        Column("facts", JSON, nullable=False),
        Column("defects", Integer, nullable=False, server_default="0"),
        Column("campaign_id", Integer, ForeignKey("campaigns.id"), nullable=True),
        _at("first_reported_at"),
        _at("closed_at", nullable=True),
        _at("erased_at", nullable=True),
        UniqueConstraint("tenant_id", "fingerprint"),
        Index(None, "tenant_id", "internet_message_id"),
        Index(None, "tenant_id", "first_reported_at"),
        Index(None, "tenant_id", "campaign_id"),
        Index(None, "tenant_id", "evidence_sha256"),
    )
    op.create_table(
        "signatures",
        _id(),
        _tenant(),
        _message(),
        Column("band", Integer, nullable=False),
        Column("value", String(16), nullable=False),
        UniqueConstraint("message_id", "band"),
        Index(None, "tenant_id", "band", "value"),
    )
    op.create_table(
        "minhashes",
        _id(),
        _tenant(),
        Column("message_id", Integer, ForeignKey("messages.id"), nullable=False, unique=True),
        Column("hashes", LargeBinary, nullable=False),
    )
    op.create_table(
        "submissions",
        _id(),
        _tenant(),
        Column("person_id", Integer, ForeignKey("people.id"), nullable=True),
        _words("mailbox"),
        _words("provider_message_id"),
        _words("internet_message_id"),
        Column("comment", Text, nullable=False, server_default=""),
        Column("submitted_as", String, nullable=False),
        Column("kind", String, nullable=False),
        Column("identity", String, nullable=False),
        Column("idempotency_key", String, nullable=True),
        _words("client_copy_sha256"),
        _at("received_at"),
        Column("state", String, nullable=False),
        _words("lease"),
        _at("leased_until", nullable=True),
        Column("attempts", Integer, nullable=False, server_default="0"),
        _at("retry_at", nullable=True),
        Column("cause", Text, nullable=False, server_default=""),
        _words("failed_from"),
        _words("evidence_sha256"),
        _words("evidence_source"),
        Column("message_id", Integer, ForeignKey("messages.id"), nullable=True),
        Column("reported_before", Boolean, nullable=False, server_default=text("false")),
        _at("scored_at", nullable=True),
        _at("finished_at", nullable=True),
        UniqueConstraint("tenant_id", "person_id", "idempotency_key"),
        Index(None, "tenant_id", "received_at"),
        Index(None, "tenant_id", "message_id"),
        Index(None, "tenant_id", "person_id"),
        Index(None, "tenant_id", "evidence_sha256"),
        Index(None, "tenant_id", "client_copy_sha256"),
        Index(None, "state", "leased_until"),
    )
    op.create_table(
        "verdicts",
        _id(),
        _tenant(),
        _message(),
        Column("version", Integer, nullable=False),
        Column("base_margin", Float, nullable=False),
        Column("margin", Float, nullable=False),
        Column("reporter_value", Float, nullable=False),
        Column("reporters", JSON, nullable=False),
        Column("probabilities", JSON, nullable=False),
        Column("reasons", JSON, nullable=False),
        Column("opinions", JSON, nullable=False),
        Column("counterfactual", JSON, nullable=False),
        Column("threshold", Float, nullable=False),
        Column("checkpoint", String, nullable=False),
        _at("scored_at"),
        UniqueConstraint("message_id", "version"),
        Index(None, "tenant_id", "message_id"),
    )
    op.create_table(
        "decisions",
        _id(),
        _tenant(),
        _message(),
        Column("version", Integer, nullable=False),
        Column("verdict_id", Integer, ForeignKey("verdicts.id"), nullable=True),
        Column("disposition", String, nullable=False),
        Column("simulation", Boolean, nullable=False),
        Column("response", String, nullable=False),
        Column("action", String, nullable=False),
        Column("why", JSON, nullable=False),
        Column("decided_by", String, nullable=False),
        _at("decided_at"),
        UniqueConstraint("message_id", "version"),
        Index(None, "tenant_id", "message_id"),
    )
    op.create_table(
        "psr_log",
        _id(),
        _tenant(),
        _message(),
        Column("decision_id", Integer, ForeignKey("decisions.id"), nullable=False),
        Column("response", String, nullable=False),
        Column("action", String, nullable=False),
        Column("margin", Float, nullable=False),
        Column("to_judge", Boolean, nullable=False),
        _words("judged"),
        _at("judged_at", nullable=True),
        _at("logged_at"),
        UniqueConstraint("message_id"),
        Index(None, "tenant_id", "logged_at"),
    )
    op.create_table(
        "retractions",
        _id(),
        _tenant(),
        _message(),
        Column("decision_id", Integer, ForeignKey("decisions.id"), nullable=True),
        Column("state", String, nullable=False),
        Column("action", String, nullable=False),
        Column("automatic", Boolean, nullable=False),
        Column("ordered_by", String, nullable=False),
        _at("ordered_at"),
        Column("approvals_needed", Integer, nullable=False, server_default="0"),
        Column("approved_by", JSON, nullable=False),
        _at("restorable_until", nullable=True),
        _words("lease"),
        _at("leased_until", nullable=True),
        Column("attempts", Integer, nullable=False, server_default="0"),
        _at("retry_at", nullable=True),
        Column("cause", Text, nullable=False, server_default=""),
        Column("remaining", Integer, nullable=True),
        _at("finished_at", nullable=True),
        Index(None, "tenant_id", "message_id"),
        Index(None, "state", "leased_until"),
        Index(
            "uq_retractions_one_at_a_time",
            "message_id",
            unique=True,
            sqlite_where=text("state IN ('awaiting_approval', 'running', 'done', 'incomplete', 'restoring')"),
            postgresql_where=text("state IN ('awaiting_approval', 'running', 'done', 'incomplete', 'restoring')"),
        ),
    )
    op.create_table(
        "copies",
        _id(),
        _tenant(),
        Column("retraction_id", Integer, ForeignKey("retractions.id"), nullable=False),
        Column("mailbox", String, nullable=False),
        Column("provider_copy_id", String, nullable=False),
        _words("folder"),
        Column("state", JSON, nullable=False),
        _words("outcome"),
        _words("held"),
        Column("detail", Text, nullable=False, server_default=""),
        _at("intended_at"),
        _at("asked_at", nullable=True),
        _at("finished_at", nullable=True),
        UniqueConstraint("retraction_id", "mailbox", "provider_copy_id"),
        Index(None, "tenant_id", "retraction_id"),
    )
    op.create_table(
        "labels",
        _id(),
        _tenant(),
        _message(),
        Column("disposition", String, nullable=False),
        Column("source", String, nullable=False),
        Column("given_by", String, nullable=False),
        _at("given_at"),
        _at("revoked_at", nullable=True),
        Index(None, "tenant_id", "message_id"),
    )
    op.create_table(
        "answers",
        _id(),
        _tenant(),
        Column("submission_id", Integer, ForeignKey("submissions.id"), nullable=False, unique=True),
        Column("person_id", Integer, ForeignKey("people.id"), nullable=False),
        Column("template", String, nullable=False),
        Column("state", String, nullable=False),
        Column("detail", Text, nullable=False, server_default=""),
        _at("intended_at"),
        _at("finished_at", nullable=True),
        Index(None, "tenant_id", "state"),
    )
    op.create_table(
        "search_documents",
        Column("message_id", Integer, ForeignKey("messages.id"), primary_key=True, autoincrement=False),
        _tenant(),
        Column("subject", Text, nullable=False),
        Column("sender", Text, nullable=False),
        Column("body", Text, nullable=False),
        Column("keywords", Text, nullable=False),
        Index(None, "tenant_id"),
    )
    op.create_table(
        "audit",
        _id(),
        _tenant(),
        _at("at"),
        Column("actor", String, nullable=False),
        Column("action", String, nullable=False),
        Column("subject", String, nullable=False),
        Column("detail", JSON, nullable=False),
        Index(None, "tenant_id", "at"),
        Index(None, "tenant_id", "subject"),
    )
    if op.get_context().dialect.name == "postgresql":
        op.execute(SEARCH_INDEX)  # SQLite's FTS5 table is made by backend.store.search_index after each upgrade
