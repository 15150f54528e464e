"""World: who could send mail here, from which addresses, and leading where?"""

import random
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from model.features.domains import brands, host_kinds

Results = tuple[str, str, str]  # spf, dkim, dmarc

_PASSED: tuple[Results, ...] = (
    ("pass", "pass", "pass"),
    ("pass", "pass", "pass"),
    ("pass", "pass", "none"),
    ("pass", "none", "pass"),
    ("none", "pass", "pass"),
)
_FORGED: tuple[Results, ...] = (("fail", "none", "fail"), ("softfail", "none", "fail"), ("none", "none", "fail"))
_UNPROVEN: tuple[Results, ...] = (
    ("none", "none", "none"),
    ("fail", "none", "none"),
    ("softfail", "none", "fail"),
    ("pass", "none", "none"),
)
_MISSPELLINGS = (("o", "0"), ("l", "1"), ("m", "rn"), ("i", "l"), ("e", "3"), ("a", "4"))


class World:
    """Draws names, addresses and hosts; the same ones for the same generator."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def any(self, name: str) -> str:
        """One of the listed names of a kind."""
        return str(self.chance.choice(texts("names.toml")[name]))

    def often(self, share: float) -> bool:
        """True in this share of cases."""
        return self.chance.random() < share

    def person(self) -> str:
        """First and last name."""
        return f"{self.any('first')} {self.any('last')}"

    def company(self, language: str) -> tuple[str, str]:
        """A well-known name on its own domain, or an invented one on a domain that fits it."""
        if self.often(0.35):
            brand = self.brand()
            return brand.title(), self.chance.choice(sorted(brands().domains[brand]))
        name = f"{self.any('head')}{self.any('tail').lower()}"
        return name, f"{name.lower()}.{self.chance.choice(texts('names.toml')['national'][language])}"

    def brand(self) -> str:
        """A well-known name."""
        return self.chance.choice(brands().names)

    def free_mail(self) -> str:
        """A free mail provider."""
        return self.chance.choice(sorted(host_kinds().free_mail)[:30])

    def passed(self) -> Results:
        """What a gateway finds when the sender may use the domain."""
        return self.chance.choice(_PASSED)

    def borrowed(self, company: str, honest: str = "") -> tuple[str, Results]:
        """An address with no right to the company's name: the honest one forged, or somebody else's own."""
        if honest and self.often(0.2):
            return honest, self.chance.choice(_FORGED)
        number = str(self.chance.randint(1, 99)) if self.often(0.5) else ""
        results = self.passed() if self.often(0.45) else self.chance.choice(_UNPROVEN)
        return f"{self.any('borrowed_locals')}{number}@{self.bad_host(company)}", results

    def bad_host(self, company: str) -> str:
        """A host somebody took for a phish: the name with decoration, a misspelling, or a small firm's broken site."""
        name = "".join(letter for letter in company.lower() if letter.isalnum() and letter.isascii()) or "mail"
        cheap = self.chance.choice(sorted(host_kinds().cheap_suffixes))
        suffix = cheap if self.often(0.5) else self.any("suffixes")
        odd, other = self.any("odd"), self.any("odd")
        hosting = self.chance.choice(sorted(host_kinds().free_hosting)[:30])
        kinds = (
            f"{name}-{odd}.{suffix}",
            f"{odd}-{other}{self.chance.randint(1, 999)}.{suffix}",
            f"{name}.{odd}-{other}.{suffix}",
            f"{self.any('innocent')}-{self.any('last').lower()}.{suffix}",
            f"{self.any('head').lower()}{self.any('innocent')}.{suffix}",
            f"{odd}{self.chance.randint(1, 99)}-{name}.{hosting}",
            f"{self._misspelt(name)}.{suffix}",
        )
        return self.chance.choice(kinds)

    def _misspelt(self, name: str) -> str:
        for honest, wrong in self.chance.sample(_MISSPELLINGS, len(_MISSPELLINGS)):
            if honest in name:
                return name.replace(honest, wrong, 1)
        return f"{name}s"


@cache
def texts(name: str) -> dict[str, Any]:
    """One of the files of wording or names."""
    return tomllib.loads(files("model.composed").joinpath(name).read_text(encoding="utf-8"))
