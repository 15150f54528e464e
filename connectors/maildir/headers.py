"""Headers: which message could a file be, by its header block alone?"""

import os
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from connectors.contract import Wanted

MAX_HEADER = 1_000_000  # bytes; padding a header block beyond this hides nothing a mail program would show
_CHUNK = 16_384
_FIELD = re.compile(r"^(message-id|from|date)[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*)", re.IGNORECASE | re.MULTILINE)
_UNSEEN = re.compile(r"[\x00-\x20\x7f]+")
_FOREIGN = re.compile(r"[^\x21-\x7e]+")
_BRACKETED = re.compile(r"<([^<>]*)>")


class Identity(NamedTuple):
    """What the header block says about which message it is. `sent` is in seconds since 1970."""

    ids: frozenset[str]
    sender: str
    sent: int | None

    def keys(self) -> tuple[int, ...]:
        """Small numbers to look the file up by; `keys_of` names those that a search needs."""
        return (*(hash(("id", one)) for one in self.ids), hash(("sent", self.sent)))


def normalised(message_id: str) -> str:
    """A Message-ID without brackets, case, white space and the ways to decode what is not ASCII."""
    bare = _UNSEEN.sub("", message_id).strip("<>").casefold()
    return _FOREIGN.sub("?", bare)


def block_of(fd: int) -> bytes:
    """The header block of an open mail, read no further than needed."""
    block = b""
    while len(block) < MAX_HEADER:
        chunk = os.read(fd, _CHUNK)
        block = (block + chunk).lstrip(b"\r\n") if len(block) < _CHUNK else block + chunk
        end = _end(block, max(0, len(block) - len(chunk) - 2))
        if not chunk or end >= 0:
            return block[:end] if end >= 0 else block
    return block


def _end(block: bytes, start: int) -> int:
    """Where the first empty line begins, in any of the three ways to end a line; -1 when there is none."""
    ends = [block.find(mark, start) for mark in (b"\n\n", b"\n\r\n", b"\r\r")]
    return min((end for end in ends if end >= 0), default=-1)


def identity(block: bytes) -> Identity:
    """Read a header block; never fails, however malformed it is."""
    fields = list(_fields(block))
    ids = frozenset(one for name, value in fields if name == "message-id" for one in _ids(value))
    sender = " ".join(value for name, value in fields if name == "from").casefold()
    dates = [value for name, value in fields if name == "date"]
    return Identity(ids, sender, _seconds(dates[0]) if dates else None)


def _fields(block: bytes) -> Iterator[tuple[str, str]]:
    text = block.decode("latin-1").replace("\r\n", "\n").replace("\r", "\n")
    for field in _FIELD.finditer(text):
        yield field[1].lower(), field[2].replace("\n", "")


def _ids(value: str) -> Iterable[str]:
    return filter(None, map(normalised, (value, *_BRACKETED.findall(value))))


def _seconds(date: str) -> int | None:
    try:
        return _timestamp(parsedate_to_datetime(date))
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _timestamp(at: datetime) -> int:
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())


def key_of(wanted: Wanted) -> int:
    """The one number that every candidate for `wanted` has among its keys."""
    if wanted.message_id:
        return hash(("id", normalised(wanted.message_id)))
    return hash(("sent", _timestamp(wanted.sent_at) if wanted.sent_at else None))


def may_be(found: Identity, wanted: Wanted) -> bool:
    """Whether a file may be a copy of `wanted`. The caller confirms it by the message's fingerprint."""
    if wanted.message_id:
        return normalised(wanted.message_id) in found.ids
    same_time = found.sent == (_timestamp(wanted.sent_at) if wanted.sent_at else None)
    return same_time and wanted.from_address.casefold() in found.sender
