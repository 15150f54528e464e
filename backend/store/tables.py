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


def _unique_unless_empty(table: str, *columns: str) -> Index:
    """Each of them once; any number that are empty in the last column."""
    filled = text(f"{columns[-1]} <> ''")
    name = f"uq_{table}_{'_'.join(columns)}"
    return Index(name, *columns, unique=True, sqlite_where=filled, postgresql_where=filled)


tenants = Table(
    "tenants",
    metadata,
    _id(),
    Column("slug", String, nullable=False, unique=True),
    Column("name", String, nullable=False),
    Column("provider", String, nullable=False),  # outlook, gmail or maildir
    _words("directory"),  # the provider's own id of the organisation: a Microsoft tenant, a Google customer
    _words("administrator"),  # whom the provider's directory is read as, where it asks for a person (Google)
    Column("policy", JSON, nullable=False),  # backend.policy.settings.TenantPolicy, the tenant's own numbers
    _at("created_at"),
    Index(
        "uq_tenants_directory",
        "provider",
        "directory",
        unique=True,
        sqlite_where=text("directory <> ''"),
        postgresql_where=text("directory <> ''"),
    ),
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
    Column("password_hash", String, nullable=False),  # empty: signs in through the provider only
    Column("role", String, nullable=False),
    Column("session_version", Integer, nullable=False, server_default="1"),
    _at("created_at"),
    _at("disabled_at", nullable=True),
    _words("email"),  # whom the provider must name at the first sign-in
    _words("issuer"),  # the provider and its own id of the person, from the first sign-in on
    _words("subject"),
    Column("must_change", Boolean, nullable=False, server_default=text("false")),  # somebody else knows the password
    _at("invited_until", nullable=True),
    _at("signed_in_at", nullable=True),  # the last time
    UniqueConstraint("name"),
    _unique_unless_empty("operators", "email"),
    _unique_unless_empty("operators", "issuer", "subject"),
)

sessions = Table(  # a row for each time an operator signed in: what a cookie names, and what can be ended from afar
    "sessions",
    metadata,
    _id(),
    _tenant(),
    Column("operator_id", Integer, ForeignKey("operators.id"), nullable=False),
    Column("version", Integer, nullable=False),  # the operator's session_version as of then
    Column("way", String, nullable=False),  # password or provider
    _words("source"),
    _words("agent"),
    _at("began_at"),
    _at("seen_at"),
    _at("until"),
    _at("ended_at", nullable=True),
    Index(None, "tenant_id", "operator_id"),
)

service_tokens = Table(  # of programs, each with the few things it may do
    "service_tokens",
    metadata,
    _id(),
    _tenant(),
    Column("name", String, nullable=False),
    Column("shown", String, nullable=False),  # its first characters
    Column("token_sha256", String(64), nullable=False, unique=True),
    Column("scopes", JSON, nullable=False),  # [backend.domain.people.Scope, ...]
    Column("created_by", Integer, ForeignKey("operators.id"), nullable=False),
    _at("created_at"),
    _at("expires_at", nullable=True),
    _at("last_used_at", nullable=True),
    _at("revoked_at", nullable=True),
    Index(None, "tenant_id"),
)

preferences = Table(  # how an operator likes to read; without a row, as the browser says
    "preferences",
    metadata,
    _id(),
    _tenant(),
    Column("operator_id", Integer, ForeignKey("operators.id"), nullable=False, unique=True),
    _words("language"),
    _words("time_zone"),
    Column("theme", String, nullable=False),
    Column("keys", Boolean, nullable=False),
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
    Column("by_hand", Boolean, nullable=False, server_default=text("false")),  # nothing merges it by itself any more
    Index(None, "tenant_id"),
)

