"""Domains: who registered this host?"""

import re
from functools import lru_cache

from publicsuffixlist import PublicSuffixList

_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()  # bundled with the library: nothing is fetched


@lru_cache(maxsize=50_000)
def registrable(host: str) -> str:
    """The organisational domain of a host (`a.b.example.co.uk` -> `example.co.uk`), an IP address as it is.

    Hosting suffixes count as public (`evil.github.io` is its own domain). A name without a known suffix is
    returned whole.
    """
    host = host.strip().rstrip(".").lower()
    if not host or host[0] == "[" or _IPV4.fullmatch(host):
        return host
    found: str | None = _suffixes().privatesuffix(host)
    return found or host
