"""Looking: which files of a mailbox came in a time and are like what somebody looks for?

When a mail came is the time of its file: the sender chooses the date in it.
"""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import groupby

from connectors.contract import Copy, Searched
from connectors.likeness import Like, decoded
from connectors.maildir import disk, headers, search
from connectors.maildir.folders import Box, Entry, entries
from connectors.maildir.held import Held

MOST_READ = 10_000  # files of one mailbox whose headers are read; what came before them is said to be missing
_SAID = re.compile(r"^(from|subject)[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*)", re.IGNORECASE | re.MULTILINE)


def look(box: Box, like: Like, held: Held) -> Searched:
    """The newest that fit."""
    mails = entries(box)
    came = sorted(((at, entry) for entry, at in times(box, mails) if like.came(at)), reverse=True)
    hits: list[Entry] = []
    cut = len(came) > MOST_READ
    for _, entry in came[:MOST_READ]:
        if len(hits) > like.most:
            break
        if _is_like(box, entry, like):
            hits.append(entry)
    found = [_placed(copy) for copy in search.copies(box, hits, held)]
    return Searched(box.address, tuple(found[: like.most]), cut=cut or len(hits) > like.most)


def times(box: Box, mails: Sequence[Entry]) -> Iterator[tuple[Entry, float]]:
    """When each came, in seconds since 1970, without those that are not where they were."""
    for place, group in groupby(mails, key=lambda entry: entry.place):
        with suppress(FileNotFoundError), disk.folder(place, box.mail) as at:
            for entry in group:
                with suppress(FileNotFoundError):
                    yield entry, os.stat(entry.name, dir_fd=at, follow_symlinks=False).st_mtime


def _is_like(box: Box, entry: Entry, like: Like) -> bool:
    try:
        with disk.folder(entry.place, box.mail) as at, disk.file(entry.name, at) as fd:
            block = headers.block_of(fd)
    except FileNotFoundError:  # moved meanwhile: a look promises no more than it saw
        return False
    return like.fits(*said(block))


def said(block: bytes) -> tuple[str, str]:
    """From and Subject of a header block, decoded; several of one kind count together."""
    text = block.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    told: dict[str, list[str]] = {"from": [], "subject": []}
    for field in _SAID.finditer(text):
        told[field[1].lower()].append(decoded(re.sub(r"\n[ \t]", " ", field[2]).strip()))
    return " ".join(told["from"]), " ".join(told["subject"])


def _placed(copy: Copy) -> Copy:
    return replace(copy, state={**copy.state, "place": copy.folder.lstrip(".") or "INBOX"})
