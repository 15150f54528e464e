"""Queue: which rows does a page of the list show, of the whole queue or of what a search found?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, func, select

from backend.domain.disposition import Disposition
from backend.domain.retraction import RetractionState
from backend.domain.triage import Triage
from backend.store import matching, retractions
from backend.store.filters import Filters, Order
from backend.store.matching import MOST
from backend.store.tables import queue_rows, submissions

PER_PAGE = 50
MOST_PAGES = 200  # offsets cost; whoever wants to see more narrows the list, or exports it


@dataclass(frozen=True)
class ListRow:
    """One message of a list. `disposition` and the margins are None until there is a decision, a verdict.

    `reasons` are codes, and only there if the network now catches the message: else a page says "phish submission".
    """

    id: int
    subject: str
    sender: str
    campaign_id: int | None
    first_reported_at: datetime
    last_reported_at: datetime
    reports: int
    reporters: int
    mailboxes: int
    kinds: tuple[str, ...]
    submitted_as: tuple[str, ...]
    identities: tuple[str, ...]
    disposition: Disposition | None
    simulation: bool
    judged: bool
    base_margin: float | None
    margin: float | None
    reasons: tuple[str, ...]
    retraction: RetractionState | None
    psr: bool
    to_judge: bool
    review: bool
    contested: bool
    triage: Triage
    harm: float
    took_nothing: bool = False  # the retraction is over, and there was no copy to take


@dataclass(frozen=True)
class Page:
    """One page of a list. `total` counts all pages, at most MOST: `more_than_counted` says that there are more."""

    rows: Sequence[ListRow]
    number: int
    has_next: bool
    total: int
    more_than_counted: bool


@dataclass(frozen=True)
class Group:
    """A campaign, or a message that belongs to none: `lead` is its row on top of the order.

    `messages`, `reporters` and `mailboxes` are those of the whole campaign, whatever the filters left out.
    """

    lead: ListRow
    campaign_id: int | None
    messages: int
    reporters: int
    mailboxes: int


def page(
    tx: Connection, tenant_id: int, filters: Filters, order: Order = Order.HARM, number: int = 1, size: int = PER_PAGE
) -> Page:
    """One page of messages, counted from 1. Raises BadInput with a sentence for who typed the query."""
    number = min(max(number, 1), MOST_PAGES)
    begin = (number - 1) * size
    found = matching.find(tx, tenant_id, filters, order, max(begin + size, MOST) + 1)
    rows = rows_of(tx, tenant_id, found[begin : begin + size])
    has_next = len(found) > begin + size and number < MOST_PAGES
    return Page(rows, number, has_next, min(len(found), MOST), len(found) > MOST)


def groups(
    tx: Connection, tenant_id: int, filters: Filters, order: Order = Order.HARM, number: int = 1, size: int = PER_PAGE
) -> tuple[list[Group], bool]:
    """One page of campaigns and single messages, each where its first message stands; and whether there are more."""
    number = min(max(number, 1), MOST_PAGES)
    leads: list[int] = []
    seen: list[int] = []
    wanted = number * size + 1
    while len(leads) < wanted:
        found = matching.find(tx, tenant_id, filters, order, 2 * wanted, without=seen)
        fresh = _leads(tx, tenant_id, found, seen)
        leads += fresh[: wanted - len(leads)]
        if len(found) < 2 * wanted:
            break
    shown = rows_of(tx, tenant_id, leads[(number - 1) * size : number * size])
    return _with_sizes(tx, tenant_id, shown), len(leads) > number * size


def _leads(tx: Connection, tenant_id: int, found: Sequence[int], seen: list[int]) -> list[int]:
    """The first message of each campaign that was not seen yet, and every message without one."""
    here = and_(queue_rows.c.tenant_id == tenant_id, queue_rows.c.message_id.in_(found))
    campaign = {
        row.message_id: row.campaign_id
        for row in tx.execute(select(queue_rows.c.message_id, queue_rows.c.campaign_id).where(here))
    }
    leads = []
    for message_id in found:
        own = campaign.get(message_id)
        if own is None:
            leads.append(message_id)
        elif own not in seen:
            seen.append(own)
            leads.append(message_id)
    return leads


def _with_sizes(tx: Connection, tenant_id: int, leads: Sequence[ListRow]) -> list[Group]:
    campaigns = sorted({row.campaign_id for row in leads if row.campaign_id is not None})
    here = and_(queue_rows.c.tenant_id == tenant_id, queue_rows.c.campaign_id.in_(campaigns))
    sizes = select(
        queue_rows.c.campaign_id, func.count().label("messages"), func.sum(queue_rows.c.mailboxes).label("m")
    )
    size = {row.campaign_id: row for row in tx.execute(sizes.where(here).group_by(queue_rows.c.campaign_id))}
    who = func.count(submissions.c.person_id.distinct())
    mine = and_(submissions.c.message_id == queue_rows.c.message_id, submissions.c.tenant_id == tenant_id)
    people = (
        select(queue_rows.c.campaign_id, who).join(submissions, mine).where(here).group_by(queue_rows.c.campaign_id)
    )
    reporters = {row[0]: row[1] for row in tx.execute(people)}
    return [
        Group(
            lead=row,
            campaign_id=row.campaign_id,
            messages=size[row.campaign_id].messages if row.campaign_id else 1,
            reporters=reporters.get(row.campaign_id, 0) if row.campaign_id else row.reporters,
            mailboxes=size[row.campaign_id].m if row.campaign_id else row.mailboxes,
        )
        for row in leads
    ]


def rows_of(tx: Connection, tenant_id: int, message_ids: Sequence[int]) -> list[ListRow]:
    """These messages in this order: what a search found, or the one row that changed."""
    here = and_(queue_rows.c.tenant_id == tenant_id, queue_rows.c.message_id.in_(message_ids))
    rows = {row.message_id: _row(row) for row in tx.execute(select(queue_rows).where(here))}
    done = [row.id for row in rows.values() if row.retraction is RetractionState.DONE]
    for message_id in retractions.took_nothing(tx, tenant_id, done):
        rows[message_id] = replace(rows[message_id], took_nothing=True)
    return [rows[message_id] for message_id in message_ids if message_id in rows]


def _row(row: Row[Any]) -> ListRow:
    return ListRow(
        id=row.message_id,
        subject=row.subject,
        sender=row.sender,
        campaign_id=row.campaign_id,
        first_reported_at=row.first_reported_at,
        last_reported_at=row.last_reported_at,
        reports=row.reports,
        reporters=row.reporters,
        mailboxes=row.mailboxes,
        kinds=tuple(row.kinds.split()),
        submitted_as=tuple(row.submitted_as.split()),
        identities=tuple(row.identities.split()),
        disposition=Disposition(row.disposition) if row.disposition else None,
        simulation=row.simulation,
        judged=row.judged,
        base_margin=row.base_margin,
        margin=row.margin,
        reasons=tuple(row.reasons.split()),
        retraction=RetractionState(row.retraction) if row.retraction else None,
        psr=row.psr,
        to_judge=row.to_judge,
        review=row.review,
        contested=row.contested,
        triage=Triage(row.triage),
        harm=row.harm,
    )
