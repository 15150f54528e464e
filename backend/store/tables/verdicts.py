"""What the network said, what was decided, and what PSR's licence rests on."""

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from backend.store.tables.columns import key, metadata, moment, of_message, of_tenant, words

verdicts = Table(
    "verdicts",
    metadata,
    key(),
    of_tenant(),
    of_message(),
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
    moment("scored_at"),
    UniqueConstraint("message_id", "version"),
    Index(None, "tenant_id", "message_id"),
)

decisions = Table(
    "decisions",
    metadata,
    key(),
    of_tenant(),
    of_message(),
    Column("version", Integer, nullable=False),
    Column("verdict_id", Integer, ForeignKey("verdicts.id"), nullable=True),
    Column("disposition", String, nullable=False),
    Column("simulation", Boolean, nullable=False),
    Column("response", String, nullable=False),
    Column("action", String, nullable=False),
    Column("why", JSON, nullable=False),
    Column("decided_by", String, nullable=False),  # policy or operator:ID
    moment("decided_at"),
    UniqueConstraint("message_id", "version"),
    Index(None, "tenant_id", "message_id"),
)

psr_log = Table(  # one row per message PSR retracted or would have: the preview log and the licence's ledger
    "psr_log",
    metadata,
    key(),
    of_tenant(),
    of_message(),
    Column("decision_id", Integer, ForeignKey("decisions.id"), nullable=False),
    Column("response", String, nullable=False),  # would_retract or retract
    Column("action", String, nullable=False),
    Column("margin", Float, nullable=False),
    Column("to_judge", Boolean, nullable=False),  # in the random tenth that an operator must judge
    words("judged"),  # a disposition, empty until judged
    moment("judged_at", nullable=True),
    moment("logged_at"),
    UniqueConstraint("message_id"),
    Index(None, "tenant_id", "logged_at"),
)


backtests = Table(  # what PSR would have done to the tenant's own history, as counted before it was switched on
    "backtests",
    metadata,
    key(),
    of_tenant(),
    Column("run_by", Integer, ForeignKey("operators.id"), nullable=False),
    moment("run_at"),
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
    key(),
    of_tenant(),
    Column("kind", String, nullable=False),
    Column("detail", JSON, nullable=False),  # numbers only
    moment("raised_at"),
    Column("acknowledged_by", Integer, ForeignKey("operators.id"), nullable=True),
    moment("acknowledged_at", nullable=True),
    Index(None, "tenant_id", "acknowledged_at"),
)
