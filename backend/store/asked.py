"""Asked: what does a query mean to the index? Words of mails, and marks of ours for everything else."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, Connection, func, or_, select

from backend.store import facets
from backend.store.filters import Filters
from backend.store.query import Needle, Query
from backend.store.tables import messages, people, queue_rows

MOST_DAYS = 62  # of a range of dates that the index answers; a longer one holds enough to be met on the way
MOST_PEOPLE = 50  # that one name of a reporter may stand for


@dataclass(frozen=True)
class Asked:
    """All of `groups` must occur, of each group one. `conditions` are asked of the rows that the index found."""

    tenant_id: int
    groups: tuple[tuple[Needle, ...], ...]
    conditions: tuple[ColumnElement[bool], ...] = ()
    nothing: bool = False  # it cannot match: say, a reporter whom nobody knows
    known: tuple[int, ...] | None = None  # what the index was found to hold, so that it is not asked again

    def also(self, *marks: str) -> "Asked":
        """The same, of messages that have one of these marks of ours."""
        return replace(self, groups=(*self.groups, tuple(Needle((mark,)) for mark in marks)))


def asked_of(tx: Connection, tenant_id: int, query: Query) -> Asked:
    """What the query means to the index."""
    groups: list[tuple[Needle, ...]] = [(needle,) for needle in query.needles]
    groups += [(Needle((mark,)),) for mark in _marks(query.filters)]
    conditions, days = _dates(tx, tenant_id, query.filters)
    if days is not None:
        groups.append(tuple(Needle((facets.day(day),)) for day in days))
    if query.filters.reporter:
        known = _people(tx, tenant_id, query.filters.reporter)
        groups.append(tuple(Needle((facets.is_("reporter", person),)) for person in known))
    nothing = query.empty or not all(groups)
    return Asked(tenant_id, tuple(groups), tuple(conditions), nothing)


def _marks(filters: Filters) -> Iterator[str]:
    columns = {
        "disposition": filters.disposition,
        "triage": filters.status,
        "retraction": filters.state,
        "kinds": filters.kind,
        "submitted_as": filters.submitted_as,
        "identities": filters.identity,
        "campaign": filters.campaign,
    }
    yield from (facets.is_(name, value) for name, value in columns.items() if value is not None)
    yield from (facets.is_(name, "yes") for name in ("psr", "pdr", "review") if getattr(filters, name))
    yield from (facets.is_(name, "no") for name in ("psr", "review") if getattr(filters, name) is False)


def _dates(tx: Connection, tenant_id: int, filters: Filters) -> tuple[list[ColumnElement[bool]], list[datetime] | None]:
    """The range as conditions, and its days if they are few; None if there is no range, or a long one."""
    conditions = []
    if filters.after:
        conditions.append(queue_rows.c.first_reported_at >= _midnight(filters.after))
    if filters.before:
        conditions.append(queue_rows.c.first_reported_at < _midnight(filters.before))
    if not filters.after:
        return conditions, None
    length = ((filters.before or _day_after_the_last(tx, tenant_id)) - filters.after).days
    if length > MOST_DAYS:
        return conditions, None
    return conditions, [_midnight(filters.after) + timedelta(days=number) for number in range(length)]


def _day_after_the_last(tx: Connection, tenant_id: int) -> date:
    last = tx.scalar(select(func.max(messages.c.first_reported_at)).where(messages.c.tenant_id == tenant_id))
    return last.date() + timedelta(days=1) if last else date.min


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min)


def _people(tx: Connection, tenant_id: int, reporter: str) -> list[int]:
    """Whom a name or an address, or a part of one, stands for."""
    wanted = reporter.casefold()
    like = or_(
        func.lower(people.c.address).contains(wanted, autoescape=True),
        func.lower(people.c.name).contains(wanted, autoescape=True),
    )
    here = select(people.c.id).where(people.c.tenant_id == tenant_id, people.c.erased_at.is_(None), like)
    return list(tx.scalars(here.order_by(people.c.id).limit(MOST_PEOPLE)))
