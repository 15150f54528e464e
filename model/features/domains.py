"""Domains: whose is a host name, and whom does it try to look like?"""

import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from confusable_homoglyphs import confusables

from model.message.domains import registrable

_LOOKALIKE_TYPING = str.maketrans(
    {"0": "o", "1": "l", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "$": "s", "|": "l"}
)
_LONGEST_LABEL = 40
_MANY_EDITS = 9  # letters; from here on two typing mistakes still look alike


@dataclass(frozen=True)
class Brands:
    """The names that phishing borrows, with their owners' domains; `compact` leads from a name without spaces to it."""

    names: tuple[str, ...]
    domains: dict[str, frozenset[str]]
    compact: dict[str, str]
    everyday: frozenset[str]
    by_first_word: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class HostKinds:
    """Hosts that say something by themselves, see `hosts.toml`."""

    free_mail: frozenset[str]
    shorteners: frozenset[str]
    free_hosting: frozenset[str]
    cheap_suffixes: frozenset[str]


@cache
def brands() -> Brands:
    """What `brands.toml` says."""
    data = _read("brands.toml")
    domains = {name: frozenset(owned) for name, owned in data["domains"].items()}
    return Brands(
        names=tuple(domains),
        domains=domains,
        compact={name.replace(" ", ""): name for name in domains},
        everyday=frozenset(data["rules"]["everyday"]),
        by_first_word={
            first: tuple(n for n in domains if n.split()[0] == first) for first in {n.split()[0] for n in domains}
        },
    )


@cache
def host_kinds() -> HostKinds:
    """What `hosts.toml` says."""
    return HostKinds(**{kind: frozenset(hosts) for kind, hosts in _read("hosts.toml").items()})


@lru_cache(maxsize=8192)
def owner(domain: str) -> str:
    """The brand that owns a registrable domain, or an empty string."""
    for name, owned in brands().domains.items():
        if domain in owned:
            return name
    label, _, suffix = domain.partition(".")
    national = len(suffix) == 2 or suffix in {
        "co.uk",
        "co.jp",
        "com.br",
        "com.au",
        "co.in",
        "com.mx",
        "co.za",
        "com.tr",
    }
    if national and suffix not in host_kinds().cheap_suffixes and label in brands().compact:
        return brands().compact[label]  # ebay.fr, amazon.co.jp
    return ""


@lru_cache(maxsize=8192)
def lookalike(domain: str) -> str:
    """The brand whose name the registrable domain's own label imitates (other letters, typing mistakes), or ""."""
    label = readable(domain).partition(".")[0][:_LONGEST_LABEL]
    if not label or owner(domain):
        return ""
    plain = _skeleton(label)
    for compact, name in brands().compact.items():
        if label == compact or name in brands().everyday or len(compact) < 5:
            continue
        if plain == compact or _near(label, compact):
            return name
    return ""


@lru_cache(maxsize=8192)
def named_brand(host: str) -> str:
    """The brand whose name stands in a host that belongs to somebody else (paypal.com.login.example), or ""."""
    domain = registrable(host)
    if owner(domain):
        return ""
    words = set(readable(host).replace("-", ".").split("."))
    label = domain.partition(".")[0]
    for compact, name in brands().compact.items():
        if name not in brands().everyday and (compact in words or (len(compact) >= 6 and compact in label)):
            return name
    return ""


def readable(host: str) -> str:
    """The host as people see it: punycode decoded where it can be."""
    if "xn--" not in host:
        return host
    try:
        return host.encode("ascii").decode("idna")
    except UnicodeError:
        return host


def _skeleton(label: str) -> str:
    """The label with each look-alike letter replaced by the Latin one it imitates."""
    if not label.isascii():
        label = "".join(_latin(letter) for letter in label)
    return label.translate(_LOOKALIKE_TYPING).replace("rn", "m").replace("vv", "w").replace("-", "")


@lru_cache(maxsize=2048)
def _latin(letter: str) -> str:
    base = unicodedata.normalize("NFKD", letter)[:1]
    if base.isascii():
        return base.lower()
    found = confusables.is_confusable(letter, preferred_aliases=[], greedy=True) or []
    twins = [twin["c"] for entry in found for twin in entry["homoglyphs"]]
    return next((twin.lower() for twin in twins if len(twin) == 1 and twin.isascii() and twin.isalnum()), letter)


def _near(label: str, compact: str) -> bool:
    """One typing mistake away (two for long names), but not merely another word of the same length class."""
    allowed = 2 if len(compact) >= _MANY_EDITS else 1
    if abs(len(label) - len(compact)) > allowed or label[0] != compact[0]:
        return False
    return 0 < edit_distance(label, compact) <= allowed


def edit_distance(left: str, right: str) -> int:
    """Insertions, deletions, replacements and swapped neighbours that turn one into the other."""
    before_last: list[int] = []
    last = list(range(len(right) + 1))
    for row, here in enumerate(left, 1):
        line = [row]
        for column, there in enumerate(right, 1):
            cost = min(last[column] + 1, line[-1] + 1, last[column - 1] + (here != there))
            if row > 1 and column > 1 and here == right[column - 2] and left[row - 2] == there:
                cost = min(cost, before_last[column - 2] + 1)
            line.append(cost)
        before_last, last = last, line
    return last[-1]


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files("model.features").joinpath(name).read_text(encoding="utf-8"))
