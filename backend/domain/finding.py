"""Finding: how does one thing stand that an administrator has granted, and what is to be done?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Standing(StrEnum):
    """How one thing stands."""

    GOOD = "good"
    OPTIONAL = "optional"  # not there, and not needed
    SOON = "soon"  # works, but not for long
    OLD = "old"  # works, and has done so for longer than it should
    WIDE = "wide"  # more than is needed
    MISSING = "missing"
    UNKNOWN = "unknown"  # could not be tried


@dataclass(frozen=True)
class Heard:
    """A connector's own words about what went wrong. Pages know them by their English."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Said:
    """A sentence of ours, or a part of one. Values have names in it, so that pages can translate it."""

    sentence: str
    values: Mapping[str, "str | int | datetime | Said | Heard"] = field(default_factory=dict)

    def __str__(self) -> str:
        values = {name: _day(one) if isinstance(one, datetime) else one for name, one in self.values.items()}
        return self.sentence % values if values else self.sentence


Words = tuple[Said | Heard, ...]


@dataclass(frozen=True)
class Finding:
    """One thing looked at, and what an administrator is told of it."""

    what: str
    standing: Standing
    told: Words

    @property
    def says(self) -> str:
        """What is told, in English."""
        return in_english(self.told)

    @property
    def well(self) -> bool:
        """Whether nothing needs to be done."""
        return self.standing in {Standing.GOOD, Standing.OPTIONAL}


def found(what: str, standing: Standing, *told: Said | Heard) -> Finding:
    """A finding with one sentence, or with several."""
    return Finding(what, standing, told)


def in_english(words: Words) -> str:
    """Sentences as they are for whoever has only a terminal."""
    return " ".join(sentence(one) if isinstance(one, Heard) else str(one) for one in words)


def sentence(said: object) -> str:
    """What an error says, as a sentence that others can follow."""
    text = str(said)
    begun = f"{text[:1].upper()}{text[1:]}".rstrip(".")
    return begun if begun.endswith("?") else f"{begun}."


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"
