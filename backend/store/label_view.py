"""Label view: what does the learning page say of each label, and which ones disagree?"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from backend.domain.disposition import LEGITIMATE, Disposition
from backend.domain.label import Label
from backend.store import campaigns, labels, lessons
from backend.store.tables import operators, people, queue_rows

MOST_CONFLICTS = 50
_LOOKED_AT = 5_000  # newest judged messages


@dataclass(frozen=True)
class LabelLine:
    """One label, the message it is of, who gave it, and how many messages rest on it now."""

    label: Label
    subject: str
    giver: str
    converted: int


@dataclass(frozen=True)
class Conflict:
    """Labels that disagree: of one message, or of one campaign."""

    campaign_id: int | None
    lines: tuple[LabelLine, ...]


def label_lines(tx: Connection, tenant_id: int, limit: int = 50, before: int | None = None) -> list[LabelLine]:
    """This tenant's labels, newest first, older than the id `before`."""
    return _lines(tx, tenant_id, labels.newest(tx, tenant_id, limit, before))


def conflicts(tx: Connection, tenant_id: int) -> list[Conflict]:
    """Where people said of one message, or of messages of one campaign, that it is an attack and that it is not."""
    newest = labels.newest_standing(tx, tenant_id, _LOOKED_AT)
    family = campaigns.of_messages(tx, tenant_id, sorted({label.message_id for label in newest}))
    groups: dict[tuple[str, int], list[Label]] = defaultdict(list)
    for label in newest:
        campaign = family.get(label.message_id)
        groups[("campaign", campaign) if campaign else ("message", label.message_id)].append(label)
    found = []
    for (kind, number), several in groups.items():
        if len({_side(label.disposition) for label in several} - {""}) > 1:
            found.append(Conflict(number if kind == "campaign" else None, tuple(_lines(tx, tenant_id, several[:10]))))
    return found[:MOST_CONFLICTS]


def _side(disposition: Disposition) -> str:
    if disposition in LEGITIMATE:
        return "honest"
    return "attack" if disposition in (Disposition.MALICIOUS, Disposition.SPOOF) else ""


def _lines(tx: Connection, tenant_id: int, found: Sequence[Label]) -> list[LabelLine]:
    counts = lessons.counts(tx, tenant_id, [label.id for label in found])
    rows = select(queue_rows.c.message_id, queue_rows.c.subject).where(
        queue_rows.c.tenant_id == tenant_id, queue_rows.c.message_id.in_({label.message_id for label in found})
    )
    subjects = {row.message_id: row.subject for row in tx.execute(rows)}
    names = names_of(tx, tenant_id, {label.given_by for label in found})
    return [
        LabelLine(
            label,
            subjects.get(label.message_id, ""),
            names.get(label.given_by, label.given_by),
            counts.get(label.id, 0),
        )
        for label in found
    ]


def names_of(tx: Connection, tenant_id: int, actors: set[str]) -> Mapping[str, str]:
    """What to call those who gave them."""
    names: dict[str, str] = {}
    for kind, table, columns in (
        ("operator", operators, (operators.c.name,)),
        ("person", people, (people.c.name, people.c.address)),
    ):
        ids = [int(actor.partition(":")[2]) for actor in actors if actor.startswith(f"{kind}:")]
        here = select(table.c.id, *columns).where(table.c.tenant_id == tenant_id, table.c.id.in_(ids))
        for number, *called in tx.execute(here):
            names[f"{kind}:{number}"] = next((name for name in called if name), kind)
    return names
