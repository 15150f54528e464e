"""Domains: whose is a host name, and whom does it try to look like?"""

import re
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
_NATIONAL = {"co.uk", "co.jp", "com.br", "com.au", "co.in", "com.mx", "co.za", "com.tr"}
_LONGEST_LABEL, _LONGEST_HOST = 40, 253
_SHORTEST_IMITATED = 5  # letters; shorter names are near too many others
_SHORTEST_INSIDE = 6  # letters; shorter names stand inside other words by accident
_MANY_EDITS = 9  # letters; from here on two typing mistakes still look alike
_SAME_LOOK, _A_MISTAKE = 1.0, 0.25  # how close a twin is, and what each typing mistake takes away


@dataclass(frozen=True)
class Brands:
    """The names that phishing borrows, with their owners' domains.

    `compact` leads from a name without spaces to the name; the rest is for finding names without trying them all.
    """

    names: tuple[str, ...]
    domains: dict[str, frozenset[str]]
    owners: dict[str, str]
    compact: dict[str, str]
    everyday: frozenset[str]
    by_first_word: dict[str, tuple[str, ...]]
    imitated: dict[tuple[str, int], tuple[str, ...]]  # compact names by first letter and length
    inside: re.Pattern[str]


@dataclass(frozen=True)
class HostKinds:
    """Hosts that say something by themselves, see `hosts.toml`."""

    free_mail: frozenset[str]
    shorteners: frozenset[str]
    free_hosting: frozenset[str]
    cheap_suffixes: frozenset[str]
    mail_services: frozenset[str]
    everywhere: frozenset[str]


@cache
def brands() -> Brands:
    """What `brands.toml` says."""
    data = _read("brands.toml")
    domains = {name: frozenset(owned) for name, owned in data["domains"].items()}
    everyday = frozenset(data["rules"]["everyday"])
    compact = {name.replace(" ", ""): name for name in domains}
    telling = [short for short, name in compact.items() if name not in everyday]
    imitated: dict[tuple[str, int], tuple[str, ...]] = {}
    for short in telling:
        if len(short) >= _SHORTEST_IMITATED:
            key = (short[0], len(short))
            imitated[key] = (*imitated.get(key, ()), short)
    return Brands(
        names=tuple(domains),
        domains=domains,
        owners={domain: name for name in reversed(domains) for domain in domains[name]},  # the first name wins
        compact=compact,
        everyday=everyday,
        by_first_word={
            first: tuple(n for n in domains if n.split()[0] == first) for first in {n.split()[0] for n in domains}
        },
        imitated=imitated,
        inside=re.compile("|".join(map(re.escape, (n for n in telling if len(n) >= _SHORTEST_INSIDE)))),
    )


@cache
def host_kinds() -> HostKinds:
    """What `hosts.toml` says."""
    return HostKinds(**{kind: frozenset(hosts) for kind, hosts in _read("hosts.toml").items()})


@lru_cache(maxsize=8192)
def owner(domain: str) -> str:
    """The brand that owns a registrable domain, or an empty string."""
    known = brands()
    if domain in known.owners:
        return known.owners[domain]
    label, _, suffix = domain.partition(".")
    national = len(suffix) == 2 or suffix in _NATIONAL
    return known.compact.get(label, "") if national and suffix not in host_kinds().cheap_suffixes else ""  # ebay.fr


def lookalike(domain: str) -> str:
    """The brand whose name the registrable domain's own label imitates (other letters, typing mistakes), or ""."""
    return resemblance(domain)[0]


@lru_cache(maxsize=8192)
def resemblance(domain: str) -> tuple[str, float]:
    """The brand that the domain's own label imitates, and how closely: 1 looks the same, each typing mistake less."""
    label = readable(domain).partition(".")[0][:_LONGEST_LABEL]
    if not label or owner(domain):
        return "", 0.0
    words = (word for word in label.split("-") if _SHORTEST_INSIDE <= len(word) < len(label))
    return max((_twin(part) for part in (label, *words)), key=lambda found: found[1])


def _twin(word: str) -> tuple[str, float]:
    known, plain = brands(), _skeleton(word)
    exact = known.compact.get(plain, "")
    if exact and plain != word and len(plain) >= _SHORTEST_IMITATED and exact not in known.everyday:
        return exact, _SAME_LOOK
    best, fewest = "", 3
    for length in range(len(word) - 2, len(word) + 3):
        for short in known.imitated.get((word[:1], length), ()) if word not in known.compact else ():
            mistakes = _mistakes(word, short)
            if 0 < mistakes < fewest:
                best, fewest = known.compact[short], mistakes
    return best, (1.0 - _A_MISTAKE * fewest if best else 0.0)


@lru_cache(maxsize=8192)
def named_brand(host: str) -> str:
    """The brand whose name stands in a host that belongs to somebody else (paypal.com.login.example), or ""."""
    domain = registrable(host)
    if owner(domain):
        return ""
    known = brands()
    for word in readable(host)[:_LONGEST_HOST].replace("-", ".").split("."):
        name = known.compact.get(word, "")
        if name and name not in known.everyday:
            return name
    inside = known.inside.search(domain.partition(".")[0])
    return known.compact[inside.group()] if inside else ""


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


def _mistakes(word: str, name: str) -> int:
    """Typing mistakes between the two, if so few that people overlook them, else 0."""
    allowed = 2 if len(name) >= _MANY_EDITS else 1
    if abs(len(word) - len(name)) > allowed or len({*word} - {*name}) > allowed or len({*name} - {*word}) > allowed:
        return 0  # each mistake brings in, or takes away, at most one letter
    mistakes = edit_distance(word, name)
    return mistakes if mistakes <= allowed else 0


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
