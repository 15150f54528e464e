"""What the people who reported were told, in whose words, and what they said to it."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from backend.store.tables.columns import key, metadata, moment, of_message, of_tenant, words

answers = Table(  # mails to people, each stage of a report at most once: the row is the intent
    "answers",
    metadata,
    key(),
    of_tenant(),
    Column("submission_id", Integer, ForeignKey("submissions.id"), nullable=False),
    Column("person_id", Integer, ForeignKey("people.id"), nullable=False),
    Column("template", String, nullable=False),
    Column("state", String, nullable=False),  # backend.store.answers.AnswerState
    Column("detail", Text, nullable=False, server_default=""),
    moment("intended_at"),
    moment("finished_at", nullable=True),
    Column("stage", String, nullable=False, server_default="verdict"),
    moment("due_at", nullable=True),  # not before: until then the report can be taken back
    words("sent_again_by"),
    UniqueConstraint("submission_id", "stage"),
    Index(None, "tenant_id", "state"),
)

contests = Table(  # verdicts that their reporters hold to be wrong, and what an operator made of that
    "contests",
    metadata,
    key(),
    of_tenant(),
    Column("submission_id", Integer, ForeignKey("submissions.id"), nullable=False),
    Column("person_id", Integer, ForeignKey("people.id"), nullable=False),
    of_message(),
    Column("decision_id", Integer, ForeignKey("decisions.id"), nullable=False),
    Column("comment", Text, nullable=False, server_default=""),
    Column("state", String, nullable=False),  # open, confirmed or unconfirmed
    moment("contested_at"),
    words("settled_by"),
    moment("settled_at", nullable=True),
    UniqueConstraint("tenant_id", "submission_id", "decision_id"),
    Index(None, "tenant_id", "message_id"),
    Index(None, "tenant_id", "person_id", "state"),
)

reply_texts = Table(  # what a tenant says to its people in its own words; without a row, as policy/replies has it
    "reply_texts",
    metadata,
    key(),
    of_tenant(),
    Column("template", String, nullable=False),
    Column("language", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("body", Text, nullable=False),
    Column("changed_by", String, nullable=False),
    moment("changed_at"),
    UniqueConstraint("tenant_id", "template", "language"),
)
