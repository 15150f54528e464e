"""Contents: which reported mails does this mail bring, and what is wrong with the rest of it?"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from backend.domain.received_mail import Problem
from backend.errors import BadInput
from backend.intake_mail.headers import headers_of
from backend.intake_mail.outlook_file import OLE, rebuilt
from model.message.attachments import detect
from model.message.caps import Defects
from model.message.charsets import decode, storable
from model.message.headers import Headers
from model.message.mime import Part, mime_headers
from model.message.readings import read_parts
from model.message.source import split

MOST_MAILS = 50  # in one mail
WRAPPED = 3  # reports that were attached to reports
COMMENT = 2_000  # characters
_OF_A_MAIL = frozenset({"subject", "date", "message-id", "received", "to"})
_TEXTS = frozenset({"text/plain", "text/html"})


IsReport = Callable[[Headers], bool]  # whether this mail is itself somebody's report, and no attack


@dataclass(frozen=True)
class Contents:
    """The reported mails, what the reporter wrote beside them, and the first thing that was wrong, if anything was."""

    mails: tuple[bytes, ...]
    comment: str = ""
    problem: Problem | None = None


def contents_of(raw: bytes, is_report: IsReport, most_bytes: int) -> Contents:
    """Take a received mail apart. Raises BadInput when no library of ours can read it."""
    try:
        parts = _parts(raw)
        found = list(_found(parts, is_report, most_bytes, WRAPPED))
    except Exception as error:  # whatever a library raises on hostile mail: it is kept, and shown as unreadable
        raise BadInput("the mail cannot be taken apart (%(error)s)", error=type(error).__name__) from error
    mails = tuple(dict.fromkeys(one for one in found if isinstance(one, bytes)))
    problems = [one for one in found if isinstance(one, Problem)]
    if len(mails) > MOST_MAILS:
        problems, mails = [Problem.TOO_MANY, *problems], mails[:MOST_MAILS]
    if not mails and not problems:
        problems = [_instead(parts)]
    return Contents(mails, _comment(parts), problems[0] if problems else None)


def reported_mail(raw: bytes) -> bytes:
    """The mail that a file holds: a mail as it is, or an Outlook file. Raises BadInput."""
    if raw.startswith(OLE):
        return rebuilt(raw)
    if not _is_mail(raw):
        raise BadInput("This file is no mail. Attach or upload the mail itself, as .eml or .msg.")
    return raw


def _parts(raw: bytes) -> tuple[Part, ...]:
    defects = Defects()
    source = split(raw, defects)
    return read_parts(mime_headers(source.headers), source.body, defects)[0].parts


def _found(parts: tuple[Part, ...], is_report: IsReport, most_bytes: int, wrapped: int) -> Iterator[bytes | Problem]:
    """Each attached mail, or what is wrong with it. A report that is attached to a report is opened as well."""
    for part in parts:
        if not _claims_to_be_mail(part):
            continue
        try:
            mail = reported_mail(part.content)
        except BadInput:
            yield Problem.UNREADABLE
            continue
        inner = _parts(mail) if wrapped and is_report(headers_of(mail)) else ()
        if any(_claims_to_be_mail(one) for one in inner):
            yield from _found(inner, is_report, most_bytes, wrapped - 1)
        else:
            yield mail if len(mail) <= most_bytes else Problem.TOO_LARGE


def _claims_to_be_mail(part: Part) -> bool:
    name = part.name.lower().strip()
    if name.endswith((".eml", ".msg")) or part.content_type in {"message/rfc822", "application/vnd.ms-outlook"}:
        return True
    return not _is_text(part) and detect(part.content, part.content_type) == "message/rfc822"


def _is_text(part: Part) -> bool:
    """Something to read, though it may quote the headers of a mail."""
    return part.content_type in _TEXTS and part.disposition != "attachment" and not part.name


def _is_mail(raw: bytes) -> bool:
    names = set(headers_of(raw).names)
    return "from" in names and bool(names & _OF_A_MAIL)


def _instead(parts: tuple[Part, ...]) -> Problem:
    files = [part for part in parts if not _is_text(part)]
    if not files:
        return Problem.NO_MAIL
    pictures = all(part.content_type.startswith("image/") for part in files)
    return Problem.PICTURE if pictures else Problem.OTHER_FILE


def _comment(parts: tuple[Part, ...]) -> str:
    written = next((part for part in parts if _is_text(part) and part.content_type == "text/plain"), None)
    text = storable(decode(written.content[: 8 * COMMENT], written.charset)) if written else ""
    return text.replace("\0", "").strip()[:COMMENT]
