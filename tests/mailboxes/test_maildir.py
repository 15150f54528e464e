"""Maildir: is the contract kept, by files that other programs change as well?"""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors import registry
from connectors.contract import Action, Outcome, OutgoingMail, Wanted
from connectors.errors import ConnectorError, NoMailbox, NotFound, NotPermitted, Refused, TryLater
from connectors.maildir import disk
from connectors.maildir.deliver import deliver
from connectors.maildir.mailboxes import MaildirMailboxes
from mailboxes.contract import ANA, BEN, MailboxesContract, mail, wanted
from mailboxes.worlds import MaildirWorld


@pytest.fixture
def world(tmp_path: Path) -> MaildirWorld:
    return MaildirWorld(tmp_path / "mail")


class TestMaildir(MailboxesContract):
    """The contract itself."""


# --- where retracted copies go


def test_soft_delete_keeps_the_file_outside_the_owner_s_folders(world: MaildirWorld) -> None:
    copy = world.deliver(ANA, mail())
    world.mailboxes.retract(copy, Action.SOFT_DELETE)
    kept = [path for path in (world.root / ANA / "quarantine").iterdir() if path.read_bytes() == mail()]
    assert len(kept) == 1
    assert list(world.maildir(ANA).rglob(f"{copy.id}*")) == []


@pytest.mark.parametrize(("action", "folder"), [(Action.TRASH, ".Trash"), (Action.JUNK, ".Junk")])
def test_trash_and_junk_are_the_owner_s_own_folders(world: MaildirWorld, action: Action, folder: str) -> None:
    world.mailboxes.retract(world.deliver(ANA, mail()), action)
    assert [sight.folder for sight in world.look(ANA)] == [folder]
    assert (world.maildir(ANA) / folder / "maildirfolder").exists()


def test_a_copy_that_its_owner_had_trashed_counts_until_we_retract_it(world: MaildirWorld) -> None:
    copy = world.deliver(ANA, mail(), ".Trash", read=True)
    before = world.look(ANA)
    assert [found.id for found in world.mailboxes.find(ANA, wanted())] == [copy.id]
    receipt = world.mailboxes.retract(copy, Action.TRASH)
    assert (receipt.outcome, world.look(ANA)) == (Outcome.RETRACTED, before)
    assert world.mailboxes.find(ANA, wanted()) == []
    assert world.mailboxes.restore(copy, receipt.held).outcome is Outcome.RESTORED
    assert [found.id for found in world.mailboxes.find(ANA, wanted())] == [copy.id]


def test_a_copy_that_its_owner_took_out_of_the_trash_counts_again(world: MaildirWorld) -> None:
    copy = world.deliver(ANA, mail())
    receipt = world.mailboxes.retract(copy, Action.TRASH)
    world.owner_moves(copy, ".Work")
    assert [found.folder for found in world.mailboxes.find(ANA, wanted())] == [".Work"]
    assert world.mailboxes.restore(copy, receipt.held).outcome is Outcome.RESTORED
    assert [sight.folder for sight in world.look(ANA)] == [".Work"]


def test_another_mail_that_was_given_the_inode_of_an_emptied_one_stays_where_it_is(world: MaildirWorld) -> None:
    copy = world.deliver(ANA, mail())
    receipt = world.mailboxes.retract(copy, Action.TRASH)
    world.file(copy).unlink()
    other = world.deliver(ANA, mail("<2@phish.example>"), ".Trash", read=True)
    (record,) = (world.root / ANA / "quarantine").glob("*.json")
    record.write_text(json.dumps({**json.loads(record.read_text()), "inode": world.file(other).stat().st_ino}))
    before = world.look(ANA)

    assert world.mailboxes.restore(copy, receipt.held).outcome is Outcome.EXPIRED
    assert world.look(ANA) == before
    assert [found.id for found in world.mailboxes.find(ANA, wanted("<2@phish.example>"))] == [other.id]


