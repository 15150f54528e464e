"""Attachments: what is each attached file really?"""

import hashlib
import re
import unicodedata

from model.message.caps import Defects
from model.message.charsets import storable
from model.message.facts import Attachment
from model.message.headers import readable
from model.message.mime import Part

# The commonest kinds by their first bytes; everything else costs puremagic half a millisecond.
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"MZ", "application/x-msdownload"),
    (b"\x7fELF", "application/x-executable"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"7z\xbc\xaf'\x1c", "application/x-7z-compressed"),
    (b"\x1f\x8b", "application/gzip"),
    (b"{\\rtf", "application/rtf"),
    (b"BEGIN:VCALENDAR", "text/calendar"),
    (b"BEGIN:VCARD", "text/vcard"),
    (b"-----BEGIN PGP", "application/pgp"),
    (b"BM", "image/bmp"),
)
_ZIP_KINDS = (
    (b"word/", "wordprocessingml.document"),
    (b"xl/", "spreadsheetml.sheet"),
    (b"ppt/", "presentationml.presentation"),
)
_MARKUP = re.compile(
    rb"^\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,500}?-->\s*)?"
    rb"<(!doctype html|html|head|body|script|svg|meta|table|div)\b",
    re.IGNORECASE | re.DOTALL,
)
_MAIL = re.compile(rb"^(?:[A-Za-z][A-Za-z0-9-]{1,40}:[^\n]*\n(?:[ \t][^\n]*\n)*){3}")
_MAIL_HEADER = re.compile(rb"^(?:from|received|message-id|return-path):", re.IGNORECASE | re.MULTILINE)
_PATH = re.compile(r"^.*[/\\]", re.DOTALL)
_TEXT_BYTES = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def describe(part: Part, depth: int, defects: Defects) -> Attachment:
    """The attachment as facts. Its bytes are hashed and looked at, never unpacked."""
    name = safe_name(part.name, defects)
    return Attachment(
        name=name,
        declared_type=storable(part.content_type)[:120],
        detected_type=detect(part.content, part.content_type),
        size=len(part.content),
        sha256=hashlib.sha256(part.content).hexdigest(),
        inline=part.disposition == "inline" or (bool(part.content_id) and part.disposition != "attachment"),
        depth=depth,
    )


def detect(content: bytes, declared: str = "") -> str:
    """The type that the content shows; `text/plain` and `application/octet-stream` when nothing else fits."""
    if not content:
        return "application/x-empty"
    head = content[:4096]
    if declared == "message/rfc822" or (_MAIL.match(head) and _MAIL_HEADER.search(head)):
        return "message/rfc822"
    return _by_signature(content, head) or _by_markup(head) or _by_library(content, head)


def _by_signature(content: bytes, head: bytes) -> str:
    if head.startswith(b"PK\x03\x04"):
        return _zip_kind(content[:65_536])
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    found = next((kind for signature, kind in _SIGNATURES if head.startswith(signature)), "")
    return found or ("application/pdf" if b"%PDF-" in head[:1024] else "")


def _by_markup(head: bytes) -> str:
    markup = _MARKUP.match(head.removeprefix(b"\xef\xbb\xbf"))
    if not markup:
        return ""
    return "image/svg+xml" if markup.group(1).lower() == b"svg" else "text/html"


def _zip_kind(head: bytes) -> str:
    if b"[Content_Types].xml" in head or b"_rels/" in head:
        for folder, kind in _ZIP_KINDS:
            if folder in head:
                macros = "vnd.ms-office.macro-enabled" if b"vbaProject.bin" in head else ""
                return f"application/{macros or 'vnd.openxmlformats-officedocument.' + kind}"
    return "application/zip"


def _by_library(content: bytes, head: bytes) -> str:
    if not _TEXT_BYTES.search(head):
        return "text/plain"
    import puremagic

    try:
        return str(puremagic.from_string(content[:65_536], mime=True)) or "application/octet-stream"
    except (puremagic.PureError, ValueError, IndexError, KeyError):
        return "application/octet-stream"


def safe_name(name: str, defects: Defects) -> str:
    """A file name without path, control characters or tricks that turn its ending round."""
    decoded = readable(name)
    shown = "".join(c for c in decoded if unicodedata.category(c) not in {"Cf", "Cc", "Co", "Cs", "Zl", "Zp"})
    if len(shown) != len(decoded):
        defects.add("attachment-name-disguised")
    base = _PATH.sub("", shown)
    if base != shown:
        defects.add("attachment-name-with-path")
    base = " ".join(base.split()).strip(". ")
    stem, dot, ending = base.rpartition(".")
    keep = 255 - len(ending) - 1
    return f"{stem[:keep]}{dot}{ending}" if len(base) > 255 and 0 < len(ending) <= 20 else base[:255]
