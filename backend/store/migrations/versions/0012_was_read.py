"""Was read: had its owner opened a copy before it was taken away?"""

from alembic import op
from sqlalchemy import Boolean, Column

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Of copies that are in the journal already nobody knows."""
    with op.batch_alter_table("copies") as batch:
        batch.add_column(Column("was_read", Boolean, nullable=True))
