"""Mbox: where does one message end and the next begin?

A line that begins with "From " may be somebody's sentence. A separator stands after an empty line, carries a date, and
is followed by a header; whatever else begins so stays in the message it stands in.
"""

import mmap
import re
from collections.abc import Iterator
from pathlib import Path

_SEPARATOR = re.compile(
    rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))"
    rb"From [^\r\n]{0,300}?\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? [^\r\n]{0,60}\d\d:\d\d[^\r\n]{0,60}\r?\n"
    rb"(?=>?[!-9;-~]{1,100}[ \t]*:|>?From )"
)
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)
_LARGEST = 31_000_000  # bytes; more than the parser reads


class MboxUnusable(ValueError):
    """The file is no mbox."""


def places(path: Path) -> list[tuple[int, int]]:
    """Where each message begins and ends, its separator left out. Raises MboxUnusable when there is none."""
    if not path.is_file() or not path.stat().st_size:
        raise MboxUnusable(f"{path.name} is empty or not a file")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        found = list(_SEPARATOR.finditer(content))
        spans = [(match.start(), match.end()) for match in found]
        del found  # matches hold on to the map, which could not be closed
        size = len(content)
    if not spans or spans[0][0] != 0:
        raise MboxUnusable(
            f"{path.name} is no mbox: it does not begin with a line 'From SENDER DATE' and a header after it"
        )
    ends = [start for start, _ in spans[1:]] + [size]
    return [(begin, end) for (_, begin), end in zip(spans, ends, strict=True)]


def read(path: Path, place: tuple[int, int]) -> bytes:
    """One message, as it was before it was put into the mbox."""
    begin, end = place
    with path.open("rb") as file:
        file.seek(begin)
        raw = file.read(min(end - begin, _LARGEST))
    return _QUOTED.sub(rb"\1", _without_gap(raw))


def messages(path: Path) -> Iterator[bytes]:
    """Every message of an mbox."""
    for place in places(path):
        yield read(path, place)


def _without_gap(raw: bytes) -> bytes:
    """Without the empty line that stands before the next separator."""
    for ending in (b"\r\n\r\n", b"\n\n"):
        if raw.endswith(ending):
            return raw[: -len(ending) // 2]
    return raw
