"""Structure: what is attached, hidden or malformed?"""

import re
from dataclasses import dataclass

from model.features.bag import Bag, named_bag
from model.message.facts import Attachment, Facts

FACTS = (
    "attachment-html",
    "attachment-executable",
    "attachment-archive",
    "attachment-document",
    "attachment-document.pdf",
    "attachment-calendar",
    "attachment-disguised",
    "message-attached",
    "form-inside",
    "script-inside",
    "text-hidden",
    "text-image-only",
    "parsers-disagree",
    "defects",
)
_MOST = 12
_PIECES = re.compile(r"[^\W_]{2,18}")
_KINDS = {
    "attachment-html": {"htm", "html", "shtml", "xhtml", "svg", "mht", "mhtml"},
    "attachment-executable": {
        "exe",
        "scr",
        "js",
        "jse",
        "vbs",
        "vbe",
        "wsf",
        "bat",
        "cmd",
        "ps1",
        "lnk",
        "msi",
        "jar",
        "iso",
        "img",
        "vhd",
        "hta",
        "com",
        "pif",
        "chm",
        "one",
    },
    "attachment-archive": {"zip", "rar", "7z", "gz", "tgz", "tar", "cab", "ace", "arj", "xz", "z"},
    "attachment-document": {
        "doc",
        "docx",
        "docm",
        "xls",
        "xlsx",
        "xlsm",
        "xlsb",
        "ppt",
        "pptx",
        "pptm",
        "rtf",
        "odt",
        "ods",
    },
    "attachment-document.pdf": {"pdf"},
    "attachment-calendar": {"ics", "vcs"},
}
_TYPES = {
    "text/html": "attachment-html",
    "image/svg+xml": "attachment-html",
    "application/pdf": "attachment-document.pdf",
    "text/calendar": "attachment-calendar",
    "application/zip": "attachment-archive",
    "application/x-dosexec": "attachment-executable",
    "application/x-msdownload": "attachment-executable",
}
_COMMON_DEFECTS = 3.0


@dataclass(frozen=True)
class Reading:
    """The bag and dense facts of attachments and shape."""

    attachments: Bag
    facts: dict[str, float]
    notes: dict[str, str]


def read(facts: Facts) -> Reading:
    """Attachments by kind, and what the shape of the message hides."""
    shape = facts.structure
    found = dict.fromkeys(FACTS, 0.0)
    notes: dict[str, str] = {}
    outer = [attachment for attachment in facts.attachments[:50] if not attachment.inline][:_MOST]
    for attachment in outer:
        for code in _signs(attachment):
            found[code] = 1.0
            notes.setdefault(code.partition(".")[0], attachment.name)

    shown = len(facts.text)
    found["message-attached"] = float(shape.attached_messages > 0)
    found["form-inside"] = float(shape.forms > 0)
    found["script-inside"] = float(shape.scripts > 0)
    found["text-hidden"] = min(1.0, shape.hidden_characters / (shown + shape.hidden_characters + 1.0))
    found["text-image-only"] = float(shown < 250 and shape.images > 0)
    found["parsers-disagree"] = float(shape.parsers_disagree)
    found["defects"] = min(1.0, len({defect.code for defect in facts.defects}) / _COMMON_DEFECTS)
    notes["text-hidden"] = str(shape.hidden_characters)
    notes["defects"] = ", ".join(sorted({defect.code for defect in facts.defects})[:4])
    return Reading(_wording(outer), found, notes)


def _signs(attachment: Attachment) -> set[str]:
    ending = _ending(attachment.name)
    signs = {code for code, endings in _KINDS.items() if ending in endings}
    by_content = _TYPES.get(attachment.detected_type)
    if by_content and by_content not in signs:
        signs.add(by_content)
        if ending and ending not in _neutral(by_content):
            signs.add("attachment-disguised")
    if re.search(r"\.(?:pdf|docx?|xlsx?|jpe?g|png|txt)\.\w{2,5}$", attachment.name.lower()):
        signs.add("attachment-disguised")
    return signs


def _neutral(code: str) -> set[str]:
    """Endings that may honestly hold this content: office files are archives inside."""
    if code == "attachment-archive":
        return {*_KINDS["attachment-document"], "jar", "apk", "epub", "xpi", "odg", "odp"}
    return {"eml", "msg", "txt", "asc", "patch", "dat", "diff", "c", "h", "xml"} if code == "attachment-html" else set()


def _ending(name: str) -> str:
    return name.lower().rpartition(".")[2].strip()[:8] if "." in name else ""


def _wording(attachments: list[Attachment]) -> Bag:
    tokens: list[tuple[str, int]] = []
    for number, attachment in enumerate(attachments):
        tokens.append((f"type {attachment.detected_type or attachment.declared_type}", number))
        tokens.append((f"ending {_ending(attachment.name)}", number))
        pieces = _PIECES.findall(attachment.name.lower()[:80])[:6]
        tokens += [(f"word {piece}", number) for piece in pieces if sum(map(str.isdigit, piece)) <= 2]
    return named_bag(tokens, tuple(attachment.name for attachment in attachments))
