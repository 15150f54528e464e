"""Likeness: what is a mail like that nobody can name by its Message-ID, and is this one like that?

The subject of a mail is its sender's choice, and so is how it is encoded: nothing here fails on either.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header

_WORD = re.compile(r"\w+")
_ADDRESS = re.compile(r"[^\s<>()\",;:@]+@[^\s<>()\",;:@]+")
_LONGEST = 4_000  # letters of a header that are read


@dataclass(frozen=True)
class Like:
    """A sender, words of the subject, or both; and the time in which it came, both ends in UTC without a zone.

    `most` is how many copies of one mailbox are wanted, the newest first.
    """

    sender: str
    subject: str
    since: datetime
    until: datetime
    most: int

    @property
    def words(self) -> list[str]:
        """The words of the subject, for a search; what is no letter, digit or underscore is no part of one."""
        return words(self.subject)

    def fits(self, senders: str, subject: str) -> bool:
        """Whether a mail with this From and this Subject is meant."""
        return fits(self.sender, self.subject, senders, subject)

    def came(self, at: float) -> bool:
        """Whether a mail that came at this time, in seconds since 1970, came in time."""
        first, last = (one.replace(tzinfo=UTC).timestamp() for one in (self.since, self.until))
        return first <= at <= last


def fits(sender: str, subject: str, senders: str, told: str) -> bool:
    """Whether a mail is from this very address and has all words of this subject; what is empty fits everything."""
    of_sender = not sender or sender.casefold() in addresses(senders)
    has = told.casefold()
    return of_sender and all(word in has for word in words(subject))


def words(subject: str) -> list[str]:
    """What a subject consists of, without signs and in lower case."""
    return _WORD.findall(subject.casefold())


def addresses(value: str) -> set[str]:
    """Whatever looks like an address in a From header. No parser: what it nests without end would end ours."""
    return {found.casefold() for found in _ADDRESS.findall(value[:_LONGEST])}


def decoded(value: str) -> str:
    """A header as people read it."""
    short = value[:_LONGEST]
    try:
        return "".join(_text(part, charset) for part, charset in decode_header(short))
    except (HeaderParseError, ValueError):
        return short


def _text(part: bytes | str, charset: str | None) -> str:
    if isinstance(part, str):
        return part
    try:
        return part.decode(charset or "utf-8", "replace")
    except LookupError:
        return part.decode("latin-1")
