"""Charsets: what text do these bytes hold, whatever they claim?"""

import codecs
import re
from functools import lru_cache

# Only real character sets. `punycode` and `idna` are quadratic, the escape codecs are no charsets at all.
_KNOWN = re.compile(
    r"ascii|utf-?(?:7|8|16|32)(?:[-_]?[bl]e)?|iso-?8859.*|latin.*|cp\d+|windows.*|koi8.*|gb(?:k|2312|18030)|big5.*|euc.*|"
    r"shift_jis.*|iso2022.*|hz|johab|mac.*|tis-?620|ptcp154|kz1048|viscii"
)
_HIGHER = {"gb2312": "gb18030", "gbk": "gb18030", "iso8859-1": "cp1252", "ascii": "utf-8", "shift_jis": "cp932"}
_ODD = {
    "x-sjis": "cp932",
    "ks_c_5601-1987": "cp949",
    "x-gbk": "gb18030",
    "utf8mb4": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
}
_ODD |= {"iso-8859-8-i": "iso8859-8", "iso-8859-8-e": "iso8859-8", "x-mac-roman": "mac-roman", "unknown-8bit": "utf-8"}
_ASCII_INSIDE = {"", "utf-8", "cp1252", "iso8859-2", "iso8859-15", "gb18030", "koi8-r", "cp1251"}
_UNFIT = re.compile("[\x00\ud800-\udfff]")


@lru_cache(maxsize=512)
def known_codec(charset: str) -> str:
    """Python's name for a charset as mail writes it, or an empty string for none that we would use."""
    name = charset.strip().strip("\"'").lower()[:60]
    name = _ODD.get(name, name)
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return ""
    return _HIGHER.get(found, found) if _KNOWN.fullmatch(found) else ""


def decode(content: bytes, charset: str = "") -> str:
    """Decode without ever failing. Text without a usable charset is UTF-8 if it can be, else Windows-1252."""
    codec = known_codec(charset) if charset else ""
    if content.isascii() and codec in _ASCII_INSIDE:
        return content.decode("ascii").replace("\0", "")
    if codec and codec != "utf-8":
        return storable(content.decode(codec, "replace"))
    try:
        return storable(content.decode("utf-8"))
    except UnicodeDecodeError:
        return storable(content.decode("utf-8" if codec == "utf-8" and charset else "cp1252", "replace"))


def storable(text: str) -> str:
    """Without NUL (PostgreSQL refuses it) and lone surrogates (nothing can encode them)."""
    if text.isascii():
        return text.replace("\0", "")
    try:
        text.encode("utf-8")
        return text.replace("\0", "")
    except UnicodeEncodeError:
        return _UNFIT.sub("", text)
