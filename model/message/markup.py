"""Markup: what does an HTML part show, hide and lead to?"""

import base64
import binascii
import re
from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from model.message import caps
from model.message.charsets import decode, storable
from model.message.entities import unescaped
from model.message.hidden import hide
from model.message.links import LinkCollector, addresses_in_source, addresses_in_text
from model.message.overload import overloaded

_REFRESH = re.compile(r"url\s*=\s*['\"]?\s*([^'\"]+)", re.IGNORECASE)
_CSS = r"url\(\s*['\"]?([^'\")\s]{1,4000})"
_CSS_URL = re.compile(_CSS)  # ten times as fast as in any case of letters
_CSS_URL_ANY_CASE = re.compile(_CSS, re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_ANY_HREF = re.compile(r"href\s*=\s*[\"']?([^\"'\s>]{4,4000})", re.IGNORECASE)
# What is asked for by name: one search tells which of these a document lacks.
_ASKED_FOR = re.compile(r"<(area|base|embed|form|frame|iframe|img|link|meta|object|script|style|a)")
_CROWD = 20  # links; with fewer, reading the text of each costs little, however they are nested


@dataclass
class Markup:
    """What the HTML parts of a message add up to."""

    html_characters: int = 0
    hidden_characters: int = 0
    images: int = 0
    remote_images: int = 0
    forms: int = 0
    scripts: int = 0


def read_markup(source: str, seen: Markup, links: LinkCollector, place: str = "", depth: int = 0) -> str:
    """The visible text. Links go to `links`, counts to `seen`; `place` overrules where the links were found."""
    seen.html_characters += len(source)
    if len(source) > caps.MARKUP_CHARACTERS:
        links.defects.add("markup-too-long", str(len(source)))
        source, rest = source[: caps.MARKUP_CHARACTERS], source[caps.MARKUP_CHARACTERS :]
        _sweep(rest[: caps.MARKUP_CHARACTERS], links, place)
    lower = _lower(source)
    if seen.html_characters > caps.MARKUP_MESSAGE_CHARACTERS:
        links.defects.add("markup-too-long", "all parts together")
        text = ""
    elif overloaded(source):
        links.defects.add("markup-overloaded")
        text = unescaped(_TAG.sub(" ", source))
    else:
        text = _read_tree(source, lower, seen, links, place, depth)

    for address in addresses_in_text(text):
        links.add_new(place or "text", address)
    _unrendered(source, lower, links)
    _sweep(source, links, place)
    return storable(text)


def _lower(source: str) -> str:
    """Lower case as markup knows it, of ASCII alone: no sign moves from its place, and it takes a third of the time."""
    return source.encode("utf-8").lower().decode("utf-8")


def _read_tree(source: str, lower: str, seen: Markup, links: LinkCollector, place: str, depth: int) -> str:
    tree = HTMLTree.parse(source)
    document: Any = tree.document
    if document is None:
        return ""
    tags = set(_ASKED_FOR.findall(lower))
    base = _base(document, tags, links, place)
    _anchors(document, tags, links, base, place)
    _forms(document, lower, tags, seen, links, base, place)
    _images(document, tags, seen, links, base, depth)
    _frames(document, lower, tags, seen, links, base, depth)
    seen.scripts += lower.count("<script") if "script" in tags else 0

    for address in _css_addresses(source, lower):
        if not address.lower().startswith("data:"):
            links.add(place or "css", unescaped(address), base=base)
    seen.hidden_characters += hide(document, lower)
    text = extract_plain_text(
        tree, preserve_formatting=True, list_bullets=False, alt_texts=True, form_fields=True, noscript=True
    )
    return _single_spaced(text)


def _single_spaced(text: str) -> str:
    text = text.replace("\xa0", " ").replace("\t", " ")
    while "  " in text:
        text = text.replace("  ", " ")
    return text


def _css_addresses(source: str, lower: str) -> list[str]:
    mentioned = lower.count("url(")
    usual = not mentioned or source.count("url(") == mentioned
    return (_CSS_URL if usual else _CSS_URL_ANY_CASE).findall(source) if mentioned else []


def _elements(document: Any, tags: Set[str], tag: str) -> Any:
    """All at once: the library finds each element anew when one walks over its collections."""
    return document.get_elements_by_tag_name(tag).values() if tag in tags else ()


def _base(document: Any, tags: Set[str], links: LinkCollector, place: str) -> str:
    for element in _elements(document, tags, "base"):
        address = element.getattr("href") or ""
        if address:
            links.add(place or "base", address)
            return str(address)[: caps.LINK_CHARACTERS]
    return ""


def _anchors(document: Any, tags: Set[str], links: LinkCollector, base: str, place: str) -> None:
    for tag in ("a", "area"):
        elements = _elements(document, tags, tag)
        nested = tag == "a" and len(elements) > _CROWD and document.query_selector("a a") is not None
        for element in elements:
            address = element.getattr("href") or element.getattr("xlink:href")
            if not address:
                continue
            text = _link_text(element, nested) if tag == "a" else ""
            if not text:
                text = storable((element.getattr("title") or element.getattr("alt") or "")[: caps.LINK_TEXT_CHARACTERS])
            links.add(place or tag, address, text, base)
            links.seen.update(addresses_in_text(text))
            if links.full:
                return


def _link_text(element: Any, nested: bool) -> str:
    """What stands between <a> and </a>; nothing for links within links, which would repeat it at each level."""
    if nested and element.query_selector("a") is not None:
        return ""
    text = (element.text or "")[: 4 * caps.LINK_TEXT_CHARACTERS]
    return storable(" ".join(text.split())[: caps.LINK_TEXT_CHARACTERS])


def _forms(
    document: Any, lower: str, tags: Set[str], seen: Markup, links: LinkCollector, base: str, place: str
) -> None:
    for element in _elements(document, tags, "form"):
        seen.forms += 1
        if seen.forms <= caps.LINKS and (address := element.getattr("action")):
            links.add(place or "form", address, base=base)
    if "formaction" in lower:
        for element in document.query_selector_all("[formaction]").values():
            links.add(place or "form", element.getattr("formaction") or "", base=base)
    refreshes = "refresh" in lower or "&#" in lower  # nearly every mail has <meta>, hardly any for this
    for element in _elements(document, tags, "meta") if refreshes else ():
        if (element.getattr("http-equiv") or "").strip().lower() == "refresh":
            found = _REFRESH.search((element.getattr("content") or "")[: caps.LINK_CHARACTERS])
            if found:
                links.add(place or "meta-refresh", found.group(1), base=base)


def _images(document: Any, tags: Set[str], seen: Markup, links: LinkCollector, base: str, depth: int) -> None:
    for element in _elements(document, tags, "img"):
        seen.images += 1
        if links.full:
            continue
        address = (element.getattr("src") or "").strip()
        if address[:5].lower() == "data:":
            _inside_data(address, seen, links, depth)
        elif address:
            remote = address[:4].lower() == "http" or address[:2] == "//"
            seen.remote_images += remote
            links.add("attribute", address, base=base)


def _frames(
    document: Any, lower: str, tags: Set[str], seen: Markup, links: LinkCollector, base: str, depth: int
) -> None:
    """Documents within the document: frames, srcdoc, data: addresses. Two levels deep."""
    if depth >= caps.SRCDOC_DEPTH:
        return
    for name, tag in (("src", "iframe"), ("data", "object"), ("src", "embed"), ("src", "frame"), ("href", "link")):
        for element in _elements(document, tags, tag):
            address = element.getattr(name) or ""
            if address and not links.full:
                links.add("attribute", address, base=base)
            if tag == "iframe" and (inner := element.getattr("srcdoc")):
                read_markup(inner, seen, links, "srcdoc", depth + 1)
    if "data:" in lower and ("data:text/html" in lower or "data:image/svg" in lower):
        for element in document.query_selector_all('[href^="data:" i], [src^="data:" i], [data^="data:" i]')[:50]:
            for name in ("href", "src", "data"):
                _inside_data(element.getattr(name) or "", seen, links, depth)


def _inside_data(address: str, seen: Markup, links: LinkCollector, depth: int) -> None:
    """A document inside a data: address is read like any other; an image is kept for the QR reader."""
    kind, content = data_content(address)
    if kind.startswith("image/") and "svg" not in kind:
        links.images.append(content) if len(links.images) < caps.IMAGES else None
    elif content and depth < caps.SRCDOC_DEPTH:
        read_markup(decode(content), seen, links, "attribute", depth + 1)


def data_content(address: str) -> tuple[str, bytes]:
    """Type and bytes of a data: address, empty when it holds nothing readable."""
    head, comma, rest = address.partition(",")
    if not comma or head[:5].lower() != "data:" or len(rest) > caps.IMAGE_BYTES:
        return "", b""
    content = unquote_to_bytes(rest)
    if head.lower().endswith(";base64"):
        try:
            content = base64.b64decode(content + b"==", validate=False)
        except (binascii.Error, ValueError):
            return "", b""
    return head[5:].partition(";")[0].strip().lower(), content


def _unrendered(source: str, lower: str, links: LinkCollector) -> None:
    """Links in comments (Outlook reads some of them) and templates."""
    for opening, closing in (("<!--", "-->"), ("<template", "</template")):
        if opening in lower:
            for inner in _between(source, lower, opening, closing):
                for address in (*_hrefs(inner), *addresses_in_source(inner)):
                    links.add_new("comment", address)


def _hrefs(source: str) -> Iterator[str]:
    return (unescaped(found) for found in (_ANY_HREF.findall(source) if "href" in source.lower() else ()))


def _between(source: str, lower: str, opening: str, closing: str) -> Iterator[str]:
    start = lower.find(opening)
    while start >= 0:
        end = lower.find(closing, start)
        if end < 0:
            yield source[start:]
            return
        yield source[start:end]
        start = lower.find(opening, end)


def _sweep(source: str, links: LinkCollector, place: str) -> None:
    """Whatever looks like a web address and was not met yet: other attributes, scripts, unknown elements."""
    for address in addresses_in_source(source):
        if links.full:
            return
        links.add_new(place or "attribute", address)
