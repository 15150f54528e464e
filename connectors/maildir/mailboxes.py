"""Mailboxes: the contract, kept by real mail folders on disk."""

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from connectors.answer_mail import compose
from connectors.contract import Action, Arrival, Copy, Mailboxes, Outcome, OutgoingMail, Receipt, Searched, Wanted
from connectors.errors import NotFound, TryLater
from connectors.likeness import Like
from connectors.maildir import arriving, disk, looking, search
from connectors.maildir.deliver import answer_name, put
from connectors.maildir.folders import MAIL, Box, Entry, entries, make_mail_folder, open_box
from connectors.maildir.held import TARGETS, Held, Record, digest, locked, reading, token
from connectors.maildir.index import Index
from connectors.maildir.names import INBOX, beside, is_address, is_component, is_folder, on_disk, readable, with_info

KEPT = timedelta(days=30)
_TRIES = 20  # against a mail client that renames a copy between looking and moving


class MaildirMailboxes(Mailboxes):
    """`{root}/{address}/Maildir` per mailbox, Maildir++ or nested folders, and `quarantine` beside it."""

    provider = "maildir"

    def __init__(self, root: Path, *, kept: timedelta = KEPT, max_bytes: int = 30_000_000) -> None:
        self._root = root
        self._kept = kept
        self._max_bytes = max_bytes
        self._index = Index()

    @contextmanager
    def _open(self, address: str) -> Iterator[Box]:
        with disk.translated(address), open_box(self._root, address) as box:
            yield box

    def list_mailboxes(self) -> Iterator[str]:
        """Every folder of the root that is named like an address and holds a Maildir."""
        if not self._root.is_dir():
            raise TryLater(f"{self._root} is not there; is it mounted?")
        with disk.translated(str(self._root)):
            names = sorted(path.name for path in self._root.iterdir() if is_address(path.name))
        for name in names:
            if (self._root / name / MAIL).is_dir() and not (self._root / name).is_symlink():
                yield name

    def find(self, mailbox: str, wanted: Wanted) -> list[Copy]:
        """Candidates in all folders; copies that their owner put into Trash or Junk count, ours do not."""
        with self._open(mailbox) as box:
            hits = search.candidates(box, wanted, self._index)
            with reading(box) as held:
                return search.copies(box, hits, held)

    def look(self, mailbox: str, like: Like) -> Searched:
        """Mails in all folders, by the time of their files; copies that we put into Trash or Junk are left out."""
        with self._open(mailbox) as box, reading(box) as held:
            return looking.look(box, like, held)

    def arrived(self, mailbox: str, since: datetime, known: Collection[str], most: int) -> list[Arrival]:
        """What lies in the inbox, by the time of its file."""
        with self._open(mailbox) as box, reading(box) as held:
            return arriving.arrived(box, since, known, most, held)

    def fetch(self, mailbox: str, copy_id: str) -> bytes:
        """The bytes of one mail, also while it lies in quarantine."""
        with self._open(mailbox) as box:
            for _ in range(_TRIES):
                entry = search.locate(copy_id, entries(box, _unique(copy_id)))
                try:
                    return self._held_bytes(box, copy_id) if entry is None else self._bytes(box, entry)
                except FileNotFoundError:
                    continue
            raise TryLater(f"{mailbox}: the mail kept moving while it was read", 1)

    def _bytes(self, box: Box, entry: Entry) -> bytes:
        return search.read_whole(entry, box, self._max_bytes)

    def _held_bytes(self, box: Box, copy_id: str) -> bytes:
        with reading(box) as held:
            if held.quarantined(copy_id) is None:
                raise NotFound(f"{box.address}: there is no such mail")
            with disk.file(digest(copy_id), held.fd) as fd:
                return search.read_limited(fd, self._max_bytes, box.address)

    def retract(self, copy: Copy, action: Action) -> Receipt:
        """Move one copy out of sight in one step, wherever its owner has moved it since it was found."""
        with self._open(copy.mailbox) as box, locked(box) as held:
            for _ in range(_TRIES):
                mails = entries(box, _unique(copy.id))
                entry = search.locate(copy.id, mails, copy.state.get("inode"))
                already = held.present(copy.id, mails)
                if entry is None or (already and held.quarantined(copy.id) != entry.inode):
                    return _gone(already)
                try:
                    return _take(box, held, entry, copy.id, action)
                except FileNotFoundError:
                    continue
            raise TryLater(f"{copy.mailbox}: the mail kept moving", 1)

    def restore(self, copy: Copy, held: str) -> Receipt:
        """Put a copy back where it lay: folder, file name with its flags, bytes and time."""
        with self._open(copy.mailbox) as box, locked(box) as quarantine:
            for _ in range(_TRIES):
                mails = entries(box)
                record = quarantine.present(copy.id, mails)
                if record is None or not held.endswith(f":{digest(copy.id)}"):
                    return _not_held(quarantine, copy, mails)
                try:
                    return _put_back(box, quarantine, _completed(record, copy), mails)
                except FileNotFoundError:
                    continue
            raise TryLater(f"{copy.mailbox}: the mail kept moving", 1)

    def restorable_for(self, action: Action) -> timedelta:
        """How long quarantine is kept. Owners may empty Trash and Junk earlier: then a copy is expired."""
        return timedelta(0) if action is Action.HARD_DELETE else self._kept

    def send(self, mail: OutgoingMail) -> None:
        """Deliver an answer into the person's inbox, once per key."""
        with self._open(mail.to) as box, locked(box):
            name, domain = answer_name(mail.key), mail.to.rpartition("@")[2]
            if not any(entry.unique == name for entry in entries(box)):
                put(box, INBOX, "new", name, compose(mail, f"unhook@{domain}", f"{name}@{domain}"))

    def purge(self, mailbox: str, now: datetime) -> int:
        """Delete for good what has lain in quarantine for longer than it is kept. `now` is UTC without a zone."""
        before = (now - self._kept - datetime(1970, 1, 1)).total_seconds()  # noqa: DTZ001 - as the store keeps times
        with self._open(mailbox) as box:
            if disk.inode("quarantine", box.fd) is None:
                return 0
            with locked(box) as held:
                return held.purge(before, entries(box))


