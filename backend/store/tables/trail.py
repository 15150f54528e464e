"""What happened, for auditors and for other systems."""

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, Text

from backend.store.tables.columns import key, metadata, moment, of_tenant, words

audit = Table(  # append-only: a trigger refuses every change but the emptying of `source`
    "audit",
    metadata,
    key(),
    of_tenant(),
    moment("at"),
    Column("actor", String, nullable=False),
    Column("action", String, nullable=False),
    Column("subject", String, nullable=False),  # message:12, retraction:3, settings, ...
    Column("detail", JSON, nullable=False),  # ids and settings only, never content of mail
    words("source"),  # the address it was done from, "command line", or empty for what Unhook did by itself
    Index(None, "tenant_id", "at"),
    Index(None, "tenant_id", "subject"),
    Index(None, "tenant_id", "actor"),
    Index(None, "tenant_id", "action"),
)

webhooks = Table(  # where events are sent; what signs them is not kept, it follows from the salt
    "webhooks",
    metadata,
    key(),
    of_tenant(),
    Column("name", String, nullable=False),
    Column("kind", String, nullable=False),  # webhook, siem or syslog
    Column("address", String, nullable=False),
    Column("salt", String, nullable=False),
    Column("events", JSON, nullable=False),  # actions of the audit log; empty means all
    moment("created_at"),
    moment("disabled_at", nullable=True),
    words("lease"),
    moment("leased_until", nullable=True),
    moment("retry_at", nullable=True),
    Index(None, "tenant_id"),
)

deliveries = Table(  # the outbox: one event for one place, written with the event itself
    "deliveries",
    metadata,
    key(),
    of_tenant(),
    Column("webhook_id", Integer, ForeignKey("webhooks.id"), nullable=False),
    Column("audit_id", Integer, ForeignKey("audit.id"), nullable=False),
    Column("state", String, nullable=False),  # waiting, sent or given_up
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("cause", Text, nullable=False, server_default=""),
    moment("queued_at"),
    moment("finished_at", nullable=True),
    Index(None, "tenant_id", "webhook_id", "state", "audit_id"),
    Index(None, "state"),
)
