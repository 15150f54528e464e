"""Failed reports: which are a tenant's, without reading all of its reports?"""

from alembic import op
from sqlalchemy import text

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """One more index, of few rows."""
    failed = text("state = 'failed'")
    op.create_index(
        "ix_submissions_failed", "submissions", ["tenant_id", "id"], sqlite_where=failed, postgresql_where=failed
    )
