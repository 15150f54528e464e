"""Inert: how can an operator look at a hostile mail without it doing anything?

Three walls, each enough by itself: the markup is reduced to a small list of tags without addresses to load; the page
is served with a policy of its own that allows no script, no form and no request; the frame is sandboxed. Links are
shown as text, in brackets behind the words that hid them.
"""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser
from typing import Any

import nh3
from resiliparse.parse.html import HTMLTree

from backend.web import harmless
from backend.web.spelled import defang
from model.message.caps import Defects
from model.message.charsets import decode
from model.message.mime import mime_headers
from model.message.overload import overloaded
from model.message.readings import read_parts
from model.message.source import split

POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
_MOST_HTML = 500_000  # characters; larger mails are shown as text
_MOST_TEXT = 100_000
_MOST_DEPTH = 300  # elements in each other: laying out deeper ones costs the square of the depth
_MOST_ELEMENTS = 80_000  # with those that a parser repeats for formatting that nobody closed
_MOST_SIGNS = 100_000  # of & < >: each is spelled out alone, and bare & costs the square of its number; mail has 7,000
_MOST_PICTURE = 1_000_000  # octets of one embedded picture
_MOST_EMBEDDED = 8_000_000  # characters of all of them: a mail may show one picture ten thousand times
_COLOUR = re.compile(r"\b(?:rgb|hsl)a?\([0-9., %/]{0,60}\)", re.IGNORECASE)

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>The mail, inert</title><style>
:root {{ color-scheme: light; }}
body {{ margin: 1rem; font: 15px/1.5 Arial, sans-serif; color: #1a1a1a; background: #fff; overflow-wrap: anywhere; }}
img {{ max-width: 100%; height: auto; }}
table {{ max-width: 100%; }}
pre {{ white-space: pre-wrap; font: inherit; margin: 0; }}
.unhook-link {{ text-decoration: underline dotted; }}
.unhook-address {{ font: 13px/1.4 monospace; color: #8c1d18; background: #fdf1f0; padding: 0 .25em; }}
.unhook-blocked {{ font: 13px/1.4 monospace; color: #555; border: 1px dashed #999; padding: 0 .25em; }}
</style></head><body>{body}</body></html>
"""


@dataclass(frozen=True)
class _Body:
    html: str
    text: str
    pictures: dict[str, str]  # Content-ID -> data: address


def inert_page(raw: bytes) -> str:
    """A page that shows the mail's body and can do nothing."""
    body = _body(raw)
    if body.html and _affordable(body.html):
        return _PAGE.format(body=inert_html(body.html, body.pictures))
    text = body.text or _without_tags(body.html)
    return _PAGE.format(body=f"<pre>{escape(text[:_MOST_TEXT])}</pre>" if text.strip() else "<p>(no text)</p>")


def inert_html(html: str, pictures: dict[str, str]) -> str:
    """The markup without anything that loads, runs, sends, covers or leads somewhere."""
    tidy = nh3.clean(
        html,
        tags=set(harmless.TAGS | {"a"}),
        clean_content_tags=set(harmless.GONE),
        attributes={**harmless.ATTRIBUTES, "span": set(), "a": {"href"}},
        url_schemes=set(harmless.SCHEMES),
        link_rel=None,
        filter_style_properties=set(harmless.STYLES),
    )
    spelled = _Spelled(pictures)
    spelled.feed(tidy)
    spelled.close()
    # Sanitised last, so that nothing the rewriting did is trusted.
    return nh3.clean(
        "".join(spelled.out),
        tags=set(harmless.TAGS),
        clean_content_tags=set(harmless.GONE),
        attributes=harmless.ATTRIBUTES,
        attribute_filter=_keep,
        url_schemes={"data"},
        link_rel=None,
        filter_style_properties=set(harmless.STYLES),
    )


class _Spelled(HTMLParser):
    """Rewrites tidy markup: links become text with their address behind it, pictures are embedded or named."""

    def __init__(self, pictures: dict[str, str]) -> None:
        super().__init__(convert_charrefs=False)
        self.out: list[str] = []
        self._pictures = pictures
        self._left = _MOST_EMBEDDED
        self._links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a":
            self._links.append(given.get("href", ""))
            self.out.append('<span class="unhook-link">')
        elif tag == "img":
            self.out.append(self._picture(given))
        else:
            kept = "".join(f' {name}="{escape(value)}"' for name, value in given.items())
            self.out.append(f"<{tag}{kept}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag != "a":
            self.out.append(f"</{tag}>")
            return
        self.out.append("</span>")
        address = self._links.pop() if self._links else ""
        if address:
            self.out.append(f' <span class="unhook-address">[{escape(defang(address))}]</span>')

    def handle_data(self, data: str) -> None:
        self.out.append(data)

    def handle_entityref(self, name: str) -> None:
        self.out.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.out.append(f"&#{name};")

    def _picture(self, given: dict[str, str]) -> str:
        source = given.get("src", "")
        words = escape(given.get("alt", "")[:200])
        embedded = self._pictures.get(source[4:].strip("<>"), "") if source.startswith("cid:") else ""
        if embedded and len(embedded) <= self._left:
            self._left -= len(embedded)
            return f'<img src="{embedded}" alt="{words}">'
        if _is_picture(source) and len(source) <= _MOST_PICTURE * 4 // 3:
            return f'<img src="{escape(source)}" alt="{words}">'
        said = f"picture not loaded: {words}" if words else "picture not loaded"
        return f'<span class="unhook-blocked">[{said}]</span>'


def _keep(tag: str, name: str, value: str) -> str | None:
    if tag == "img" and name == "src":
        return value if _is_picture(value) else None
    if name == "style":
        return _plain_styles(value) or None
    if name == "class":
        return value if value in {"unhook-link", "unhook-address", "unhook-blocked"} else None
    return value


def _plain_styles(value: str) -> str:
    """Only declarations that call nothing but a colour: url() and its like are not worth knowing all of."""
    kept = [one.strip() for one in value.split(";") if "\\" not in one and "(" not in _COLOUR.sub("", one)]
    return "; ".join(one for one in kept if one)


def _is_picture(address: str) -> bool:
    return any(address.lower().startswith(f"data:{kind};base64,") for kind in harmless.PICTURES)


def _affordable(html: str) -> bool:
    """Whether the sanitiser gets through this without being made to do the square of its work.

    What end tags close is not to be told from the source, so a parser is asked whom depth costs nothing. It keeps
    templates apart, where nobody would see how deep they are; no honest mail has one.
    """
    if len(html) > _MOST_HTML or sum(map(html.count, "&<>")) > _MOST_SIGNS:
        return False
    if overloaded(html) or "<template" in html.lower():
        return False
    depths = _depths(HTMLTree.parse(f"<body>.{html}").document)  # after a sign, no <frameset> replaces the body
    return all(depth <= _MOST_DEPTH and number <= _MOST_ELEMENTS for number, depth in enumerate(depths))


def _depths(document: Any) -> Iterator[int]:
    """How deep each element stands, in their order."""
    node, depth = document.first_element_child if document else None, 1
    while node is not None:
        yield depth
        if (inner := node.first_element_child) is not None:
            node, depth = inner, depth + 1
            continue
        while node is not None and node.next_element is None:
            node, depth = node.parent, depth - 1
        node = node.next_element if node is not None else None


def _body(raw: bytes) -> _Body:
    """What the model reads, an operator sees: the same parts by the same parser."""
    defects = Defects()
    source = split(raw, defects)
    reading = read_parts(mime_headers(source.headers), source.body, defects)[0]
    html = text = ""
    pictures: dict[str, str] = {}
    for part in reading.parts:
        if part.disposition == "attachment":
            continue
        if part.content_type == "text/html":
            html = html or decode(part.content, part.charset)
        elif part.content_type == "text/plain":
            text = text or decode(part.content, part.charset)
        elif part.content_type in harmless.PICTURES and part.content_id and len(part.content) <= _MOST_PICTURE:
            embedded = base64.b64encode(part.content).decode()
            pictures[part.content_id.strip("<>")] = f"data:{part.content_type};base64,{embedded}"
    return _Body(html, text, pictures)


def _without_tags(html: str) -> str:
    """The words of markup that is too large or too deep to lay out; crude, and linear."""
    return re.sub(r"<[^<>]{0,2000}>", " ", html[: _MOST_TEXT * 4])