def test_a_name_taken_in_the_trash_sends_the_copy_to_quarantine(world: MaildirWorld) -> None:
    copy = world.deliver(ANA, mail(), read=True)
    namesake = world.deliver(ANA, mail("<2@phish.example>"), ".Trash", read=True)
    world.file(namesake).rename(world.maildir(ANA) / ".Trash" / "cur" / f"{copy.id}:2,S")
    before = world.look(ANA)
    receipt = world.mailboxes.retract(world.mailboxes.find(ANA, wanted())[0], Action.TRASH)
    assert receipt.held.startswith("soft-delete:")
    assert [sight for sight in before if sight.folder == ".Trash"] == world.look(ANA)


# --- exact restore


def test_a_folder_deleted_meanwhile_is_made_again(world: MaildirWorld) -> None:
    for folder in (".Work.Old", "Nested/Deeper"):
        copy = world.deliver(ANA, mail(), folder, read=True)
        before = world.look(ANA)
        receipt = world.mailboxes.retract(copy, Action.SOFT_DELETE)
        removed = world.maildir(ANA) / folder
        for path in sorted(removed.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        removed.rmdir()
        assert world.mailboxes.restore(copy, receipt.held).outcome is Outcome.RESTORED
        assert world.look(ANA) == before


def test_a_name_taken_meanwhile_is_never_overwritten(world: MaildirWorld) -> None:
    copy = world.deliver(ANA, mail(), read=True)
    path = world.file(copy)
    receipt = world.mailboxes.retract(copy, Action.SOFT_DELETE)
    path.write_bytes(b"Subject: put back by a synchronising program\n\n")
    restored = world.mailboxes.restore(copy, receipt.held)
    assert (restored.outcome, restored.detail) == (Outcome.RESTORED, "its file name was taken: it has a new one")
    assert sorted(sight.raw for sight in world.look(ANA)) == sorted([path.read_bytes(), mail()])
    assert all(sight.marks[1].endswith(":2,S") for sight in world.look(ANA))


def test_a_copy_brought_back_by_another_program_is_found_and_both_come_back(world: MaildirWorld) -> None:
    copy = world.deliver(ANA, mail(), read=True)
    path = world.file(copy)
    first = world.mailboxes.retract(copy, Action.SOFT_DELETE)
    path.write_bytes(mail())
    (again,) = world.mailboxes.find(ANA, wanted())
    second = world.mailboxes.retract(again, Action.SOFT_DELETE)
    assert again.id != copy.id
    assert (second.outcome, world.look(ANA)) == (Outcome.RETRACTED, [])
    assert world.mailboxes.restore(copy, first.held).outcome is Outcome.RESTORED
    assert world.mailboxes.restore(again, second.held).outcome is Outcome.RESTORED
    assert [sight.raw for sight in world.look(ANA)] == [mail(), mail()]


@pytest.mark.parametrize("action", [Action.SOFT_DELETE, Action.TRASH, Action.JUNK])
def test_two_files_of_one_unique_name_are_two_copies(world: MaildirWorld, action: Action) -> None:
    copy = world.deliver(ANA, mail(), read=True)
    world.deliver(ANA, mail("<2@phish.example>"), ".Work")
    (world.maildir(ANA) / ".Work" / "cur" / f"{copy.id}:2,").write_bytes(mail())
    before = world.look(ANA)
    found = world.mailboxes.find(ANA, wanted())
    assert len({one.id for one in found}) == 2
    receipts = [world.mailboxes.retract(one, action) for one in found]
    assert [receipt.outcome for receipt in receipts] == [Outcome.RETRACTED, Outcome.RETRACTED]
    assert world.mailboxes.find(ANA, wanted()) == []
    for one, receipt in zip(found, receipts, strict=True):
        assert world.mailboxes.restore(one, receipt.held).outcome is Outcome.RESTORED
    assert [(sight.folder, sight.raw) for sight in world.look(ANA)] == [(sight.folder, sight.raw) for sight in before]


def test_without_its_record_a_copy_goes_where_the_journal_says(world: MaildirWorld) -> None:
    copy = world.deliver(ANA, mail(), ".Work", read=True)
    before = world.look(ANA)
    receipt = world.mailboxes.retract(copy, Action.SOFT_DELETE)
    for record in (world.root / ANA / "quarantine").glob("*.json"):
        record.unlink()
    assert world.mailboxes.restore(copy, receipt.held).outcome is Outcome.RESTORED
    assert world.look(ANA) == before


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"id": 1}', b"\xff\xfe", b"null"])
def test_a_damaged_record_still_lets_the_copy_come_back(world: MaildirWorld, damage: bytes) -> None:
    copy = world.deliver(ANA, mail(), read=True)
    receipt = world.mailboxes.retract(copy, Action.SOFT_DELETE)
    for record in (world.root / ANA / "quarantine").glob("*.json"):
        record.write_bytes(damage)
    assert world.mailboxes.restore(copy, receipt.held).outcome is Outcome.RESTORED
    assert [sight.raw for sight in world.look(ANA)] == [mail()]


