"""Lists of senders, recipients and domains; rules that a tenant writes itself, with their versions and back-tests."""

from alembic import op
from sqlalchemy import JSON, Column, DateTime, ForeignKey, Integer, String, Text, UniqueConstraint, text

revision = "0019"
down_revision = "0017"

_STANDS = text("removed_at IS NULL")


def upgrade() -> None:
    """Every list is empty and nobody has written a rule yet."""
    op.create_table(
        "list_entries",
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("tenant_id", Integer, ForeignKey("tenants.id", name="fk_list_entries_tenant_id"), nullable=False),
        Column("kind", String, nullable=False),
        Column("pattern", String, nullable=False),
        Column("comment", Text, nullable=False, server_default=""),
        Column("added_by", String, nullable=False),
        Column("added_at", DateTime, nullable=False),
        Column("expires_at", DateTime, nullable=True),
        Column("removed_by", String, nullable=False, server_default=""),
        Column("removed_at", DateTime, nullable=True),
    )
    _unique_while_it_stands("list_entries", "tenant_id", "kind", "pattern")
    op.create_table(
        "own_rules",
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("tenant_id", Integer, ForeignKey("tenants.id", name="fk_own_rules_tenant_id"), nullable=False),
        Column("name", String, nullable=False),
        Column("active", Integer, nullable=True),
        Column("created_at", DateTime, nullable=False),
        Column("removed_at", DateTime, nullable=True),
    )
    _unique_while_it_stands("own_rules", "tenant_id", "name")
    op.create_table(
        "own_rule_versions",
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("tenant_id", Integer, ForeignKey("tenants.id", name="fk_own_rule_versions_tenant_id"), nullable=False),
        Column("rule_id", Integer, ForeignKey("own_rules.id", name="fk_own_rule_versions_rule_id"), nullable=False),
        Column("number", Integer, nullable=False),
        Column("source", Text, nullable=False),
        Column("meaning", Text, nullable=False),
        Column("says", String, nullable=False),
        Column("saved_by", String, nullable=False),
        Column("saved_at", DateTime, nullable=False),
        UniqueConstraint("rule_id", "number", name="uq_own_rule_versions_rule_id_number"),
    )
    op.create_index("ix_own_rule_versions_tenant_id_rule_id", "own_rule_versions", ["tenant_id", "rule_id"])
    version = ForeignKey("own_rule_versions.id", name="fk_own_rule_tests_version_id")
    op.create_table(
        "own_rule_tests",
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("tenant_id", Integer, ForeignKey("tenants.id", name="fk_own_rule_tests_tenant_id"), nullable=False),
        Column("version_id", Integer, version, nullable=False),
        Column("state", String, nullable=False),
        Column("asked_by", String, nullable=False),
        Column("asked_at", DateTime, nullable=False),
        Column("finished_at", DateTime, nullable=True),
        Column("total", Integer, nullable=False),
        Column("looked_at", Integer, nullable=False, server_default="0"),
        Column("below", Integer, nullable=True),
        Column("hits", JSON, nullable=False),
        Column("examples", JSON, nullable=False),
        Column("stopped", Integer, nullable=False, server_default="0"),
        Column("cause", String, nullable=False, server_default=""),
        Column("lease", String, nullable=False, server_default=""),
        Column("leased_until", DateTime, nullable=True),
    )
    op.create_index("ix_own_rule_tests_tenant_id_version_id", "own_rule_tests", ["tenant_id", "version_id"])
    op.create_index("ix_own_rule_tests_state_leased_until", "own_rule_tests", ["state", "leased_until"])


def _unique_while_it_stands(table: str, *columns: str) -> None:
    name = f"uq_{table}_{'_'.join(columns)}"
    op.create_index(name, table, list(columns), unique=True, sqlite_where=_STANDS, postgresql_where=_STANDS)
