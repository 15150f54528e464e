"""Landings: where did a message's links lead, and has a malicious one led there before?"""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, select, update

from backend.domain.disposition import Disposition
from backend.errors import Unknown
from backend.store.inserting import insert_unless_there
from backend.store.tables import decisions, landings, messages
from model.contract import Landing

NOTHING = Landing("no-page")  # kept when there was no link to follow, so that nobody looks again
_MOST = 20  # rows of one message
_BY_PERSON = "operator:%"  # policy's own decisions make nothing known: it would learn from itself


def keep(tx: Connection, tenant_id: int, message_id: int, found: Sequence[Landing], now: datetime) -> None:
    """Keep where the links led, once; a second worker's findings are dropped. Raises Unknown for another's message."""
    here = select(messages.c.id).where(messages.c.tenant_id == tenant_id, messages.c.id == message_id)
    if tx.execute(here).first() is None:
        raise Unknown("There is no such message.")
    for number, landing in enumerate(found, 1) if found else [(0, NOTHING)]:
        values = {
            "tenant_id": tenant_id,
            "message_id": message_id,
            "number": number,
            "landing": asdict(landing),
            "page_sha256": page_of(landing),
            "kit": landing.kit,
            "followed_at": now,
        }
        insert_unless_there(tx, landings, values)


def of_message(tx: Connection, tenant_id: int, message_id: int) -> tuple[Landing, ...] | None:
    """Where the message's links led, with what is known of each page by now; None when nobody has followed them."""
    here = and_(landings.c.tenant_id == tenant_id, landings.c.message_id == message_id)
    rows = tx.execute(select(landings).where(here).order_by(landings.c.number).limit(_MOST)).all()
    if not rows:
        return None
    read = [replace(_read(row.landing), kit=row.kit) for row in rows if row.number]
    return tuple(replace(landing, known=_known(tx, tenant_id, message_id, landing)) for landing in read)


def forget_texts(tx: Connection, tenant_id: int, message_ids: Sequence[int]) -> None:
    """Hosts and paths go; the hashes stay, by which the next campaign is known."""
    here = and_(landings.c.tenant_id == tenant_id, landings.c.message_id.in_(message_ids))
    tx.execute(update(landings).where(here).values(landing=asdict(NOTHING)))


def page_of(landing: Landing) -> str:
    """The hash that a page is known by: its host and path. Empty unless a page was reached."""
    if landing.outcome != "reached" or not landing.host:
        return ""
    return hashlib.sha256(f"{landing.host}\n{landing.path}".encode("utf-8", "replace")).hexdigest()


def _known(tx: Connection, tenant_id: int, message_id: int, landing: Landing) -> str:
    """`page` or `kit` when people hold another message to be malicious that led there; what they cleared is not."""
    if page_of(landing) and _is_bad(tx, tenant_id, message_id, landings.c.page_sha256 == page_of(landing)):
        return "page"
    if landing.kit and _is_bad(tx, tenant_id, message_id, landings.c.kit == landing.kit):
        return "kit"
    return ""


def _is_bad(tx: Connection, tenant_id: int, message_id: int, same: Any) -> bool:
    """Whether people judged messages that led there, and every one of those malicious."""
    other = decisions.alias()
    last = select(func.max(other.c.version)).where(other.c.message_id == decisions.c.message_id)
    judged = (
        select(decisions.c.disposition)
        .select_from(landings)
        .join(decisions, decisions.c.message_id == landings.c.message_id)
        .where(
            landings.c.tenant_id == tenant_id,
            landings.c.message_id != message_id,
            same,
            decisions.c.tenant_id == tenant_id,
            decisions.c.decided_by.like(_BY_PERSON),
            decisions.c.version == last.correlate(decisions).scalar_subquery(),
        )
        .distinct()
    )
    return set(tx.scalars(judged)) == {Disposition.MALICIOUS}


def _read(kept: dict[str, Any]) -> Landing:
    return Landing(**{**kept, "hosts": tuple(kept.get("hosts", ()))})
