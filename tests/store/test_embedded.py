"""The embedded store can be backed up while in use, restored byte for byte, exported and kept in order."""

import csv
import hashlib
import json
import subprocess
import threading
from datetime import timedelta

import pytest
import sqlite_utils
from rows import NOW, add_message, add_person, add_submission, add_tenant
from sqlalchemy import select, text, update

from backend.domain.people import Role
from backend.domain.submission import Kind
from backend.errors import BadInput, Conflict, StoreUnavailable
from backend.store import backup, embedded, evidence, export, people, search
from backend.store.database import open_database
from backend.store.evidence import EvidenceStore
from backend.store.tables import evidence as evidence_rows
from backend.store.tables import messages, metadata


@pytest.fixture
def kept(tmp_path):
    return EvidenceStore(str(tmp_path / "evidence"))


@pytest.fixture
def tenant(sqlite_database):
    with sqlite_database.begin() as tx:
        return add_tenant(tx)


def keep_mail(database, kept, tenant, number):
    """What intake and parse do, in their order: bytes first, then rows."""
    raw = b"Subject: %d\r\n\r\n" % number + bytes(range(256)) * (number % 40)
    sha256 = kept.keep(tenant, raw)
    with database.begin() as tx:
        evidence.record(tx, tenant, sha256, len(raw), NOW)
        message = add_message(tx, tenant, f"fingerprint-{number}", evidence_sha256=sha256)
        search.index_message(tx, tenant, message, f"Mail {number}", "", "body", "")
    return sha256


def dump(path):
    with sqlite_utils.Database(path, execute_plugins=False) as database:
        return list(database.conn.iterdump())


def test_a_backup_made_while_writes_go_on_is_whole_and_restores_byte_for_byte(sqlite_database, kept, tenant, tmp_path):
    for number in range(30):
        keep_mail(sqlite_database, kept, tenant, number)
    stop, written = threading.Event(), []

    def write():
        number = 1000
        while not stop.is_set():
            written.append(keep_mail(sqlite_database, kept, tenant, number))
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    made = [backup.back_up(sqlite_database, kept, tmp_path / "backups", NOW + timedelta(hours=h)) for h in range(3)]
    stop.set()
    writer.join()

    assert len(written) > 3
    assert made[0].pieces >= 30
    for number, one in enumerate(made):
        assert one.lost == ()
        assert backup.verify(one.folder) == []
        check_restored(one, tmp_path / f"restored-{number}", kept, tenant)


def check_restored(made, home, original, tenant):
    copies = EvidenceStore(str(home / "evidence"))
    assert backup.restore(made.folder, home / "unhook.db", copies) == made.pieces
    assert dump(made.folder / "unhook.db") == dump(home / "unhook.db")

    database = open_database(f"sqlite:///{home}/unhook.db")
    with database.read() as tx:
        named = tx.scalars(select(messages.c.evidence_sha256)).all()
        found = search.find(tx, tenant, "mail", limit=500)
    assert len(named) == made.pieces == len(found)
    assert all(copies.read(tenant, sha256) == original.read(tenant, sha256) for sha256 in named)
    assert embedded.problems(database) == []
    database.close()


def test_a_backup_can_be_checked_without_unhook(sqlite_database, kept, tenant, tmp_path):
    keep_mail(sqlite_database, kept, tenant, 1)
    made = backup.back_up(sqlite_database, kept, tmp_path / "backups", NOW)
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=made.folder, check=True)


def test_evidence_that_is_lost_is_named_and_evidence_that_expired_is_not(sqlite_database, kept, tenant, tmp_path):
    lost, expired = (keep_mail(sqlite_database, kept, tenant, number) for number in (1, 2))
    kept.delete(tenant, lost)
    copied = backup._copy_database

    def then_retention_runs(database, target):
        size = copied(database, target)
        kept.delete(tenant, expired)
        with database.begin() as tx:
            tx.execute(update(evidence_rows).where(evidence_rows.c.sha256 == expired).values(deleted_at=NOW))
        return size

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backup, "_copy_database", then_retention_runs)
        made = backup.back_up(sqlite_database, kept, tmp_path / "backups", NOW)
    assert made.pieces == 0
    assert [lost in sentence for sentence in made.lost] == [True]


