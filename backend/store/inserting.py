"""Inserting: how is a row added unless it is there already, on either engine?"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_unless_there(tx: Connection, table: Table, values: Mapping[str, Any]) -> int | None:
    """Insert one row and return its id; None when a unique constraint says that it is there already."""
    insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    statement = insert(table).values(**values).on_conflict_do_nothing().returning(table.c.id)
    return tx.execute(statement).scalar()


def insert_those_missing(tx: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert many rows; those that a unique constraint says are there already stay as they are."""
    insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    if rows:
        tx.execute(insert(table).on_conflict_do_nothing(), list(rows))
