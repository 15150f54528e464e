"""Words: what can be searched for in a text, in any script?

The same cutting serves FTS5 and PostgreSQL, and the same serves documents and queries; neither engine cuts again.
"""

import re
import unicodedata
from collections.abc import Iterator

LONGEST_WORD = 64
LONGEST_DOCUMENT = 200_000  # characters, before and after cutting
_ASCII_WORD = re.compile(r"[a-z0-9_]+")
# Scripts written without spaces: Thai to Khmer, kana, Hangul and Han. Runs of them are cut into pairs.
_UNSPACED = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1100, 0x11FF),
    (0x1780, 0x17FF),
    (0x2E80, 0x2FDF),
    (0x3005, 0x3007),
    (0x3040, 0x318F),
    (0x31A0, 0x31FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xA960, 0xA97F),
    (0xAC00, 0xD7FF),
    (0xF900, 0xFAFF),
    (0x1AFF0, 0x1B16F),
    (0x20000, 0x3FFFD),
)


def terms(text: str) -> str:
    """The words of a text, parted by single spaces; a run of Han, kana, Hangul, ... becomes its pairs.

    The last character of a run follows alone, so that a search for one character finds it by its beginning.
    """
    cut: list[str] = []
    length = 0
    for run in runs(text):
        for word in pairs(run):
            length += len(word) + 1
            if length > LONGEST_DOCUMENT:
                return " ".join(cut)
            cut.append(word)
    return " ".join(cut)


def pairs(run: str, *, last: bool = True) -> list[str]:
    """A word as it is, a run without spaces as pairs; `last` adds its last character alone."""
    if not is_unspaced(run[0]):
        return [run[:LONGEST_WORD]]
    cut = [run[i : i + 2] for i in range(len(run) - 1)]
    return [*cut, run[-1]] if last or not cut else cut


def runs(text: str) -> Iterator[str]:
    """The words and unspaced runs of a text, folded: width, case and Western accents make no difference."""
    for chunk in _folded(text[:LONGEST_DOCUMENT]).split():
        if chunk.isascii():
            yield from _ASCII_WORD.findall(chunk)
        else:
            yield from _runs(chunk)


def _runs(chunk: str) -> Iterator[str]:
    run = ""
    for character in chunk:
        belongs = character == "_" or unicodedata.category(character)[0] in "LMN"
        if run and (not belongs or is_unspaced(character) != is_unspaced(run[0])):
            yield run
            run = ""
        if belongs:
            run += character
    if run:
        yield run


def is_unspaced(character: str) -> bool:
    """Whether the character's script puts no spaces between words."""
    point = ord(character)
    return point >= 0x0E00 and any(first <= point <= last for first, last in _UNSPACED)


def _folded(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(c for c in apart if not "\u0300" <= c <= "\u036f")  # not the marks of kana: ga is not ka
    return unicodedata.normalize("NFKC", bare)
