"""Reading: what does one reader hand to the row?

A reader is a module with `FACTS`, the names of its dense facts, and `read(facts, pieces) -> Reading`. `pieces` are the
strings that name a recipient and must not be learned from. `table.py` lists the readers.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

BAGS = (
    "subject-words",
    "body-words",
    "body-characters",
    "link-words",
    "sender-words",
    "sender-known-domain",
    "attachment-words",
    "link-characters",
    "sender-characters",
)
SUBJECT, BODY, CHARACTERS, LINKS, SENDER, DOMAIN, ATTACHMENTS, LINK_CHARACTERS, SENDER_CHARACTERS = range(len(BAGS))

PROSE = 0  # words and neighbouring pairs of words
NAMES = 1  # words without identifiers, each behind the prefix
WHOLE = 2  # the text as it is
GRAMS = 3  # runs of characters


class Passage(NamedTuple):
    """A stretch of the mail, the bag it goes into, and how it is cut."""

    bag: int
    cut: int
    text: str
    prefix: str = ""  # tells a word of a path from the same word of a host


class Reading(NamedTuple):
    """Facts between 0 and 1 in the order of the reader's FACTS; notes are only made when an explanation asks."""

    names: Sequence[str]
    values: Sequence[float]
    remark: Callable[[], Mapping[str, str]]
    passages: Sequence[Passage] = ()

    @property
    def facts(self) -> Mapping[str, float]:
        """The facts by name."""
        return dict(zip(self.names, self.values, strict=True))

    @property
    def notes(self) -> Mapping[str, str]:
        """For each reason code, what an operator can look at in the mail."""
        return self.remark()
