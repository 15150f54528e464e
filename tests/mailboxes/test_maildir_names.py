"""Maildir names: does any address, folder or file name lead out of the root or get lost?"""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import Action, Copy, Outcome
from connectors.errors import ConnectorError, NoMailbox
from connectors.maildir.names import beside, is_address, is_folder, on_disk, readable, unique_of, with_info
from mailboxes.contract import ANA, BEN, mail, wanted
from mailboxes.worlds import MaildirWorld

FILE_NAMES = st.binary(min_size=1, max_size=80).filter(lambda name: not set(name) & {0, 0x2F, 0x3A} and name[0] != 0x2E)


@pytest.fixture
def world(tmp_path: Path) -> MaildirWorld:
    return MaildirWorld(tmp_path / "mail")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "@",
        "ana",
        "../ana@example.org",
        "..@..",
        "a/../../ana@example.org",
        "/etc@x",
        ".ana@example.org",
        "ana@example.org/Maildir",
        "ana\0@example.org",
        "ana\n@example.org",
        "a\\b@example.org",
        "a" * 250 + "@example.org",
        "é" * 140 + "@example.org",
    ],
)
def test_hostile_addresses_are_no_mailboxes(world: MaildirWorld, address: str) -> None:
    with pytest.raises(NoMailbox):
        world.mailboxes.find(address, wanted())
    with pytest.raises(NoMailbox):
        world.mailboxes.fetch(address, "1")
    with pytest.raises(NoMailbox):
        world.mailboxes.retract(Copy(address, "1", ""), Action.SOFT_DELETE)


@given(st.text(max_size=60))
def test_an_accepted_address_is_one_step_below_the_root(name: str) -> None:
    if is_address(name):
        assert Path("/root", name).parent == Path("/root")
        assert os.path.normpath(f"/root/{name}") == f"/root/{name}"


@given(st.text(max_size=60))
def test_an_accepted_folder_stays_below_the_maildir(folder: str) -> None:
    if is_folder(folder) and folder:
        assert os.path.normpath(f"/m/{folder}") == f"/m/{folder}"


@given(FILE_NAMES)
def test_every_file_name_survives_as_text(raw: bytes) -> None:
    name = os.fsdecode(raw)
    assert on_disk(readable(name)) == name
    assert readable(name).isascii()
    assert not set(readable(name)) & set("#\n\0")


@given(FILE_NAMES, st.integers(1, 2**63))
def test_another_name_is_another_name_and_keeps_the_flags(raw: bytes, inode: int) -> None:
    name = os.fsdecode(raw)
    assert unique_of(beside(f"{name}:2,FS", inode)) != name
    assert beside(f"{name}:2,FS", inode).endswith(":2,FS")
    assert with_info(name).partition(":")[0] == name


@settings(max_examples=40, deadline=None)
@given(raw=FILE_NAMES)
def test_a_file_of_any_name_is_retracted_and_restored(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    world = MaildirWorld(tmp_path_factory.mktemp("mail"))
    path = os.fsencode(world.maildir(ANA) / "cur") + b"/" + raw + b":2,S"
    with open(path, "wb") as stream:  # noqa: PTH123 - a name of bytes that are no text
        stream.write(mail())
    before = world.look(ANA)
    (copy,) = world.mailboxes.find(ANA, wanted())
    receipt = world.mailboxes.retract(copy, Action.SOFT_DELETE)
    assert (receipt.outcome, world.look(ANA)) == (Outcome.RETRACTED, [])
    assert world.mailboxes.restore(copy, receipt.held).outcome is Outcome.RESTORED
    assert world.look(ANA) == before


@settings(max_examples=100, deadline=None)
@given(copy_id=st.text(max_size=40), folder=st.text(max_size=20), file=st.text(max_size=20), held=st.text(max_size=50))
def test_invented_copies_harm_nothing(
    tmp_path_factory: pytest.TempPathFactory, copy_id: str, folder: str, file: str, held: str
) -> None:
    world = MaildirWorld(tmp_path_factory.mktemp("mail"))
    world.deliver(ANA, mail())
    before = world.look(ANA)
    copy = Copy(ANA, copy_id, folder, {"sub": "cur", "file": file})
    assert world.mailboxes.retract(copy, Action.HARD_DELETE).outcome is Outcome.ALREADY_GONE
    assert world.mailboxes.restore(copy, held).outcome is Outcome.EXPIRED
    with pytest.raises(ConnectorError):
        world.mailboxes.fetch(ANA, copy_id)
    assert world.look(ANA) == before


def test_links_lead_nowhere(world: MaildirWorld, tmp_path: Path) -> None:
    """Links to mailboxes, mail folders and mails, all pointing at someone else's mail."""
    world.deliver(BEN, mail())
    (target,) = world.files(BEN)
    (world.root / "eve@example.org").symlink_to(world.root / BEN)
    (world.maildir(ANA) / ".Linked").symlink_to(world.maildir(BEN))
    (world.maildir(ANA) / "new" / "linked").symlink_to(target)
    (world.maildir(ANA) / ".Half").mkdir()
    (world.maildir(ANA) / ".Half" / "new").symlink_to(world.maildir(BEN) / "new")

    assert "eve@example.org" not in set(world.mailboxes.list_mailboxes())
    with pytest.raises(NoMailbox):
        world.mailboxes.find("eve@example.org", wanted())
    assert world.mailboxes.find(ANA, wanted()) == []


@pytest.mark.parametrize("action", [Action.SOFT_DELETE, Action.TRASH])
def test_a_linked_target_is_refused_and_the_copy_stays(world: MaildirWorld, tmp_path: Path, action: Action) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (world.root / ANA / "quarantine").symlink_to(elsewhere) if action is Action.SOFT_DELETE else (
        world.maildir(ANA) / ".Trash"
    ).symlink_to(elsewhere)
    copy = world.deliver(ANA, mail())
    with pytest.raises(ConnectorError):
        world.mailboxes.retract(copy, action)
    assert list(elsewhere.iterdir()) == []
    assert len(world.files(ANA)) == 1


def test_what_is_no_mail_is_not_read(world: MaildirWorld) -> None:
    os.mkfifo(world.maildir(ANA) / "new" / "pipe")
    (world.maildir(ANA) / "new" / "folder").mkdir()
    (world.maildir(ANA) / "new" / ".hidden").write_bytes(mail())
    assert world.mailboxes.find(ANA, wanted()) == []
