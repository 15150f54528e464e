"""World: which names, numbers and words can chance put into a mail?"""

import random
import re
import string
import tomllib
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

Item = TypeVar("Item")

_PATTERN = re.compile(r"\{([hnwb])(\d+)\}|\{(\w+)\}")
_ALPHABETS = {
    "h": "0123456789abcdef",
    "n": "0123456789",
    "w": string.ascii_letters + string.digits,
    "b": string.ascii_letters + string.digits + "-_",
}
_BASIC = str.maketrans({"ł": "l", "ø": "o", "ß": "ss", "ı": "i", "æ": "ae", "đ": "d", "Ł": "L", "Ø": "O", "İ": "I"})


class World:
    """Draws from lists and patterns; the same for the same generator."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def often(self, share: float) -> bool:
        """True in this share of cases."""
        return self.chance.random() < share

    def pick(self, items: Sequence[Item]) -> Item:
        """One of them."""
        return items[int(self.chance.random() * len(items))]

    def letters(self, kind: str, count: int) -> str:
        """Random letters: h hexadecimal, n digits, w letters and digits, b base64."""
        return "".join(self.chance.choices(_ALPHABETS[kind], k=count))

    def fill(self, pattern: str, slots: dict[str, str]) -> str:
        """A pattern with `{h16}` and the like drawn and `{name}` looked up."""
        if "{" not in pattern:
            return pattern

        def replacement(match: re.Match[str]) -> str:
            kind, count, name = match.groups()
            if kind:
                return self.letters(kind, int(count))
            return self.uuid() if name == "uuid" else slots[name]

        return _PATTERN.sub(replacement, pattern)

    def uuid(self) -> str:
        """Hexadecimal digits in the groups that everybody knows."""
        digits = self.letters("h", 32)
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    def person(self, language: str) -> tuple[str, str]:
        """A name as the language writes it, and how it reads before an @."""
        people = said(language)["people"]
        if "whole" in people:
            name, _, local = self.pick(people["whole"]).partition("|")
            return name, local
        first, last = self.pick(people["first"]), self.pick(people["last"])
        forms: tuple[Callable[[str, str], str], ...] = (
            lambda f, la: f"{f}.{la}",
            lambda f, la: f"{f[0]}.{la}",
            lambda f, _: f,
            lambda f, la: f"{f[0]}{la}",
        )
        return f"{first} {last}", self.pick(forms)(latin(first), latin(last))


def latin(text: str) -> str:
    """Lower-case letters and digits of the basic alphabet: what domains and addresses are made of."""
    plain = unicodedata.normalize("NFKD", text.translate(_BASIC)).lower()
    return "".join(letter for letter in plain if letter.isascii() and letter.isalnum())


@cache
def data(name: str) -> dict[str, Any]:
    """One of the files beside this one."""
    return tomllib.loads(files("model.composed").joinpath(name).read_text(encoding="utf-8"))


@cache
def said(language: str) -> dict[str, Any]:
    """What a language says: greetings and names under `common` and `people`, and the wording of each kind of mail."""
    return data(f"texts/{language}.toml")


@cache
def languages() -> tuple[str, ...]:
    """All that there are texts in."""
    folder = files("model.composed").joinpath("texts")
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")))
