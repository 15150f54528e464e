"""Hidden: which text does the markup keep from the reader's eyes?"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from model.message.entities import unescaped

_LOOKED_AT = 20_000  # styled elements
_NEEDLES = 30  # different spellings of hiding in one document

# One pattern for each trick, by the literal it begins with: most tricks are told away by that alone.
_INVISIBLE = {
    word: re.compile(word + rest)
    for word, rest in {
        "display": r"\s*:\s*none",
        "visibility": r"\s*:\s*(?:hidden|collapse)",
        "opacity": r"\s*:\s*(?:0++(?:\.0*+)?+|\.0++)(?![.\d])",
        "mso-hide": r"\s*:\s*all",
        "color": r"\s*:\s*transparent",
        "text-indent": r"\s*:\s*-\d{3,}",
        "left": r"\s*:\s*-\d{4,}",
        "top": r"\s*:\s*-\d{4,}",
        "max-height": r"\s*:\s*0(?![.\d])",
    }.items()
}
_TINY = {
    "font-size": re.compile(r"font-size\s*:\s*(?:0(?:\.\d+)?|1)(?:px|pt|em|rem|%)?(?![\w.%])"),
    "font": re.compile(r"font\s*:\s*0"),
}
_TRICKS = (*_INVISIBLE.items(), *_TINY.items())
# Wherever a style might begin, whatever stands around it; so quotes in odd places hide none.
_INLINE = re.compile(r"style(?=\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s>]{1,2000})))")
_COLOUR = re.compile(r"color\s*:\s*([#\w(),. %]{3,30})")
_BACKGROUND = re.compile(r"background(?:-color)?\s*:\s*([#\w(),. %]{3,30})")
_CLASS = re.compile(r"\s*(?:[a-z]+)?([.#][\w-]{1,80})\s*")
_HIDDEN_ATTRIBUTE = re.compile(r"hidden(?<=\shidden)[\s=>/]")
_APART = "\0"  # stands in no text and in no trick


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
        found.extend(_hidden_by_style(document.query_selector_all(selector)[:_LOOKED_AT]))
    if "<style" in lower:
        rules = ", ".join(_hiding_rules(lower))
        found.extend(document.query_selector_all(rules)[:_LOOKED_AT] if rules else ())
    if _HIDDEN_ATTRIBUTE.search(lower):
        found.extend(document.query_selector_all("[hidden]")[:_LOOKED_AT])
    return found


def _inline_styles(lower: str) -> Iterable[str]:
    """The styles of all elements in order, each once: mails repeat a few over and over."""
    return dict.fromkeys("".join(style) for style in _INLINE.findall(lower))


def _selectors(styles: Iterable[str]) -> Iterator[str]:
    """A selector for each way of hiding that stands in the styles, in the very spelling it has there."""
    plain = list(map(unescaped, styles))
    together = _APART.join(plain)
    tricks = (match.group() for word, trick in _TRICKS if word in together for match in trick.finditer(together))
    for needle in list(dict.fromkeys(tricks))[:_NEEDLES]:
        if needle.isprintable():
            yield f'[style*="{needle}" i]'
        else:  # a line break inside: look at every style that has the word
            yield f'[style*="{needle.partition(":")[0].strip()}" i]'
    for colour in list(dict.fromkeys(colour for style in plain for colour in _shared_colours(style)))[:_NEEDLES]:
        yield f'[style*="background" i][style*="{colour}" i]'


def _shared_colours(style: str) -> list[str]:
    """The colours that text and background both have."""
    if "background" not in style or not (behind := list(map(str.strip, _BACKGROUND.findall(style)))):
        return []
    found = _COLOUR.finditer(style)
    before = {match.group(1).strip() for match in found if style[match.start() - 1 : match.start()] != "-"}
    return [colour for colour in behind if colour in before]


def _hidden_by_style(styled: Iterable[Any]) -> Iterator[Any]:
    hides, tiny = cache(_hides_wholly), cache(_tiny)  # elements repeat their styles
    for element in styled:
        style = (element.getattr("style") or "").lower()
        # Marketing mail sets size 0 on a table to close gaps and a real size on the text inside.
        if hides(style) or (tiny(style) and element.query_selector('[style*="font"]') is None):
            yield element


def _hides_wholly(style: str) -> bool:
    return _hides(style) or bool(_shared_colours(style))


def _hides(style: str) -> bool:
    return _shows(_INVISIBLE, style.replace("background-color", ""))


def _tiny(style: str) -> bool:
    return _shows(_TINY, style)


def _shows(tricks: Mapping[str, re.Pattern[str]], style: str) -> bool:
    return any(word in style and trick.search(style) for word, trick in tricks.items())


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
