"""What operators taught, and the networks that learnt it."""

from sqlalchemy import JSON, Column, Float, ForeignKey, Index, Integer, String, Table, Text

from backend.store.tables.columns import key, metadata, moment, of_message, of_tenant, words

labels = Table(
    "labels",
    metadata,
    key(),
    of_tenant(),
    of_message(),
    Column("disposition", String, nullable=False),
    Column("source", String, nullable=False),  # operator, team, contest or seed
    Column("weight", Float, nullable=False, server_default="1"),  # in training
    Column("given_by", String, nullable=False),
    moment("given_at"),
    moment("revoked_at", nullable=True),
    words("revoked_by"),  # empty: replaced by a later judgement of the same person
    Column("revoked_why", Text, nullable=False, server_default=""),
    moment("followed_at", nullable=True),  # when everything that rests on it was decided anew; NULL: to be done
    Index(None, "tenant_id", "message_id"),
    Index(None, "tenant_id", "given_at"),
)

lessons = Table(  # which decision rests on which label
    "lessons",
    metadata,
    key(),
    of_tenant(),
    of_message(),
    Column("decision_id", Integer, ForeignKey("decisions.id"), nullable=False, unique=True),
    Column("label_id", Integer, ForeignKey("labels.id"), nullable=False),
    Column("how", String, nullable=False),  # same, similar, link or file
    Column("likeness", Float, nullable=False),
    moment("learned_at"),
    Index(None, "tenant_id", "label_id"),
    Index(None, "tenant_id", "message_id"),
)

candidates = Table(  # networks taught by a tenant's labels; their files lie with its evidence
    "candidates",
    metadata,
    key(),
    of_tenant(),
    words("name"),  # what verdicts call it
    Column("state", String, nullable=False),  # asked, learning, ready or failed
    words("based_on"),  # the checkpoint it started from
    words("weights_sha256"),
    words("card_sha256"),
    Column("progress", Float, nullable=False, server_default="0"),
    Column("measures", JSON, nullable=False),
    Column("label_ids", JSON, nullable=False),  # what it was taught
    Column("cause", Text, nullable=False, server_default=""),
    words("asked_by"),
    moment("asked_at"),
    moment("started_at", nullable=True),
    moment("finished_at", nullable=True),
    Index(None, "tenant_id", "asked_at"),
)

servings = Table(  # which network serves a tenant: the newest row; none, or one without a candidate: the installation's
    "servings",
    metadata,
    key(),
    of_tenant(),
    Column("candidate_id", Integer, ForeignKey("candidates.id"), nullable=True),
    words("set_by"),
    words("why"),  # promoted, rolled back
    moment("set_at"),
    Index(None, "tenant_id", "set_at"),
)
