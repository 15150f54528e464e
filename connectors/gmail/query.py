"""Query: what is Gmail asked to look for, and is what it finds the wanted message?

The attacker writes the Message-ID and the sender, so nothing of theirs reaches the query unless it can mean nothing
but itself. Gmail's answer is then checked against the headers. Everything here is pure.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from connectors.contract import Wanted
from connectors.errors import Refused
from connectors.likeness import Like, addresses

HEADERS = ["Message-ID", "From", "Date"]
LOOKED_AT = ["From", "Subject"]
_PLAIN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+=$/@-]{2,249}")
_PLAIN_SENDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+=-]{0,63}@[A-Za-z0-9][A-Za-z0-9.-]{0,252}")
_UNSEEN = re.compile(r"[\x00-\x20\x7f]+")
_EARLIER, _LATER = timedelta(days=1), timedelta(days=7)  # a mail's date against when it arrives
_GIVEN_BY_GMAIL = "SMTPIN_ADDED"  # the id of a mail that came without: another one for each delivery


def query_for(wanted: Wanted) -> str:
    """By id when it has one that is harmless, else by sender and time."""
    if message_id := plain_id(wanted):
        return f"rfc822msgid:{message_id}"
    sender = f"from:{wanted.from_address} " if _PLAIN_SENDER.fullmatch(wanted.from_address) else ""
    return sender + _around(wanted.sent_at)


def query_like(like: Like) -> str:
    """By sender, words of the subject and time. Raises Refused when neither of the two can be searched for.

    A word in lower case is no operator, and without signs it is nothing but a word. Gmail finds whole words only.
    """
    sender = [f"from:{like.sender}"] if _PLAIN_SENDER.fullmatch(like.sender) else []
    terms = [*sender, *(f"subject:{word}" for word in like.words)]
    if not terms:
        raise Refused("this sender and this subject cannot be searched for")
    since, until = (int(_utc(at).timestamp()) for at in (like.since, like.until))
    return " ".join([*terms, f"after:{since - 1}", f"before:{until + 1}"])


def plain_id(wanted: Wanted) -> str:
    """The Message-ID without brackets if it can be searched for; else empty: missing, hostile or not the sender's."""
    message_id = bare(wanted.message_id)
    return message_id if _PLAIN_ID.fullmatch(message_id) and not _is_given_by_gmail(message_id) else ""


def _around(sent_at: datetime | None) -> str:
    if sent_at is None:
        return "newer_than:30d"
    moment = _utc(sent_at)
    return f"after:{int((moment - _EARLIER).timestamp())} before:{int((moment + _LATER).timestamp())}"


def may_be(headers: Iterable[Mapping[str, str]], wanted: Wanted) -> bool:
    """Whether a mail with these headers may be the wanted one. The caller confirms it by the message's fingerprint."""
    said = [(str(header["name"]).lower(), str(header["value"])) for header in headers]
    wanted_id = bare(wanted.message_id)
    if wanted_id and not _is_given_by_gmail(wanted_id):
        return any(name == "message-id" and bare(value) == wanted_id for name, value in said)
    sender = any(name == "from" and wanted.from_address.casefold() in addresses(value) for name, value in said)
    return sender and any(name == "date" and _is_at(value, wanted.sent_at) for name, value in said)


def bare(message_id: str) -> str:
    """A Message-ID without brackets and white space; its letters' case counts."""
    return _UNSEEN.sub("", message_id).strip("<>")


def _is_given_by_gmail(message_id: str) -> bool:
    return _GIVEN_BY_GMAIL in message_id and message_id.endswith("@mx.google.com")


def _is_at(date: str, sent_at: datetime | None) -> bool:
    if sent_at is None:
        return True
    try:
        return int(_utc(parsedate_to_datetime(date)).timestamp()) == int(_utc(sent_at).timestamp())
    except (ValueError, TypeError, OverflowError, IndexError):
        return False


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
