"""Fingerprint: are two mails the same message as sent, whatever gateways did to them since?"""

import hashlib
import re
import tomllib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from model.message.domains import registrable
from model.message.facts import Facts, Link

_BANNERS = Path(__file__).with_name("banners.toml")
_ADDRESS_IN_TEXT = re.compile(r"<?(?:(?:https?|ftp)://|www\.)[^\s<>]+>?", re.IGNORECASE)
_FOOTER_LINES = 25  # lines at the end that may belong to a list's footer
_SHORTEST_WORDING = 12  # characters; a shorter wording would be found inside honest sentences


class _Meaningful(dict[int, int | None]):
    """A translation that keeps letters, marks, numbers, currency and pictures; the rest only gives them shape."""

    def __init__(self, ignored: str) -> None:
        self._ignored = ignored

    def __missing__(self, code: int) -> int | None:
        character = chr(code)
        kept = unicodedata.category(character)[0] in "LMNS" and character not in self._ignored
        self[code] = code if kept else None
        return self[code]


@dataclass(frozen=True)
class _Wordings:
    banners: tuple[str, ...]  # in canonical form, `{sender}` and the like not yet filled in
    footer_lines: tuple[re.Pattern[str], ...]
    banner_links: tuple[str, ...]
    meaningful: _Meaningful


def fingerprint(facts: Facts, own_banners: Sequence[str] = ()) -> str:
    """64 hex digits, the same for every copy of one message and different when the body differs.

    Stable when a gateway rewrites links or adds one of the banners it knows; `own_banners` are a tenant's wordings.
    The Message-ID and the subject take no part: the attacker chooses one, gateways tag the other.
    """
    wordings = _wordings()
    lines, footer = _without_footer(facts.text.splitlines(), wordings)
    body = [
        _canonical_text("\n".join(lines), facts, wordings, own_banners),
        _canonical_text(facts.attached_text, facts, wordings, own_banners),
        *sorted(_links(facts, "\n".join(footer), wordings)),
        *sorted(a.sha256 for a in facts.attachments if a.detected_type != "message/rfc822"),
        facts.cut_sha256,
    ]
    content = _hash(body)
    return _hash([facts.from_address, facts.date, content])


def _hash(pieces: Sequence[str]) -> str:
    """Each piece with its length in front, so that none can pass for the end of another."""
    digest = hashlib.sha256()
    for piece in pieces:
        data = piece.encode("utf-8", "replace")
        digest.update(b"%d:" % len(data))
        digest.update(data)
    return digest.hexdigest()


def _canonical_text(text: str, facts: Facts, wordings: _Wordings, own_banners: Sequence[str]) -> str:
    """Letters, digits and signs of the text in one run, without addresses (links count for those) and banners."""
    run = _canonical(_ADDRESS_IN_TEXT.sub(" ", text), wordings.meaningful)
    if not run:
        return ""
    own = tuple(_canonical(banner, wordings.meaningful) for banner in own_banners)
    for banner in (*own, *wordings.banners):
        wording = _filled(banner, facts, wordings.meaningful)
        if len(wording) >= _SHORTEST_WORDING:
            run = run.replace(wording, "")
    return run


def _canonical(text: str, meaningful: _Meaningful) -> str:
    return unicodedata.normalize("NFKC", text).casefold().translate(meaningful)


def _filled(banner: str, facts: Facts, meaningful: _Meaningful) -> str:
    """Banners may name the sender; only this message's own From address may stand there, nothing an attacker adds."""
    if "\0" not in banner:
        return banner
    address = facts.from_address
    name = facts.from_[0].name if facts.from_ else ""
    for mark, value in (("\0a", address), ("\0d", address.rpartition("@")[2]), ("\0n", name)):
        banner = banner.replace(mark, _canonical(value, meaningful))
    return banner


def _without_footer(lines: list[str], wordings: _Wordings) -> tuple[list[str], list[str]]:
    """Cut the footer that a mailing list appends: every line of it must be one that list software writes."""
    end = len(lines)
    while end > max(len(lines) - _FOOTER_LINES, 0):
        line = lines[end - 1].strip()
        if line and not any(pattern.fullmatch(line) for pattern in wordings.footer_lines):
            break
        end -= 1
    return lines[:end], lines[end:]


def _links(facts: Facts, footer: str, wordings: _Wordings) -> set[str]:
    """Where the links lead: host and path. Gateways' banners and the list's own footer do not count."""
    ours = {registrable(a.address.rpartition("@")[2]) for a in (*facts.from_, *facts.to, *facts.cc)}
    found = set()
    for link in facts.links:
        if link.url.startswith(wordings.banner_links):
            continue
        if link.domain in ours and _is_list_link(link, footer):
            continue
        found.add(_place_led_to(link))
    return found


def _is_list_link(link: Link, footer: str) -> bool:
    """A footer's link counts as the list's only on a domain that the message names as sender or recipient."""
    return bool(footer) and link.url.rstrip("/") in footer


def _place_led_to(link: Link) -> str:
    try:
        parts = urlsplit(link.url)
        return f"{link.host}{parts.path.rstrip('/')}" if parts.scheme in {"http", "https"} else link.url
    except ValueError:
        return link.url


@lru_cache(maxsize=1)
def _wordings() -> _Wordings:
    data = tomllib.loads(_BANNERS.read_text("utf-8"))
    meaningful = _Meaningful(data["ignored_signs"])
    banners = {_template(wording, meaningful) for group in data["banner"] for wording in group["wordings"]}
    return _Wordings(
        banners=tuple(sorted(banners, key=len, reverse=True)),  # a longer wording may contain a shorter one
        footer_lines=tuple(re.compile(line, re.IGNORECASE) for line in data["footer"]["lines"]),
        banner_links=tuple(data["banner_links"]),
        meaningful=meaningful,
    )


def _template(wording: str, meaningful: _Meaningful) -> str:
    pieces = re.split(r"(\{address\}|\{domain\}|\{name\})", wording)
    marks = {"{address}": "\0a", "{domain}": "\0d", "{name}": "\0n"}
    return "".join(marks.get(piece) or _canonical(piece, meaningful) for piece in pieces)
