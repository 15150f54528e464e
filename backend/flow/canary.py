"""Canary: do the first copies prove that a retraction does what it should?

Each of them must no longer be found in its mailbox, and what was taken must be the message by its fingerprint. What
its owner removed meanwhile proves nothing either way. What they prove holds for one order: its action, what was
granted then, and the copies that it found. A later order, or a later look, asks again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection

from backend.domain.retraction import Retraction
from backend.store import copies, retractions
from backend.store.copies import JournalEntry
from connectors.contract import Mailboxes, Outcome, Wanted
from connectors.errors import ConnectorError, NotFound, TryLater

_MOST = 100  # copies that a canary is judged by, however many were tried before it
_REFUSED = (Outcome.NOT_PERMITTED, Outcome.NO_MAILBOX, Outcome.UNREACHABLE)


class Patience(StrEnum):
    """What to do about a failure."""

    NONE = "none"  # stop at once
    SOME = "some"  # look again a few times: a search may lag behind
    ALL = "all"  # nobody has answered yet, which says nothing about the retraction


@dataclass(frozen=True)
class Failure:
    """Why the retraction must not go on now."""

    sentence: str
    patience: Patience


@dataclass(frozen=True)
class Tried:
    """The copies that were tried first, by what became of them."""

    taken: Sequence[JournalEntry]
    refused: Sequence[JournalEntry]
    waiting: int


def tried(tx: Connection, retraction: Retraction) -> Tried:
    """How far the canary is."""
    first = copies.first_tried(tx, retraction, (Outcome.RETRACTED, *_REFUSED), _MOST)
    return Tried(
        taken=[entry for entry in first if entry.outcome is Outcome.RETRACTED],
        refused=[entry for entry in first if entry.outcome in _REFUSED],
        waiting=copies.count_intended(tx, retraction),
    )


def ask_again(tx: Connection, retraction: Retraction) -> None:
    """Let the first copies that are taken from here on prove it anew. What failed and was never mended stays failed."""
    if retractions.ask_canary_again(tx, retraction):
        copies.set_tried_aside(tx, retraction)


def failure(mailboxes: Mailboxes, first: Tried, wanted: Wanted, is_this: Callable[[bytes], bool]) -> Failure | None:
    """What is wrong with the copies tried so far; None when they prove that all is well, or nothing is left to take."""
    if not first.taken and first.refused:
        said = first.refused[0].detail
        return Failure(f"none of the first {len(first.refused)} copies could be taken: {said}"[:500], Patience.NONE)
    if not first.taken and first.waiting:
        return Failure("none of the first copies could be reached yet", Patience.ALL)
    return _other_bytes(mailboxes, first.taken, is_this) or _still_seen(mailboxes, first.taken, wanted)


def _other_bytes(
    mailboxes: Mailboxes, taken: Sequence[JournalEntry], is_this: Callable[[bytes], bool]
) -> Failure | None:
    """Read what was taken where it is held now. What cannot be read there any more was read before it was taken."""
    other = unread = 0
    for _copy, raw in mailboxes.fetch_many([entry.copy for entry in taken]):
        if isinstance(raw, bytes):
            other += not is_this(raw)
        elif isinstance(raw, TryLater):
            unread += 1
    if other:
        return Failure(f"{other} of the first {len(taken)} copies taken are not this message", Patience.NONE)
    return (
        Failure(f"{unread} of the first {len(taken)} copies could not be read again", Patience.ALL) if unread else None
    )


def _still_seen(mailboxes: Mailboxes, taken: Sequence[JournalEntry], wanted: Wanted) -> Failure | None:
    seen = 0
    for entry in taken:
        try:
            seen += any(found.id == entry.copy.id for found in mailboxes.find(entry.copy.mailbox, wanted))
        except NotFound:
            continue
        except ConnectorError as error:  # a mailbox that cannot be searched has proven nothing
            return Failure(f"a mailbox could not be searched again: {error}"[:500], Patience.ALL)
    if not seen:
        return None
    return Failure(f"{seen} of the first {len(taken)} copies are still seen after they were taken", Patience.SOME)
