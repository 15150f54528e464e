"""Careful: what does Python's own parser make of the parts, when the fast one is in doubt?"""

import base64
from email.errors import MessageError
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from typing import Any

from model.message import caps
from model.message.caps import Defects
from model.message.headers import readable
from model.message.mime import Part, Reading


class _TooMuchError(Exception):
    """The message costs more than we are willing to spend on it."""


def read_careful(headers: bytes, body: bytes, defects: Defects) -> Reading | None:
    """The parts by the second parser; None when it would cost too much or the parser itself gave up."""
    if body.count(b"\n") > caps.CAREFUL_LINES:
        defects.add("careful-reading-skipped", "too many lines")
        return None
    try:
        root = BytesParser(_class=_bounded_message(), policy=compat32).parsebytes(headers + body)
        return _leaves(root, defects)
    except (_TooMuchError, RecursionError) as error:
        defects.add("careful-reading-skipped", type(error).__name__)
    except (MessageError, ValueError, LookupError, TypeError, AttributeError, AssertionError) as error:
        # The parser promises not to raise on content; where it does, that is one more thing malformed.
        defects.add("careful-reading-failed", type(error).__name__)
    return None


def _bounded_message() -> type[Message]:
    """A message class that stops the parser once the whole tree has more parts or headers than the caps allow."""
    spent = {"parts": 0, "headers": 0}

    class BoundedMessage(Message):
        def __init__(self, policy: Any = compat32) -> None:
            super().__init__(policy)
            spent["parts"] += 1
            if spent["parts"] > caps.PARTS * 2:
                raise _TooMuchError

        def set_raw(self, name: str, value: Any) -> None:
            spent["headers"] += 1
            if spent["headers"] > caps.CAREFUL_HEADERS:
                raise _TooMuchError
            super().set_raw(name, value[:4096])  # parameters cost quadratic time

    return BoundedMessage


def _leaves(root: Message, defects: Defects) -> Reading:
    parts: list[Part] = []
    deepest = alternatives = 0
    waiting: list[tuple[Message, int, int]] = [(root, 0, 0)]
    while waiting and len(parts) < caps.PARTS:
        node, depth, alternative = waiting.pop()
        deepest = max(deepest, depth)
        if depth > caps.NESTING:
            defects.add("nesting-too-deep")
        payload: Any = node.get_payload()
        if node.get_content_type() == "multipart/alternative":
            alternatives += 1
            alternative = alternatives
        if isinstance(payload, list) and node.get_content_maintype() == "multipart":
            waiting.extend((child, depth + 1, alternative) for child in reversed(payload))
            continue
        parts.append(_part(node, depth, alternative))
    return Reading(tuple(parts), deepest)


def _part(node: Message, depth: int, alternative: int) -> Part:
    return Part(
        # A multipart whose boundary never comes: mail programs show it as the text it is.
        content_type="text/plain" if node.get_content_maintype() == "multipart" else node.get_content_type(),
        charset=str(node.get_content_charset() or "")[:60],
        name=readable(str(node.get_filename() or "")),
        disposition=str(node.get_content_disposition() or ""),
        content_id=str(node.get("content-id", "")).strip(" <>"),
        content=_content(node),
        depth=depth,
        alternative=alternative,
        encoding=str(node.get("content-transfer-encoding", "")).strip().lower(),
    )


def _content(node: Message) -> bytes:
    """A leaf's bytes; the attached messages that Python took apart are put together again."""
    payload: Any = node.get_payload()
    if isinstance(payload, list):
        whole = b"\n".join(child.as_bytes() for child in payload)
        encoded = str(node.get("content-transfer-encoding", "")).strip().lower() == "base64"
        return base64.b64decode(whole + b"==") if encoded else whole  # illegal, and common
    content = node.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""
