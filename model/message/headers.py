"""Headers: what does the header block say, value by value?"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.errors import HeaderParseError
from email.header import decode_header
from email.utils import parsedate_to_datetime
from functools import cached_property

from model.message import caps
from model.message.caps import Defects
from model.message.charsets import decode, storable
from model.message.source import Block, unfolded

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ANGLE = re.compile(r"<([^<>]*)>")
_DATE = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), +)?([0-9]{1,2}) +([A-Z][a-z][a-z]) +((?:19|20)[0-9]{2})"
    r" +([0-9]{2}):([0-9]{2}):([0-9]{2}) +(?:([+-])([01][0-9]|2[0-3])([0-5][0-9])|GMT)(?: \([A-Z]{3,4}\))?"
)
_MONTHS = ("", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ONCE = dict.fromkeys(  # in order, and quick to look a name up in
    ("from", "sender", "subject", "date", "message-id", "reply-to", "to", "cc", "content-type", "mime-version")
)


@dataclass(frozen=True)
class Headers:
    """Every header in order, names lower-cased. A mail has forty; only the few that are asked for are taken up."""

    names: tuple[str, ...]
    folded: tuple[bytes, ...] = ()  # their values as they came

    @cached_property
    def _topmost(self) -> dict[str, bytes]:
        return dict(zip(reversed(self.names), reversed(self.folded), strict=True))

    def count(self, name: str) -> int:
        """How often a header stands there."""
        return self.names.count(name)

    def all(self, name: str) -> list[str]:
        """Every value of a header, encoded words left alone."""
        if name not in self._topmost:
            return []
        if self.count(name) == 1:
            return [self.first(name)]
        return [_value(self.folded[place]) for place, known in enumerate(self.names) if known == name]

    def first(self, name: str) -> str:
        """The topmost value, or an empty string."""
        value = self._topmost.get(name)
        return _value(value) if value else ""

    def text(self, name: str, longest: int) -> str:
        """The topmost value as a person reads it."""
        return readable(self.first(name))[:longest]


def read_headers(block: Block, defects: Defects) -> Headers:
    """The headers under the names that all spell alike, with what is odd about them noted."""
    if not block.names:
        return Headers(())
    joined = b"\n".join(block.names).lower()
    if b" \n" in joined or joined.endswith(b" "):
        for name in _names(joined):
            if name.endswith(" "):
                defects.add("space-before-colon", name.rstrip())
        joined = b"\n".join([name.rstrip(b" ") for name in joined.split(b"\n")])
    names = _names(joined)
    _note_control_characters(names, block.values, defects)

    once = [name for name in names if name in _ONCE]
    if len(set(once)) != len(once):
        for name in _ONCE:
            if once.count(name) > 1:
                defects.add("repeated-header", name)
    return Headers(names, block.values)


def _names(joined: bytes) -> tuple[str, ...]:
    return tuple([name[:100] for name in joined.decode("ascii", "replace").split("\n")])


def _note_control_characters(names: Sequence[str], values: Sequence[bytes], defects: Defects) -> None:
    everything = b"\n".join(values) + b"\n"
    bare = b"\r" in everything and everything.count(b"\r") != everything.count(b"\r\n")
    if not bare and b"\0" not in everything:
        return
    for name, value in zip(names, values, strict=True):
        line = unfolded(value)
        if b"\r" in line or b"\0" in line:
            defects.add("control-character-in-header", name)


def _value(folded: bytes) -> str:
    return decode(unfolded(folded).replace(b"\r", b" ").replace(b"\0", b"")).strip()


def readable(value: str) -> str:
    """Decode encoded words, with our own charsets and without ever failing."""
    if "=?" in value:
        try:
            pieces = decode_header(value)
            value = "".join(p if isinstance(p, str) else decode(p, c or "") for p, c in pieces)
        except (HeaderParseError, ValueError, LookupError):
            pass
    value = " ".join(value.split())
    return value if value.isprintable() else storable(_CONTROL.sub("", value))


def date_in_utc(headers: Headers, defects: Defects) -> str:
    """The Date header as ISO 8601 in UTC; an empty string when it is missing or unreadable."""
    value = headers.first("date")
    if not value:
        defects.add("date-missing")
        return ""
    usual = _usual_date(value)
    if usual:
        return usual
    try:
        moment = parsedate_to_datetime(value[:200])
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.astimezone(UTC).replace(microsecond=0).isoformat()
    except (ValueError, TypeError, OverflowError, IndexError, AttributeError):
        defects.add("date-unreadable", value[:60])
        return ""


def _usual_date(value: str) -> str:
    """The date when it is written as nearly all are: the library takes five times as long over it."""
    found = _DATE.fullmatch(value)
    if not found:
        return ""
    day, month, year, hour, minute, second, sign, hours, minutes = found.groups()
    try:
        local = datetime(int(year), _MONTHS.index(month), int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    except ValueError:
        return ""
    ahead = timedelta(minutes=60 * int(hours) + int(minutes)) if sign else timedelta()
    return (local + ahead if sign == "-" else local - ahead).isoformat()


def message_id(headers: Headers, defects: Defects) -> str:
    """The Message-ID with its angle brackets, as searches at the providers want it; empty when it is too long for one.

    A part of it would be found in no mailbox, and more than this fits into no index.
    """
    value = headers.first("message-id")
    if not value:
        defects.add("message-id-missing")
        return ""
    inside = _ANGLE.search(value)
    found = storable(inside.group(0) if inside else value)
    if len(found.encode()) > caps.MESSAGE_ID_BYTES:
        defects.add("message-id-too-long")
        return ""
    return found


def return_path(headers: Headers) -> str:
    """The envelope sender as the last server wrote it down; empty for bounces."""
    value = headers.first("return-path")
    inside = _ANGLE.search(value)
    return (inside.group(1) if inside else value).strip().lower()[:320]
