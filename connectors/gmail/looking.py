"""Looking: which mails of one mailbox came in a time and are like what somebody looks for?

Gmail's query only finds candidates: it knows words and addresses its own way. Each is confirmed by its headers.
"""

from dataclasses import replace
from itertools import islice
from typing import Any

from connectors.contract import Copy, Searched
from connectors.errors import NotFound
from connectors.gmail.client import GET, Google
from connectors.gmail.labels import PLACES
from connectors.gmail.marks import Marks
from connectors.gmail.query import LOOKED_AT, query_like
from connectors.gmail.search import copy_of, is_ours, listed
from connectors.likeness import Like, decoded

MOST_READ = 200  # candidates of one mailbox, at 20 of its 250 quota units a second each


def look(google: Google, marks: Marks, mailbox: str, like: Like) -> Searched:
    """The newest that fit."""
    found: list[Copy] = []
    candidates = list(islice(listed(google, mailbox, query_like(like)), MOST_READ + 1))
    for message_id in candidates[:MOST_READ]:
        seen = _read(google, mailbox, message_id)
        if seen and _is_like(seen, like) and not is_ours(marks, mailbox, seen.get("labelIds", [])):
            found.append(_placed(copy_of(mailbox, seen)))
        if len(found) > like.most:
            break
    return Searched(mailbox, tuple(found[: like.most]), cut=len(found) > like.most or len(candidates) > MOST_READ)


def _read(google: Google, mailbox: str, message_id: str) -> dict[str, Any] | None:
    asked = {"format": "metadata", "metadataHeaders": LOOKED_AT}
    fields = "id,labelIds,sizeEstimate,internalDate,payload/headers"
    request = google.messages.get(userId="me", id=message_id, fields=fields, **asked)
    try:
        return dict(google.call(request, mailbox, GET))
    except NotFound:  # deleted since Gmail listed it
        return None


def _is_like(seen: dict[str, Any], like: Like) -> bool:
    if "DRAFT" in seen.get("labelIds", ()) or not like.came(int(seen.get("internalDate", 0)) / 1000):
        return False
    headers = seen.get("payload", {}).get("headers", ())
    said = {
        name: " ".join(decoded(str(one["value"])) for one in headers if one["name"].lower() == name)
        for name in ("from", "subject")
    }
    return like.fits(said["from"], said["subject"])


def _placed(copy: Copy) -> Copy:
    """Gmail has one place for everything that lies in no other: what its owner archived."""
    return replace(copy, state={**copy.state, "place": copy.folder if copy.folder in PLACES else "ARCHIVE"})
