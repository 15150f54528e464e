"""Outlook file: what mail was an Outlook .msg made from?

Best effort. Outlook keeps the transport headers, the bodies and the attachments, not the MIME they came in. The same
file always makes the same mail, byte for byte, so that it is known again.
"""

from email import policy
from email.generator import BytesGenerator
from email.message import Message
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.parser import HeaderParser
from hashlib import sha256
from io import BytesIO

import oxmsg
from olefile import OleFileIO
from oxmsg.attachment import Attachment

from backend.errors import BadInput

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # how every .msg begins, and every older Office file
TRANSPORT_HEADERS = 0x007D
MOST_ATTACHMENTS = 500
MOST_BYTES = 60_000_000  # of all parts together: they may overlap in the file, and the reader copies each
_MADE_ANEW = frozenset({"content-type", "content-transfer-encoding", "mime-version"})


def rebuilt(raw: bytes) -> bytes:
    """The mail, put together from an Outlook .msg. Raises BadInput when it cannot be read."""
    try:
        claimed = _claimed(raw)
        if claimed > MOST_BYTES:
            size, told = f"{len(raw):,}", f"{claimed:,}"
            raise BadInput("an Outlook file of %(size)s bytes that claims to hold %(claimed)s", size=size, claimed=told)
        return _rebuilt(oxmsg.Message.load(raw), sha256(raw).hexdigest())
    except BadInput:
        raise
    except Exception as error:  # the reader raises anything on a damaged file; we say that it is damaged
        raise BadInput("not a readable Outlook file (%(error)s)", error=type(error).__name__) from error


def _claimed(raw: bytes) -> int:
    """What the directory says that all parts hold."""
    with OleFileIO(raw) as container:
        return sum(entry.size for entry in container.direntries if entry is not None)


def _rebuilt(found: oxmsg.Message, mark: str) -> bytes:
    mail = _with_bodies(found.body or "", found.html_body or "", mark)
    attachments = list(found.attachments)[:MOST_ATTACHMENTS]
    if attachments:
        whole = MIMEMultipart("mixed", boundary=f"{mark}-mixed")  # no file can hold its own hash
        whole.attach(mail)
        for attachment in attachments:
            whole.attach(_attached(attachment))
        mail = whole

    for name, value in _headers(found):
        mail[name] = value
    out = BytesIO()
    BytesGenerator(out, mangle_from_=False, policy=policy.compat32).flatten(mail)
    return out.getvalue()


def _with_bodies(text: str, html: str, mark: str) -> Message:
    if not html:
        return MIMEText(text, "plain", "utf-8")
    if not text:
        return MIMEText(html, "html", "utf-8")
    both = MIMEMultipart("alternative", boundary=f"{mark}-both")
    both.attach(MIMEText(text, "plain", "utf-8"))
    both.attach(MIMEText(html, "html", "utf-8"))
    return both


def _attached(attachment: Attachment) -> Message:
    part = MIMEApplication(attachment.file_bytes or b"")
    part.replace_header("Content-Type", _one_line(attachment.mime_type or "application/octet-stream"))
    part.add_header("Content-Disposition", "attachment", filename=_one_line(attachment.file_name or ""))
    return part


def _headers(found: oxmsg.Message) -> list[tuple[str, str]]:
    """The headers the mail arrived with; where Outlook kept none (a draft, a sent item), what it knows itself."""
    transported = HeaderParser().parsestr(found.properties.str_prop_value(TRANSPORT_HEADERS) or "")
    kept = [(name, value) for name, value in transported.items() if name.lower() not in _MADE_ANEW]
    if kept:
        return kept
    return [("From", _one_line(found.sender or "")), ("Subject", _one_line(found.subject))]


def _one_line(text: str) -> str:
    return " ".join(text.split())
