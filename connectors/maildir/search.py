"""Search: which files of a mailbox may be the wanted message, and what is each called?"""

import os
from collections.abc import Sequence
from contextlib import suppress
from itertools import groupby

from connectors.contract import Copy, Wanted
from connectors.errors import Refused, TooLarge, TryLater
from connectors.maildir import disk, headers
from connectors.maildir.folders import Box, Entry, entries
from connectors.maildir.held import Held
from connectors.maildir.index import Index, name_of
from connectors.maildir.names import is_read, on_disk, readable

MAX_CANDIDATES = 1_000  # in one mailbox; a search that would leave some out is refused instead
_TRIES = 5


def candidates(box: Box, wanted: Wanted, index: Index) -> list[Entry]:
    """The files whose header block fits `wanted`, wherever they lie."""
    key, hits = headers.key_of(wanted), set[int]()
    for _ in range(_TRIES):
        mails = {name_of(entry): entry for entry in entries(box)}
        known = index.keys(box.address)
        keys = {name: known[name] for name in mails if name in known}
        unsure = [name for name in mails if name not in hits and (name not in keys or key in keys[name])]
        read = _identities(box, [mails[name] for name in unsure])
        hits |= {name for name, found in read.items() if headers.may_be(found, wanted)}
        index.remember(box.address, keys | {name: found.keys() for name, found in read.items()})
        if len(read) == len(unsure):
            return _limited([entry for name, entry in mails.items() if name in hits], box)
    raise TryLater(f"{box.address}: the mailbox kept changing while it was searched", 1)


def _identities(box: Box, mails: Sequence[Entry]) -> dict[int, headers.Identity]:
    """What the files' header blocks say, without those files that are not where they were."""
    found = {}
    for place, group in groupby(mails, key=lambda entry: entry.place):
        with suppress(FileNotFoundError), disk.folder(place, box.mail) as at:
            for entry in group:
                with suppress(FileNotFoundError), disk.file(entry.name, at) as fd:
                    found[name_of(entry)] = headers.identity(headers.block_of(fd))
    return found


def _limited(hits: list[Entry], box: Box) -> list[Entry]:
    if len(hits) > MAX_CANDIDATES:
        raise Refused(f"{box.address}: more than {MAX_CANDIDATES:,} mails claim to be this message")
    return hits


def copies(box: Box, hits: Sequence[Entry], held: Held) -> list[Copy]:
    """The candidates by name, without those that already lie in Trash or Junk because we put them there.

    A file's id is the unique part of its name. When another file has that id already (in the mailbox, or
    held by us), the inode is added.
    """
    taken: set[str] = set()
    found = []
    for entry in hits:
        plain = readable(entry.unique)
        longer = f"{plain}#{entry.inode}"
        if any((record := held.record(one)) and held.is_at_target(record, entry) for one in (plain, longer)):
            continue
        other_is_held = held.present(plain, hits) and held.quarantined(plain) != entry.inode
        found.append(_copy(box, entry, longer if plain in taken or other_is_held else plain))
        taken.add(plain)
    return found


def _copy(box: Box, entry: Entry, copy_id: str) -> Copy:
    state: dict[str, str | int | bool | list[str]] = {
        "sub": entry.sub,
        "file": readable(entry.name),
        "inode": entry.inode,
        "read": is_read(entry.name),
    }
    return Copy(box.address, copy_id, readable(entry.folder), state)


def locate(copy_id: str, mails: Sequence[Entry], inode: object = None) -> Entry | None:
    """Where a copy lies now, whatever a mail client did to its flags and folder.

    Of several files with one unique name, the one with `inode` is meant.
    """
    plain, _, exact = copy_id.partition("#")
    unique = on_disk(plain)
    fitting = [entry for entry in mails if entry.unique == unique and exact in {"", str(entry.inode)}]
    return min(fitting, key=lambda entry: entry.inode != inode, default=None)


def read_whole(entry: Entry, box: Box, limit: int) -> bytes:
    """All bytes of a mail. Raises FileNotFoundError when it moved, Refused when it is too large."""
    with disk.folder(entry.place, box.mail) as at, disk.file(entry.name, at) as fd:
        return read_limited(fd, limit, box.address)


def read_limited(fd: int, limit: int, what: str) -> bytes:
    """All bytes of an open file. Raises TooLarge when there are more than `limit`."""
    with os.fdopen(os.dup(fd), "rb") as stream:
        raw = stream.read(limit + 1)
    if len(raw) > limit:
        raise TooLarge(f"{what}: a message is larger than {limit:,} bytes")
    return raw
