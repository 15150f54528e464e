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
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u318f\u31a0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U0001aff0-\U0001b16f\U00020000-\U0003fffd"
)
_SCRIPTS = re.compile(f"[{_UNSPACED}]+|[^{_UNSPACED}]+")
_STARTS_UNSPACED = re.compile(f"[{_UNSPACED}]")


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
    if not is_unspaced(run):
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
    for part in _SCRIPTS.findall(chunk):
        run = ""
        for character in part:
            if character == "_" or unicodedata.category(character)[0] in "LMN":
                run += character
            elif run:
                yield run
                run = ""
        if run:
            yield run


def is_unspaced(run: str) -> bool:
    """Whether the run's script puts no spaces between words."""
    return _STARTS_UNSPACED.match(run) is not None


def _folded(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(c for c in apart if not "\u0300" <= c <= "\u036f")  # not the marks of kana: ga is not ka
    return unicodedata.normalize("NFKC", bare)
