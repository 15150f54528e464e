"""Landing: what does the page behind a link ask for, whom does it name, and how is it built?"""

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from ada_url import URL
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from model.features.hosts import signs_of
from model.features.sender import brand_in
from model.message.domains import registrable
from model.message.overload import overloaded

MOST_CHARACTERS = 400_000  # of a page; kits are far smaller
MOST_HOST = 253  # characters; a longer one has no address, and yet a form may name it
_MOST_ELEMENTS = 3_000
_LEAST_BUILT = 12  # elements and names; what is built of less is built alike everywhere
_MOST_TEXT = 4_000  # characters in which a brand is looked for
_CARD = re.compile(r"cc-(?:number|csc|exp)|card.?(?:number|no)\b|\bcvv\b|\bcvc\b", re.IGNORECASE)
_REFRESH = re.compile(r"^\s*(\d{1,3})\s*[;,]\s*url\s*=\s*['\"]?([^'\"]{1,2000})", re.IGNORECASE)
_WEB = frozenset({"http:", "https:"})
_AT_ONCE = 10  # seconds; a page that waits longer is meant to be read
_BUILT_OF = ("div", "form", "input", "button", "img", "script", "link", "select", "label", "section", "iframe")


@dataclass(frozen=True)
class Page:
    """What one page says. `moves_to` is where it sends its reader at once, empty when it stays."""

    password: bool = False
    card: bool = False
    sends_to: str = ""
    brand: str = ""
    kit: str = ""
    moves_to: str = ""


def read_page(source: str, url: str) -> Page:
    """Read a page that was fetched from `url`. Bounded, and never an exception: markup is the sender's as well."""
    source = source[:MOST_CHARACTERS]
    document: Any = None if overloaded(source) else (tree := HTMLTree.parse(source)).document
    if document is None:
        return Page()
    host = _split(url)[1]
    fields = list(document.get_elements_by_tag_name("input").values())[:_MOST_ELEMENTS]
    password = any((field.getattr("type") or "").lower() == "password" for field in fields)
    card = any(_CARD.search(_names(field)) for field in fields)
    text = extract_plain_text(tree, preserve_formatting=False, alt_texts=True, form_fields=True)[:_MOST_TEXT]
    return Page(
        password=password,
        card=card,
        sends_to=_sends_to(document, url, host) if password or card else "",
        brand=_stranger(f"{tree.title or ''} {text}", host),
        kit=_kit(document, fields),
        moves_to=_moves_to(document, url),
    )


def is_anybodys(host: str) -> bool:
    """Whether a stranger can have put a page there: not on the sites of well-known brands, but on their hosting."""
    signs = signs_of(host)
    return signs.free_hosting or not signs.everywhere


def _names(field: Any) -> str:
    return " ".join(field.getattr(name) or "" for name in ("name", "id", "autocomplete", "placeholder"))[:300]


def _sends_to(document: Any, url: str, host: str) -> str:
    """The host of another organisation that a form sends what is typed to."""
    for form in list(document.get_elements_by_tag_name("form").values())[:20]:
        target = _split(form.getattr("action") or "", url)[1]
        if target and registrable(target) != registrable(host):
            return target[:MOST_HOST]
    return ""


def _stranger(text: str, host: str) -> str:
    """The brand that the page names first, unless the host is the brand's own."""
    words = text.split()
    signs = signs_of(host)
    for at in range(0, min(len(words), 240), 6):
        brand = brand_in(" ".join(words[at : at + 8]))
        if brand:
            return "" if signs.owner == brand else brand
    return signs.lookalike or signs.named_brand


def _kit(document: Any, fields: list[Any]) -> str:
    """A hash of the page's skeleton: which elements in which number, the fields' names, the files it loads.

    Texts, addresses and colours are left out, because they change from one victim to the next; hosts are, because a
    kit moves.
    """
    counts = [f"{tag}:{len(document.get_elements_by_tag_name(tag))}" for tag in _BUILT_OF]
    names = sorted(f"{field.getattr('type')}:{field.getattr('name')}" for field in fields if field.getattr("name"))
    loaded = sorted({name for tag in ("script", "img", "link") for name in _files(document, tag)})
    built = sum(int(count.partition(":")[2]) for count in counts) + len(names) + len(loaded)
    if not names or built < _LEAST_BUILT:
        return ""
    return hashlib.sha256("\n".join([*counts, *names, *loaded]).encode("utf-8", "replace")).hexdigest()


def _files(document: Any, tag: str) -> list[str]:
    attribute = "href" if tag == "link" else "src"
    elements = list(document.get_elements_by_tag_name(tag).values())[:200]
    addresses = (element.getattr(attribute) or "" for element in elements)
    return [_split(address, "http://page.invalid/")[2].rpartition("/")[2] for address in addresses]


def _moves_to(document: Any, url: str) -> str:
    for meta in list(document.get_elements_by_tag_name("meta").values())[:100]:
        refresh = (meta.getattr("http-equiv") or "").lower() == "refresh"
        found = _REFRESH.match(meta.getattr("content") or "") if refresh else None
        if found and int(found.group(1)) <= _AT_ONCE:
            return _split(found.group(2).strip(), url)[0]
    return ""


def _split(address: str, base: str = "") -> tuple[str, str, str]:
    """(address, host, path) as a browser reads them; empty when they are not the web's."""
    try:
        parsed: Any = URL(address[:2_000], base) if base else URL(address[:2_000])
    except (ValueError, UnicodeError):
        return "", "", ""
    return (parsed.href, parsed.hostname, parsed.pathname) if parsed.protocol in _WEB else ("", "", "")