campaign_changes = Table(  # merges and splits by operators, each with what its undo needs
    "campaign_changes",
    metadata,
    _id(),
    _tenant(),
    Column("kind", String, nullable=False),  # merge or split
    Column("from_campaign_id", Integer, ForeignKey("campaigns.id"), nullable=False),
    Column("to_campaign_id", Integer, ForeignKey("campaigns.id"), nullable=False),
    Column("message_ids", JSON, nullable=False),  # those that moved
    Column("by_hand_before", JSON, nullable=False),  # [from, to]: whether they were settled by hand already
    _words("changed_by"),
    _at("changed_at"),
    _at("undone_at", nullable=True),
    Index(None, "tenant_id", "from_campaign_id"),
    Index(None, "tenant_id", "to_campaign_id"),
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

landings = Table(  # where a message's links led; the hashes outlive the texts, so that a page or a kit is known again
    "landings",
    metadata,
    _id(),
    _tenant(),
    _message(),
    Column("number", Integer, nullable=False),  # of the link, in the order followed; 0 stands for "none to follow"
    Column("landing", JSON, nullable=False),  # model.contract.Landing, emptied when the message is forgotten
    _words("page_sha256"),  # of host and path
    _words("kit"),
    _at("followed_at"),
    UniqueConstraint("message_id", "number"),
    Index(None, "tenant_id", "page_sha256"),
    Index(None, "tenant_id", "kit"),
)

traits = Table(  # hashes of links and files that are a message's own: who shares one shares the attack
    "traits",
    metadata,
    _id(),
    _tenant(),
    _message(),
    Column("kind", String, nullable=False),  # link or file
    Column("value", String(64), nullable=False),
    Column("proven", Boolean, nullable=False),  # of a link: its own domain sent the message
    UniqueConstraint("message_id", "kind", "value"),
    Index(None, "tenant_id", "kind", "value"),
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

ONE_AT_A_TIME = "state IN ('awaiting_approval', 'running', 'stopped', 'done', 'incomplete', 'restoring')"

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
    _words("canary"),  # empty until the first copies were proven gone, or not: backend.domain.retraction.Canary
    Column("undoing", Boolean, nullable=False, server_default=text("false")),  # which way a retry of failures goes
    _at("finished_at", nullable=True),
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
    _id(),
    _tenant(),
    Column("retraction_id", Integer, ForeignKey("retractions.id"), nullable=False),
    Column("mailbox", String, nullable=False),
    Column("provider_copy_id", String, nullable=False),  # empty when the mailbox itself could not be searched
    _words("folder"),
    Column("state", JSON, nullable=False),
    Column("was_read", Boolean, nullable=True),  # its owner had opened it; empty where the mailbox does not tell
    _words("outcome"),  # empty = intended, not known to be done
    _words("held"),
    Column("detail", Text, nullable=False, server_default=""),
    _at("intended_at"),
    _at("asked_at", nullable=True),  # the provider was asked; without an outcome nobody knows what it did
    _at("finished_at", nullable=True),
    UniqueConstraint("retraction_id", "mailbox", "provider_copy_id"),
    Index(None, "tenant_id", "retraction_id"),
)

later_looks = Table(  # Post Delivery Response: when is which message looked for again, and what came of it?
    "later_looks",
    metadata,
    _id(),
    _tenant(),
    _message(),
    Column("decision_id", Integer, ForeignKey("decisions.id"), nullable=False),  # that made it necessary
    Column("source", String, nullable=False),  # operator, team or psr
    Column("after_minutes", Integer, nullable=False),
    _at("due_at"),
    Column("state", String, nullable=False),  # waiting or done
    _words("response"),  # nothing, would_retract or retract; empty while it waits
    _words("why"),  # the code of what kept it from acting
    Column("found", Integer, nullable=True),  # copies in sight; not counted when a retraction does the looking
    Column("retraction_id", Integer, ForeignKey("retractions.id"), nullable=True),
    _words("lease"),
    _at("leased_until", nullable=True),
    Column("attempts", Integer, nullable=False, server_default="0"),
    _at("finished_at", nullable=True),
    UniqueConstraint("message_id", "decision_id", "after_minutes"),
    Index(None, "tenant_id", "message_id"),
    Index(None, "state", "due_at"),
)

backtests = Table(  # what PSR would have done to the tenant's own history, as counted before it was switched on
    "backtests",
    metadata,
    _id(),
    _tenant(),
    Column("run_by", Integer, ForeignKey("operators.id"), nullable=False),
    _at("run_at"),
    Column("policy_mark", String(64), nullable=False),  # hash of the policy it was counted with
    Column("days", Integer, nullable=False),
    Column("looked_at", Integer, nullable=False),
    Column("would_retract", Integer, nullable=False),
    Column("confirmed", Integer, nullable=False),
    Column("wrong", Integer, nullable=False),
    Column("lower_bound", Float, nullable=False),
    Index(None, "tenant_id", "run_at"),
)

alarms = Table(  # what every operator's page says until somebody has acknowledged it
    "alarms",
    metadata,
    _id(),
    _tenant(),
    Column("kind", String, nullable=False),
    Column("detail", JSON, nullable=False),  # numbers only
    _at("raised_at"),
    Column("acknowledged_by", Integer, ForeignKey("operators.id"), nullable=True),
    _at("acknowledged_at", nullable=True),
    Index(None, "tenant_id", "acknowledged_at"),
)

labels = Table(
    "labels",
    metadata,
    _id(),
    _tenant(),
    _message(),
    Column("disposition", String, nullable=False),
    Column("source", String, nullable=False),  # operator, team, contest or seed
    Column("weight", Float, nullable=False, server_default="1"),  # in training
    Column("given_by", String, nullable=False),
    _at("given_at"),
    _at("revoked_at", nullable=True),
    _words("revoked_by"),  # empty: replaced by a later judgement of the same person
    Column("revoked_why", Text, nullable=False, server_default=""),
    _at("followed_at", nullable=True),  # when everything that rests on it was decided anew; NULL: to be done
    Index(None, "tenant_id", "message_id"),
    Index(None, "tenant_id", "given_at"),
)

lessons = Table(  # which decision rests on which label
    "lessons",
    metadata,
    _id(),
    _tenant(),
    _message(),
    Column("decision_id", Integer, ForeignKey("decisions.id"), nullable=False, unique=True),
    Column("label_id", Integer, ForeignKey("labels.id"), nullable=False),
    Column("how", String, nullable=False),  # same, similar, link or file
    Column("likeness", Float, nullable=False),
    _at("learned_at"),
    Index(None, "tenant_id", "label_id"),
    Index(None, "tenant_id", "message_id"),
)

candidates = Table(  # networks taught by a tenant's labels; their files lie with its evidence
    "candidates",
    metadata,
    _id(),
    _tenant(),
    _words("name"),  # what verdicts call it
    Column("state", String, nullable=False),  # asked, learning, ready or failed
    _words("based_on"),  # the checkpoint it started from
    _words("weights_sha256"),
    _words("card_sha256"),
    Column("progress", Float, nullable=False, server_default="0"),
    Column("measures", JSON, nullable=False),
    Column("label_ids", JSON, nullable=False),  # what it was taught
    Column("cause", Text, nullable=False, server_default=""),
    _words("asked_by"),
    _at("asked_at"),
    _at("started_at", nullable=True),
    _at("finished_at", nullable=True),
    Index(None, "tenant_id", "asked_at"),
)

servings = Table(  # which network serves a tenant: the newest row; none, or one without a candidate: the installation's
    "servings",
    metadata,
    _id(),
    _tenant(),
    Column("candidate_id", Integer, ForeignKey("candidates.id"), nullable=True),
    _words("set_by"),
    _words("why"),  # promoted, rolled back
    _at("set_at"),
    Index(None, "tenant_id", "set_at"),
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

operations = Table(  # what an operator did to many messages at once, so that it can be undone at once
    "operations",
    metadata,
    _id(),
    _tenant(),
    Column("operator_id", Integer, ForeignKey("operators.id"), nullable=False),
    Column("key", String, nullable=False),  # of the form that ordered it: the same form twice is one operation
    Column("kind", String, nullable=False),
    _words("value"),  # a disposition, an action or a status, as the kind asks for
    _at("at"),
    _at("undone_at", nullable=True),
    _at("leased_until", nullable=True),  # until when somebody works on it; after that, sweep finishes it
    UniqueConstraint("tenant_id", "operator_id", "key"),
    Index(None, "tenant_id", "operator_id", "at"),
)

operation_items = Table(  # one message of an operation: what stood before it, what it made, ids only
    "operation_items",
    metadata,
    _id(),
    _tenant(),
    Column("operation_id", Integer, ForeignKey("operations.id"), nullable=False),
    _message(),
    Column("before", JSON, nullable=False),
    Column("after", JSON, nullable=False),
    _words("outcome"),  # done, refused or undone; empty = intended
    Column("detail", Text, nullable=False, server_default=""),
    UniqueConstraint("operation_id", "message_id"),
    Index(None, "tenant_id", "message_id"),
)

saved_views = Table(  # an operator's own lists: a name for what the queue was asked for
    "saved_views",
    metadata,
    _id(),
    _tenant(),
    Column("operator_id", Integer, ForeignKey("operators.id"), nullable=False),
    Column("name", String, nullable=False),
    Column("asked", JSON, nullable=False),  # the query of the page's address, by its fields
    Column("opens_first", Boolean, nullable=False, server_default=text("false")),
    _at("saved_at"),
    UniqueConstraint("tenant_id", "operator_id", "name"),
)

notes = Table(  # what operators write beside a message: never edited, only struck out
    "notes",
    metadata,
    _id(),
    _tenant(),
    _message(),
    Column("body", Text, nullable=False),
    Column("written_by", String, nullable=False),  # operator:7
    _at("written_at"),
    _words("struck_by"),
    _at("struck_at", nullable=True),
    Index(None, "tenant_id", "message_id"),
)

escalations = Table(  # a user's submission put before the team, and the team submission that came of it
    "escalations",
    metadata,
    _id(),
    _tenant(),
    Column("submission_id", Integer, ForeignKey("submissions.id"), nullable=False, unique=True),
    Column("escalated_submission_id", Integer, ForeignKey("submissions.id"), nullable=False, unique=True),
    Column("escalated_as", String, nullable=False),
    Column("escalated_by", String, nullable=False),  # operator:7
    _at("escalated_at"),
    Index(None, "tenant_id"),
)

search_documents = Table(  # what search indexes, CJK already cut into bigrams; FTS5 or tsvector sits on top
    "search_documents",
    metadata,
    Column("message_id", Integer, ForeignKey("messages.id"), primary_key=True, autoincrement=False),
    _tenant(),
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
    _tenant(),
    _words("subject"),
    _words("sender"),
    Column("campaign_id", Integer, ForeignKey("campaigns.id"), nullable=True),
    _at("first_reported_at"),
    _at("last_reported_at"),
    Column("reports", Integer, nullable=False),
    Column("reporters", Integer, nullable=False),
    Column("mailboxes", Integer, nullable=False),
    _words("kinds"),  # user, team or both, parted by a space
    _words("submitted_as"),  # phish, spam or both
    _words("identities"),  # verified, unverified or both
    _words("disposition"),  # empty until decided
    Column("simulation", Boolean, nullable=False),
    Column("judged", Boolean, nullable=False),  # by an operator
    Column("base_margin", Float, nullable=True),
    Column("margin", Float, nullable=True),
    _words("reasons"),  # codes, if the network now catches it
    _words("retraction"),  # the state of the last one, empty when there is none
    Column("psr", Boolean, nullable=False),  # PSR retracted it
    Column("to_judge", Boolean, nullable=False),
    Column("review", Boolean, nullable=False),  # waits for a person
    Column("triage", String, nullable=False),
    Column("harm", Float, nullable=False),
    Column("band", Integer, nullable=False),
    Index(None, "tenant_id", "harm", "message_id"),
    Index("ix_queue_rows_newest", "tenant_id", "message_id"),
    Index("ix_queue_rows_campaign", "tenant_id", "campaign_id"),
)

audit = Table(  # append-only: a trigger refuses every change but the emptying of `source`
    "audit",
    metadata,
    _id(),
    _tenant(),
    _at("at"),
    Column("actor", String, nullable=False),
    Column("action", String, nullable=False),
    Column("subject", String, nullable=False),  # message:12, retraction:3, settings, ...
    Column("detail", JSON, nullable=False),  # ids and settings only, never content of mail
    _words("source"),  # the address it was done from, "command line", or empty for what Unhook did by itself
    Index(None, "tenant_id", "at"),
    Index(None, "tenant_id", "subject"),
    Index(None, "tenant_id", "actor"),
    Index(None, "tenant_id", "action"),
)

webhooks = Table(  # where events are sent; what signs them is not kept, it follows from the salt
    "webhooks",
    metadata,
    _id(),
    _tenant(),
    Column("name", String, nullable=False),
    Column("kind", String, nullable=False),  # webhook, siem or syslog
    Column("address", String, nullable=False),
    Column("salt", String, nullable=False),
    Column("events", JSON, nullable=False),  # actions of the audit log; empty means all
    _at("created_at"),
    _at("disabled_at", nullable=True),
    _words("lease"),
    _at("leased_until", nullable=True),
    _at("retry_at", nullable=True),
    Index(None, "tenant_id"),
)

deliveries = Table(  # the outbox: one event for one place, written with the event itself
    "deliveries",
    metadata,
    _id(),
    _tenant(),
    Column("webhook_id", Integer, ForeignKey("webhooks.id"), nullable=False),
    Column("audit_id", Integer, ForeignKey("audit.id"), nullable=False),
    Column("state", String, nullable=False),  # waiting, sent or given_up
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("cause", Text, nullable=False, server_default=""),
    _at("queued_at"),
    _at("finished_at", nullable=True),
    Index(None, "tenant_id", "webhook_id", "state", "audit_id"),
    Index(None, "state"),
)
