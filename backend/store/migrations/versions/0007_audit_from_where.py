"""Audit: from where was it done? And from here on, no line of the log can be changed or deleted."""

from alembic import op
from sqlalchemy import Column, String

revision = "0007"
down_revision = "0006"

SAME = ("id", "tenant_id", "at", "actor", "action", "subject")
# The one change that is allowed: an erasure takes away the address of somebody who is to be forgotten.
SQLITE = [
    f"""
    CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
    WHEN NEW.source <> '' OR {" OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in (*SAME, "detail"))}
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
    """,
    """
    CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
    """,
]
POSTGRESQL = [
    f"""
    CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'UPDATE' THEN
        IF NEW.source = '' AND NEW.detail::text = OLD.detail::text
           AND {" AND ".join(f"NEW.{name} = OLD.{name}" for name in SAME)}
        THEN RETURN NEW; END IF;
      END IF;
      RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    """
    CREATE TRIGGER audit_is_not_changed BEFORE UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_is_append_only()
    """,
    """
    CREATE TRIGGER audit_is_not_emptied BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()
    """,
]


def upgrade() -> None:
    """Lines that are there keep an empty source: nobody wrote down where they came from."""
    op.add_column("audit", Column("source", String, nullable=False, server_default=""))
    for column in ("actor", "action"):
        op.create_index(f"ix_audit_tenant_id_{column}", "audit", ["tenant_id", column])
    for statement in POSTGRESQL if op.get_context().dialect.name == "postgresql" else SQLITE:
        op.execute(statement)
