"""What was done about it in mailboxes."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint, text

from backend.store.tables.columns import key, metadata, moment, of_message, of_tenant, words

ONE_AT_A_TIME = "state IN ('awaiting_approval', 'running', 'stopped', 'done', 'incomplete', 'restoring')"

retractions = Table(
    "retractions",
    metadata,
    key(),
    of_tenant(),
    of_message(),
    Column("decision_id", Integer, ForeignKey("decisions.id"), nullable=True),
    Column("state", String, nullable=False),
    Column("action", String, nullable=False),
    Column("automatic", Boolean, nullable=False),
    Column("ordered_by", String, nullable=False),
    moment("ordered_at"),
    Column("approvals_needed", Integer, nullable=False, server_default="0"),
    Column("approved_by", JSON, nullable=False),  # [operator id, ...]
    moment("restorable_until", nullable=True),
    words("lease"),
    moment("leased_until", nullable=True),
    Column("attempts", Integer, nullable=False, server_default="0"),
    moment("retry_at", nullable=True),
    Column("cause", Text, nullable=False, server_default=""),
    Column("remaining", Integer, nullable=True),  # copies the last search still saw; 0 is the proof
    words("canary"),  # empty until the first copies were proven gone, or not: backend.domain.retraction.Canary
    Column("undoing", Boolean, nullable=False, server_default=text("false")),  # which way a retry of failures goes
    moment("finished_at", nullable=True),
    Index(None, "tenant_id", "message_id"),
    Index(None, "state", "leased_until"),
    Index(
        "uq_retractions_one_at_a_time",
        "message_id",
        unique=True,
        sqlite_where=text(ONE_AT_A_TIME),
        postgresql_where=text(ONE_AT_A_TIME),
    ),
)

copies = Table(  # the journal: the row is written before the provider is called, its outcome after
    "copies",
    metadata,
    key(),
    of_tenant(),
    Column("retraction_id", Integer, ForeignKey("retractions.id"), nullable=False),
    Column("mailbox", String, nullable=False),
    Column("provider_copy_id", String, nullable=False),  # empty when the mailbox itself could not be searched
    words("folder"),
    Column("state", JSON, nullable=False),
    Column("was_read", Boolean, nullable=True),  # its owner had opened it; empty where the mailbox does not tell
    words("outcome"),  # empty = intended, not known to be done
    words("held"),
    Column("detail", Text, nullable=False, server_default=""),
    moment("intended_at"),
    moment("asked_at", nullable=True),  # the provider was asked; without an outcome nobody knows what it did
    moment("finished_at", nullable=True),
    UniqueConstraint("retraction_id", "mailbox", "provider_copy_id"),
    Index(None, "tenant_id", "retraction_id"),
)

later_looks = Table(  # Post Delivery Response: when is which message looked for again, and what came of it?
    "later_looks",
    metadata,
    key(),
    of_tenant(),
    of_message(),
    Column("decision_id", Integer, ForeignKey("decisions.id"), nullable=False),  # that made it necessary
    Column("source", String, nullable=False),  # operator, team or psr
    Column("after_minutes", Integer, nullable=False),
    moment("due_at"),
    Column("state", String, nullable=False),  # waiting or done
    words("response"),  # nothing, would_retract or retract; empty while it waits
    words("why"),  # the code of what kept it from acting
    Column("found", Integer, nullable=True),  # copies in sight; not counted when a retraction does the looking
    Column("retraction_id", Integer, ForeignKey("retractions.id"), nullable=True),
    words("lease"),
    moment("leased_until", nullable=True),
    Column("attempts", Integer, nullable=False, server_default="0"),
    moment("finished_at", nullable=True),
    UniqueConstraint("message_id", "decision_id", "after_minutes"),
    Index(None, "tenant_id", "message_id"),
    Index(None, "state", "due_at"),
)
