"""Mails put aside: which mails of a mailbox that is read could not be taken in, and when is each tried again?"""

from alembic import op
from sqlalchemy import Column, DateTime, Integer

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Every mail that is known was read."""
    op.add_column("polled_mails", Column("tries", Integer, nullable=False, server_default="0"))
    op.add_column("polled_mails", Column("again_at", DateTime, nullable=True))
