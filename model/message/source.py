"""Source: where in these bytes are the headers, where is the body?"""

import hashlib
import re
from dataclasses import dataclass

from model.message import caps
from model.message.caps import Defects

_LINE = rb"([^\x00-\x20\x7f:][^\x00-\x1f:]{0,100}):([^\n]*+(?:\n[ \t][^\n]*+)*+)(?:\n|\Z)"
_HEADER = re.compile(_LINE)
_BLOCK = re.compile(rb"(?:" + _LINE.replace(b"(", b"(?:").replace(b"(?:?:", b"(?:") + rb")*+")
_NEXT = re.compile(rb"\n(?![ \t])")
_HONEST_NAME = bytes(range(33, 58)) + bytes(range(59, 127)) + b" "
_MBOX_LINE = re.compile(rb">?From (?! *:)")
_END = re.compile(rb"\r?\n")
_BLANK = re.compile(rb"\n\r?\n")


@dataclass(frozen=True)
class Block:
    """The headers in order: as many values as names. The values are still folded, for most are never read."""

    names: tuple[bytes, ...] = ()
    values: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Source:
    """A message cut in two. `cut_off` is a hash over what the caps left out, empty when they left out nothing."""

    headers: Block
    body: bytes
    cut_off: str = ""


def split(raw: bytes, defects: Defects) -> Source:
    """Find the header block and the body, after undoing what mail programs do to saved files."""
    kept, rest = _bounded(raw, defects)
    kept = _plain(kept, defects)
    headers, body = _header_block(kept, defects)

    return Source(headers, body, hashlib.sha256(rest).hexdigest() if rest else "")


def _bounded(raw: bytes, defects: Defects) -> tuple[bytes, bytes]:
    end = len(raw)
    if end > caps.MESSAGE_BYTES:
        defects.add("message-too-big", str(len(raw)))
        end = caps.MESSAGE_BYTES
    for mark, most, code in (
        (b"\n", caps.LINES, "too-many-lines"),
        (b"\n--", caps.BOUNDARY_LINES, "too-many-boundaries"),
    ):
        # A single sign is counted in half the time, and hardly any mail has so many lines.
        if end > most and raw.count(b"\n", 0, end) > most and raw.count(mark, 0, end) > most:
            defects.add(code)
            end = _nth(raw, mark, most)
    return (raw, b"") if end == len(raw) else (raw[:end], raw[end:])


def _nth(raw: bytes, mark: bytes, number: int) -> int:
    place = -1
    for _ in range(number):
        place = raw.find(mark, place + 1)
    return place + 1


def _plain(raw: bytes, defects: Defects) -> bytes:
    """Undo UTF-16, a byte order mark, blank lines and an mbox line in front, and line ends made of CR alone."""
    if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} or (len(raw) > 3 and raw[1:40:2].count(0) >= min(20, len(raw) // 2)):
        defects.add("utf-16-message")
        codec = "utf-16-be" if raw[:2] == b"\xfe\xff" else "utf-16-le"
        raw = raw.decode(codec, "replace").lstrip("\ufeff").encode("utf-8", "replace")
    if raw.startswith(b"\xef\xbb\xbf"):
        defects.add("byte-order-mark")
        raw = raw[3:]
    if raw[:1] in {b"\r", b"\n"}:
        defects.add("leading-blank-lines")
        raw = raw.lstrip(b"\r\n")
    if b"\n" not in raw and b"\r" in raw:
        defects.add("carriage-return-line-ends")
        raw = raw.replace(b"\r", b"\n")
    if _MBOX_LINE.match(raw):
        raw = raw[raw.find(b"\n") + 1 :] if b"\n" in raw else b""
    return raw


def _header_block(raw: bytes, defects: Defects) -> tuple[Block, bytes]:
    """Headers end at the first blank line, or where a line is no header: readers differ there, so it is noted."""
    blank = _BLANK.search(raw, 0, caps.HEADER_VALUE_BYTES)
    block = _honest_block(raw[: blank.start()]) if blank else None
    return (block, raw[blank.end() :]) if block and blank else _odd_block(raw, defects)


def _honest_block(lines: bytes) -> Block | None:
    """The block in a fifth of the time, when every line in it is a header made as they should be."""
    headers = _NEXT.split(lines, caps.HEADERS)
    if len(headers) > caps.HEADERS:
        return None
    names, colons, values = zip(*[header.partition(b":") for header in headers], strict=True)
    odd = b"".join(names).translate(None, _HONEST_NAME) or b"" in colons or b"" in names or lines[:1] == b" "
    if odd or max(map(len, names)) > 99:
        return None
    return Block(names, values)


def _odd_block(raw: bytes, defects: Defects) -> tuple[Block, bytes]:
    block = _BLOCK.match(raw, 0, caps.HEADER_BLOCK_BYTES)
    end = block.end() if block else 0
    pairs = _HEADER.findall(raw, 0, end)
    if end == caps.HEADER_BLOCK_BYTES < len(raw):
        defects.add("header-block-too-long")
        body = _after_blank_line(raw, end)
    else:
        separator = _END.match(raw, end)
        if not separator and end < len(raw):
            defects.add("header-without-colon")
        body = raw[separator.end() if separator else end :]
    if len(pairs) > caps.HEADERS:
        defects.add("too-many-headers")
    names = tuple(name for name, _ in pairs[: caps.HEADERS])
    values = tuple(value[: caps.HEADER_VALUE_BYTES] for _, value in pairs[: caps.HEADERS])
    return Block(names, values), body


def unfolded(value: bytes) -> bytes:
    """A header's value in one line."""
    value = value.rstrip(b"\r")
    return value.replace(b"\r\n", b"").replace(b"\n", b"") if b"\n" in value else value


def _after_blank_line(raw: bytes, start: int) -> bytes:
    blank = _BLANK.search(raw, max(start - 2, 0))
    return raw[blank.end() :] if blank else b""
