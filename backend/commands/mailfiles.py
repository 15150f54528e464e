"""Mail files: which messages lie in these files and folders?"""

import mailbox
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from backend.errors import BadInput
from backend.intake_mail.outlook_file import rebuilt
from model.message.facts import Defect

LARGEST = 31_000_000  # bytes read of one message: enough for the parser to say that it is too large
LARGEST_MBOX = 4_000_000_000
WANTED = frozenset({".eml", ".msg", ".mbox"})


@dataclass(frozen=True)
class MailFile:
    """One message somewhere on disk. `read` gives its bytes, and a defect if they had to be rebuilt."""

    path: str
    read: Callable[[], tuple[bytes, tuple[Defect, ...]]]


def files_under(paths: Iterable[Path]) -> Iterator[Path]:
    """The files to look into: named ones whatever they are called, folders for .eml, .msg and .mbox, in order."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for folder, folders, names in os.walk(path):
            folders.sort()
            yield from (Path(folder, name) for name in sorted(names) if Path(name).suffix.lower() in WANTED)


def messages_in(path: Path) -> Iterator[MailFile]:
    """The messages of one file: many in an .mbox, else one. Reading may raise OSError or BadInput."""
    kind = path.suffix.lower()
    if kind == ".mbox":
        yield from _in_mbox(path)
    elif kind == ".msg":
        yield MailFile(str(path), lambda: (rebuilt(_bytes_of(path)), (Defect("rebuilt-from-msg"),)))
    else:
        yield MailFile(str(path), lambda: (_bytes_of(path), ()))


def _in_mbox(path: Path) -> Iterator[MailFile]:
    if not path.is_file():
        raise BadInput("not a file")
    if path.stat().st_size > LARGEST_MBOX:
        raise BadInput(f"over {LARGEST_MBOX:,} bytes; split it")
    box = mailbox.mbox(path, create=False)
    try:
        keys = box.keys()
        if not keys:
            raise BadInput("no message in it: an mbox begins with a line 'From '")
        for number, key in enumerate(keys, start=1):
            yield MailFile(f"{path}#{number}", partial(_from_mbox, box, key))
    finally:
        box.close()


def _from_mbox(box: "mailbox.mbox", key: str) -> tuple[bytes, tuple[Defect, ...]]:
    with box.get_file(key) as part:
        return part.read(LARGEST), ()


def _bytes_of(path: Path) -> bytes:
    if not path.is_file():  # a pipe or a device would hold us up
        raise BadInput("not a file")
    with path.open("rb") as file:
        return file.read(LARGEST)
