"""Labels: which ones does a copy have, which change takes it out of sight, and which brings it back?

Gmail has no folders: where a mail lies is which labels it has. What we take away gets a label of ours besides,
whose name says where it lay. So any later call knows that it is ours and what it looked like, and a copy that its
owner threw away is never mistaken for one of ours. Everything here is pure.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from connectors.contract import Action

INBOX, SPAM, TRASH = "INBOX", "SPAM", "TRASH"
PLACES = frozenset({INBOX, SPAM, TRASH})
_FIXED = frozenset({"SENT", "DRAFT", "CHAT"})  # nobody can add or remove these
TARGET = {Action.JUNK: SPAM, Action.TRASH: TRASH, Action.SOFT_DELETE: TRASH}
_PREFIX = "Unhook/retracted from "
_NOWHERE = "archive"


@dataclass(frozen=True)
class Change:
    """Labels to add and to remove, by id."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.add or self.remove)

    def made(self, labels: Collection[str]) -> bool:
        """Whether a copy with these labels looks as it should after the change."""
        return set(self.add) <= set(labels) and not set(self.remove) & set(labels)

    @property
    def body(self) -> dict[str, list[str]]:
        """As `messages.modify` wants it."""
        return {"addLabelIds": list(self.add), "removeLabelIds": list(self.remove)}


def mark_for(labels: Iterable[str]) -> str:
    """The name of our label for a copy that has these."""
    return _PREFIX + ("+".join(sorted(PLACES.intersection(labels))).lower() or _NOWHERE)


def home_in(name: str) -> frozenset[str] | None:
    """Where a copy lay that has a label of this name; None when the name is not one of ours."""
    if not name.startswith(_PREFIX):
        return None
    words = {word.upper() for word in name.removeprefix(_PREFIX).split("+")} - {_NOWHERE.upper()}
    return frozenset(words) if words <= PLACES else None


def is_out_of_sight(labels: Collection[str]) -> bool:
    """Whether only somebody who looks into Trash or Spam sees it."""
    return TRASH in labels or SPAM in labels


def retracting(labels: Collection[str], action: Action, mark: str) -> Change:
    """What takes a copy with these labels out of sight. One that lies in Trash already stays there."""
    target = TRASH if TRASH in labels else TARGET[action]
    return Change(tuple(sorted({target, mark} - set(labels))), tuple(sorted(PLACES.intersection(labels) - {target})))


def before(labels: Collection[str], marks: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """The labels a copy had before we took it, as its mark and its other labels tell."""
    home = frozenset[str]().union(*(marks[label] for label in labels if label in marks))
    return tuple(sorted((set(labels) - set(marks) - PLACES) | home))


def restoring(now: Collection[str], wanted: Collection[str]) -> Change:
    """What gives a copy exactly the labels it had."""
    return Change(tuple(sorted(set(wanted) - set(now) - _FIXED)), tuple(sorted(set(now) - set(wanted) - _FIXED)))


def same(now: Collection[str], wanted: Collection[str]) -> bool:
    """Whether these are the same labels, as far as anybody can change them."""
    return set(now) - _FIXED == set(wanted) - _FIXED


def held(labels: Collection[str]) -> str:
    """What the journal keeps of a copy that we took."""
    return json.dumps({"labels": sorted(labels)})


def home(first: str, last: str) -> str:
    """Which of two of these tells where a copy belongs: the first, where the last found it out of sight without a mark.

    Whoever deletes our label takes the mark off what lies in Trash, and it then looks as if its owner had put it there.
    """
    before, now = wanted_in(first), wanted_in(last)
    if before is None or now is None or is_out_of_sight(before):
        return last
    return first if is_out_of_sight(now) else last


def wanted_in(text: str) -> tuple[str, ...] | None:
    """The labels from what the journal kept; None when it kept nothing of ours."""
    with suppress(ValueError, KeyError, TypeError):
        labels = json.loads(text)["labels"]
        if isinstance(labels, list):
            return tuple(map(str, labels))
    return None
