"""Tables: every table Unhook has. Alembic's migrations create them; a test compares the two.

Times are stored as UTC without a zone. Every table carries `tenant_id`, and every query names it.
"""

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
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
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


tenants = Table(
    "tenants",
    metadata,
    _id(),
    Column("slug", String, nullable=False, unique=True),
    Column("name", String, nullable=False),
    Column("provider", String, nullable=False),  # outlook, gmail or maildir
    Column("policy", JSON, nullable=False),  # backend.policy.settings.TenantPolicy, the tenant's own numbers
    _at("created_at"),
)

people = Table(
    "people",
    metadata,
    _id(),
    _tenant(),
    Column("provider", String, nullable=False),
    Column("subject", String, nullable=False),
    _words("address"),  # also the mailbox; empty once erased
    _words("name"),
    _at("created_at"),
    _at("erased_at", nullable=True),
    UniqueConstraint("tenant_id", "provider", "subject"),
    Index(None, "tenant_id", "address"),
)

tokens = Table(
    "tokens",
    metadata,
    _id(),
    _tenant(),
    Column("person_id", Integer, ForeignKey("people.id"), nullable=False),
    Column("token_sha256", String(64), nullable=False, unique=True),
    _words("kind"),  # user or team
    _at("created_at"),
    _at("revoked_at", nullable=True),
)

