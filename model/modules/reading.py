"""Reading: what do the rules read of a message? A rendering of its facts, and a few facts by name."""

import re
import unicodedata

from model.features.domains import host_kinds
from model.message.facts import Attachment, Facts

_MOST_TEXT = 20_000  # characters; what an attack says it says early
_MOST_LINKS = 100
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
_PAGES = re.compile(r"\.(?:s?html?|xhtml|svgz?|mht(?:ml)?)$", re.IGNORECASE)
_PROGRAMS = re.compile(
    r"\.(?:exe|scr|com|pif|bat|cmd|vb[se]|jse?|wsf|hta|lnk|msi|ps1|jar|cpl|iso|img|vhdx?)$", re.IGNORECASE
)
_PROGRAM_TYPES = ("application/x-dosexec", "application/x-msdownload", "application/vnd.microsoft.portable-executable")
GLOBALS = {"links": 0, "open_links": 0, "page_attached": False, "program_attached": False, "authenticated": False}


def rendering(facts: Facts) -> bytes:
    """The facts as the rules read them: lower case, one fact a line behind a mark that mail cannot contain."""
    lines = [f"subject {facts.subject}"]
    lines += [f"from {sender.name} <{sender.address}>" for sender in facts.from_[:5]]
    lines += [f"text {facts.text[:_MOST_TEXT]}", f"text {facts.attached_text[:_MOST_TEXT]}"]
    lines += [f"link {one.place} {one.host} {one.url[:500]} | {one.text[:100]}" for one in facts.links[:_MOST_LINKS]]
    lines += [
        f"attachment {one.name[:300]} | {one.declared_type[:100]} | {one.detected_type[:100]}"
        for one in facts.attachments[:50]
    ]
    return b"".join(b"\x01" + _plain(line).encode("utf-8", "replace") + b"\n" for line in lines)


def _plain(text: str) -> str:
    """Lower case, ordinary letters and single spaces: look-alike widths, soft hyphens and line breaks hide nothing."""
    return " ".join(_INVISIBLE.sub("", unicodedata.normalize("NFKC", _CONTROL.sub(" ", text))).lower().split())


def known(facts: Facts) -> dict[str, int | bool]:
    """The facts that conditions may use by name."""
    web = [link for link in facts.links[:_MOST_LINKS] if link.host]
    kinds = host_kinds()
    return {
        "links": len(web),
        "open_links": sum(link.host in kinds.free_hosting or link.domain in kinds.free_hosting for link in web),
        "page_attached": any(_PAGES.search(one.name) for one in facts.attachments if not one.inline),
        "program_attached": any(_is_program(one) for one in facts.attachments),
        "authenticated": facts.authentication.aligned is True and facts.authentication.dmarc == "pass",
    }


def _is_program(attachment: Attachment) -> bool:
    return attachment.detected_type in _PROGRAM_TYPES or bool(_PROGRAMS.search(attachment.name))
