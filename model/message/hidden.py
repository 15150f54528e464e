"""Hidden: which text does the markup keep from the reader's eyes?"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from model.message.entities import unescaped

_LOOKED_AT = 20_000  # styled elements
_NEEDLES = 30  # different spellings of hiding in one document

# One pattern for each trick, each with a literal in front: searched for one by one they cost next to nothing.
_INVISIBLE = tuple(
    re.compile(pattern)
    for pattern in (
        r"display\s*:\s*none",
        r"visibility\s*:\s*(?:hidden|collapse)",
        r"opacity\s*:\s*(?:0++(?:\.0*+)?+|\.0++)(?![.\d])",
        r"mso-hide\s*:\s*all",
        r"color\s*:\s*transparent",
        r"text-indent\s*:\s*-\d{3,}",
        r"left\s*:\s*-\d{4,}",
        r"top\s*:\s*-\d{4,}",
        r"max-height\s*:\s*0(?![.\d])",
    )
)
_TINY = (
    re.compile(r"font-size\s*:\s*(?:0(?:\.\d+)?|1)(?:px|pt|em|rem|%)?(?![\w.%])"),
    re.compile(r"font\s*:\s*0"),
)
# Wherever a style might begin, whatever stands around it; so quotes in odd places hide none.
_INLINE = re.compile(r"style(?=\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s>]{1,2000})))")
_COLOUR = re.compile(r"color\s*:\s*([#\w(),. %]{3,30})")
_BACKGROUND = re.compile(r"background(?:-color)?\s*:\s*([#\w(),. %]{3,30})")
_CLASS = re.compile(r"\s*(?:[a-z]+)?([.#][\w-]{1,80})\s*")
_HIDDEN_ATTRIBUTE = re.compile(r"hidden(?<=\shidden)[\s=>/]")
_REMEMBERED = 500  # characters; longer styles are worked out each time


def hide(document: Any, lower: str) -> int:
    """Take what cannot be seen out of the document; how many characters that were."""
    hidden = 0
    for element in reversed(_unseen(document, lower)):  # inner ones first: each text is read once
        hidden += len("".join((element.text or "").split()))
        element.remove()  # detached, not destroyed: an outer element may still hold it
    return hidden


def _unseen(document: Any, lower: str) -> list[Any]:
    """Ask the document only for what its source shows to be there: touching every element would cost too much."""
    found: list[Any] = []
    selector = ", ".join(_selectors(_inline_styles(lower)))
    if selector:
        styled = document.query_selector_all(selector)[:_LOOKED_AT]
        found.extend(e for e in styled if _style_hides((e.getattr("style") or "").lower(), e))
    if "<style" in lower:
        rules = ", ".join(_hiding_rules(lower))
        found.extend(document.query_selector_all(rules)[:_LOOKED_AT] if rules else ())
    if _HIDDEN_ATTRIBUTE.search(lower):
        found.extend(document.query_selector_all("[hidden]")[:_LOOKED_AT])
    return found


def _inline_styles(lower: str) -> set[str]:
    """The styles of all elements, each once: mails repeat a few over and over."""
    return {"".join(style) for style in _INLINE.findall(lower)}


def _selectors(styles: set[str]) -> Iterator[str]:
    """A selector for each way of hiding that stands in the styles, in the very spelling it has there."""
    ways = [_remembered(style) if len(style) <= _REMEMBERED else _ways(style) for style in styles]
    for needle in list(dict.fromkeys(needle for needles, _ in ways for needle in needles))[:_NEEDLES]:
        if needle.isprintable():
            yield f'[style*="{needle}" i]'
        else:  # a line break inside: look at every style that has the word
            yield f'[style*="{needle.partition(":")[0].strip()}" i]'
    for colour in list(dict.fromkeys(colour for _, colours in ways for colour in colours))[:_NEEDLES]:
        yield f'[style*="background" i][style*="{colour}" i]'


def _ways(style: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """How one style may hide: the words that say so, and the colours that text and background share."""
    style = unescaped(style)
    needles = tuple(match.group(0) for trick in (*_INVISIBLE, *_TINY) for match in trick.finditer(style))
    return needles, tuple(_shared_colours(style))


_remembered = lru_cache(maxsize=8_192)(_ways)  # the same styles stand in mail after mail


def _shared_colours(style: str) -> set[str]:
    return _colours(_BACKGROUND, style) & _colours(_COLOUR, style) if "background" in style else set()


def _colours(pattern: re.Pattern[str], source: str) -> set[str]:
    if pattern is _BACKGROUND:
        return {match.group(1).strip() for match in pattern.finditer(source)}
    found = pattern.finditer(source)
    return {match.group(1).strip() for match in found if source[match.start() - 1 : match.start()] != "-"}


def _style_hides(style: str, element: Any) -> bool:
    if _hides(style) or _shared_colours(style):
        return True
    # Marketing mail sets size 0 on a table to close gaps and a real size on the text inside.
    return any(tiny.search(style) for tiny in _TINY) and element.query_selector('[style*="font"]') is None


def _hides(style: str) -> bool:
    style = style.replace("background-color", "")
    return any(trick.search(style) for trick in _INVISIBLE)


def _hiding_rules(lower: str) -> list[str]:
    """Plain class and id selectors hidden for every screen: rules inside @media are for some screens only."""
    start = lower.find("<style")
    sheet = unescaped(lower[start : lower.find("</style", start)]).partition("@media")[0]
    selectors: list[str] = []
    if not _hides(sheet):
        return selectors
    for rule in sheet.split("}"):
        names, brace, declarations = rule.rpartition("{")
        if brace and _hides(declarations):
            names = names.rpartition(">")[2]
            selectors.extend(m.group(1) for name in names.split(",") if (m := _CLASS.fullmatch(name)))
    return [f'[class~="{s[1:]}" i]' if s[0] == "." else f'[id="{s[1:]}" i]' for s in selectors[:_NEEDLES]]
