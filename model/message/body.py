"""Body: what do the parts of a message show, carry and lead to?"""

from dataclasses import dataclass, field

from model.message import caps
from model.message.attachments import describe
from model.message.caps import Defects
from model.message.charsets import decode, known_codec
from model.message.facts import Attachment
from model.message.headers import read_headers
from model.message.links import LinkCollector, addresses_in_text
from model.message.markup import Markup, read_markup
from model.message.mime import Part, Reading, mime_headers
from model.message.readings import read_parts
from model.message.source import Source, split

_IMAGES = {"image/png", "image/jpeg", "image/gif", "image/bmp", "image/webp"}
_LOOKS_TEXTUAL = ("text/", "application/xml", "application/json", "application/javascript")


@dataclass
class Body:
    """What was found so far, in the message and in the messages attached to it."""

    defects: Defects
    links: LinkCollector
    markup: Markup = field(default_factory=Markup)
    text: list[str] = field(default_factory=list)
    attached_text: list[str] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    images: list[bytes] = field(default_factory=list)
    documents: list[bytes] = field(default_factory=list)
    parts: int = 0
    depth: int = 0
    attached_messages: int = 0
    parsers_disagree: bool = False


def read_body(source: Source, defects: Defects) -> Body:
    """Read the body of a message and everything attached to it."""
    body = Body(defects, LinkCollector(defects))
    _read_message(source, body, level=0)
    return body


def _read_message(source: Source, body: Body, level: int) -> None:
    doubtful = any(d.code == "header-without-colon" for d in body.defects.found)
    readings = read_parts(mime_headers(source.headers), source.body, body.defects, doubtful)
    first = readings[0]
    body.parts += len(first.parts)
    body.depth = max(body.depth, first.depth)
    body.parsers_disagree |= len(readings) > 1

    (body.attached_text if level else body.text).extend(_read_leaves(first, body, level))
    for other in readings[1:]:
        # A mail program may read it the other way: its links and files count, its text would only repeat.
        _read_leaves(other, body, level)


def _read_leaves(reading: Reading, body: Body, level: int) -> list[str]:
    """Take in every leaf; the texts that a mail program would show, in order."""
    shown: list[tuple[int, bool, str]] = []
    for part in reading.parts:
        if _is_text_body(part, first=not shown):
            shown.append((part.alternative, part.content_type == "text/html", _read_text(part, body)))
        else:
            _read_file(part, body, level)

    # Of the alternatives a person sees the HTML, if it shows anything at all.
    with_html = {group for group, is_html, text in shown if group and is_html and text.strip()}
    return [text for group, is_html, text in shown if group not in with_html or is_html]


def _is_text_body(part: Part, first: bool) -> bool:
    """Mail programs show a text part unless it calls itself an attachment; a name alone hides only later ones."""
    if part.content_type not in {"text/plain", "text/html"} or part.disposition == "attachment":
        return False
    return first or not part.name or part.disposition == "inline"


def _read_text(part: Part, body: Body) -> str:
    if part.charset and not known_codec(part.charset):
        body.defects.add("unknown-charset", part.charset)
    text = decode(part.content, part.charset)
    if part.content_type == "text/html":
        return read_markup(text, body.markup, body.links)
    _collect_from_text(text, body)
    return text


def _collect_from_text(text: str, body: Body) -> None:
    for address in addresses_in_text(text[: caps.MARKUP_CHARACTERS]):
        if body.links.full:
            return
        body.links.add("text", address)


def _read_file(part: Part, body: Body, level: int) -> None:
    attachment = describe(part, level, body.defects)
    if any(known.sha256 == attachment.sha256 and known.name == attachment.name for known in body.attachments):
        return
    body.attachments.append(attachment)

    kind = attachment.detected_type
    if kind == "message/rfc822":
        _read_attached_message(part, body, level)
    elif kind in _IMAGES:
        body.images.append(part.content)
    elif kind == "application/pdf":
        body.documents.append(part.content)
    elif kind in {"text/html", "image/svg+xml"}:
        body.attached_text.append(read_markup(decode(part.content, part.charset), body.markup, body.links))
    elif kind == "text/plain" or part.content_type.startswith(_LOOKS_TEXTUAL):
        _collect_from_text(decode(part.content[: caps.MARKUP_CHARACTERS], part.charset), body)


def _read_attached_message(part: Part, body: Body, level: int) -> None:
    body.attached_messages += 1
    if level >= caps.ATTACHED_MESSAGE_DEPTH or body.parts > caps.PARTS:
        body.defects.add("attached-message-not-read")
        return
    unjudged = Defects()  # how well the headers of somebody else's message are made says nothing about this one
    inner = split(part.content, unjudged)
    subject = read_headers(inner.headers, unjudged).text("subject", 1_000)
    if subject:
        body.attached_text.append(subject)
    _read_message(inner, body, level + 1)