@pytest.mark.parametrize("damage", ["changed", "cut", "gone", "renamed", "unfinished", "stray"])
def test_a_damaged_backup_is_noticed_and_restores_nothing(sqlite_database, kept, tenant, tmp_path, damage):
    sha256 = keep_mail(sqlite_database, kept, tenant, 1)
    folder = backup.back_up(sqlite_database, kept, tmp_path / "backups", NOW).folder
    piece = folder / "evidence" / str(tenant) / sha256[:2] / sha256
    sums = folder / "SHA256SUMS"
    match damage:
        case "changed":
            piece.write_bytes(b"something else")
        case "cut":
            (folder / "unhook.db").write_bytes((folder / "unhook.db").read_bytes()[:-4096])
        case "gone":
            piece.unlink()
        case "renamed":
            piece.write_bytes(b"other")
            sums.write_text(sums.read_text().replace(f"{sha256}  ", f"{hashlib.sha256(b'other').hexdigest()}  "))
        case "unfinished":
            sums.unlink()
        case "stray":
            sums.write_text("")

    assert backup.verify(folder)
    with pytest.raises(BadInput, match="cannot be restored"):
        backup.restore(folder, tmp_path / "new" / "unhook.db", EvidenceStore(str(tmp_path / "new" / "evidence")))
    assert not (tmp_path / "new").exists()


def test_a_restore_never_writes_over_a_store(sqlite_database, kept, tenant, tmp_path):
    folder = backup.back_up(sqlite_database, kept, tmp_path / "backups", NOW).folder
    with pytest.raises(Conflict, match="already"):
        backup.restore(folder, embedded.file_of(sqlite_database, ""), kept)
    with pytest.raises(Conflict, match="already"):
        backup.back_up(sqlite_database, kept, tmp_path / "backups", NOW)


def test_a_backup_that_cannot_be_written_leaves_nothing_half_done(sqlite_database, kept, tenant, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreUnavailable, match="could not be written"):
        backup.back_up(sqlite_database, kept, tmp_path / "file" / "backups", NOW)
    broken = EvidenceStore(str(tmp_path / "file"))
    keep_mail(sqlite_database, kept, tenant, 1)
    with pytest.raises(StoreUnavailable):
        backup.back_up(sqlite_database, broken, tmp_path / "backups", NOW)
    assert list((tmp_path / "backups").iterdir()) == []


def test_backups_and_exports_are_closed_to_other_users(sqlite_database, kept, tenant, tmp_path):
    keep_mail(sqlite_database, kept, tenant, 1)
    folder = backup.back_up(sqlite_database, kept, tmp_path / "backups", NOW).folder
    export.export(sqlite_database, tenant, tmp_path / "export")
    for top in (folder, tmp_path / "export"):
        for path in (top, *top.rglob("*")):
            assert path.stat().st_mode & 0o077 == 0, path


def test_on_postgresql_each_tool_says_what_to_use_instead(postgres_database, kept, tmp_path):
    for use, instead in (
        (lambda: backup.back_up(postgres_database, kept, tmp_path, NOW), "pg_dump"),
        (lambda: export.export(postgres_database, 1, tmp_path / "export"), "copy"),
        (lambda: embedded.optimise(postgres_database), "autovacuum"),
        (lambda: embedded.size(postgres_database), "pg_database_size"),
    ):
        with pytest.raises(BadInput, match=instead):
            use()
    assert list(tmp_path.iterdir()) == []


def filled_tenant(database, slug):
    with database.begin() as tx:
        tenant = add_tenant(tx, slug)
        person = add_person(tx, tenant, f"ana@{slug}.example")
        message = add_message(tx, tenant, "f", subject=f"=HYPERLINK({slug})", facts={"text": "Grüße\n銀行"})
        add_submission(tx, tenant, person, message, comment=f"looks odd, {slug}")
        people.issue_token(tx, tenant, person, Kind.USER, NOW)
        people.add_operator(tx, tenant, f"op-{slug}", "correct horse battery", Role.OWNER, NOW)
    return tenant


