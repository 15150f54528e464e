"""Answers: how is one of the tenant's own people told, at most once?"""

import base64
from hashlib import sha256

from connectors.answer_mail import compose
from connectors.contract import OutgoingMail
from connectors.errors import Refused
from connectors.gmail.client import LIST, SEND, Google
from connectors.gmail.together import patiently


def message_id(key: str, sender: str) -> str:
    """The same for the same answer, so that one already there is recognised."""
    return f"{sha256(key.encode()).hexdigest()[:40]}.unhook@{sender.rpartition('@')[2]}"


def is_there(google: Google, mailbox: str, mail: OutgoingMail, sender: str) -> bool:
    """Whether the person has this answer already. Raises NoMailbox when there is no such person."""
    query = f"rfc822msgid:{message_id(mail.key, sender)}"
    request = google.messages.list(
        userId="me", q=query, includeSpamTrash=True, maxResults=1, fields="messages(id),nextPageToken"
    )
    return bool(patiently(google.pace, lambda: google.call(request, mailbox, LIST)).get("messages"))


def send(google: Google, mail: OutgoingMail, sender: str) -> None:
    """Send it, tried once. Raises Refused when it has not left; TryLater when it may have."""
    if not sender:
        raise Refused("no account is set that answers are sent from: set UNHOOK_GMAIL_ANSWERS_FROM")
    raw = compose(mail, sender, message_id(mail.key, sender))
    body = {"raw": base64.urlsafe_b64encode(raw).decode()}
    google.call_once(google.messages.send(userId="me", body=body, fields="id"), sender, SEND)
