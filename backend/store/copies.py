"""Copies: the journal of a retraction, written before each provider call and completed after it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, func, or_, select, update

from backend.domain.retraction import Retraction
from backend.store.inserting import insert_unless_there
from backend.store.tables import copies
from connectors.contract import Copy, Outcome, Receipt


@dataclass(frozen=True)
class JournalEntry:
    """One row of `copies`. `outcome` is None while it is only intended; `asked` when a call for it was begun."""

    id: int
    copy: Copy
    outcome: Outcome | None
    held: str
    detail: str
    intended_at: datetime
    finished_at: datetime | None
    asked: bool


def _entry(row: Row[Any]) -> JournalEntry:
    copy = Copy(row.mailbox, row.provider_copy_id, row.folder, row.state)
    outcome = Outcome(row.outcome) if row.outcome else None
    asked = row.asked_at is not None
    return JournalEntry(row.id, copy, outcome, row.held, row.detail, row.intended_at, row.finished_at, asked)


def intend(tx: Connection, retraction: Retraction, copy: Copy, now: datetime) -> bool:
    """Write down that this copy is to be retracted, as it lies now. False when the journal already has it."""
    return _insert(tx, retraction, copy, now, outcome="", detail="", finished_at=None)


def intend_again(tx: Connection, retraction: Retraction, copy: Copy, now: datetime) -> None:
    """The copy is in sight (again) though the journal has it: a failed call, or its owner brought it back."""
    here = and_(_of(retraction), copies.c.mailbox == copy.mailbox, copies.c.provider_copy_id == copy.id)
    seen: dict[str, object] = {"folder": copy.folder, "state": dict(copy.state), "was_read": copy.read}
    seen |= {"intended_at": now, "asked_at": None, "finished_at": None}
    tx.execute(update(copies).where(here, copies.c.outcome != "").values(outcome="", detail="", **seen))


def was_not_taken(tx: Connection, retraction: Retraction, copy: Copy) -> None:
    """The copy is in sight, so whatever call for it was begun did nothing that an undo would have to ask about."""
    here = and_(_of(retraction), copies.c.mailbox == copy.mailbox, copies.c.provider_copy_id == copy.id)
    tx.execute(update(copies).where(here, copies.c.outcome == "").values(asked_at=None))


def note(tx: Connection, retraction: Retraction, copy: Copy, outcome: Outcome, detail: str, now: datetime) -> None:
    """Write down what needs no call: a different message, or a mailbox that could not be searched."""
    if not _insert(tx, retraction, copy, now, outcome=outcome, detail=detail, finished_at=now):
        here = and_(_of(retraction), copies.c.mailbox == copy.mailbox, copies.c.provider_copy_id == copy.id)
        tx.execute(update(copies).where(here).values(outcome=outcome, detail=detail, finished_at=now))


def leave(tx: Connection, retraction: Retraction, entry_ids: Sequence[int], now: datetime) -> set[int]:
    """Their mailboxes became exempt. Those that the provider was asked about already are not left: who knows what it
    did? Returns the ids of the others."""
    here = and_(_of(retraction), copies.c.id.in_(entry_ids), copies.c.outcome == "", copies.c.asked_at.is_(None))
    values = {"outcome": Outcome.EXEMPT, "detail": "", "finished_at": now}
    return set(tx.scalars(update(copies).where(here).values(**values).returning(copies.c.id)))


def unsearched(tx: Connection, retraction: Retraction) -> set[str]:
    """Mailboxes that an earlier search could not look into."""
    return set(tx.scalars(select(copies.c.mailbox).where(_of(retraction), copies.c.provider_copy_id == "")))


def forget_unsearched(tx: Connection, retraction: Retraction, mailbox: str) -> None:
    """The mailbox could be searched after all: its earlier row no longer speaks of it."""
    here = and_(_of(retraction), copies.c.mailbox == mailbox, copies.c.provider_copy_id == "")
    tx.execute(copies.delete().where(here))


def settle(tx: Connection, entry: JournalEntry, receipt: Receipt, now: datetime) -> None:
    """Write down what a call did. A copy that an earlier, lost call had taken away counts as retracted."""
    outcome = Outcome.RETRACTED if receipt.outcome is Outcome.ALREADY_GONE and receipt.held else receipt.outcome
    kept = {"outcome": outcome, "held": receipt.held or entry.held, "detail": receipt.detail, "finished_at": now}
    tx.execute(update(copies).where(copies.c.id == entry.id).values(**kept))


def ask(tx: Connection, entry_ids: Sequence[int], now: datetime) -> None:
    """The provider is about to be asked: from here on nobody knows what it did, until the outcomes are written."""
    tx.execute(update(copies).where(copies.c.id.in_(entry_ids)).values(asked_at=now))


def put_off(tx: Connection, entry: JournalEntry, detail: str) -> None:
    """The call may or may not have done it: it stays intended, and the next go asks the provider again."""
    tx.execute(update(copies).where(copies.c.id == entry.id).values(detail=detail))


def intended(tx: Connection, retraction: Retraction, after: int = 0, limit: int = 200) -> list[JournalEntry]:
    """Copies whose call is still to be made, or whose call's outcome is unknown, from the id `after` on."""
    return _entries(tx, retraction, and_(copies.c.outcome == "", copies.c.id > after), limit)


