"""`unhook submit`, `retract`, `restore`, `doctor`: an operator without the pages."""

import json
import re
from pathlib import Path

import pytest
from builders import ANA, GATEWAY
from click.testing import Result
from mails import note, phish

from backend.jobs import Queue
from backend.settings import read_settings
from backend.wiring import build_services
from connectors.maildir.deliver import deliver

MAILBOXES = (ANA, "ben@example.org")


@pytest.fixture
def mail(data: Path, acme) -> Path:
    """The tenant's mail folder, with the same phish in two mailboxes."""
    acme("tenant", "set", "acme", "senders.authserv_ids", json.dumps([GATEWAY]))
    folder = data / "mail" / "acme"
    for address in MAILBOXES:
        deliver(folder, address, phish(address), flags="FS")
    return folder


def in_sight(folder: Path) -> list[str]:
    return [p.parents[2].name for p in sorted(folder.rglob("*")) if p.is_file() and p.parent.name in {"new", "cur"}]


def submit(unhook, tmp_path: Path, raw: bytes, *more: object) -> Result:
    path = tmp_path / "reported.eml"
    path.write_bytes(raw)
    return unhook("submit", path, "--tenant", "acme", *more)


def work_through() -> None:
    """What a worker would do, in this process: run every task that waits."""
    services = build_services(read_settings())
    assert isinstance(services.wake, Queue)
    huey = services.wake.huey
    while (task := huey.dequeue()) is not None:
        huey.execute(task)
    services.database.close()


def test_a_submitted_file_is_kept_and_judged_by_a_worker(acme, tmp_path):
    kept = json.loads(submit(acme, tmp_path, note(ANA)).stdout)
    assert (kept["state"], kept["disposition"]) == ("received", None)
    work_through()
    again = json.loads(submit(acme, tmp_path, note(ANA)).stdout)
    assert again["submission"] == kept["submission"] + 1


def test_waiting_in_vain_for_a_worker_ends_with_exit_code_3(acme, tmp_path):
    said = submit(acme, tmp_path, note(ANA), "--wait", 0.3)
    assert said.exit_code == 3
    assert "unhook work" in said.stderr


def test_an_empty_file_is_a_submission_with_defects(acme, tmp_path):
    assert submit(acme, tmp_path, b"").exit_code == 0
    work_through()


def test_a_file_with_many_messages_is_refused(acme, tmp_path):
    path = tmp_path / "two.mbox"
    path.write_bytes(b"From x Thu Jan  1 00:00:00 2026\n\nhello\n\n" * 2)
    refused = acme("submit", path, "--tenant", "acme")
    assert (refused.exit_code, "2 messages" in refused.stderr) == (1, True)


def test_a_message_is_retracted_from_every_mailbox_and_restored(acme, mail, tmp_path):
    submit(acme, tmp_path, phish(ANA))
    work_through()

    ordered = acme("retract", 1, "--operator", "olga", "--wait", 0)
    assert ordered.exit_code == 3
    work_through()
    assert in_sight(mail) == []
    done = acme("retract", 1, "--operator", "olga", "--wait", 0)  # looks again
    work_through()
    number = re.search(r"Retraction (\d+)", done.stderr)[1]

    acme("restore", number, "--operator", "olga", "--wait", 0)
    work_through()
    assert in_sight(mail) == sorted(MAILBOXES)
    refused = acme("restore", number, "--operator", "olga")
    assert (refused.exit_code, "nothing to undo" in refused.stderr) == (1, True)


@pytest.mark.parametrize("words", [("retract", 99), ("restore", 99)])
def test_what_is_not_there_cannot_be_retracted_or_restored(acme, words):
    refused = acme(*words, "--operator", "olga")
    assert (refused.exit_code, "There is no such" in refused.stderr) == (1, True)


def test_an_operator_without_the_right_to_mail_retracts_nothing(acme, mail, tmp_path):
    acme("operator", "add", "adam", "--tenant", "acme", "--role", "admin")
    submit(acme, tmp_path, phish(ANA))
    work_through()
    refused = acme("retract", 1, "--operator", "adam")
    assert (refused.exit_code, "does not handle mail" in refused.stderr) == (1, True)
    assert in_sight(mail) == sorted(MAILBOXES)


def test_another_tenants_operator_sees_no_such_message(acme, mail, tmp_path):
    acme("tenant", "add", "other", "Other")
    acme("operator", "add", "eve", "--tenant", "other", "--role", "owner")
    submit(acme, tmp_path, phish(ANA))
    work_through()
    refused = acme("retract", 1, "--operator", "eve")
    assert (refused.exit_code, "There is no such message" in refused.stderr) == (1, True)


def test_the_doctor_finds_a_good_installation_in_good_order(acme, mail):
    said = acme("doctor")
    assert said.exit_code == 0, said.output
    for what in ("data folder", "cookies", "database", "evidence", "queue", "checkpoint", "mailboxes", "work"):
        assert f"ok  {what}" in said.stdout


@pytest.mark.parametrize("afar", ["UNHOOK_HOST=0.0.0.0", "UNHOOK_PUBLIC_URL=https://unhook.example"])
def test_the_doctor_complains_of_cookies_that_cross_the_network_in_the_clear(unhook, monkeypatch, afar):
    assert "ok  cookies" in unhook("doctor").stdout
    monkeypatch.setenv(*afar.split("="))
    assert "ok  cookies      sent over HTTPS only" in unhook("doctor").stdout
    monkeypatch.setenv("UNHOOK_SECURE_COOKIES", "false")
    assert "NOT cookies      They cross the network in the clear" in unhook("doctor").stdout


def test_the_doctor_makes_nothing(unhook, data):
    said = unhook("doctor")
    assert said.exit_code == 1
    assert "unhook migrate" in said.stdout
    assert not data.exists()


def test_the_doctor_names_what_is_wrong_and_what_to_do(acme, mail, data, tmp_path, monkeypatch):
    submit(acme, tmp_path, note(ANA))
    data.chmod(0o755)
    for piece in (data / "evidence").rglob("*"):
        if piece.is_file() and len(piece.name) == 64:
            piece.unlink()
    monkeypatch.setenv("UNHOOK_CHECKPOINT", str(tmp_path))
    said = acme("doctor")
    assert said.exit_code == 1
    for sentence in (f"chmod 700 {data}", "pieces are missing", "UNHOOK_CHECKPOINT", "is unhook work running?"):
        assert sentence in said.stdout


def test_the_doctor_survives_a_file_that_is_no_database(acme, data):
    (data / "unhook.db").write_bytes(b"this is no database " * 500)
    said = acme("doctor")
    assert said.exit_code == 1
    assert "NOT database" in said.stdout


def test_commands_refuse_a_data_folder_they_may_not_write(acme, data, monkeypatch):
    monkeypatch.setenv("UNHOOK_DATA_DIR", "/proc/nowhere")
    refused = acme("tenant", "list")
    assert refused.exit_code == 1
    assert refused.stderr.startswith("Error: ")
