"""Unwrap: where does a link lead once the gateways' wrappers are taken off?"""

import base64
import binascii
import re
from collections.abc import Callable
from functools import lru_cache, partial
from urllib.parse import parse_qs, unquote, urlsplit

from model.message.entities import unescaped

DEEPEST = 6

_V3_BEGINS = "/v3/__"
_V3 = re.compile(rf"{_V3_BEGINS}(.+?)__;([A-Za-z0-9_=-]*+)!", re.DOTALL)
_V3_RUNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_SQUEEZED = re.compile(r"^(https?|ftp):/+", re.IGNORECASE)
_CISCO = re.compile(r"^/[^/]+/(https?(?:%3a|:).+)$", re.IGNORECASE | re.DOTALL)
_GOOGLE = re.compile(r"(?:www\.)?google\.(?:[a-z]{2,3}|com?\.[a-z]{2})")


def unwrap_once(url: str, host: str) -> str:
    """The address inside one wrapper; an empty string when this is no wrapper we know."""
    opener = _opener(host)
    return _plausible(opener(url)) if opener else ""


@lru_cache(maxsize=4_096)
def _opener(host: str) -> Callable[[str], str] | None:
    for end, opener in _WRAPPERS if host.endswith(_ENDS) else ():
        if host.endswith(end) and (len(host) == len(end) or end[0] == "." or host[-len(end) - 1] == "."):
            return partial(_unescaped, opener)
    return _google if _GOOGLE.fullmatch(host) else None


def _unescaped(opener: Callable[[str], str], url: str) -> str:
    return opener(unescaped(url))


def _plausible(found: str) -> str:
    found = found.strip()
    if found.lower().startswith("www."):
        found = "http://" + found
    return found if _SQUEEZED.match(found) else ""


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


def _google(url: str) -> str:
    return _query("q", "url")(url) if _path(url) == "/url" else ""


def _query(*names: str) -> Callable[[str], str]:
    def opener(url: str) -> str:
        try:
            fields = parse_qs(urlsplit(url).query, max_num_fields=100)
        except ValueError:
            return ""
        return next((fields[name][0] for name in names if name in fields), "")

    return opener


def _urldefense(url: str) -> str:
    if "/v3/" in url:
        return _urldefense_v3(url)
    inside = _query("u")(url)
    if "/v2/" in url:
        inside = unquote(inside.replace("-", "%").replace("_", "/"))
    return inside


def _urldefense_v3(url: str) -> str:
    """`*` stands for the next hidden byte, `**X` for a run of them whose length the letter X gives."""
    found = _V3.match(url, max(url.find(_V3_BEGINS), 0))  # what fits from a later place fits from the first
    if not found:
        return ""
    squeezed, encoded = found.groups()
    try:
        hidden = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""

    pieces, place, taken = [], 0, 0
    while (star := squeezed.find("*", place)) >= 0:
        pieces.append(squeezed[place:star])
        run = squeezed[star + 1 : star + 2] == "*" and squeezed[star + 2 : star + 3] in _V3_RUNS
        length = _V3_RUNS.index(squeezed[star + 2]) + 2 if run and squeezed[star + 2 : star + 3] else 1
        pieces.append(hidden[taken : taken + length])
        taken += length
        place = star + (3 if length > 1 else 1)
    pieces.append(squeezed[place:])
    return _SQUEEZED.sub(r"\1://", "".join(pieces), count=1)


def _cisco(url: str) -> str:
    found = _CISCO.match(_path(url))
    return unquote(found.group(1)) if found else ""


def _sophos(url: str) -> str:
    encoded = _query("u")(url).replace("+", "-").replace("/", "_").replace(" ", "-")
    try:
        return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


_WRAPPERS: tuple[tuple[str, Callable[[str], str]], ...] = (
    (".safelinks.protection.outlook.com", _query("url")),
    (".safelinks.protection.office365.us", _query("url")),
    ("statics.teams.cdn.office.net", _query("url")),
    ("urldefense.com", _urldefense),
    ("urldefense.proofpoint.com", _urldefense),
    ("urldefense.us", _urldefense),
    ("linkprotect.cudasvc.com", _query("a")),
    ("secure-web.cisco.com", _cisco),
    ("clicktime.symantec.com", _query("u")),
    ("trendmicro.com", lambda url: _query("url")(url) if "/clicktime/" in url or "/wis/" in url else ""),
    (".protection.sophos.com", _sophos),
)
_ENDS = tuple(end for end, _ in _WRAPPERS)
