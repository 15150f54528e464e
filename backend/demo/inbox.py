"""Inbox: which mails lie in a demo person's Maildir, as their mail program would list them?"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from model.message.addresses import read_addresses
from model.message.caps import Defects
from model.message.headers import date_in_utc, read_headers
from model.message.source import split

MOST = 100  # of one folder; the demo's mailboxes hold about ten
_HEADERS = 65_536


@dataclass(frozen=True)
class Listed:
    """One mail of the list. `id` is what the connector, and so a report, calls it."""

    id: str
    subject: str
    sender: str
    address: str
    sent_at: datetime | None
    unread: bool


@dataclass(frozen=True)
class Folder:
    """One folder with its mails, newest first. The inbox has no name."""

    name: str
    mails: list[Listed]


def folders(maildir: Path) -> list[Folder]:
    """The inbox, then every other folder that holds a mail."""
    if not maildir.is_dir():
        return [Folder("", [])]
    others = sorted(path for path in maildir.iterdir() if path.name.startswith(".") and path.is_dir())
    filled = [Folder(path.name[1:], _mails(path)) for path in others]
    return [Folder("", _mails(maildir)), *(folder for folder in filled if folder.mails)]


def _mails(folder: Path) -> list[Listed]:
    files = [file for part in ("new", "cur") for file in _files(folder / part)]
    found = [listed for file in files[:MOST] if (listed := _listed(file))]
    return sorted(found, key=lambda mail: (mail.sent_at.isoformat() if mail.sent_at else "", mail.id), reverse=True)


def _files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir(), reverse=True) if folder.is_dir() else []


def _listed(file: Path) -> Listed | None:
    """What the header block says; nothing when the file moved meanwhile, as mails in a mailbox do."""
    unique, _, flags = file.name.partition(":2,")
    try:
        with file.open("rb") as stream:
            raw = stream.read(_HEADERS)
    except OSError:
        return None
    defects = Defects()
    headers = read_headers(split(raw, defects).headers, defects)
    sender = next(iter(read_addresses(headers.all("from"), defects)), None)
    date = date_in_utc(headers, defects)
    return Listed(
        id=unique,
        subject=headers.text("subject", 300),
        sender=sender.name or sender.address if sender else "",
        address=sender.address if sender else "",
        sent_at=datetime.fromisoformat(date).replace(tzinfo=None) if date else None,
        unread="S" not in flags,
    )
