"""Columns that many tables have, and the one list of all tables."""

from sqlalchemy import (
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
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


def key() -> Column[int]:
    """What rows are named by."""
    return Column("id", Integer, primary_key=True, autoincrement=True)


def of_tenant() -> Column[int]:
    """Whose row it is: every table but the tenants' has it, and every query names it."""
    return Column("tenant_id", Integer, ForeignKey("tenants.id"), nullable=False)


def of_message() -> Column[int]:
    """The message that a row speaks of."""
    return Column("message_id", Integer, ForeignKey("messages.id"), nullable=False)


def moment(name: str, *, nullable: bool = False) -> Column[object]:
    """A time, in UTC without a zone."""
    return Column(name, DateTime, nullable=nullable)


def words(name: str, *, nullable: bool = False) -> Column[str]:
    """A short text that is empty rather than NULL."""
    return Column(name, String, nullable=nullable, server_default="")


def unique_unless_empty(table: str, *columns: str) -> Index:
    """Each of them once; any number that are empty in the last column."""
    filled = text(f"{columns[-1]} <> ''")
    name = f"uq_{table}_{'_'.join(columns)}"
    return Index(name, *columns, unique=True, sqlite_where=filled, postgresql_where=filled)
