"""Sending: how is one of the tenant's own people answered, at most once?"""

from hashlib import sha256

from connectors.contract import OutgoingMail
from connectors.errors import NoMailbox, NotPermitted
from connectors.outlook import asks
from connectors.outlook.asks import literal
from connectors.outlook.batch import Conversation
from connectors.outlook.refusals import UnknownUser, checked


def send(sender: str, user: str, mail: OutgoingMail) -> Conversation[None]:
    """Send unless it is there. Raises NoMailbox when there is no such person; TryLater when it may have left."""
    message_id = f"<{sha256(mail.key.encode()).hexdigest()[:40]}@{sender.rpartition('@')[2]}>"
    if (yield from _has(user, message_id)):
        return
    ask = asks.send(
        sender,
        {
            "subject": " ".join(mail.subject.split()),
            "body": {"contentType": "Text", "content": mail.text},
            "toRecipients": [{"emailAddress": {"address": mail.to}}],
            "internetMessageId": message_id,
            "internetMessageHeaders": [
                {"name": "x-unhook-key", "value": mail.key},
                {"name": "x-auto-response-suppress", "value": "All"},  # Exchange's word: no vacation responder answers
            ],
        },
    )
    checked(ask, (yield ask))


def _has(user: str, message_id: str) -> Conversation[bool]:
    """Whether the answer is in the person's mailbox; no, when we may not look or the mailbox is elsewhere."""
    ask = asks.any_message(user, f"internetMessageId eq {literal(message_id)}")
    try:
        return bool(checked(ask, (yield ask))["value"])
    except UnknownUser:
        raise
    except (NotPermitted, NoMailbox):
        return False