def test_an_export_holds_this_tenants_rows_and_nobody_elses_and_no_secrets(sqlite_database, tmp_path):
    north, _south = filled_tenant(sqlite_database, "north"), filled_tenant(sqlite_database, "south")
    counts = export.export(sqlite_database, north, tmp_path / "export")
    assert set(counts) == set(metadata.tables)
    assert {name for name, count in counts.items() if count} == {
        "tenants",
        "people",
        "messages",
        "submissions",
        "tokens",
        "operators",
    }
    lines = [json.loads(line) for line in (tmp_path / "export" / "messages.jsonl").read_text().splitlines()]
    assert [line["facts"] for line in lines] == [{"text": "Grüße\n銀行"}]
    everything = "".join(path.read_text() for path in (tmp_path / "export").iterdir())
    assert "north" in everything
    assert not any(secret in everything for secret in ("south", "argon2", "password_hash", "token_sha256"))


def test_a_csv_export_holds_no_formulas(sqlite_database, tmp_path):
    north = filled_tenant(sqlite_database, "north")
    export.export(sqlite_database, north, tmp_path / "export", "csv")
    with (tmp_path / "export" / "messages.csv").open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert row["subject"] == "'=HYPERLINK(north)"
    assert json.loads(row["facts"]) == {"text": "Grüße\n銀行"}
    with pytest.raises(BadInput, match="jsonl, csv"):
        export.export(sqlite_database, north, tmp_path / "other", "xls")


@pytest.mark.parametrize("value", ["=1", " =1", "\uff1d1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "\u00a0=1"])
def test_what_a_spreadsheet_would_count_is_text(value):
    assert export.cell(value) == f"'{value}"


@pytest.mark.parametrize("value", ["", "a=1", "2026-01-01", -1, 0.5, None])
def test_what_a_spreadsheet_would_not_count_stays_as_it_is(value):
    assert export.cell(value) == value


def test_optimising_empties_the_log_and_keeps_every_row(sqlite_database, kept, tenant):
    for number in range(20):
        keep_mail(sqlite_database, kept, tenant, number)
    assert embedded.size(sqlite_database).log > 0
    assert embedded.optimise(sqlite_database).log == 0
    with sqlite_database.read() as tx:
        assert len(search.find(tx, tenant, "mail")) == 20


def test_a_store_in_good_order_has_no_problems(database):
    assert embedded.problems(database) == []


def test_what_is_wrong_with_a_store_is_said_in_sentences(sqlite_database, tenant):
    with sqlite_database.begin() as tx:
        add_message(tx, tenant)
        for trigger in ("search_documents_ai", "search_documents_au"):  # the row in the list updates the document too
            tx.execute(text(f"DROP TRIGGER {trigger}"))
        search.index_message(tx, tenant, 1, "unseen", "", "", "")
    assert embedded.problems(sqlite_database) == ["The search index holds 0 of 1 messages: run unhook migrate."]
    with sqlite_database.begin() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    assert "run unhook migrate" in embedded.problems(sqlite_database)[0]


def test_a_damaged_file_is_a_problem_that_is_named(sqlite_database, tenant):
    with sqlite_database.begin() as tx:
        for number in range(200):
            add_message(tx, tenant, f"{number}", subject="x" * 500)
    path = embedded.file_of(sqlite_database, "")
    embedded.optimise(sqlite_database)
    with sqlite_database.read() as tx:
        page = tx.execute(text("SELECT rootpage FROM sqlite_master WHERE name = 'messages'")).scalar()
    sqlite_database.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)
    again = open_database(str(sqlite_database.engine.url))
    try:
        found = embedded.problems(again)
    except StoreUnavailable as error:
        found = [str(error)]
    again.close()
    assert "damaged" in found[0] or "malformed" in found[0]
