"""Scan: where in a whole database does a text still stand? Every column of every table, also those of the index."""

from sqlalchemy import inspect, text

from backend.store.database import Database


def places(database: Database, needle: str, besides: str = "") -> list[str]:
    """table.column of every value that holds the text, in any case; JSON also in its escaped form.

    `besides` is a longer text that holds it and may stand.
    """
    wanted = {needle.lower().encode(), needle.lower().encode("unicode_escape")}
    found = set()
    with database.read() as tx:
        for table in _tables(database, tx):
            columns = [column["name"] for column in inspect(tx).get_columns(table)]
            for row in tx.execute(text(f'SELECT * FROM "{table}"')):
                for column, value in zip(columns, row, strict=False):
                    if any(form in _bytes(value, besides) for form in wanted):
                        found.add(f"{table}.{column}")
    return sorted(found)


def _tables(database, tx):
    if database.dialect == "sqlite":  # the index's shadow tables too
        return list(tx.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")))
    return inspect(tx).get_table_names()


def _bytes(value: object, besides: str) -> bytes:
    raw = bytes(value) if isinstance(value, (bytes, memoryview)) else str(value).encode(errors="replace")
    return raw.lower().replace(besides.lower().encode(), b"\0") if besides else raw.lower()
