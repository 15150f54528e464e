"""Traits: which messages of this tenant share a link or a file that is their own?"""

from collections.abc import Sequence

from sqlalchemy import Connection, and_, or_, select

from backend.store.inserting import insert_unless_there
from backend.store.tables import messages, traits
from model.modules.traits import HOST, Trait, shared

MOST_SHARING = 5_000
_MOST_COPIES = 500


def keep(tx: Connection, tenant_id: int, message_id: int, found: Sequence[Trait]) -> None:
    """Keep a message's traits; harmless when they are there already."""
    for trait in found:
        values = {"kind": trait.kind, "value": trait.value, "proven": trait.proven}
        insert_unless_there(tx, traits, {"tenant_id": tenant_id, "message_id": message_id, **values})


def of_message(tx: Connection, tenant_id: int, message_id: int) -> list[Trait]:
    """The traits that were kept."""
    here = and_(traits.c.tenant_id == tenant_id, traits.c.message_id == message_id)
    rows = tx.execute(select(traits.c.kind, traits.c.value, traits.c.proven).where(here))
    return [Trait(*row) for row in rows]


def sharing(tx: Connection, tenant_id: int, message_id: int) -> list[tuple[int, Trait, Trait]]:
    """(other message, its trait, ours) for each link or file that another message has too, at most 5,000."""
    own = of_message(tx, tenant_id, message_id)
    ours = {(trait.kind, trait.value): trait for trait in own if trait.kind != HOST}
    if not ours:
        return []
    same = or_(*[and_(traits.c.kind == kind, traits.c.value == value) for kind, value in ours])
    statement = (
        select(traits.c.message_id, traits.c.kind, traits.c.value, traits.c.proven)
        .where(traits.c.tenant_id == tenant_id, same, traits.c.message_id != message_id)
        .order_by(traits.c.message_id.desc())
        .limit(MOST_SHARING)
    )
    return [
        (row.message_id, Trait(row.kind, row.value, row.proven), ours[row.kind, row.value])
        for row in tx.execute(statement)
    ]


def sharing_any(tx: Connection, tenant_id: int, message_ids: Sequence[int]) -> list[int]:
    """Other messages with a link, a file or a host of these, the newest first, at most 500."""
    ours = traits.alias()
    same = and_(ours.c.tenant_id == tenant_id, ours.c.kind == traits.c.kind, ours.c.value == traits.c.value)
    statement = (
        select(traits.c.message_id)
        .distinct()
        .join(ours, same)
        .where(traits.c.tenant_id == tenant_id, traits.c.message_id.not_in(message_ids))
        .where(ours.c.message_id.in_(message_ids))
        .order_by(traits.c.message_id.desc())
        .limit(_MOST_COPIES)
    )
    return list(tx.scalars(statement))


def copies_on_hosts(tx: Connection, tenant_id: int, message_id: int, campaign_id: int) -> dict[str, list[int]]:
    """Hosts that a message leads to, each with the others of its campaign that lead there too, at most 500 in all."""
    ours = [trait.value for trait in of_message(tx, tenant_id, message_id) if trait.kind == HOST]
    statement = (
        select(traits.c.value, traits.c.message_id)
        .join(messages, and_(messages.c.id == traits.c.message_id, messages.c.tenant_id == tenant_id))
        .where(traits.c.tenant_id == tenant_id, traits.c.kind == HOST, traits.c.value.in_(ours))
        .where(messages.c.campaign_id == campaign_id, traits.c.message_id != message_id)
        .order_by(traits.c.message_id.desc())
        .limit(_MOST_COPIES)
    )
    found: dict[str, list[int]] = {}
    for row in tx.execute(statement) if ours else ():
        found.setdefault(row.value, []).append(row.message_id)
    return found


__all__ = ["Trait", "copies_on_hosts", "keep", "of_message", "shared", "sharing", "sharing_any"]
