"""Search: which mails of one mailbox may be the wanted message, and what are their bytes?"""

import base64
import re
from collections.abc import Iterator
from typing import Any

from connectors.contract import Copy, Wanted
from connectors.errors import NotFound, Refused, TooLarge
from connectors.gmail.client import GET, LIST, Google
from connectors.gmail.labels import INBOX, SPAM, TRASH, is_out_of_sight
from connectors.gmail.marks import Marks
from connectors.gmail.query import HEADERS, may_be, query_for
from connectors.gmail.refusals import BadRequest

MAX_CANDIDATES = 1_000  # in one mailbox; a search that would leave some out is refused instead
_PAGE = 50
_BY_ADD_ON = re.compile(r"#?msg-f:([0-9]{1,20})")
_ID = re.compile(r"[A-Za-z0-9_:.-]{1,100}")


def find(google: Google, marks: Marks, mailbox: str, wanted: Wanted) -> list[Copy]:
    """The copies that lie there and are not ours already."""
    found = []
    for message_id in _candidates(google, mailbox, query_for(wanted)):
        request = google.messages.get(
            userId="me",
            id=message_id,
            format="metadata",
            metadataHeaders=HEADERS,
            fields="id,labelIds,sizeEstimate,payload/headers",
        )
        try:
            seen = google.call(request, mailbox, GET)
        except NotFound:  # deleted since Gmail listed it
            continue
        if "DRAFT" in seen.get("labelIds", ()) or not may_be(seen.get("payload", {}).get("headers", ()), wanted):
            continue
        if not is_ours(marks, mailbox, seen.get("labelIds", [])):
            found.append(copy_of(mailbox, seen))
    return found


def _candidates(google: Google, mailbox: str, query: str) -> list[str]:
    ids = []
    for message_id in listed(google, mailbox, query):
        ids.append(message_id)
        if len(ids) > MAX_CANDIDATES:
            raise Refused(f"{mailbox}: more than {MAX_CANDIDATES:,} mails may be this message")
    return list(dict.fromkeys(ids))


def listed(google: Google, mailbox: str, query: str, at_once: int = _PAGE) -> Iterator[str]:
    """The ids that a query finds, the newest first, a page of so many at a time."""
    page = ""
    while True:
        wanted = {"q": query, "includeSpamTrash": True, "maxResults": at_once, "fields": "messages(id),nextPageToken"}
        token = {"pageToken": page} if page else {}
        said = google.call(google.messages.list(userId="me", **wanted, **token), mailbox, LIST)
        yield from (str(message["id"]) for message in said.get("messages", ()))
        page = said.get("nextPageToken", "")
        if not page:
            return


def is_ours(marks: Marks, mailbox: str, labels: list[str]) -> bool:
    """Whether a copy lies out of sight because we put it there. Its owner may have taken it out again."""
    return is_out_of_sight(labels) and bool(set(labels) & set(marks.on(mailbox, labels)))


def copy_of(mailbox: str, seen: dict[str, Any]) -> Copy:
    """A copy from Gmail's answer, with the labels it has now."""
    labels = [str(label) for label in seen.get("labelIds", ())]
    folder = next((place for place in (TRASH, SPAM, INBOX) if place in labels), "")
    size = int(seen.get("sizeEstimate", 0))
    return Copy(
        mailbox, str(seen["id"]), folder, {"labels": sorted(labels), "size": size, "read": "UNREAD" not in labels}
    )


def fetch(google: Google, mailbox: str, copy_id: str, max_bytes: int, size: int | None = None) -> bytes:
    """The bytes of one mail; its size is asked for first unless it is known. Raises TooLarge."""
    message_id = gmail_id(mailbox, copy_id)
    try:
        if size is None:
            request = google.messages.get(userId="me", id=message_id, format="minimal", fields="id,sizeEstimate")
            size = int(google.call(request, mailbox, GET).get("sizeEstimate", 0))
        if size > max_bytes:
            raise TooLarge(f"{mailbox}: a mail of {size:,} bytes is larger than is accepted")
        request = google.messages.get(userId="me", id=message_id, format="raw", fields="id,raw")
        encoded = str(google.call(request, mailbox, GET)["raw"])
    except BadRequest:  # an id that Gmail cannot read is nobody's
        raise NotFound(f"{mailbox}: there is no such mail") from None
    raw = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    if len(raw) > max_bytes:
        raise TooLarge(f"{mailbox}: a mail of {len(raw):,} bytes is larger than is accepted")
    return raw


def gmail_id(mailbox: str, copy_id: str) -> str:
    """The id as the API writes it: the add-on gives the same number in decimals. Raises NotFound."""
    if by_add_on := _BY_ADD_ON.fullmatch(copy_id):
        return format(int(by_add_on[1]), "x")
    if not _ID.fullmatch(copy_id):
        raise NotFound(f"{mailbox}: there is no such mail")
    return copy_id