def test_a_crash_between_record_and_move_leaves_a_copy_that_can_be_retracted(world: MaildirWorld) -> None:
    copy = world.deliver(ANA, mail())
    before = world.look(ANA)
    receipt = world.mailboxes.retract(copy, Action.TRASH)
    record = next((world.root / ANA / "quarantine").glob("*.json"))
    kept = record.read_bytes()
    world.mailboxes.restore(copy, receipt.held)
    record.write_bytes(kept)  # as if the process had died just before the move
    assert [found.id for found in world.mailboxes.find(ANA, wanted())] == [copy.id]
    assert world.mailboxes.restore(copy, receipt.held).outcome is Outcome.RESTORED
    assert world.look(ANA) == before


def test_a_crash_between_link_and_unlink_leaves_one_file(world: MaildirWorld) -> None:
    copy = world.deliver(ANA, mail(), read=True)
    path, before = world.file(copy), world.look(ANA)
    quarantine = world.root / ANA / "quarantine"
    receipt = world.mailboxes.retract(copy, Action.SOFT_DELETE)
    kept = quarantine / receipt.held.partition(":")[2]
    os.link(kept, path)
    assert world.mailboxes.retract(copy, Action.SOFT_DELETE) == receipt
    assert (world.look(ANA), kept.stat().st_nlink) == ([], 1)
    os.link(kept, path)
    assert world.mailboxes.restore(copy, receipt.held).outcome is Outcome.RESTORED
    assert (world.look(ANA), path.stat().st_nlink) == (before, 1)


# --- time, size and rights


def test_quarantine_is_purged_after_its_time_and_not_before(world: MaildirWorld) -> None:
    copies = [world.deliver(ANA, mail()) for _ in range(2)]
    held = [world.mailboxes.retract(copy, action).held for copy, action in zip(copies, Action, strict=False)]
    soft = world.deliver(ANA, mail())
    held.append(world.mailboxes.retract(soft, Action.SOFT_DELETE).held)
    now = datetime.now(UTC).replace(tzinfo=None)
    assert isinstance(world.mailboxes, MaildirMailboxes)
    assert world.mailboxes.purge(ANA, now + timedelta(days=29)) == 0
    assert world.mailboxes.purge(ANA, now + timedelta(days=31)) == 1
    assert world.mailboxes.purge(BEN, now + timedelta(days=31)) == 0
    assert world.mailboxes.find(ANA, wanted()) == []  # those in Trash and Junk are still known as ours
    assert world.mailboxes.restore(soft, held[2]).outcome is Outcome.EXPIRED
    assert world.mailboxes.restore(copies[0], held[0]).outcome is Outcome.RESTORED


def test_a_message_over_the_limit_is_not_fetched(world: MaildirWorld) -> None:
    small = MaildirMailboxes(world.root, max_bytes=1_000)
    copy = world.deliver(ANA, mail(body="x" * 100))
    assert small.fetch(ANA, copy.id) == mail(body="x" * 100)
    large = world.deliver(ANA, mail(body="word " * 300))
    with pytest.raises(Refused, match="larger than 1,000 bytes"):
        small.fetch(ANA, large.id)


