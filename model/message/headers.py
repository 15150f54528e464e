"""Headers: what does the header block say, value by value?"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC
from email.errors import HeaderParseError
from email.header import decode_header
from email.utils import parsedate_to_datetime
from functools import lru_cache

from model.message.caps import Defects
from model.message.charsets import decode, storable

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ANGLE = re.compile(r"<([^<>]*)>")
_ONCE = ("from", "sender", "subject", "date", "message-id", "reply-to", "to", "cc", "content-type", "mime-version")


@dataclass(frozen=True)
class Headers:
    """Every header in order, names lower-cased, values unfolded and still as they came."""

    names: tuple[str, ...]
    values: dict[str, list[bytes]] = field(default_factory=dict)

    def all(self, name: str) -> list[str]:
        """Every value of a header, encoded words left alone."""
        return [decode(value).strip() for value in self.values.get(name, ())]

    def first(self, name: str) -> str:
        """The topmost value, or an empty string."""
        values = self.values.get(name)
        return decode(values[0]).strip() if values else ""

    def text(self, name: str, longest: int) -> str:
        """The topmost value as a person reads it."""
        return readable(self.first(name))[:longest]


def read_headers(pairs: Sequence[tuple[bytes, bytes]], defects: Defects) -> Headers:
    """Sort the headers by name."""
    values: dict[str, list[bytes]] = {}
    names = []
    for raw_name, raw_value in pairs:
        name = _name(raw_name)
        if raw_name[-1:].isspace():
            defects.add("space-before-colon", name)
        value = raw_value
        if b"\r" in value or b"\0" in value:
            defects.add("control-character-in-header", name)
            value = value.replace(b"\r", b" ").replace(b"\0", b"")
        names.append(name[:100])
        if name in values:
            values[name].append(value)
        else:
            values[name] = [value]

    for name in _ONCE:
        if len(values.get(name, ())) > 1:
            defects.add("repeated-header", name)
    return Headers(tuple(names), values)


@lru_cache(maxsize=4_096)
def _name(raw: bytes) -> str:
    return raw.decode("ascii", "replace").rstrip().lower()


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
    try:
        moment = parsedate_to_datetime(value[:200])
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.astimezone(UTC).replace(microsecond=0).isoformat()
    except (ValueError, TypeError, OverflowError, IndexError, AttributeError):
        defects.add("date-unreadable", value[:60])
        return ""


def message_id(headers: Headers, defects: Defects) -> str:
    """The Message-ID with its angle brackets, as searches at the providers want it."""
    value = headers.first("message-id")
    if not value:
        defects.add("message-id-missing")
        return ""
    inside = _ANGLE.search(value)
    return storable(inside.group(0) if inside else value)[:998]


def return_path(headers: Headers) -> str:
    """The envelope sender as the last server wrote it down; empty for bounces."""
    value = headers.first("return-path")
    inside = _ANGLE.search(value)
    return (inside.group(1) if inside else value).strip().lower()[:320]
