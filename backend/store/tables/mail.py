"""The mail that was reported, and what is known of it."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from backend.store.tables.columns import key, metadata, moment, of_message, of_tenant, words

evidence = Table(
    "evidence",
    metadata,
    key(),
    of_tenant(),
    Column("sha256", String(64), nullable=False),
    Column("size", Integer, nullable=False),
    moment("kept_at"),
    moment("deleted_at", nullable=True),  # retention or erasure removed the bytes; the row stays as a trace
    UniqueConstraint("tenant_id", "sha256"),
)

campaigns = Table(
    "campaigns",
    metadata,
    key(),
    of_tenant(),
    words("name"),
    moment("first_seen_at"),
    Column("by_hand", Boolean, nullable=False, server_default=text("false")),  # nothing merges it by itself any more
    Index(None, "tenant_id"),
)

campaign_changes = Table(  # merges and splits by operators, each with what its undo needs
    "campaign_changes",
    metadata,
    key(),
    of_tenant(),
    Column("kind", String, nullable=False),  # merge or split
    Column("from_campaign_id", Integer, ForeignKey("campaigns.id"), nullable=False),
    Column("to_campaign_id", Integer, ForeignKey("campaigns.id"), nullable=False),
    Column("message_ids", JSON, nullable=False),  # those that moved
    Column("by_hand_before", JSON, nullable=False),  # [from, to]: whether they were settled by hand already
    words("changed_by"),
    moment("changed_at"),
    moment("undone_at", nullable=True),
    Index(None, "tenant_id", "from_campaign_id"),
    Index(None, "tenant_id", "to_campaign_id"),
)

messages = Table(
    "messages",
    metadata,
    key(),
    of_tenant(),
    Column("fingerprint", String(64), nullable=False),
    words("internet_message_id"),
    words("from_address"),
    words("subject"),
    moment("sent_at", nullable=True),
    Column("evidence_sha256", String(64), nullable=False),
    Column("evidence_source", String, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("defects", Integer, nullable=False, server_default="0"),
    Column("campaign_id", Integer, ForeignKey("campaigns.id"), nullable=True),
    moment("first_reported_at"),
    moment("closed_at", nullable=True),  # last time an operator judged it; retention counts from here
    moment("erased_at", nullable=True),
    Column("triage", String, nullable=False, server_default="unreviewed"),  # backend.domain.triage
    UniqueConstraint("tenant_id", "fingerprint"),
    Index(None, "tenant_id", "internet_message_id"),
    Index(None, "tenant_id", "first_reported_at"),
    Index(None, "tenant_id", "campaign_id"),
    Index(None, "tenant_id", "evidence_sha256"),
)

signatures = Table(  # MinHash bands of a message's text and links: equal band and value = candidate for similarity
    "signatures",
    metadata,
    key(),
    of_tenant(),
    of_message(),
    Column("band", Integer, nullable=False),
    Column("value", String(16), nullable=False),
    UniqueConstraint("message_id", "band"),
    Index(None, "tenant_id", "band", "value"),
)

minhashes = Table(
    "minhashes",
    metadata,
    key(),
    of_tenant(),
    Column("message_id", Integer, ForeignKey("messages.id"), nullable=False, unique=True),
    Column("hashes", LargeBinary, nullable=False),
)

landings = Table(  # where a message's links led; the hashes outlive the texts, so that a page or a kit is known again
    "landings",
    metadata,
    key(),
    of_tenant(),
    of_message(),
    Column("number", Integer, nullable=False),  # of the link, in the order followed; 0 stands for "none to follow"
    Column("landing", JSON, nullable=False),  # model.contract.Landing, emptied when the message is forgotten
    words("page_sha256"),  # of host and path
    words("kit"),
    moment("followed_at"),
    UniqueConstraint("message_id", "number"),
    Index(None, "tenant_id", "page_sha256"),
    Index(None, "tenant_id", "kit"),
)

traits = Table(  # hashes of links and files that are a message's own: who shares one shares the attack
    "traits",
    metadata,
    key(),
    of_tenant(),
    of_message(),
    Column("kind", String, nullable=False),  # link or file
    Column("value", String(64), nullable=False),
    Column("proven", Boolean, nullable=False),  # of a link: its own domain sent the message
    UniqueConstraint("message_id", "kind", "value"),
    Index(None, "tenant_id", "kind", "value"),
)

FAILED = text("state = 'failed'")  # in words, for SQLite to see that a query may use the index of these

submissions = Table(
    "submissions",
    metadata,
    key(),
    of_tenant(),
    # The report: what intake kept. Never edited, but for erasure.
    Column("person_id", Integer, ForeignKey("people.id"), nullable=True),
    words("mailbox"),
    words("provider_message_id"),
    words("internet_message_id"),
    Column("comment", Text, nullable=False, server_default=""),
    Column("submitted_as", String, nullable=False),
    words("said"),  # the exact disposition, where the reporter named one
    Column("kind", String, nullable=False),
    Column("identity", String, nullable=False),
    Column("idempotency_key", String, nullable=True),
    words("client_copy_sha256"),
    moment("received_at"),
    # The way through.
    Column("state", String, nullable=False),
    words("lease"),
    moment("leased_until", nullable=True),
    Column("attempts", Integer, nullable=False, server_default="0"),
    moment("retry_at", nullable=True),
    Column("cause", Text, nullable=False, server_default=""),
    words("failed_from"),  # the state to go on from when an operator presses retry
    words("evidence_sha256"),
    words("evidence_source"),
    Column("message_id", Integer, ForeignKey("messages.id"), nullable=True),
    Column("reported_before", Boolean, nullable=False, server_default=text("false")),
    moment("scored_at", nullable=True),
    moment("finished_at", nullable=True),
    Column("withdrawn_from", Integer, nullable=True),  # the message it was a report of, until it was taken back
    UniqueConstraint("tenant_id", "person_id", "idempotency_key"),
    Index(None, "tenant_id", "received_at"),
    Index(None, "tenant_id", "message_id"),
    Index(None, "tenant_id", "person_id"),
    Index(None, "tenant_id", "evidence_sha256"),
    Index(None, "tenant_id", "client_copy_sha256"),
    Index(None, "state", "leased_until"),
    Index("ix_submissions_failed", "tenant_id", "id", sqlite_where=FAILED, postgresql_where=FAILED),
)

received_mails = Table(  # what came in by mail, once for each address of ours that it was sent to
    "received_mails",
    metadata,
    key(),
    of_tenant(),
    Column("mail_sha256", String(64), nullable=False),
    Column("address", String, nullable=False),  # ours
    words("sender"),  # From; forgeable unless `proven`
    Column("proven", Boolean, nullable=False),
    words("kind"),  # what became of it: user or team; empty where it became nothing
    words("said"),  # the disposition of the address
    words("problem"),  # backend.domain.received_mail.Problem; empty when nothing was wrong
    Column("submissions", Integer, nullable=False),  # how many came of it
    words("evidence_sha256"),  # the whole mail, kept only where something was wrong with it
    Column("size", Integer, nullable=False),
    moment("received_at"),
    words("handled_by"),  # operator:7
    moment("handled_at", nullable=True),
    words("told"),  # backend.store.answers.AnswerState, once the sender was to be told
    moment("told_at", nullable=True),
    UniqueConstraint("tenant_id", "address", "mail_sha256"),
    Index(None, "tenant_id", "problem", "id"),
    Index(None, "tenant_id", "evidence_sha256"),
    Index(None, "tenant_id", "received_at"),
    Index(None, "told"),
)

polled_mailboxes = Table(  # the mailboxes that policies name, and how far each is read
    "polled_mailboxes",
    metadata,
    key(),
    of_tenant(),
    Column("mailbox", String, nullable=False),
    moment("reached_at"),  # by the provider's clock: everything that came before was taken, as far as it was shown
    Column("behind", Boolean, nullable=False, server_default=text("false")),  # the last look found more than it took
    moment("looked_at", nullable=True),  # the last time that it could be looked into
    Column("problem", Text, nullable=False, server_default=""),  # why it cannot be read; empty when it can
    moment("leased_until", nullable=True),
    UniqueConstraint("tenant_id", "mailbox"),
)

polled_mails = Table(  # what was read, for as long as a look may find it again, and what could not be
    "polled_mails",
    metadata,
    key(),
    of_tenant(),
    Column("mailbox_id", Integer, ForeignKey("polled_mailboxes.id"), nullable=False),
    Column("copy_id", String, nullable=False),
    moment("arrived_at"),
    Column("tries", Integer, nullable=False, server_default="0"),  # that failed
    moment("again_at", nullable=True),  # when it is tried again; empty once it was read
    UniqueConstraint("mailbox_id", "copy_id"),
    Index(None, "mailbox_id", "arrived_at"),
)
