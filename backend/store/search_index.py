"""Search index: what lies on top of search_documents, on each engine?

SQLite has an FTS5 table kept by triggers, PostgreSQL an index over an expression. Both see words that
`backend.store.words.terms` has cut and cleaned, parted by single spaces, and must not cut them again. FTS5 knows in
which column a word stands; for PostgreSQL the words of the columns that can be asked for by name are there twice, once
with the column's name before them.
"""

import sqlite_utils
from sqlalchemy import Connection, text

from backend.store.facets import MARK

COLUMNS = ("subject", "sender", "body", "keywords", "recipients", "domains", "own_id", "attachments", "reasons")
NAMED = ("subject", "sender", "recipients", "domains", "own_id", "attachments", "reasons")
FTS_TABLE = "search_documents_fts"
TOKENIZER = "ascii tokenchars '_'"  # anything above ASCII is part of a word, so words part at spaces only
_ALL = " || ' ' || ".join([*COLUMNS, *(f"'{n}{MARK}' || replace({n}, ' ', ' {n}{MARK}')" for n in NAMED)])
VECTOR = f"array_to_tsvector(array_remove(string_to_array({_ALL}, ' '), ''))"


def ensure(database: sqlite_utils.Database, *, rebuild: bool) -> None:
    """Make the FTS5 table and its triggers if they are missing or different; rebuild its content on request."""
    documents = database.table("search_documents")
    documents.enable_fts(COLUMNS, create_triggers=True, tokenize=TOKENIZER, replace=True)
    if rebuild:
        documents.rebuild_fts()


def count(tx: Connection) -> tuple[int, int]:
    """How many documents there are and how many the index holds; they differ when the index is out of step."""
    documents = tx.scalar(text("SELECT count(*) FROM search_documents")) or 0
    if tx.dialect.name != "sqlite":
        return documents, documents  # an expression index cannot be out of step
    return documents, tx.scalar(text(f"SELECT count(*) FROM {FTS_TABLE}_docsize")) or 0  # noqa: S608 - our constant
