"""Export and backup: what leaves the installation, and comes back."""

import json
import shutil


def test_an_export_holds_the_tenants_rows_and_no_secret(acme, tmp_path):
    token = acme("token", "issue", "acme", "ana@example.org").stdout.strip()
    told = acme("export", "acme", tmp_path / "out")
    assert told.exit_code == 0
    (person,) = map(json.loads, (tmp_path / "out" / "people.jsonl").read_text().splitlines())
    assert person["address"] == "ana@example.org"
    everything = "".join(path.read_text() for path in (tmp_path / "out").iterdir())
    assert token not in everything
    assert "password_hash" not in everything


def test_an_export_as_csv_has_a_header(acme, tmp_path):
    acme("export", "acme", tmp_path / "out", "--format", "csv")
    assert (tmp_path / "out" / "people.csv").read_text().startswith("id,tenant_id,")


def test_an_export_overwrites_nothing(acme, tmp_path):
    (tmp_path / "out").mkdir()
    assert acme("export", "acme", tmp_path / "out").exit_code == 1


def test_a_backup_is_checked_and_put_back(acme, data, tmp_path):
    made = acme("backup", "make", tmp_path / "backups")
    assert made.exit_code == 0
    (folder,) = (tmp_path / "backups").iterdir()
    assert acme("backup", "check", folder).exit_code == 0

    assert acme("backup", "restore", folder).exit_code == 1, "there is a store already"
    shutil.rmtree(data)
    assert acme("backup", "restore", folder).exit_code == 0
    assert "Acme Ltd" in acme("tenant", "list").stdout


def test_a_damaged_backup_is_told_from_a_good_one(acme, tmp_path):
    acme("backup", "make", tmp_path / "backups")
    (folder,) = (tmp_path / "backups").iterdir()
    (folder / "unhook.db").write_bytes(b"rubbish")
    assert acme("backup", "check", folder).exit_code == 1
