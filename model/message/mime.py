"""MIME: which parts is this message made of?"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fast_mail_parser import ParseError, parse_email_tree

from model.message import caps
from model.message.caps import Defects
from model.message.source import Block, unfolded

_ENCODINGS = {"", "7bit", "8bit", "binary", "quoted-printable", "base64"}
_SINGLE = ("content-type", "content-transfer-encoding", "content-disposition")


class Part(NamedTuple):
    """One leaf: its decoded bytes and what the mail says they are."""

    content_type: str
    charset: str
    name: str
    disposition: str
    content_id: str
    content: bytes
    depth: int
    alternative: int = 0  # which multipart/alternative it is a choice of; 0 for none
    encoding: str = ""


class Reading(NamedTuple):
    """What one parser made of a message. `doubts` are the causes to ask the second parser."""

    parts: tuple[Part, ...] = ()
    depth: int = 0
    children: int = 0  # of the outermost part
    doubts: tuple[str, ...] = ()


@dataclass
class _Walk:
    parts: list[Part] = field(default_factory=list)
    doubts: dict[str, None] = field(default_factory=dict)
    depth: int = 0
    alternatives: int = 0


def mime_headers(headers: Block) -> bytes:
    """The few headers that say how the body is built: all that the parsers of the body need."""
    names = b"\n" + b"\n".join(headers.names).lower()
    wanted: list[bytes] = []
    place = names.find(b"\ncontent-")
    while place >= 0:
        number = names.count(b"\n", 0, place)
        wanted.append(headers.names[number].rstrip() + b":" + unfolded(headers.values[number]))
        place = names.find(b"\ncontent-", place + 1)
    return b"\r\n".join(wanted) + b"\r\n\r\n" if wanted else b"\r\n"


def read_fast(headers: bytes, body: bytes, defects: Defects) -> Reading:
    """Read the parts with the fast parser. It may raise ParseError; the careful parser takes over then."""
    # Quadratic there, when they stand in a part's headers. Single signs are counted in half the time.
    if body.count(b"?") > caps.ENCODED_WORDS and body.count(b"=?") > caps.ENCODED_WORDS:
        defects.add("too-many-encoded-words")
        body = body.replace(b"=?", b"= ?")
    root = parse_email_tree(headers + body, mode="lazy")

    walk = _Walk()
    for node, depth, alternative in _nodes(root, walk, defects):
        own = _own_headers(node.headers, walk)
        holds_parts = node.content_type.startswith("multipart/")
        if holds_parts and not node.children:
            walk.doubts["multipart-without-parts"] = None
        encoding = own.get("content-transfer-encoding", "").partition(";")[0].strip().strip('"').lower()
        if encoding not in _ENCODINGS:
            walk.doubts["unknown-transfer-encoding"] = None
        if not holds_parts:
            walk.parts.append(_part(node, own, encoding, depth, alternative))
    return Reading(tuple(walk.parts), walk.depth, len(root.children), tuple(walk.doubts))


def _own_headers(headers: dict[str, list[str]], walk: _Walk) -> dict[str, str]:
    """The topmost value of each header of a part. Where one stands twice, mail readers disagree."""
    topmost: dict[str, str] = {}
    for written, values in headers.items():
        name = written.lower()
        if len(values) > 1 and name in _SINGLE:
            walk.doubts["repeated-mime-header"] = None
        if name not in topmost:
            topmost[name] = values[0] if values else ""
    return topmost


def _nodes(root: Any, walk: _Walk, defects: Defects) -> Iterator[tuple[Any, int, int]]:
    """Depth first, without recursion, within the caps. Attached messages are leaves here."""
    waiting: list[tuple[Any, int, int]] = [(root, 0, 0)]
    seen = 0
    while waiting:
        node, depth, alternative = waiting.pop()
        seen += 1
        if seen > caps.PARTS:
            defects.add("too-many-parts")
            return
        if depth > caps.NESTING:
            defects.add("nesting-too-deep")
        walk.depth = max(walk.depth, depth)
        if node.content_type == "multipart/alternative":
            walk.alternatives += 1
            alternative = walk.alternatives
        if not node.is_message:
            waiting.extend((child, depth + 1, alternative) for child in reversed(node.children))
        yield node, depth, alternative


def _part(node: Any, headers: dict[str, str], encoding: str, depth: int, alternative: int) -> Part:
    return Part(
        content_type=node.content_type.lower(),
        charset=_charset(headers.get("content-type", "").lower()),
        name=node.filename or "",
        disposition=(node.disposition or "").lower(),
        content_id=node.content_id or "",
        content=node.content or b"",
        depth=depth,
        alternative=alternative,
        encoding=encoding,
    )


def _charset(content_type: str) -> str:
    _, found, rest = content_type.partition("charset")
    rest = rest.lstrip("* ").lstrip("=").strip() if found else ""
    return rest.partition(";")[0].strip().strip("\"'").split(" ")[0][:60] if rest else ""


__all__ = ["ParseError", "Part", "Reading", "mime_headers", "read_fast"]
