"""Attributes: does an element carry so many that parsing the markup would take minutes?"""

import re

from model.message import caps

_SMALL = 32_000  # below it even the worst case takes less than half a second
_WORK = 20  # how many times the source may be read over before it counts as overloaded

# Every place where a browser might begin a tag, with what it would read as attributes from there. Possessive
# throughout, so a place costs its own length and no more. Comments and quotes do not hide a place from this.
_ATTRIBUTE = r"[^\s/>=][^\s/>=]*+(?:\s*+=\s*+(?:\"[^\"]*+\"?+|'[^']*+'?+|[^\s>\"'][^\s>]*+)?+)?+|=[^\s/>=]*+"
_TAG = re.compile(rf"<(?=([a-zA-Z][^\s/>]*+(?:[\s/]++|{_ATTRIBUTE})*+))")
_ONE = re.compile(_ATTRIBUTE)


def overloaded(source: str) -> bool:
    """True when some element may have more attributes than the cap, or telling would itself cost too much."""
    if len(source) < _SMALL:
        return False
    work = 0
    for tag in _TAG.finditer(source):
        length = tag.end(1) - tag.start(1)
        work += length
        if work > _WORK * len(source):
            return True
        if length > 2 * caps.MARKUP_ATTRIBUTES and _more_than_allowed(source, tag.start(1), tag.end(1)):
            return True
    return False


def _more_than_allowed(source: str, start: int, end: int) -> bool:
    return any(number >= caps.MARKUP_ATTRIBUTES for number, _ in enumerate(_ONE.finditer(source, start, end)))
