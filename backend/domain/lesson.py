"""Lesson: why is a message held to be malicious because another one was?"""

from dataclasses import dataclass
from enum import StrEnum


class How(StrEnum):
    """What makes the two alike."""

    SAME = "same"  # it is the very message that the team judged
    SIMILAR = "similar"  # one campaign, by likeness
    HOST = "host"  # one campaign, and one site that they lead to
    LINK = "link"  # one link of their own
    FILE = "file"  # one attached file


@dataclass(frozen=True)
class Lesson:
    """What was learned for one message, and from which label."""

    label_id: int
    from_message: int
    how: How
    likeness: float  # estimated Jaccard similarity, 0 where it plays no part

    @property
    def why(self) -> tuple[str, str]:
        """The codes a decision keeps."""
        return f"learned-{self.how}", f"label-{self.label_id}"
