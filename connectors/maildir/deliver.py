"""Deliver: how does a new mail get into a Maildir?"""

import os
from hashlib import sha256
from pathlib import Path

from connectors.contract import Copy
from connectors.errors import NoMailbox
from connectors.maildir import disk
from connectors.maildir.folders import MAIL, Box, make_mail_folder, open_box
from connectors.maildir.names import INBOX, fresh_unique, is_address, is_read, readable, unique_of, with_flags


def make_mailbox(root: Path, address: str) -> None:
    """Make an empty mailbox unless it is there. Raises NoMailbox for a name that cannot be an address."""
    if not is_address(address):
        raise NoMailbox(f"{address!r} cannot be a mailbox")
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    with disk.translated(address), disk.root(root) as top:
        disk.make_folder(address, top, 0o700)
        with disk.folder(address, top) as fd:
            disk.make_folder(MAIL, fd, 0o700)
    with disk.translated(address), open_box(root, address) as box:
        make_mail_folder(box, INBOX)


def deliver(root: Path, address: str, raw: bytes, folder: str = "", flags: str = "") -> Copy:
    """Put a mail into a mailbox, making both mailbox and folder; read mail carries flags such as `S`."""
    make_mailbox(root, address)
    with disk.translated(address), open_box(root, address) as box:
        make_mail_folder(box, folder)
        unique = fresh_unique()
        sub, name = ("cur", with_flags(unique, flags)) if flags else ("new", unique)
        inode = put(box, folder, sub, name, raw)
    state: dict[str, str | int | bool | list[str]] = {"sub": sub, "file": readable(name), "inode": inode}
    state["read"] = is_read(name)
    return Copy(address, readable(unique), readable(folder), state)


def put(box: Box, folder: str, sub: str, name: str, raw: bytes) -> int:
    """Write a mail under `tmp`, then show it in one step; its inode."""
    make_mail_folder(box, folder)
    with disk.folder("/".join((folder, "tmp")), box.mail) as tmp, disk.folder(f"{folder}/{sub}", box.mail) as at:
        draft = fresh_unique()
        disk.write_file(draft, tmp, raw)
        disk.move(draft, tmp, name, at)
        os.fsync(at)
        return os.stat(name, dir_fd=at, follow_symlinks=False).st_ino


def answer_name(key: str) -> str:
    """The unique name of an answer, the same each time."""
    return unique_of(f"0.K{sha256(key.encode()).hexdigest()[:40]}.unhook")
