"""The store keeps its promises on both engines: all or nothing, one moment, an end to every wait."""

import multiprocessing
import os
import stat
import threading
from contextlib import suppress
from datetime import datetime

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError

from backend.errors import BadInput, StoreUnavailable
from backend.store import engines
from backend.store.database import Database, open_database, upgrade, version
from backend.store.tables import tenants

NOW = datetime(2026, 1, 2, 3, 4, 5)


def add(database: Database, *names: str) -> None:
    """All of these tenants, or none."""
    with database.begin() as tx:
        for name in names:
            tx.execute(insert(tenants).values(tenant(name)))


def tenant(slug: str) -> dict[str, object]:
    return {"slug": slug, "name": slug, "provider": "maildir", "policy": {}, "created_at": NOW}


def slugs(database: Database) -> list[str]:
    with database.read() as tx:
        return list(tx.scalars(select(tenants.c.slug).order_by(tenants.c.slug)))


def test_what_is_written_in_one_transaction_is_there_in_the_next(database):
    add(database, "a")
    assert slugs(database) == ["a"]


def test_an_exception_undoes_the_whole_transaction(database):
    with suppress(RuntimeError), database.begin() as tx:
        tx.execute(insert(tenants).values(tenant("a")))
        raise RuntimeError
    assert slugs(database) == []


def test_a_broken_rule_of_the_tables_stays_an_integrity_error(database):
    with pytest.raises(IntegrityError):
        add(database, "b", "a", "a")
    assert slugs(database) == []


def test_rows_cannot_point_nowhere(database):
    with pytest.raises(IntegrityError), database.begin() as tx:
        tx.execute(text("INSERT INTO campaigns (tenant_id, first_seen_at) VALUES (99, '2026-01-01 00:00:00')"))


def test_writing_through_a_read_is_refused(database):
    with pytest.raises(Exception, match=r"read-?only"), database.read() as tx:
        tx.execute(insert(tenants).values(tenant("a")))
    assert slugs(database) == []


def test_a_connection_that_read_can_write_next(database):
    for slug in ("a", "b"):
        slugs(database)
        add(database, slug)
    assert slugs(database) == ["a", "b"]


def test_a_read_sees_one_moment(database):
    with database.read() as reading:
        before = reading.scalar(text("SELECT count(*) FROM tenants"))
        add(database, "a")
        assert reading.scalar(text("SELECT count(*) FROM tenants")) == before
    assert slugs(database) == ["a"]


def test_writers_in_many_threads_wait_for_each_other(database):
    def work(number: int) -> None:
        for turn in range(5):
            with database.begin() as tx:
                tx.scalar(text("SELECT count(*) FROM tenants"))  # reads first: the trap for a deferred BEGIN
                tx.execute(insert(tenants).values(tenant(f"{number}-{turn}")))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(slugs(database)) == 40


def test_a_process_that_forks_does_not_share_its_connections(database):
    assert slugs(database) == []

    def child() -> None:
        add(database, "child")
        os._exit(0)

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join(30)
    assert process.exitcode == 0
    assert slugs(database) == ["child"]


def test_every_sqlite_connection_syncs_each_commit_and_checks_references(sqlite_database):
    with sqlite_database.begin() as tx:
        found = {name: tx.exec_driver_sql(f"PRAGMA {name}").scalar() for name in PRAGMAS}
    assert found == PRAGMAS


PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": 2,
    "foreign_keys": 1,
    "secure_delete": 1,
    "busy_timeout": engines.BUSY_MS,
}


def test_postgres_waits_have_an_end_and_commits_are_synced(postgres_database):
    with postgres_database.begin() as tx:
        found = {name: tx.exec_driver_sql(f"SHOW {name}").scalar() for name in POSTGRES}
    assert found == POSTGRES


POSTGRES = {
    "statement_timeout": "30s",
    "lock_timeout": "20s",
    "idle_in_transaction_session_timeout": "2min",
    "synchronous_commit": "on",
    "TimeZone": "UTC",
}


def test_a_server_that_was_told_to_relax_still_syncs_our_commits(postgres_url):
    first = open_database(postgres_url)
    name = first.engine.url.database
    with first.begin() as tx:
        tx.exec_driver_sql(f"ALTER DATABASE {name} SET synchronous_commit = off")
    first.close()

    second = open_database(postgres_url)
    with second.read() as tx:
        assert tx.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    second.close()


def test_the_embedded_store_is_closed_to_other_users(tmp_path):
    database = open_database(f"sqlite:///{tmp_path}/var/unhook.db")
    upgrade(database)
    add(database, "a")
    folder = tmp_path / "var"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == dict.fromkeys(("unhook.db", "unhook.db-wal", "unhook.db-shm", "unhook.db.lock"), 0o600)
    database.close()


def test_a_writer_that_never_gets_its_turn_is_told_that_nothing_was_kept(sqlite_database, monkeypatch):
    monkeypatch.setattr(engines, "BUSY_MS", 50)
    impatient = open_database(str(sqlite_database.engine.url))
    with sqlite_database.begin() as tx:
        tx.execute(insert(tenants).values(tenant("first")))
        with pytest.raises(StoreUnavailable, match="locked"), impatient.begin():
            pass
    impatient.close()
    assert slugs(sqlite_database) == ["first"]


def test_an_embedded_store_that_is_no_database_is_unavailable(tmp_path):
    (tmp_path / "unhook.db").write_bytes(b"these are not the pages you are looking for" * 200)
    with pytest.raises(StoreUnavailable, match="not a database"):
        open_database(f"sqlite:///{tmp_path}/unhook.db")


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        open_database(f"sqlite:///{tmp_path}/file/unhook.db")


def test_a_server_that_is_away_is_unavailable_and_its_password_stays_secret(tmp_path):
    database = open_database(f"postgresql://unhook:hunter2@/unhook?host={tmp_path}")
    with pytest.raises(StoreUnavailable) as caught, database.begin():
        pass
    assert "hunter2" not in str(caught.value)


def test_a_server_that_comes_back_is_used_again(postgres_database):
    slugs(postgres_database)
    with postgres_database.begin() as tx:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        tx.exec_driver_sql(f"{others} AND pid <> pg_backend_pid()")
    with pytest.raises(StoreUnavailable), postgres_database.begin() as tx:
        tx.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")
    assert slugs(postgres_database) == []


def test_errors_never_show_what_was_to_be_written(database):
    secret = "somebody's private words"
    add(database, "a")
    with pytest.raises(IntegrityError) as caught, database.begin() as tx:
        tx.execute(insert(tenants).values({**tenant("a"), "name": secret}))
    assert secret not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["mysql://host/name", "sqlite://", "sqlite:///:memory:", "sqlite:///file:x?uri=true", "not a url", ""]
)
def test_a_database_that_unhook_cannot_use_is_refused_in_words(url):
    with pytest.raises(BadInput, match=r"sqlite|SQLite|database URL"):
        open_database(url)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg", "postgresql+asyncpg"])
def test_every_way_to_write_postgresql_leads_to_psycopg(scheme):
    assert engines.parse_url(f"{scheme}://user@host/name").drivername == "postgresql+psycopg"


def test_a_migrated_store_knows_that_it_is_up_to_date(database):
    current, newest = version(database)
    assert current == newest is not None
