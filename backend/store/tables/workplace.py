"""What makes the operators' pages quick, and what they keep there."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from backend.store.tables.columns import key, metadata, moment, of_message, of_tenant, words

STANDS = "withdrawn_at IS NULL"

search_documents = Table(  # what search indexes, CJK already cut into bigrams; FTS5 or tsvector sits on top
    "search_documents",
    metadata,
    Column("message_id", Integer, ForeignKey("messages.id"), primary_key=True, autoincrement=False),
    of_tenant(),
    Column("subject", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("keywords", Text, nullable=False),  # facets and places in the order, written by queue_rows
    Column("recipients", Text, nullable=False, server_default=""),
    Column("domains", Text, nullable=False, server_default=""),
    Column("own_id", Text, nullable=False, server_default=""),  # the mail's Message-ID
    Column("attachments", Text, nullable=False, server_default=""),
    Column("reasons", Text, nullable=False, server_default=""),
    Index(None, "tenant_id"),
)

queue_rows = Table(  # what the list shows of a message, so that no page joins; written by backend.store.queue_rows
    "queue_rows",
    metadata,
    Column("message_id", Integer, ForeignKey("messages.id"), primary_key=True, autoincrement=False),
    of_tenant(),
    words("subject"),
    words("sender"),
    Column("campaign_id", Integer, ForeignKey("campaigns.id"), nullable=True),
    moment("first_reported_at"),
    moment("last_reported_at"),
    Column("reports", Integer, nullable=False),
    Column("reporters", Integer, nullable=False),
    Column("mailboxes", Integer, nullable=False),
    words("kinds"),  # user, team or both, parted by a space
    words("submitted_as"),  # phish, spam or both
    words("identities"),  # verified, unverified or both
    words("disposition"),  # empty until decided
    Column("simulation", Boolean, nullable=False),
    Column("judged", Boolean, nullable=False),  # by an operator
    Column("base_margin", Float, nullable=True),
    Column("margin", Float, nullable=True),
    words("reasons"),  # codes, if the network now catches it
    words("retraction"),  # the state of the last one, empty when there is none
    Column("psr", Boolean, nullable=False),  # PSR retracted it
    Column("to_judge", Boolean, nullable=False),
    Column("review", Boolean, nullable=False),  # waits for a person
    Column("contested", Boolean, nullable=False, server_default=text("false")),  # by somebody who reported it
    Column("triage", String, nullable=False),
    Column("harm", Float, nullable=False),
    Column("band", Integer, nullable=False),
    Index(None, "tenant_id", "harm", "message_id"),
    Index("ix_queue_rows_newest", "tenant_id", "message_id"),
    Index("ix_queue_rows_campaign", "tenant_id", "campaign_id"),
)

operations = Table(  # what an operator did to many messages at once, so that it can be undone at once
    "operations",
    metadata,
    key(),
    of_tenant(),
    Column("operator_id", Integer, ForeignKey("operators.id"), nullable=False),
    Column("key", String, nullable=False),  # of the form that ordered it: the same form twice is one operation
    Column("kind", String, nullable=False),
    words("value"),  # a disposition, an action or a status, as the kind asks for
    moment("at"),
    moment("undone_at", nullable=True),
    moment("leased_until", nullable=True),  # until when somebody works on it; after that, sweep finishes it
    UniqueConstraint("tenant_id", "operator_id", "key"),
    Index(None, "tenant_id", "operator_id", "at"),
)

operation_items = Table(  # one message of an operation: what stood before it, what it made, ids only
    "operation_items",
    metadata,
    key(),
    of_tenant(),
    Column("operation_id", Integer, ForeignKey("operations.id"), nullable=False),
    of_message(),
    Column("before", JSON, nullable=False),
    Column("after", JSON, nullable=False),
    words("outcome"),  # done, refused or undone; empty = intended
    Column("detail", Text, nullable=False, server_default=""),
    UniqueConstraint("operation_id", "message_id"),
    Index(None, "tenant_id", "message_id"),
)

saved_views = Table(  # an operator's own lists: a name for what the queue was asked for
    "saved_views",
    metadata,
    key(),
    of_tenant(),
    Column("operator_id", Integer, ForeignKey("operators.id"), nullable=False),
    Column("name", String, nullable=False),
    Column("asked", JSON, nullable=False),  # the query of the page's address, by its fields
    Column("opens_first", Boolean, nullable=False, server_default=text("false")),
    moment("saved_at"),
    UniqueConstraint("tenant_id", "operator_id", "name"),
)

notes = Table(  # what operators write beside a message: never edited, only struck out
    "notes",
    metadata,
    key(),
    of_tenant(),
    of_message(),
    Column("body", Text, nullable=False),
    Column("written_by", String, nullable=False),  # operator:7
    moment("written_at"),
    words("struck_by"),
    moment("struck_at", nullable=True),
    Index(None, "tenant_id", "message_id"),
)

escalations = Table(  # a user's submission put before the team, and the team submission that came of it
    "escalations",
    metadata,
    key(),
    of_tenant(),
    Column("submission_id", Integer, ForeignKey("submissions.id"), nullable=False),
    Column("escalated_submission_id", Integer, ForeignKey("submissions.id"), nullable=False, unique=True),
    Column("escalated_as", String, nullable=False),
    Column("escalated_by", String, nullable=False),  # operator:7
    moment("escalated_at"),
    moment("withdrawn_at", nullable=True),
    Index(None, "tenant_id"),
    Index(
        "uq_escalations_one_that_stands",
        "submission_id",
        unique=True,
        sqlite_where=text(STANDS),
        postgresql_where=text(STANDS),
    ),
)

overviews = Table(  # what the overview counted, kept for the next who opens it; one a tenant
    "overviews",
    metadata,
    key(),
    of_tenant(),
    moment("counted_at"),
    Column("seconds", Float, nullable=False),  # that counting took
    Column("known", JSON, nullable=False),  # numbers only
    UniqueConstraint("tenant_id"),
)
