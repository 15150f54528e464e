"""Structure: what is attached, hidden or malformed?"""

import re
from collections.abc import Sequence
from functools import partial

from model.features import scrub
from model.features.reading import ATTACHMENTS, NAMES, WHOLE, Passage, Reading
from model.message.facts import Attachment, Facts

_OF_ATTACHMENTS = (
    "attachment-html",
    "attachment-executable",
    "attachment-archive",
    "attachment-document",
    "attachment-document.pdf",
    "attachment-calendar",
    "attachment-disguised",
    "attachment-disguised.ending",
    "attachment-macro",
    "attachment-disk-image",
)
FACTS = (
    *_OF_ATTACHMENTS,
    "attachment-alone",
    "message-attached",
    "form-inside",
    "script-inside",
    "text-hidden",
    "text-image-only",
    "text-image-only.linked",
    "parsers-disagree",
    "defects",
)
_NO_SIGNS = (False,) * len(_OF_ATTACHMENTS)
_MOST = 12
_LITTLE_TEXT = 250  # characters
_LONGEST = 80  # characters of a type
_DOUBLE_ENDING = re.compile(r"\.(?:pdf|docx?|xlsx?|jpe?g|png|txt)\.\w{2,5}$")
_KINDS = {
    code: frozenset(endings.split())
    for code, endings in {
        "attachment-html": "htm html shtml xhtml svg mht mhtml",
        "attachment-executable": "exe scr js jse vbs vbe wsf bat cmd ps1 lnk msi jar hta com pif chm one url",
        "attachment-disk-image": "iso img vhd vhdx dmg udf",
        "attachment-archive": "zip rar 7z gz tgz tar cab ace arj xz z",
        "attachment-document": "doc docx docm xls xlsx xlsm xlsb ppt pptx pptm rtf odt ods",
        "attachment-macro": "docm dotm xlsm xltm xlam xlsb pptm potm ppam",
        "attachment-document.pdf": "pdf",
        "attachment-calendar": "ics vcs",
    }.items()
}
_TYPES = {
    "text/html": "attachment-html",
    "image/svg+xml": "attachment-html",
    "application/pdf": "attachment-document.pdf",
    "text/calendar": "attachment-calendar",
    "application/zip": "attachment-archive",
    "application/x-dosexec": "attachment-executable",
    "application/x-iso9660-image": "attachment-disk-image",
    "application/vnd.ms-excel.sheet.macroenabled.12": "attachment-macro",
    "application/vnd.ms-word.document.macroenabled.12": "attachment-macro",
    "application/x-msdownload": "attachment-executable",
}
_COMMON_DEFECTS = 3.0


def read(facts: Facts, pieces: tuple[str, ...]) -> Reading:
    """Attachments by kind, and what the shape of the message hides."""
    shape = facts.structure
    outer = [attachment for attachment in facts.attachments[:50] if not attachment.inline][:_MOST]
    signs = {code for attachment in outer for code in _signs(attachment)}
    shown = len(facts.text)
    little = shown < _LITTLE_TEXT
    values = (
        *([code in signs for code in _OF_ATTACHMENTS] if signs else _NO_SIGNS),
        little and bool(outer),
        shape.attached_messages > 0,
        shape.forms > 0,
        shape.scripts > 0,
        min(1.0, shape.hidden_characters / (shown + shape.hidden_characters + 1.0)),
        little and shape.images > 0,
        little and shape.images > 0 and bool(facts.links),
        shape.parsers_disagree,
        min(1.0, len({defect.code for defect in facts.defects}) / _COMMON_DEFECTS),
    )
    return Reading(FACTS, values, partial(_notes, facts, outer), _wording(outer, pieces))


def _notes(facts: Facts, outer: Sequence[Attachment]) -> dict[str, str]:
    notes: dict[str, str] = {}
    for attachment in outer:
        for code in _signs(attachment):
            notes.setdefault(code.partition(".")[0], attachment.name)
    return notes | {
        "text-image-only": f"{facts.structure.images} / {len(facts.text)}",
        "attachment-alone": outer[0].name if outer else "",
        "text-hidden": str(facts.structure.hidden_characters),
        "defects": ", ".join(sorted({defect.code for defect in facts.defects})[:4]),
    }


def _signs(attachment: Attachment) -> set[str]:
    ending = _ending(attachment.name)
    signs = {code for code, endings in _KINDS.items() if ending in endings}
    by_content = _TYPES.get(attachment.detected_type)
    if by_content and by_content not in signs:
        signs.add(by_content)
        if ending and ending not in _neutral(by_content):
            signs.add("attachment-disguised")
    if _DOUBLE_ENDING.search(attachment.name.lower()):
        signs |= {"attachment-disguised", "attachment-disguised.ending"}
    return signs


def _neutral(code: str) -> set[str]:
    """Endings that may honestly hold this content: office files are archives inside."""
    if code == "attachment-macro":
        return set(_KINDS["attachment-document"])
    if code == "attachment-archive":
        return {*_KINDS["attachment-document"], "jar", "apk", "epub", "xpi", "odg", "odp"}
    return {"eml", "msg", "txt", "asc", "patch", "dat", "diff", "c", "h", "xml"} if code == "attachment-html" else set()


def _ending(name: str) -> str:
    return name.lower().rpartition(".")[2].strip()[:8] if "." in name else ""


def _wording(attachments: Sequence[Attachment], pieces: tuple[str, ...]) -> list[Passage]:
    if not attachments:
        return []
    whole = {f"type {attachment.detected_type or attachment.declared_type}" for attachment in attachments}
    whole |= {f"ending {_ending(attachment.name)}" for attachment in attachments}
    names = scrub.without("\n".join(attachment.name.lower()[:80] for attachment in attachments), pieces)
    return [
        Passage(ATTACHMENTS, NAMES, names, "word "),
        *(Passage(ATTACHMENTS, WHOLE, text[:_LONGEST]) for text in sorted(whole)),
    ]
