"""Finding: how does one thing stand that an administrator has granted, and what is to be done?"""

from dataclasses import dataclass
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
class Finding:
    """One thing looked at, and a sentence for an administrator."""

    what: str
    standing: Standing
    says: str

    @property
    def well(self) -> bool:
        """Whether nothing needs to be done."""
        return self.standing in {Standing.GOOD, Standing.OPTIONAL}


def sentence(said: object) -> str:
    """What an error says, as a sentence that others can follow."""
    text = str(said)
    begun = f"{text[:1].upper()}{text[1:]}".rstrip(".")
    return begun if begun.endswith("?") else f"{begun}."
