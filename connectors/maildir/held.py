"""Held: what did we take out of a mailbox, and where exactly did it lie?

Soft-deleted copies lie in `quarantine/`, outside the owner's mail folders; those sent to Trash or Junk lie there.
Each has a record beside it, written before the copy is moved, so that a crash at any moment leaves
either a copy that is still in its place or one that can be put back.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from hashlib import sha256

from connectors.contract import Action
from connectors.errors import TryLater
from connectors.maildir import disk
from connectors.maildir.folders import Box, Entry
from connectors.maildir.names import INBOX, is_component, is_folder, unique_of

QUARANTINE = "quarantine"
TARGETS = {Action.TRASH: ".Trash", Action.JUNK: ".Junk"}
_LOCK = "lock"
_MAX_RECORD = 65_536
_LOCK_SECONDS = 10.0


@dataclass(frozen=True)
class Record:
    """Where a copy lay, by names as they are on the disk, and what was done to it."""

    id: str
    action: Action
    folder: str
    sub: str
    name: str
    inode: int


def digest(copy_id: str) -> str:
    """The name of a copy's record: derived from the id, so a lost journal entry loses nothing."""
    return sha256(copy_id.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def token(record: Record) -> str:
    """What a receipt calls the place."""
    return f"{record.action}:{digest(record.id)}"


class Held:
    """The quarantine folder of one open mailbox."""

    def __init__(self, box: Box, fd: int) -> None:
        self._box = box
        self._fd = fd

    @property
    def fd(self) -> int:
        """The open quarantine folder; -1 when nothing was ever taken out of the mailbox."""
        return self._fd

    def record(self, copy_id: str) -> Record | None:
        """What was written down about a copy, whether or not it was moved after that."""
        if self._fd < 0:
            return None
        try:
            with disk.file(digest(copy_id) + ".json", self._fd) as fd:
                return _checked(json.loads(os.read(fd, _MAX_RECORD)), copy_id)
        except (FileNotFoundError, ValueError, TypeError, KeyError):
            return None

    def quarantined(self, copy_id: str) -> int | None:
        """The inode of the copy in quarantine; None when it is not there."""
        return None if self._fd < 0 else disk.inode(digest(copy_id), self._fd)

    def present(self, copy_id: str, mails: Sequence[Entry]) -> Record | None:
        """The record of a copy that still lies where we put it."""
        record = self.record(copy_id)
        if self.quarantined(copy_id) is not None:
            return record or Record(copy_id, Action.SOFT_DELETE, INBOX, "cur", "", 0)
        if record and any(self.is_at_target(record, entry) for entry in mails):
            return record
        return None

    @staticmethod
    def is_at_target(record: Record, entry: Entry) -> bool:
        """Whether `entry` is the copy of `record`, lying in Trash or Junk because we put it there.

        By name as well: once an owner has emptied the folder, another mail may be given the same inode.
        """
        same = record.inode == entry.inode and unique_of(record.name) == entry.unique
        return same and TARGETS.get(record.action) == entry.folder

    def write(self, record: Record) -> None:
        """Write down where a copy lies before it is moved."""
        name = digest(record.id) + ".json"
        with suppress(FileNotFoundError):
            os.unlink("new.json", dir_fd=self._fd)  # left by a crash; the lock is ours
        disk.write_file("new.json", self._fd, json.dumps(asdict(record)).encode())
        os.replace("new.json", name, src_dir_fd=self._fd, dst_dir_fd=self._fd)
        os.fsync(self._fd)

    def forget(self, copy_id: str) -> None:
        """Drop the record of a copy that is back, or gone for good."""
        with suppress(FileNotFoundError):
            os.unlink(digest(copy_id) + ".json", dir_fd=self._fd)

    def purge(self, before: float, mails: Sequence[Entry]) -> int:
        """Delete for good what was taken away before that time (seconds since 1970); how many copies that were."""
        purged = 0
        with os.scandir(self._fd) as listing:
            names = [item.name for item in listing if item.name.endswith(".json") and item.stat().st_mtime < before]
        for name in names:
            copy_file = name.removesuffix(".json")
            if disk.inode(copy_file, self._fd) is not None:
                os.unlink(copy_file, dir_fd=self._fd)
                purged += 1
            elif self._still_marks(name, mails):
                continue  # the copy in Trash or Junk is its owner's to purge
            os.unlink(name, dir_fd=self._fd)
        return purged

    def _still_marks(self, name: str, mails: Sequence[Entry]) -> bool:
        try:
            with disk.file(name, self._fd) as fd:
                data = json.loads(os.read(fd, _MAX_RECORD))
            record = _checked(data, str(data["id"]))
        except (ValueError, TypeError, KeyError):
            return False
        return record is not None and any(self.is_at_target(record, entry) for entry in mails)


def _checked(data: object, copy_id: str) -> Record | None:
    """A record as we would have written it, since the folder may be its owner's to write in."""
    if not isinstance(data, dict) or data.get("id") != copy_id:
        return None
    record = Record(
        copy_id,
        Action(data["action"]),
        str(data["folder"]),
        str(data["sub"]),
        str(data["name"]),
        int(data["inode"]),
    )
    sound = is_folder(record.folder) and record.sub in {"new", "cur"} and is_component(record.name)
    return record if sound else None


@contextmanager
def reading(box: Box) -> Iterator[Held]:
    """The quarantine for looking at, without making it."""
    if disk.inode(QUARANTINE, box.fd) is None:
        yield Held(box, -1)
        return
    with disk.folder(QUARANTINE, box.fd) as fd:
        yield Held(box, fd)


@contextmanager
def locked(box: Box) -> Iterator[Held]:
    """The quarantine for changing, one process and thread at a time."""
    with suppress(FileExistsError):
        os.mkdir(QUARANTINE, mode=0o700, dir_fd=box.fd)
    with disk.folder(QUARANTINE, box.fd) as fd:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        lock = os.open(_LOCK, flags, 0o600, dir_fd=fd)
        try:
            _wait_for(lock, box.address)
            yield Held(box, fd)
        finally:
            os.close(lock)


def _wait_for(lock: int, address: str) -> None:
    end = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError as error:
            if time.monotonic() > end:
                raise TryLater(f"{address}: another process works on this mailbox", 5) from error
            time.sleep(0.01)
