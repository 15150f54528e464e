"""Arriving: what is new in one inbox?"""

from collections.abc import Collection
from datetime import UTC, datetime

from connectors.contract import Arrival
from connectors.maildir import search
from connectors.maildir.folders import Box, entries
from connectors.maildir.held import Held
from connectors.maildir.looking import times
from connectors.maildir.names import INBOX


def arrived(box: Box, since: datetime, known: Collection[str], most: int, held: Held) -> list[Arrival]:
    """The oldest that are not known. When a mail came is the time of its file, which no move changes."""
    inbox = [entry for entry in entries(box) if entry.folder == INBOX]
    came = {entry.inode: at for entry, at in times(box, inbox) if at >= since.replace(tzinfo=UTC).timestamp()}
    late = sorted((entry for entry in inbox if entry.inode in came), key=lambda entry: (came[entry.inode], entry))
    fresh = [copy for copy in search.copies(box, late, held) if copy.id not in known]
    return [Arrival(copy.id, _utc(came[int(str(copy.state["inode"]))])) for copy in fresh[:most]]


def _utc(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC).replace(tzinfo=None)
