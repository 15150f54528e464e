"""Hidden: which text does the markup keep from the reader's eyes?"""

import html
import re
from typing import Any

_LOOKED_AT = 20_000  # styled elements

_INVISIBLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0*\.?0*(?![.\d])|mso-hide\s*:\s*all|"
    r"(?<![\w-])color\s*:\s*transparent|text-indent\s*:\s*-\d{3,}|(?:left|top)\s*:\s*-\d{4,}|max-height\s*:\s*0(?![.\d])"
)
_TINY = re.compile(r"font-size\s*:\s*(?:0(?:\.\d+)?|1)(?:px|pt|em|rem|%)?\s*(?:[;!]|$)|font\s*:\s*0")
_TINY_OR_INVISIBLE = re.compile(f"{_INVISIBLE.pattern}|font-size\\s*:\\s*[01]|font\\s*:\\s*0")
_VALUE = r"([#\w(),. %]{3,30}?)\s*"
_COLOUR = r"(?<![\w-])color\s*:\s*"
_GROUND = r"background(?:-color)?\s*:\s*"
_BETWEEN = r";[^\"'<>]{0,300}"
_SAME_COLOUR = re.compile(
    rf"{_COLOUR}{_VALUE}{_BETWEEN}{_GROUND}\1\s*[;\"'!]|{_GROUND}{_VALUE}{_BETWEEN}{_COLOUR}\2\s*[;\"'!]"
)
_HIDDEN_ATTRIBUTE = re.compile(r"\shidden[\s=>/]")
_RULE = re.compile(r"([^{}@<>]{1,500})\{([^{}]{1,2000})\}")
_CLASS = re.compile(r"^\s*(?:[a-z]+)?([.#][\w-]{1,80})\s*$", re.IGNORECASE)


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
    source = html.unescape(lower) if "&#" in lower else lower
    for needle in _needles(source):
        styled = document.query_selector_all(f'[style*="{needle}" i]')[:_LOOKED_AT]
        found.extend(e for e in styled if _style_hides((e.getattr("style") or "").lower(), e))
    if "<style" in lower:
        for selector in _hiding_selectors(source):
            found.extend(_matching(document, selector))
    if _HIDDEN_ATTRIBUTE.search(lower):
        found.extend(document.query_selector_all("[hidden]")[:_LOOKED_AT])
    return found


def _needles(source: str) -> list[str]:
    needles = dict.fromkeys(m.group(0) for m in _TINY_OR_INVISIBLE.finditer(source))
    if _SAME_COLOUR.search(source):
        needles["background"] = None
    return [
        needle for needle in list(needles)[:30] if needle.isprintable() and '"' not in needle and "\\" not in needle
    ]


def _style_hides(style: str, element: Any) -> bool:
    if _INVISIBLE.search(style) or _SAME_COLOUR.search(style + ";"):
        return True
    # Marketing mail sets size 0 on a table to close gaps and a real size on the text inside.
    return bool(_TINY.search(style)) and element.query_selector('[style*="font"]') is None


def _hiding_selectors(lower: str) -> list[str]:
    """Plain class and id selectors hidden for every screen: rules inside @media are for some screens only."""
    start = lower.find("<style")
    sheet = lower[start : lower.find("</style", start)] if start >= 0 else ""
    sheet = sheet.partition("@media")[0]
    selectors: list[str] = []
    for names, rules in _RULE.findall(sheet):
        if _INVISIBLE.search(rules):
            selectors.extend(m.group(1) for name in names.split(",") if (m := _CLASS.match(name)))
    return selectors[:50]


def _matching(document: Any, selector: str) -> list[Any]:
    name = selector[1:]
    if selector[0] == ".":
        return list(document.get_elements_by_class_name(name, case_insensitive=True))[:_LOOKED_AT]
    element = document.get_element_by_id(name, case_insensitive=True)
    return [element] if element is not None else []
