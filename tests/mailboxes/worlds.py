"""Worlds: mailboxes of a connector together with the hands and eyes of their owners."""

import mailbox
import os
from datetime import UTC, datetime
from pathlib import Path

from connectors.contract import Action, Copy
from connectors.maildir.deliver import deliver, make_mailbox
from connectors.maildir.mailboxes import MaildirMailboxes
from mailboxes.contract import ANA, BEN, Sight


class MaildirWorld:
    """Maildir folders, looked at through their files and changed the way a mail program does."""

    actions = tuple(Action)
    folders = ("", ".Work", ".Work.Old", ".Trash", ".Junk", "Nested/Deeper")

    def __init__(self, root: Path) -> None:
        self.root = root
        self.mailboxes = MaildirMailboxes(root)
        make_mailbox(root, ANA)
        make_mailbox(root, BEN)

    def maildir(self, address: str) -> Path:
        return self.root / address / "Maildir"

    def files(self, address: str) -> list[Path]:
        below = self.maildir(address).rglob("*")
        return sorted(path for path in below if path.is_file() and path.parent.name in {"cur", "new"})

    def file(self, copy: Copy) -> Path:
        (path,) = [path for path in self.files(copy.mailbox) if path.name.split(":")[0] == copy.id]
        return path

    def deliver(self, address: str, raw: bytes, folder: str = "", read: bool = False) -> Copy:
        return deliver(self.root, address, raw, folder, "S" if read else "")

    def arrives(self, copy: Copy, at: datetime) -> None:
        moment = at.replace(tzinfo=UTC).timestamp()
        os.utime(self.file(copy), (moment, moment))

    def look(self, address: str) -> list[Sight]:
        return sorted(self._sight(address, path) for path in self.files(address))

    def _sight(self, address: str, path: Path) -> Sight:
        folder = str(path.parent.parent.relative_to(self.maildir(address)))
        exact = (path.parent.name, path.name, str(path.stat().st_mtime_ns), str(path.stat().st_ino))
        return Sight(folder, exact, path.read_bytes())

    def hidden_folder(self, action: Action) -> str:
        return {Action.TRASH: ".Trash", Action.JUNK: ".Junk"}.get(action, "")

    def owner_reads(self, copy: Copy) -> None:
        path = self.file(copy)
        path.rename(path.parent.parent / "cur" / f"{copy.id}:2,S")

    def owner_moves(self, copy: Copy, folder: str) -> None:
        mailbox.Maildir(self.maildir(copy.mailbox) / folder)  # makes the folder
        path = self.file(copy)
        path.rename(self.maildir(copy.mailbox) / folder / path.parent.name / path.name)

    def owner_deletes(self, copy: Copy) -> None:
        self.file(copy).unlink()

    def provider_purges(self, copy: Copy) -> None:
        quarantine = self.root / copy.mailbox / "quarantine"
        kept = [path for path in quarantine.iterdir() if path.suffix != ".json" and path.name != "lock"]
        for path in [*kept, *[path for path in self.files(copy.mailbox) if path.name.startswith(copy.id)]]:
            path.unlink()
