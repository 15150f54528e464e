"""As it stands: what a tenant's mail is held to be and where it lies, to be compared before and after."""

from dataclasses import dataclass

from builders import World

from backend.flow.score import reporter_shares
from backend.store import decisions, labels, messages, psr_log, tenants, verdicts

Held = tuple[str, bool, str, str, tuple[str, ...], str]


@dataclass(frozen=True)
class AsItStands:
    """Everything of a tenant that a label can move. What people did stays in the log, and is not part of it."""

    held: dict[int, Held]  # disposition, simulation, response, action, reasons, by whom
    margins: dict[int, tuple[float, float]]
    shares: dict[int, tuple[object, ...]]  # what each reporter's record is worth, if they reported now
    ledger: tuple[int, int]
    labels: frozenset[int]
    mailboxes: dict[str, dict[str, bytes]]


def as_it_stands(world: World) -> AsItStands:
    """Read all of it."""
    tenant_id = world.tenant_id
    with world.services.database.read() as tx:
        tenant = tenants.get(tx, tenant_id)
        numbers = messages.newest_ids(tx, tenant_id, 10_000)
        standing = {number: decisions.standing(tx, tenant_id, number) for number in numbers}
        latest = {number: verdicts.latest(tx, tenant_id, number) for number in numbers}
        shares = {number: reporter_shares(tx, tenant, number) for number in numbers}
        ledger = psr_log.tally(tx, tenant_id)
        standing_labels = frozenset(label.id for label in labels.newest_standing(tx, tenant_id, 10_000))
    return AsItStands(
        held={
            number: (one.disposition, one.simulation, one.response, one.action, one.why, one.decided_by)
            for number, one in standing.items()
            if one
        },
        margins={number: (kept.verdict.base_margin, kept.verdict.margin) for number, kept in latest.items() if kept},
        shares=shares,
        ledger=ledger,
        labels=standing_labels,
        mailboxes={address: world.files(address) for address in world.people},
    )
