"""Operations have a lease: what a crash leaves of an order for many messages is found and finished."""

from alembic import op
from sqlalchemy import Column, DateTime

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Nobody works on an operation that is there already."""
    with op.batch_alter_table("operations") as batch:
        batch.add_column(Column("leased_until", DateTime, nullable=True))