def test_a_retracted_copy_can_still_be_fetched(world: MaildirWorld) -> None:
    copy = world.deliver(ANA, mail())
    world.mailboxes.retract(copy, Action.SOFT_DELETE)
    assert world.mailboxes.fetch(ANA, copy.id) == mail()
    with pytest.raises(NotFound):
        world.mailboxes.fetch(BEN, copy.id)


def test_a_root_that_is_not_mounted_is_no_proof_that_mailboxes_are_gone(tmp_path: Path) -> None:
    unmounted = MaildirMailboxes(tmp_path / "missing")
    with pytest.raises(TryLater):
        unmounted.find(ANA, wanted())
    with pytest.raises(TryLater):
        list(unmounted.list_mailboxes())


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (PermissionError(1, "no"), NotPermitted),
        (OSError(30, "read-only file system"), NotPermitted),
        (OSError(28, "disk full"), TryLater),
        (OSError(5, "input/output error"), TryLater),
        (OSError(116, "stale file handle"), TryLater),
        (OSError(18, "another file system"), Refused),
        (OSError(40, "link"), Refused),
        (NotFound("x"), NotFound),
    ],
)
def test_what_the_system_says_becomes_one_of_our_errors(error: Exception, ours: type[ConnectorError]) -> None:
    with pytest.raises(ours), disk.translated("a mailbox"):
        raise error


def test_what_we_make_belongs_to_the_owner_of_the_mailbox(world: MaildirWorld) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root makes files for others")
    os.chown(world.maildir(ANA), 12_345, 12_345)
    for sub in ("new", "cur", "tmp"):
        os.chown(world.maildir(ANA) / sub, 12_345, 12_345)
    world.mailboxes.retract(world.deliver(ANA, mail()), Action.TRASH)
    world.mailboxes.send(OutgoingMail(ANA, "Thank you", "text", "k"))
    made = [world.maildir(ANA) / ".Trash", world.maildir(ANA) / ".Trash" / "cur", *world.files(ANA)]
    assert {path.stat().st_uid for path in made} == {12_345}


# --- answers and the registry


def test_a_line_break_in_a_subject_makes_no_header(world: MaildirWorld) -> None:
    world.mailboxes.send(OutgoingMail(ANA, "Thanks\r\nBcc: other@example.net", "text", "k"))
    assert b"\nBcc" not in world.look(ANA)[0].raw


def test_an_answer_its_owner_has_read_and_moved_is_not_sent_again(world: MaildirWorld) -> None:
    world.mailboxes.send(OutgoingMail(ANA, "Thank you", "text", "k"))
    (path,) = world.files(ANA)
    world.deliver(ANA, mail(), ".Work")
    path.rename(world.maildir(ANA) / ".Work" / "cur" / f"{path.name}:2,S")
    world.mailboxes.send(OutgoingMail(ANA, "Thank you", "text", "k"))
    assert len(world.look(ANA)) == 2


def test_the_registry_connects_by_name(world: MaildirWorld) -> None:
    assert set(registry.connect("maildir", root=world.root).list_mailboxes()) == {ANA, BEN}
    with pytest.raises(Refused, match="there are:"):
        registry.connect("carrier-pigeon")


def test_the_address_s_case_does_not_matter(world: MaildirWorld) -> None:
    copy = world.deliver(ANA, mail())
    assert [found.id for found in world.mailboxes.find(ANA.upper(), wanted())] == [copy.id]


def test_delivering_to_what_is_no_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoMailbox):
        deliver(tmp_path, "../ana@example.org", mail())
    assert list(tmp_path.iterdir()) == []


def test_too_many_claimants_are_refused_rather_than_left_out(world: MaildirWorld) -> None:
    new = world.maildir(ANA) / "new"
    for number in range(1_001):
        (new / f"{number}.x").write_bytes(b"Message-ID: <1@phish.example>\n\n")
    with pytest.raises(Refused, match="1,000"):
        world.mailboxes.find(ANA, Wanted("<1@phish.example>", "", None))
