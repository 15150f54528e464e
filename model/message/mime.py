"""MIME: which parts is this message made of?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from fast_mail_parser import ParseError, parse_email_tree

from model.message import caps
from model.message.caps import Defects

_ENCODINGS = {"", "7bit", "8bit", "binary", "quoted-printable", "base64"}
_SINGLE = ("content-type", "content-transfer-encoding", "content-disposition")


@dataclass(frozen=True)
class Part:
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


@dataclass(frozen=True)
class Reading:
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


def mime_headers(headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """The few headers that say how the body is built: all that the parsers of the body need."""
    wanted = [name.rstrip() + b":" + value for name, value in headers if name[:8].lower() == b"content-"]
    return b"\r\n".join(wanted) + b"\r\n\r\n" if wanted else b"\r\n"


def read_fast(headers: bytes, body: bytes, defects: Defects) -> Reading:
    """Read the parts with the fast parser. It may raise ParseError; the careful parser takes over then."""
    if body.count(b"=?") > caps.ENCODED_WORDS:  # quadratic there, when they stand in a part's headers
        defects.add("too-many-encoded-words")
        body = body.replace(b"=?", b"= ?")
    root = parse_email_tree(headers + body, mode="lazy")

    walk = _Walk()
    for node, depth, alternative in _nodes(root, walk, defects):
        _check(node, walk)
        if node.content_type.startswith("multipart/"):
            continue
        walk.parts.append(_part(node, depth, alternative))
    return Reading(tuple(walk.parts), walk.depth, len(root.children), tuple(walk.doubts))


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


def _check(node: Any, walk: _Walk) -> None:
    """Notice what makes mail readers disagree."""
    headers = node.headers
    for name, values in headers.items():
        if len(values) > 1 and name.lower() in _SINGLE:
            walk.doubts["repeated-mime-header"] = None
    if node.content_type.startswith("multipart/") and not node.children:
        walk.doubts["multipart-without-parts"] = None
    if _encoding(headers) not in _ENCODINGS:
        walk.doubts["unknown-transfer-encoding"] = None


def _part(node: Any, depth: int, alternative: int) -> Part:
    return Part(
        content_type=node.content_type.lower(),
        charset=_charset(node.headers),
        name=node.filename or "",
        disposition=(node.disposition or "").lower(),
        content_id=node.content_id or "",
        content=node.content or b"",
        depth=depth,
        alternative=alternative,
        encoding=_encoding(node.headers),
    )


def _header(headers: dict[str, list[str]], name: str) -> str:
    for key, values in headers.items():
        if key.lower() == name:
            return values[0] if values else ""
    return ""


def _encoding(headers: dict[str, list[str]]) -> str:
    value = _header(headers, "content-transfer-encoding")
    return value.partition(";")[0].strip().strip('"').lower() if value else ""


def _charset(headers: dict[str, list[str]]) -> str:
    value = _header(headers, "content-type")
    _, found, rest = value.lower().partition("charset")
    rest = rest.lstrip("* ").lstrip("=").strip() if found else ""
    return rest.partition(";")[0].strip().strip("\"'").split(" ")[0][:60] if rest else ""


__all__ = ["ParseError", "Part", "Reading", "mime_headers", "read_fast"]