def connect(*, root: Path, kept: timedelta = KEPT, max_bytes: int = 30_000_000) -> Mailboxes:
    """What the registry calls."""
    return MaildirMailboxes(root, kept=kept, max_bytes=max_bytes)


def _unique(copy_id: str) -> str:
    return on_disk(copy_id.partition("#")[0])


def _gone(already: Record | None) -> Receipt:
    if already:
        return Receipt(Outcome.ALREADY_GONE, token(already), "retracted before")
    return Receipt(Outcome.ALREADY_GONE, detail="its owner or another program removed it")


def _take(box: Box, held: Held, entry: Entry, copy_id: str, action: Action) -> Receipt:
    with disk.folder(entry.place, box.mail) as source:
        if action is Action.HARD_DELETE:
            os.unlink(entry.name, dir_fd=source)
            os.fsync(source)
            return Receipt(Outcome.RETRACTED, detail="deleted for good")

        record = Record(copy_id, action, entry.folder, entry.sub, entry.name, entry.inode)
        if action in TARGETS:
            try:
                return _to_folder(box, held, record, source)
            except FileExistsError:
                record = replace(record, action=Action.SOFT_DELETE)
        return _to_quarantine(held, record, source)


def _to_quarantine(held: Held, record: Record, source: int) -> Receipt:
    if held.quarantined(record.id) == record.inode:  # both names of one file: a crash on a plain file system
        os.unlink(record.name, dir_fd=source)
    else:
        held.write(record)
        disk.move(record.name, source, digest(record.id), held.fd)
    os.fsync(held.fd)
    os.fsync(source)
    return Receipt(Outcome.RETRACTED, token(record))


def _to_folder(box: Box, held: Held, record: Record, source: int) -> Receipt:
    target = TARGETS[record.action]
    held.write(record)
    if record.folder != target:
        make_mail_folder(box, target)
        with disk.folder(f"{target}/cur", box.mail) as at:
            disk.move(record.name, source, with_info(record.name), at)
            os.fsync(at)
        os.fsync(source)
    return Receipt(Outcome.RETRACTED, token(record))


def _completed(record: Record, copy: Copy) -> Record:
    """The record, or what the journal knows of the place when somebody deleted the record."""
    if record.name:
        return record
    folder, name = on_disk(copy.folder), on_disk(str(copy.state.get("file", "")))
    sub = "new" if copy.state.get("sub") == "new" else "cur"
    return replace(
        record,
        folder=folder if is_folder(folder) else INBOX,
        sub=sub,
        name=name if is_component(name) else with_info(_unique(copy.id)),
    )


def _not_held(quarantine: Held, copy: Copy, mails: list[Entry]) -> Receipt:
    entry = search.locate(copy.id, mails, copy.state.get("inode"))
    if entry is None:
        quarantine.forget(copy.id)
        return Receipt(Outcome.EXPIRED, detail="it is neither in the mailbox nor kept any more")
    if not quarantine.present(copy.id, mails):
        quarantine.forget(copy.id)
    return Receipt(Outcome.RESTORED, detail=f"it lies in {readable(entry.folder) or 'the inbox'}")


def _put_back(box: Box, quarantine: Held, record: Record, mails: list[Entry]) -> Receipt:
    in_quarantine = quarantine.quarantined(record.id)
    lying = next((entry for entry in mails if quarantine.is_at_target(record, entry)), None)
    inode = in_quarantine if in_quarantine is not None else record.inode
    unique = record.name.partition(":")[0]
    others = [entry for entry in mails if entry.unique == unique and entry.inode != inode]
    name = beside(record.name, inode) if others else record.name
    make_mail_folder(box, record.folder)

    with disk.folder(f"{record.folder}/{record.sub}", box.mail) as home:
        if in_quarantine is not None:
            _move_home(digest(record.id), quarantine.fd, name, home)
        elif lying and lying != Entry(record.folder, record.sub, name, inode):
            with disk.folder(lying.place, box.mail) as source:
                _move_home(lying.name, source, name, home)
        os.fsync(home)
    os.fsync(quarantine.fd)
    quarantine.forget(record.id)
    return Receipt(Outcome.RESTORED, detail="its file name was taken: it has a new one" if others else "")


def _move_home(name: str, at: int, home_name: str, home: int) -> None:
    if disk.inode(home_name, home) is not None and disk.inode(home_name, home) == disk.inode(name, at):
        os.unlink(name, dir_fd=at)  # both names of one file: a crash on a plain file system
    else:
        disk.move(name, at, home_name, home)
