"""Paths: what does the address of a page say beyond its host?"""

import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from functools import lru_cache

_SHORTEST_TOKEN = 16
_DIGITS = b"0123456789"
_ALNUM_RUNS = bytes(code if chr(code).isalnum() and code < 128 else ord(" ") for code in range(256))
_PROGRAM = re.compile(r"\.(?:php\d?|html?|aspx?|jsp|cgi|shtml)(?![a-z])")
_READ = 400  # characters after the host
_MOST_ADDRESSES = 3
_LEAST_DIGITS = 3

FACTS = ("depth", "token", "program", "at", "empty")


def shape(pages: Iterable[str]) -> dict[str, float]:
    """How the addresses of all pages look together, each without its host: the most of each."""
    kept = [page[:_READ] for page in pages]
    locations = [page.partition("?")[0] for page in kept]
    together, places = "\n".join(kept), "\n".join(locations)
    return {
        "depth": min(1.0, max((location.count("/") for location in locations), default=0) / 6.0),
        "token": min(1.0, _longest_token(together) / 48.0),
        "program": "." in places and _PROGRAM.search(places.lower()) is not None,
        "at": "@" in together or "%40" in together,
        "empty": "" in kept,
    }


def _longest_token(path: str) -> int:
    """The length of the longest run of letters and digits that is no word."""
    runs = path.encode("utf-8", "replace").translate(_ALNUM_RUNS).split()
    tokens = [run for run in runs if len(run) >= _SHORTEST_TOKEN]
    return max((len(run) for run in tokens if len(run) - len(run.translate(None, _DIGITS)) >= _LEAST_DIGITS), default=0)


def coded(addresses: Sequence[str]) -> tuple[str, ...]:
    """The addresses as base64 (lower and as written) and as hexadecimal digits, as links carry them to hide them."""
    return tuple(form for address in addresses[:_MOST_ADDRESSES] for form in _forms(address))


@lru_cache(maxsize=4096)
def _forms(address: str) -> tuple[str, str]:
    plain = address.encode("utf-8", "replace")
    return b64encode(plain).decode().rstrip("=")[:-1], plain.hex()
