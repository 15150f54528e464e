"""Search index: what lies on top of search_documents, on each engine?

SQLite has an FTS5 table kept by triggers, PostgreSQL an index over an expression. Both see words that
`backend.store.search.terms` has cut and cleaned, parted by single spaces, and must not cut them again.
"""

import sqlite_utils
from sqlalchemy import Connection, text

COLUMNS = ("subject", "sender", "body", "keywords")
FTS_TABLE = "search_documents_fts"
TOKENIZER = "ascii tokenchars '_'"  # anything above ASCII is part of a word, so words part at spaces only
VECTOR = (
    "array_to_tsvector(array_remove("
    "string_to_array(subject || ' ' || sender || ' ' || body || ' ' || keywords, ' '), ''))"
)


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
