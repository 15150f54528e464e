"""Signatures: does the message match a known attack that comes in many copies?"""

import re
import threading
import unicodedata
from functools import cache
from importlib.resources import files

import yara_x

from model.contract import ModuleContext, Opinion, Reason
from model.features.domains import host_kinds
from model.message.facts import Attachment, Facts

ACTS_FROM = 0.8
SECONDS = 2  # for one scan; YARA-X counts whole seconds
_MOST_TEXT = 20_000  # characters; what an attack says it says early
_MOST_LINKS = 100
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
_PAGES = re.compile(r"\.(?:s?html?|xhtml|svgz?|mht(?:ml)?)$", re.IGNORECASE)
_PROGRAMS = re.compile(
    r"\.(?:exe|scr|com|pif|bat|cmd|vb[se]|jse?|wsf|hta|lnk|msi|ps1|jar|cpl|iso|img|vhdx?)$", re.IGNORECASE
)
_PROGRAM_TYPES = ("application/x-dosexec", "application/x-msdownload", "application/vnd.microsoft.portable-executable")
_GLOBALS = {"links": 0, "open_links": 0, "page_attached": False, "program_attached": False, "authenticated": False}
_scanners = threading.local()  # one each: a scanner must not be shared between threads


def opinion(facts: Facts, context: ModuleContext) -> Opinion:
    """The weight of the heaviest rule that matches; a rule marked hard may decide by itself."""
    scanner = _scanner()
    for name, value in _globals(facts).items():
        scanner.set_global(name, value)
    try:
        matches = scanner.scan(rendering(facts)).matching_rules
    except yara_x.TimeoutError:
        return Opinion("signatures", 0.0, ACTS_FROM, reasons=(Reason("signatures-stopped"),))

    found = sorted((dict(rule.metadata) for rule in matches), key=lambda meta: -meta["weight"])
    score = max((float(meta["weight"]) for meta in found), default=0.0)
    return Opinion(
        "signatures",
        score,
        max(0.0, ACTS_FROM - score),
        hard=any(meta.get("hard", False) for meta in found),
        reasons=tuple(Reason(f"signature-{meta['code']}") for meta in found),
    )


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


def _globals(facts: Facts) -> dict[str, int | bool]:
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


@cache
def rules() -> yara_x.Rules:
    """The shipped rules, compiled once."""
    compiler = yara_x.Compiler(error_on_slow_pattern=True, includes_enabled=False)
    for name, value in _GLOBALS.items():
        compiler.define_global(name, value)
    for source in sorted(files("model.modules").joinpath("rules").iterdir(), key=lambda path: path.name):
        if source.name.endswith(".yar"):
            compiler.add_source(source.read_text(encoding="utf-8"), origin=source.name)
    return compiler.build()


def _scanner() -> yara_x.Scanner:
    if not hasattr(_scanners, "mine"):
        _scanners.mine = yara_x.Scanner(rules())
        _scanners.mine.set_timeout(SECONDS)
    scanner: yara_x.Scanner = _scanners.mine
    return scanner
