"""Readings: do two parsers see the same parts in this message?"""

import re

from model.message.caps import Defects
from model.message.careful import read_careful
from model.message.mime import ParseError, Part, Reading, read_fast

_BOUNDARY = re.compile(rb"boundary\s*=\s*\"?([^\"\r\n;]{1,200})", re.IGNORECASE)


def read_parts(headers: bytes, body: bytes, defects: Defects, doubtful: bool = False) -> tuple[Reading, ...]:
    """One reading when nothing is odd; otherwise the careful one first, then every other that differs from it."""
    fast = _fast(headers, body, defects)
    if fast and not (doubtful or fast.doubts or _boundaries_odd(headers, body, fast)):
        return (fast,)

    for doubt in fast.doubts if fast else ():
        defects.add(doubt)
    careful = read_careful(headers, body, defects)
    others = [fast, *(_fast(variant, body, defects) for variant in _variants(headers))]
    readings = {_shape(r): r for r in reversed([careful, *others]) if r}  # the first of equal ones stays
    if len(readings) > 1:
        defects.add("parsers-disagree")
    return tuple(reversed(readings.values())) or (_as_text(body, defects),)


def _variants(headers: bytes) -> list[bytes]:
    """The headers as those read them who believe the second or third Content-Type, not the first."""
    lines = headers.split(b"\r\n")
    types = [line for line in lines if line[:13].lower() == b"content-type:"]
    rest = [line for line in lines if line not in types]
    return [b"\r\n".join([kind, *rest]) for kind in types[1:3]]


def _fast(headers: bytes, body: bytes, defects: Defects) -> Reading | None:
    try:
        return read_fast(headers, body, defects)
    except ParseError as error:
        defects.add("fast-reading-failed", type(error).__name__)
    except (ValueError, RuntimeError) as error:
        defects.add("fast-reading-failed", type(error).__name__)
    return None


def _boundaries_odd(headers: bytes, body: bytes, reading: Reading) -> bool:
    """True when the outermost boundary stands in the body more or less often than the parts explain."""
    found = _BOUNDARY.search(headers)
    if not found:
        return False
    mark = b"--" + found.group(1).strip()
    return body.count(b"\n" + mark) + body.startswith(mark) != reading.children + 1


def _shape(reading: Reading) -> tuple[tuple[str, bytes], ...]:
    return tuple((part.content_type, _essence(part)) for part in reading.parts)


def _essence(part: Part) -> bytes:
    """The content without what parsers may rightly differ in: line ends, and attached messages' own form."""
    if part.content_type.startswith("message/"):
        return b""
    return part.content.replace(b"\r\n", b"\n").strip()


def _as_text(body: bytes, defects: Defects) -> Reading:
    defects.add("structure-unreadable")
    return Reading((Part("text/plain", "", "", "", "", body, 0),))
