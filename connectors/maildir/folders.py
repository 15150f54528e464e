"""Folders: which mails lie in a mailbox, and where?"""

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from connectors.errors import NoMailbox, Refused, TryLater
from connectors.maildir import disk
from connectors.maildir.names import INBOX, SUBFOLDERS, is_address, is_folder, unique_of

MAIL = "Maildir"
MAX_FILES = 500_000  # of one mailbox; more is refused rather than searched in part
MAX_DEPTH = 8
_PASSES = 4
_NO_FOLDER = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}
_TICK = 0.02  # seconds in which two changes of a folder may carry the same time stamp


class Entry(NamedTuple):
    """One file of a mailbox, by names as they are on the disk."""

    folder: str
    sub: str
    name: str
    inode: int

    @property
    def unique(self) -> str:
        """The part of the name that flags do not change."""
        return unique_of(self.name)

    @property
    def place(self) -> str:
        """The folder that holds the file, relative to the Maildir."""
        return f"{self.folder}/{self.sub}"


class Box(NamedTuple):
    """One open mailbox: its own folder and the Maildir in it."""

    address: str
    fd: int
    mail: int


@contextmanager
def open_box(root: Path, address: str) -> Iterator[Box]:
    """Open the mailbox of `address`. Raises NoMailbox; TryLater when the root itself is missing."""
    if not root.is_dir():
        raise TryLater(f"{root} is not there; is it mounted?")
    with disk.root(root) as top:
        name = _folder_of(address, top)
        with disk.folder(name, top) as fd, disk.folder(MAIL, fd) as mail:
            yield Box(address, fd, mail)


def _folder_of(address: str, top: int) -> str:
    if is_address(address):
        for name in (address, address.lower()):
            try:
                with disk.folder(name, top) as fd, disk.folder(MAIL, fd):
                    return name
            except OSError as error:
                if error.errno not in {*_NO_FOLDER, errno.ENAMETOOLONG}:
                    raise
    raise NoMailbox(f"there is no mailbox {address!r}")


def entries(box: Box, unique: str = "") -> list[Entry]:
    """All mails of all folders, in a stable order; enough of them to know about `unique` if that is asked.

    A mail client that renames files while we read can hide one from a single pass. So passes are repeated,
    and their findings united, until no folder changed meanwhile.
    """
    found: dict[tuple[str, int], Entry] = {}
    for number in range(_PASSES):
        if number:
            time.sleep(_TICK)
        stamps: list[tuple[str, int]] = []
        for entry in _one_pass(box, stamps):
            found[entry.unique, entry.inode] = entry
            if len(found) > MAX_FILES:
                raise Refused(f"{box.address}: more than {MAX_FILES:,} mails in one mailbox")
        if (unique and any(entry.unique == unique for entry in found.values())) or _unchanged(box, stamps):
            break
    return sorted(found.values())


def _one_pass(box: Box, stamps: list[tuple[str, int]]) -> Iterator[Entry]:
    waiting = [(INBOX, 0)]
    while waiting:
        folder, depth = waiting.pop()
        try:
            with disk.folder(folder, box.mail) as fd:
                stamps.append((folder or ".", os.fstat(fd).st_mtime_ns))
                below = _subfolders(folder, fd) if depth < MAX_DEPTH else []
                waiting += [(name, depth + 1) for name in below]
                for sub in ("new", "cur"):
                    yield from _files(folder, sub, fd, stamps)
        except OSError as error:  # removed meanwhile, seen by the stamps; or a link, which may lead anywhere
            if error.errno not in _NO_FOLDER:
                raise


def _subfolders(folder: str, fd: int) -> list[str]:
    prefix = f"{folder}/" if folder else ""
    with os.scandir(fd) as listing:
        names = [item.name for item in listing if item.is_dir(follow_symlinks=False)]
    return [prefix + name for name in names if name not in SUBFOLDERS]


def _files(folder: str, sub: str, at: int, stamps: list[tuple[str, int]]) -> Iterator[Entry]:
    try:
        with disk.folder(sub, at) as fd:
            stamps.append((f"{folder or '.'}/{sub}", os.fstat(fd).st_mtime_ns))
            with os.scandir(fd) as listing:
                for item in listing:
                    if item.is_file(follow_symlinks=False) and not item.name.startswith("."):
                        yield Entry(folder, sub, item.name, item.inode())
    except OSError as error:
        if error.errno not in _NO_FOLDER:
            raise


def _unchanged(box: Box, stamps: list[tuple[str, int]]) -> bool:
    """Whether no folder changed since its stamp was taken, nor so shortly before that the stamp cannot tell."""
    now = time.time_ns()
    for path, stamp in stamps:
        try:
            changed = os.stat(path, dir_fd=box.mail, follow_symlinks=False).st_mtime_ns
        except FileNotFoundError:
            return False
        if changed != stamp or -1.0 < (now - stamp) / 1e9 < _TICK:  # further ahead is a clock that is wrong
            return False
    return True


def make_mail_folder(box: Box, folder: str) -> None:
    """Make sure that a mail folder is there, for instance because its owner deleted it."""
    if not is_folder(folder):
        raise Refused(f"{box.address}: {folder!r} is no mail folder")
    parts = [part for part in folder.split("/") if part]
    for parent, deeper in pairwise("/".join(parts[:length]) for length in range(len(parts) + 1)):
        with disk.folder(parent, box.mail) as fd:
            disk.make_folder(deeper.rpartition("/")[2], fd)
    with disk.folder(folder, box.mail) as fd:
        for sub in SUBFOLDERS:
            disk.make_folder(sub, fd)
        if folder.startswith(".") and "/" not in folder and disk.inode("maildirfolder", fd) is None:
            disk.write_file("maildirfolder", fd, b"")  # tells Maildir++ programs that this is no mailbox of its own
