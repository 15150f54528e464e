"""Overload: would this markup take the parser minutes, or gigabytes?"""

import re
from collections.abc import Iterator

from resiliparse.parse.html import HTMLTree

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
_FEW = 10  # of <html> and <body>; where each opening tag of a mail is read, time is short
_ALIKE = 3  # of formatting elements that are wholly alike, browsers open three again
_MERGED = re.compile(r"<(?:body|html)(?=[\s/>])", re.IGNORECASE)  # the attributes of all of them are the first one's
_STEP = 5_000  # tags; so few are read in a moment, however deep they stand
_TAGS = re.compile(rf"[^<]*+(?:<[^<]*+){{{_STEP}}}")
_LOOKING = ("</", "<r", "<opt")  # what looks through all that is open: end tags, parts of <ruby> and of <select>
_DEEP = ">".join("*" * caps.MARKUP_DEPTH)


def overloaded(source: str) -> bool:
    """True when an element may have too many attributes, or formatting may multiply, or telling would cost too much."""
    tags = source.count("<")
    multiplies = tags * tags > caps.MARKUP_CLONES and tags * len(_FORMATTING.findall(source)) > caps.MARKUP_CLONES
    if not multiplies and len(source) < _SMALL:
        return False

    work = merged = 0
    kinds: set[str] = set()  # of formatting tags: the fewer there are, the fewer stay open at a time
    merges = len(_MERGED.findall(source)) > _FEW
    for tag in _TAG.finditer(source):
        start, end = tag.span(1)
        length = end - start
        work += length
        if work > _WORK * len(source):
            return True
        if length > 2 * caps.MARKUP_ATTRIBUTES and _more_than_allowed(source, start, end):
            return True
        if merges and _MERGED.match(source, start - 1):
            merged += sum(1 for _ in _ONE.finditer(source, start, end))
            if merged > caps.MARKUP_ATTRIBUTES:
                return True
        if multiplies and _FORMATTING.match(source, start - 1):
            kinds.add(tag.group(1))
    return tags * _ALIKE * len(kinds) > caps.MARKUP_CLONES or (tags > _STEP and _too_deep(source, tags))


def _more_than_allowed(source: str, start: int, end: int) -> bool:
    return any(number >= caps.MARKUP_ATTRIBUTES for number, _ in enumerate(_ONE.finditer(source, start, end)))


def _too_deep(source: str, tags: int) -> bool:
    """True when elements stand so deep in each other that end tags, looking for what they end, cost the square of it.

    Only the parser knows what an end tag ends. So it reads the beginning, and further only while that is not deep.
    """
    lower = source.lower()
    if lower.count("<option") > caps.MARKUP_OPTIONS:  # each looks at all before it
        return True
    looking = sum(map(lower.count, _LOOKING))
    if looking * tags <= _STEP * _STEP:
        return False
    if tags > caps.MARKUP_TAGS or "<template" in lower:  # whose content cannot be looked at
        return True
    return any(_is_deep(source[:end]) for end in _beginnings(source))


def _beginnings(source: str) -> Iterator[int]:
    """Where the first tags end, and twice as many, and so on: what comes after the last costs no more than it did."""
    place, number, wanted = 0, 0, 1
    while step := _TAGS.match(source, place):
        place, number = step.end(), number + 1
        if number == wanted:
            yield place
            wanted *= 2


def _is_deep(source: str) -> bool:
    document = HTMLTree.parse(source).document
    return document is not None and document.query_selector(_DEEP) is not None
