"""Arriving: what is new in one inbox?

Listed anew each time. Gmail's history would tell what changed, but what it tells of ends after a week, or after hours,
and what is to be done then is this.
"""

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime

from connectors.contract import Arrival
from connectors.errors import NotFound
from connectors.gmail.client import GET, Google
from connectors.gmail.labels import INBOX
from connectors.gmail.search import listed

_PAGE = 500  # ids, as many as Gmail gives at a time


def arrived(google: Google, mailbox: str, since: datetime, known: Collection[str], most: int) -> list[Arrival]:
    """The oldest that are not known. Gmail lists the newest first: all ids are read, and the last ones kept."""
    begin = since.replace(tzinfo=UTC, microsecond=0)
    ids = listed(google, mailbox, f"in:inbox after:{int(begin.timestamp()) - 1}", _PAGE)
    oldest = deque((one for one in ids if one not in known), maxlen=most)
    came = [one for one in _times(google, mailbox, oldest) if one.at >= since]
    return sorted(came, key=lambda one: one.at)


def _times(google: Google, mailbox: str, ids: Iterable[str]) -> Iterator[Arrival]:
    for message_id in ids:
        request = google.messages.get(userId="me", id=message_id, format="minimal", fields="id,labelIds,internalDate")
        try:
            seen = google.call(request, mailbox, GET)
        except NotFound:  # deleted since Gmail listed it
            continue
        if INBOX in seen.get("labelIds", ()):
            at = datetime.fromtimestamp(int(seen["internalDate"]) / 1000, UTC)
            yield Arrival(message_id, at.replace(tzinfo=None))
