"""What a tenant says of senders itself, and the rules it wrote."""

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint, text

from backend.store.tables.columns import key, metadata, moment, of_tenant, words

_STANDS = text("removed_at IS NULL")

list_entries = Table(
    "list_entries",
    metadata,
    key(),
    of_tenant(),
    Column("kind", String, nullable=False),
    Column("pattern", String, nullable=False),
    Column("comment", Text, nullable=False, server_default=""),
    Column("added_by", String, nullable=False),
    moment("added_at"),
    moment("expires_at", nullable=True),
    words("removed_by"),
    moment("removed_at", nullable=True),
    Index(
        "uq_list_entries_tenant_id_kind_pattern",
        "tenant_id",
        "kind",
        "pattern",
        unique=True,
        sqlite_where=_STANDS,
        postgresql_where=_STANDS,
    ),
)

own_rules = Table(  # YARA rules of a tenant; what they say lies in their versions
    "own_rules",
    metadata,
    key(),
    of_tenant(),
    Column("name", String, nullable=False),
    Column("active", Integer, nullable=True),  # the number of the version that acts; NULL: off
    moment("created_at"),
    moment("removed_at", nullable=True),
    Index(
        "uq_own_rules_tenant_id_name",
        "tenant_id",
        "name",
        unique=True,
        sqlite_where=_STANDS,
        postgresql_where=_STANDS,
    ),
)

own_rule_versions = Table(  # never edited
    "own_rule_versions",
    metadata,
    key(),
    of_tenant(),
    Column("rule_id", Integer, ForeignKey("own_rules.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("source", Text, nullable=False),
    Column("meaning", Text, nullable=False),  # what a match means, for whoever reads the message
    Column("says", String, nullable=False),  # malicious, suspicious or note
    Column("saved_by", String, nullable=False),
    moment("saved_at"),
    UniqueConstraint("rule_id", "number"),
    Index(None, "tenant_id", "rule_id"),
)

own_rule_tests = Table(  # back-tests: a version run over stored mail
    "own_rule_tests",
    metadata,
    key(),
    of_tenant(),
    Column("version_id", Integer, ForeignKey("own_rule_versions.id"), nullable=False),
    Column("state", String, nullable=False),  # running, finished or failed
    Column("asked_by", String, nullable=False),
    moment("asked_at"),
    moment("finished_at", nullable=True),
    Column("total", Integer, nullable=False),  # messages to look at
    Column("looked_at", Integer, nullable=False, server_default="0"),
    Column("below", Integer, nullable=True),  # messages with smaller numbers are still to be looked at; NULL: all
    Column("hits", JSON, nullable=False),  # how many, by what they stand as
    Column("examples", JSON, nullable=False),  # the newest messages that it hits
    Column("stopped", Integer, nullable=False, server_default="0"),  # scans that took too long
    words("cause"),
    words("lease"),
    moment("leased_until", nullable=True),
    Index(None, "tenant_id", "version_id"),
    Index(None, "state", "leased_until"),
)
