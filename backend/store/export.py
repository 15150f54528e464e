"""Export: how does a tenant take its rows along? One file per table, as JSON lines or CSV, through sqlite-utils."""

import csv
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO
from unicodedata import normalize

import sqlite_utils
from sqlalchemy import JSON, Table

from backend.errors import BadInput, Conflict, StoreUnavailable
from backend.store import embedded
from backend.store.database import Database
from backend.store.tables import metadata

FORMATS = ("jsonl", "csv")
SECRET = {
    "tokens": {"token_sha256"},
    "service_tokens": {"token_sha256"},
    "webhooks": {"salt"},
    "operators": {"password_hash"},
}
INSTEAD = (
    "psql's \\copy (SELECT * FROM submissions WHERE tenant_id = 1) TO 'submissions.csv' CSV HEADER (docs/store.md)."
)


def export(database: Database, tenant_id: int, folder: Path, form: str = "jsonl") -> dict[str, int]:
    """Write one tenant's tables into a new folder; returns the rows per table. Evidence is copied by a backup.

    Raises BadInput on PostgreSQL and for an unknown form, Conflict when the folder is there already.
    """
    if form not in FORMATS:
        raise BadInput("%(form)s is none of %(forms)s.", form=form, forms=", ".join(FORMATS))
    embedded.file_of(database, INSTEAD)
    if folder.exists():
        raise Conflict("%(place)s is there already.", place=folder)
    try:
        folder.mkdir(mode=0o700, parents=True)
        with embedded.opened(database, INSTEAD) as store, store.atomic():  # all tables as of one moment
            return {table.name: _table(store, table, tenant_id, folder, form) for table in metadata.sorted_tables}
    except OSError as error:
        raise StoreUnavailable(f"the export could not be written to {folder}: {error}") from error


def _table(store: sqlite_utils.Database, table: Table, tenant_id: int, folder: Path, form: str) -> int:
    columns = [column.name for column in table.columns if column.name not in SECRET.get(table.name, ())]
    owner = "id" if table.name == "tenants" else "tenant_id"
    found = store.table(table.name).rows_where(f"{owner} = ?", [tenant_id], select=", ".join(f'"{c}"' for c in columns))
    rows = (_plain(table, row) for row in found)
    path = folder / f"{table.name}.{form}"
    with os.fdopen(
        os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8", newline=""
    ) as file:
        return _write_csv(file, columns, rows) if form == "csv" else _write_lines(file, rows)


def _plain(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    return {name: _value(table, name, value) for name, value in row.items()}


def _value(table: Table, name: str, value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return json.loads(value) if isinstance(table.columns[name].type, JSON) and value is not None else value


def _write_lines(file: TextIO, rows: Iterator[dict[str, Any]]) -> int:
    count = 0
    for row in rows:
        file.write(json.dumps(row, ensure_ascii=True) + "\n")
        count += 1
    return count


def _write_csv(file: TextIO, columns: list[str], rows: Iterator[dict[str, Any]]) -> int:
    writer = csv.DictWriter(file, columns)
    writer.writeheader()
    count = 0
    for row in rows:
        writer.writerow({name: cell(value) for name, value in row.items()})
        count += 1
    return count


def cell(value: Any) -> Any:
    """A subject that begins with =, after spaces or not, would be a formula to the spreadsheet that opens the file."""
    if isinstance(value, (dict, list)):
        return json.dumps(value)
    if not isinstance(value, str):
        return value
    first = normalize("NFKC", value.lstrip()[:1])  # some spreadsheets take the wide signs as well
    return f"'{value}" if first in ("=", "+", "-", "@") or value[:1] in ("\t", "\r", "\n") else value
