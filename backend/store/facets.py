"""Facets: under which marks of ours does the index find a message, besides the words of its mail?

Each is a word that begins with a character which no word of a mail holds, so that nobody's text can imitate one.
"""

from datetime import datetime

MARK = "\u00b7"  # punctuation, which cutting a text into words drops
IDS_PER_STEP = 4_096  # how many message ids one step of the newest-first order holds


def tenant(tenant_id: int) -> str:
    """All messages of one tenant."""
    return f"{MARK}t{tenant_id}"


def harm(tenant_id: int, band: int) -> str:
    """A tenant's messages of one band of expected harm."""
    return f"{MARK}h{tenant_id}_{band}"


def age(tenant_id: int, step: int) -> str:
    """A tenant's messages with ids of one step: the higher, the newer."""
    return f"{MARK}n{tenant_id}_{step}"


def step(message_id: int) -> int:
    """Which step of the newest-first order a message is in."""
    return message_id // IDS_PER_STEP


def day(at: datetime) -> str:
    """Messages first reported on one day."""
    return f"{MARK}y{at.toordinal()}"


def is_(name: str, value: object) -> str:
    """A column of the queue that holds a value: disposition, triage, kind, ..."""
    return f"{MARK}{name}_{str(value).lower()}"


def submission(kind: object, disposition: object) -> str:
    """Messages that users, or the team, submitted as this, and those they submitted that are held to be this."""
    return is_("submission", f"{kind}_{disposition}")
