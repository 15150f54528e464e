"""The migrations make exactly backend.store.tables, on both engines, however many processes start at once."""

import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from backend.errors import StoreUnavailable
from backend.store import database as database_module
from backend.store import search_index
from backend.store.database import open_database, upgrade, version
from backend.store.tables import metadata

OURS_BY_HAND = "search_documents_fts"  # SQLite's index and its shadow tables; PostgreSQL's is checked below


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request, tmp_path):
    return (
        f"sqlite:///{tmp_path}/new/unhook.db"
        if request.param == "sqlite"
        else request.getfixturevalue("empty_postgres_url")
    )


def differences(tx):
    def ours(thing, name, kind, _reflected, _other):
        return not (name or "").startswith((OURS_BY_HAND, "ix_search_documents_vector"))

    options = {"compare_type": True, "compare_server_default": other_default, "include_object": ours}
    return compare_metadata(MigrationContext.configure(tx, opts=options), metadata)


def other_default(context, _column, _wanted_column, found, _default, wanted):
    """Alembic stumbles over SQLite's DEFAULT ''; None leaves the question to Alembic."""
    if context.dialect.name != "sqlite":
        return None
    return (found and found.strip("()'")) != (wanted and wanted.strip("()'"))


def test_the_migrated_tables_are_the_tables_of_the_program(database):
    with database.read() as tx:
        assert differences(tx) == []


def test_a_column_that_the_migrations_forgot_would_be_noticed(database):
    with database.begin() as tx:
        tx.execute(text("ALTER TABLE people DROP COLUMN name"))
        assert [difference[0] for difference in differences(tx)] == ["add_column"]


def test_a_default_that_the_migrations_forgot_would_be_noticed(database, monkeypatch):
    monkeypatch.setattr(metadata.tables["answers"].c.detail, "server_default", None)
    with database.read() as tx:
        assert [difference[0][:4] for difference in differences(tx)] == [("modify_default", None, "answers", "detail")]


def test_names_of_keys_and_constraints_are_those_of_the_program(database):
    with database.read() as tx:
        for table in metadata.sorted_tables:
            made = inspect(tx)
            names = {unique["name"] for unique in made.get_unique_constraints(table.name)}
            names |= {key["name"] for key in made.get_foreign_keys(table.name)}
            names |= {made.get_pk_constraint(table.name)["name"]}
            names |= {index["name"] for index in made.get_indexes(table.name) if not index.get("duplicates_constraint")}
            wanted = {constraint.name for constraint in table.constraints} | {index.name for index in table.indexes}
            assert names - {"ix_search_documents_vector"} == wanted, table.name


def test_only_one_retraction_of_a_message_is_under_way(database):
    with database.begin() as tx:
        tx.execute(
            text(
                "INSERT INTO tenants (id, slug, name, provider, policy, created_at)"
                " VALUES (1, 'a', 'A', 'maildir', '{}', '2026-01-01')"
            )
        )
        tx.execute(
            text(
                "INSERT INTO messages (id, tenant_id, fingerprint, evidence_sha256, evidence_source, facts,"
                " first_reported_at) VALUES (1, 1, 'f', 's', 'fetched', '{}', '2026-01-01')"
            )
        )
        for state in ("restored", "refused", "restored", "running"):
            retract(tx, state)
    with pytest.raises(IntegrityError, match=r"one_at_a_time|retractions\.message_id"), database.begin() as tx:
        retract(tx, "awaiting_approval")


def retract(tx, state):
    tx.execute(
        text(
            "INSERT INTO retractions (tenant_id, message_id, state, action, automatic, ordered_by, ordered_at,"
            " approved_by) VALUES (1, 1, :state, 'trash', false, 'policy', '2026-01-01', '[]')"
        ),
        {"state": state},
    )


def test_postgres_searches_through_its_index(postgres_database):
    query = f"EXPLAIN SELECT message_id FROM search_documents WHERE {search_index.VECTOR} @@ 'word'::tsquery"
    with postgres_database.begin() as tx:
        tx.execute(text("SET LOCAL enable_seqscan = off"))
        plan = "\n".join(tx.scalars(text(query)))
    assert "ix_search_documents_vector" in plan


def test_upgrading_twice_changes_nothing(empty_url):
    database = open_database(empty_url)
    assert version(database)[0] is None
    upgrade(database)
    upgrade(database)
    with database.read() as tx:
        assert differences(tx) == []
    database.close()


def test_processes_that_start_at_once_upgrade_once(empty_url):
    program = (
        "import sys; from backend.store.database import *; d = open_database(sys.argv[1]); upgrade(d);"
        " print(version(d)[0]); d.close()"
    )
    starts = [
        subprocess.Popen([sys.executable, "-c", program, empty_url], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    answers = [start.communicate(timeout=120)[0].strip() for start in starts]
    database = open_database(empty_url)
    assert answers == [version(database)[1]] * 4
    database.close()


def test_an_upgrade_that_fails_half_way_leaves_nothing_behind(empty_url, monkeypatch):
    database = open_database(empty_url)
    migrate = database_module._migrate

    def and_then_the_power_goes(connection):
        migrate(connection)
        raise StoreUnavailable("power")

    monkeypatch.setattr(database_module, "_migrate", and_then_the_power_goes)
    with pytest.raises(StoreUnavailable, match="power"):
        upgrade(database)
    with database.read() as tx:
        assert inspect(tx).get_table_names() == []
    database.close()


def test_the_search_index_is_made_again_when_it_was_lost(sqlite_database):
    with sqlite_database.begin() as tx:
        tx.execute(text("DROP TABLE search_documents_fts"))
        for suffix in ("ai", "ad", "au"):
            tx.execute(text(f"DROP TRIGGER search_documents_{suffix}"))
    upgrade(sqlite_database)
    with sqlite_database.read() as tx:
        assert search_index.count(tx) == (0, 0)
        triggers = tx.scalars(text("SELECT name FROM sqlite_master WHERE name LIKE 'search_documents_a_'")).all()
    assert len(triggers) == 3