def first_tried(tx: Connection, retraction: Retraction, outcomes: Sequence[Outcome], limit: int) -> list[JournalEntry]:
    """The copies that were tried first, and came to one of these outcomes: a canary is judged by them."""
    here = and_(copies.c.provider_copy_id != "", copies.c.outcome.in_(outcomes))
    tried = and_(here, copies.c.asked_at.is_not(None))
    return _entries(tx, retraction, tried, limit)


def set_tried_aside(tx: Connection, retraction: Retraction) -> None:
    """What was tried for an earlier order is not among the first that are tried for the next. Outcomes stay."""
    tx.execute(update(copies).where(_of(retraction), copies.c.outcome != "").values(asked_at=None))


def count_intended(tx: Connection, retraction: Retraction) -> int:
    """How many calls are still to be made."""
    return tx.execute(select(func.count()).where(_of(retraction), copies.c.outcome == "")).scalar_one()


def to_restore(tx: Connection, retraction: Retraction, after: int = 0, limit: int = 200) -> list[JournalEntry]:
    """Copies that were, or may have been, taken away and are not yet brought back, from the id `after` on."""
    ended = copies.c.outcome.in_([Outcome.RESTORED, Outcome.EXPIRED])
    taken = and_(copies.c.held != "", ~ended)
    unknown = and_(copies.c.outcome == "", copies.c.asked_at.is_not(None))
    return _entries(tx, retraction, and_(or_(taken, unknown), copies.c.id > after), limit)


def count_lost(tx: Connection, retraction: Retraction) -> int:
    """How many copies no undo brings back: expired, or taken away for good."""
    for_good = and_(copies.c.outcome == Outcome.RETRACTED, copies.c.held == "")
    lost = or_(copies.c.outcome == Outcome.EXPIRED, for_good)
    return tx.execute(select(func.count()).where(_of(retraction), lost)).scalar_one()


def of_retraction(tx: Connection, tenant_id: int, retraction_id: int, limit: int = 1000) -> list[JournalEntry]:
    """The whole journal of a retraction, by mailbox."""
    here = and_(copies.c.tenant_id == tenant_id, copies.c.retraction_id == retraction_id)
    statement = select(copies).where(here).order_by(copies.c.mailbox, copies.c.id).limit(limit)
    return [_entry(row) for row in tx.execute(statement)]


def mailboxes_touched(tx: Connection, retraction: Retraction) -> int:
    """How many mailboxes hold, or held, a copy that this retraction takes away."""
    acting = copies.c.outcome.in_(["", Outcome.RETRACTED])
    return tx.execute(select(func.count(copies.c.mailbox.distinct())).where(_of(retraction), acting)).scalar_one()


def found_any(tx: Connection, retraction: Retraction) -> bool:
    """Whether a search has ever found this message itself anywhere."""
    found = and_(_of(retraction), copies.c.provider_copy_id != "", copies.c.outcome != Outcome.DIFFERENT_MESSAGE)
    return tx.execute(select(copies.c.id).where(found).limit(1)).first() is not None


def count(tx: Connection, retraction: Retraction, outcomes: Sequence[Outcome]) -> int:
    """How many journal rows have one of these outcomes."""
    return tx.execute(select(func.count()).where(_of(retraction), copies.c.outcome.in_(outcomes))).scalar_one()


def _insert(tx: Connection, retraction: Retraction, copy: Copy, now: datetime, **result: object) -> bool:
    values = {
        "tenant_id": retraction.tenant_id,
        "retraction_id": retraction.id,
        "mailbox": copy.mailbox,
        "provider_copy_id": copy.id,
        "folder": copy.folder,
        "state": dict(copy.state),
        "was_read": copy.read,
        "intended_at": now,
        **result,
    }
    return insert_unless_there(tx, copies, values) is not None


def _entries(tx: Connection, retraction: Retraction, condition: Any, limit: int) -> list[JournalEntry]:
    statement = select(copies).where(_of(retraction), condition).order_by(copies.c.id).limit(limit)
    return [_entry(row) for row in tx.execute(statement)]


def _of(retraction: Retraction) -> Any:
    return and_(copies.c.tenant_id == retraction.tenant_id, copies.c.retraction_id == retraction.id)