operators = Table(
    "operators",
    metadata,
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

evidence = Table(
    "evidence",
    metadata,
    _id(),
    _tenant(),
    Column("sha256", String(64), nullable=False),
    Column("size", Integer, nullable=False),
    _at("kept_at"),
    _at("deleted_at", nullable=True),  # retention or erasure removed the bytes; the row stays as a trace
    UniqueConstraint("tenant_id", "sha256"),
)

campaigns = Table(
    "campaigns",
    metadata,
    _id(),
    _tenant(),
    _words("name"),
    _at("first_seen_at"),
    Index(None, "tenant_id"),
)

messages = Table(
    "messages",
    metadata,
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
    _at("closed_at", nullable=True),  # last time an operator judged it; retention counts from here
    _at("erased_at", nullable=True),
    UniqueConstraint("tenant_id", "fingerprint"),
    Index(None, "tenant_id", "internet_message_id"),
    Index(None, "tenant_id", "first_reported_at"),
    Index(None, "tenant_id", "campaign_id"),
    Index(None, "tenant_id", "evidence_sha256"),
)

signatures = Table(  # MinHash bands of a message's text and links: equal band and value = candidate for similarity
    "signatures",
    metadata,
    _id(),
    _tenant(),
    _message(),
    Column("band", Integer, nullable=False),
    Column("value", String(16), nullable=False),
    UniqueConstraint("message_id", "band"),
    Index(None, "tenant_id", "band", "value"),
)

minhashes = Table(
    "minhashes",
    metadata,
    _id(),
    _tenant(),
    Column("message_id", Integer, ForeignKey("messages.id"), nullable=False, unique=True),
    Column("hashes", LargeBinary, nullable=False),
)

submissions = Table(
    "submissions",
    metadata,
    _id(),
    _tenant(),
    # The report: what intake kept. Never edited, but for erasure.
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
    # The way through.
    Column("state", String, nullable=False),
    _words("lease"),
    _at("leased_until", nullable=True),
    Column("attempts", Integer, nullable=False, server_default="0"),
    _at("retry_at", nullable=True),
    Column("cause", Text, nullable=False, server_default=""),
    _words("failed_from"),  # the state to go on from when an operator presses retry
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

verdicts = Table(
    "verdicts",
    metadata,
    _id(),
    _tenant(),
    _message(),
    Column("version", Integer, nullable=False),
    Column("base_margin", Float, nullable=False),
    Column("margin", Float, nullable=False),
    Column("reporter_value", Float, nullable=False),
    Column("reporters", JSON, nullable=False),  # [[person_id, confirmed, judged, value], ...] as of then
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

decisions = Table(
    "decisions",
    metadata,
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
    Column("decided_by", String, nullable=False),  # policy or operator:ID
    _at("decided_at"),
    UniqueConstraint("message_id", "version"),
    Index(None, "tenant_id", "message_id"),
)

psr_log = Table(  # one row per message PSR retracted or would have: the preview log and the licence's ledger
    "psr_log",
    metadata,
    _id(),
    _tenant(),
    _message(),
    Column("decision_id", Integer, ForeignKey("decisions.id"), nullable=False),
    Column("response", String, nullable=False),  # would_retract or retract
    Column("action", String, nullable=False),
    Column("margin", Float, nullable=False),
    Column("to_judge", Boolean, nullable=False),  # in the random tenth that an operator must judge
    _words("judged"),  # a disposition, empty until judged
    _at("judged_at", nullable=True),
    _at("logged_at"),
    UniqueConstraint("message_id"),
    Index(None, "tenant_id", "logged_at"),
)

retractions = Table(
    "retractions",
    metadata,
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
    Column("approved_by", JSON, nullable=False),  # [operator id, ...]
    _at("restorable_until", nullable=True),
    _words("lease"),
    _at("leased_until", nullable=True),
    Column("attempts", Integer, nullable=False, server_default="0"),
    _at("retry_at", nullable=True),
    Column("cause", Text, nullable=False, server_default=""),
    Column("remaining", Integer, nullable=True),  # copies the last search still saw; 0 is the proof
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

copies = Table(  # the journal: the row is written before the provider is called, its outcome after
    "copies",
    metadata,
    _id(),
    _tenant(),
    Column("retraction_id", Integer, ForeignKey("retractions.id"), nullable=False),
    Column("mailbox", String, nullable=False),
    Column("provider_copy_id", String, nullable=False),  # empty when the mailbox itself could not be searched
    _words("folder"),
    Column("state", JSON, nullable=False),
    _words("outcome"),  # empty = intended, not known to be done
    _words("held"),
    Column("detail", Text, nullable=False, server_default=""),
    _at("intended_at"),
    _at("asked_at", nullable=True),  # the provider was asked; without an outcome nobody knows what it did
    _at("finished_at", nullable=True),
    UniqueConstraint("retraction_id", "mailbox", "provider_copy_id"),
    Index(None, "tenant_id", "retraction_id"),
)

labels = Table(
    "labels",
    metadata,
    _id(),
    _tenant(),
    _message(),
    Column("disposition", String, nullable=False),
    Column("source", String, nullable=False),  # operator, team or seed
    Column("given_by", String, nullable=False),
    _at("given_at"),
    _at("revoked_at", nullable=True),
    Index(None, "tenant_id", "message_id"),
)

answers = Table(  # mails to people, at most once: the row is the intent
    "answers",
    metadata,
    _id(),
    _tenant(),
    Column("submission_id", Integer, ForeignKey("submissions.id"), nullable=False, unique=True),
    Column("person_id", Integer, ForeignKey("people.id"), nullable=False),
    Column("template", String, nullable=False),
    Column("state", String, nullable=False),  # intended, sent, failed or unconfirmed
    Column("detail", Text, nullable=False, server_default=""),
    _at("intended_at"),
    _at("finished_at", nullable=True),
    Index(None, "tenant_id", "state"),
)

search_documents = Table(  # what search indexes, CJK already cut into bigrams; FTS5 or tsvector sits on top
    "search_documents",
    metadata,
    Column("message_id", Integer, ForeignKey("messages.id"), primary_key=True, autoincrement=False),
    _tenant(),
    Column("subject", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("keywords", Text, nullable=False),
    Index(None, "tenant_id"),
)

audit = Table(
    "audit",
    metadata,
    _id(),
    _tenant(),
    _at("at"),
    Column("actor", String, nullable=False),
    Column("action", String, nullable=False),
    Column("subject", String, nullable=False),  # message:12, retraction:3, settings, ...
    Column("detail", JSON, nullable=False),  # ids and settings only, never content of mail
    Index(None, "tenant_id", "at"),
    Index(None, "tenant_id", "subject"),
)
