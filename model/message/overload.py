"""Overload: would this markup take the parser minutes, or gigabytes?"""

import re

from model.message import caps

_SMALL = 32_000  # below it even the most attributes take less than half a second
_WORK = 20  # how many times the source may be read over before it counts as overloaded

# Every place where a browser might begin a tag, with what it would read as attributes from there. Possessive
# throughout, so a place costs its own length and no more. Comments and quotes do not hide a place from this.
_ATTRIBUTE = r"[^\s/>=][^\s/>=]*+(?:\s*+=\s*+(?:\"[^\"]*+\"?+|'[^']*+'?+|[^\s>\"'][^\s>]*+)?+)?+|=[^\s/>=]*+"
_TAG = re.compile(rf"<(?=([a-zA-Z][^\s/>]*+(?:[\s/]++|{_ATTRIBUTE})*+))")
_ONE = re.compile(_ATTRIBUTE)


# Elements that browsers open again after every block until somebody closes them (`a` and `nobr` close themselves).
_FORMATTING = re.compile(r"<(?:b|big|code|em|font|i|s|small|strike|strong|tt|u)(?=[\s/>])", re.IGNORECASE)
_ALIKE = 3  # of formatting elements that are wholly alike, browsers open three again


def overloaded(source: str) -> bool:
    """True when an element may have too many attributes, or formatting may multiply, or telling would cost too much."""
    tags = source.count("<")
    multiplies = tags * tags > caps.MARKUP_CLONES and tags * len(_FORMATTING.findall(source)) > caps.MARKUP_CLONES
    if not multiplies and len(source) < _SMALL:
        return False

    work = 0
    kinds: set[str] = set()  # of formatting tags: the fewer there are, the fewer stay open at a time
    for tag in _TAG.finditer(source):
        start, end = tag.span(1)
        length = end - start
        work += length
        if work > _WORK * len(source):
            return True
        if length > 2 * caps.MARKUP_ATTRIBUTES and _more_than_allowed(source, start, end):
            return True
        if multiplies and _FORMATTING.match(source, start - 1):
            kinds.add(tag.group(1))
    return tags * _ALIKE * len(kinds) > caps.MARKUP_CLONES


def _more_than_allowed(source: str, start: int, end: int) -> bool:
    return any(number >= caps.MARKUP_ATTRIBUTES for number, _ in enumerate(_ONE.finditer(source, start, end)))
