"""Overview: how fast, how right and how thorough was all this lately? Counted in the store, over bounded windows.

Numbers only, so that people who see no mail may see them; what could name a mail or a person comes from functions of
its own (`subjects`, `names`), for those who may.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, select

from backend.domain.disposition import CONFIRMS_A_REPORT, Disposition
from backend.domain.retraction import RetractionState
from backend.domain.submission import TAKEN_BACK, Identity, SubmittedAs
from backend.store.spans import quantiles, seconds_between, week_of
from backend.store.tables import copies, labels, messages, people, retractions, submissions, verdicts
from connectors.contract import Outcome

WEEKS = 12
LATELY = timedelta(days=30)
A_YEAR = timedelta(days=365)  # for what is judged: there is little of it, and each counts
MOST_CAMPAIGNS = 8
MOST_REPORTERS = 20
BIN_EDGES = (-6, -4, -3, -2, -1, 0, 1, 2, 4)  # nats from the threshold; what lies beyond is in the outer bins
_TAKEN = (Outcome.RETRACTED, Outcome.RESTORED)  # it had been taken away, whatever came later
_HARMLESS = (Outcome.ALREADY_GONE, Outcome.NOT_FOUND, Outcome.DIFFERENT_MESSAGE, Outcome.EXEMPT)  # nothing to take


@dataclass(frozen=True)
class Waits:
    """One week's waiting times, in seconds."""

    week: int
    count: int
    median: float
    slow: float  # 95 % were faster


@dataclass(frozen=True)
class Truth:
    """One week's reports, by what people later judged their messages to be."""

    week: int
    right: int
    spam: int
    wrong: int
    unjudged: int


@dataclass(frozen=True)
class Taken:
    """One week's copies, by what became of them."""

    week: int
    retracted: int
    read_before: int  # of the retracted: their owner had opened them
    failed: int
    under_way: int


@dataclass(frozen=True)
class Attack:
    """A campaign's size lately."""

    campaign_id: int
    messages: int
    reports: int
    reporters: int


@dataclass(frozen=True)
class Accuracy:
    """How often a person's judged reports were right."""

    person_id: int
    right: int
    judged: int


@dataclass(frozen=True)
class Margins:
    """One week's base margins, without reporters, of mail that was reported."""

    week: int
    count: int
    low: float  # 5 % are below
    median: float
    high: float  # 95 % are below


@dataclass(frozen=True)
class Bin:
    """Judged messages whose base margin lies between two edges."""

    number: int
    judged: int
    malicious: int
    log_odds: float  # their mean, calibrated at even odds: what the network had said


@dataclass(frozen=True)
class Overview:
    """One tenant, at one moment. `began` is the first Monday, from which weeks are counted."""

    at: datetime
    began: datetime
    verdicts: Sequence[Waits]
    gone: Sequence[Waits]
    truth: Sequence[Truth]
    taken: Sequence[Taken]
    attacks: Sequence[Attack]
    accuracy: Sequence[Accuracy]
    margins: Sequence[Margins]
    bins: Sequence[Bin]


def overview(tx: Connection, tenant_id: int, now: datetime) -> Overview:
    """Everything as of one moment of the store."""
    began = first_monday(now)
    return Overview(
        at=now,
        began=began,
        verdicts=verdict_waits(tx, tenant_id, began),
        gone=gone_waits(tx, tenant_id, began),
        truth=truth(tx, tenant_id, began),
        taken=taken(tx, tenant_id, began),
        attacks=attacks(tx, tenant_id, now - LATELY),
        accuracy=accuracy(tx, tenant_id, now - A_YEAR),
        margins=margins(tx, tenant_id, began),
        bins=bins(tx, tenant_id, now - A_YEAR),
    )


def first_monday(now: datetime) -> datetime:
    """Midnight of the Monday with which the twelve weeks begin, this week being the last."""
    today = datetime(now.year, now.month, now.day)  # noqa: DTZ001 (the store's times are UTC without a zone)
    return today - timedelta(days=today.weekday(), weeks=WEEKS - 1)


def _counts() -> ColumnElement[bool]:
    return submissions.c.state.not_in(TAKEN_BACK)


def verdict_waits(tx: Connection, tenant_id: int, began: datetime) -> list[Waits]:
    """From a report's arrival to its verdict."""
    came = submissions.c.received_at
    rows = select(
        week_of(tx.dialect.name, began, came).label("week"),
        seconds_between(tx.dialect.name, came, submissions.c.scored_at).label("value"),
    ).where(submissions.c.tenant_id == tenant_id, came >= began, submissions.c.scored_at.is_not(None), _counts())
    return [Waits(*row) for row in tx.execute(quantiles(rows, (0.5, 0.95)))]


def gone_waits(tx: Connection, tenant_id: int, began: datetime) -> list[Waits]:
    """From a message's first report to the search that found no copy left. Undone retractions do not count."""
    first = messages.c.first_reported_at
    rows = (
        select(
            week_of(tx.dialect.name, began, first).label("week"),
            seconds_between(tx.dialect.name, first, retractions.c.finished_at).label("value"),
        )
        .join(messages, and_(messages.c.id == retractions.c.message_id, messages.c.tenant_id == tenant_id))
        .where(
            retractions.c.tenant_id == tenant_id,
            retractions.c.state == RetractionState.DONE,
            retractions.c.remaining == 0,
            first >= began,
        )
    )
    return [Waits(*row) for row in tx.execute(quantiles(rows, (0.5, 0.95)))]


def truth(tx: Connection, tenant_id: int, began: datetime) -> list[Truth]:
    """Reports by the week in which they came, and by the label their message has now."""
    week = week_of(tx.dialect.name, began, submissions.c.received_at).label("week")
    came = and_(submissions.c.tenant_id == tenant_id, submissions.c.received_at >= began, _counts())
    every = tx.execute(select(week, func.count()).where(came).group_by(week).order_by(week)).all()

    same = and_(submissions.c.message_id == labels.c.message_id, submissions.c.tenant_id == tenant_id)
    is_right = labels.c.disposition.in_([str(one) for one in CONFIRMS_A_REPORT])
    right = func.sum(case((is_right, 1), else_=0))
    spam = func.sum(case((labels.c.disposition == Disposition.SPAM, 1), else_=0))
    judged = (
        select(week, right, spam, func.count())
        .select_from(labels.join(submissions, same))
        .where(labels.c.tenant_id == tenant_id, labels.c.revoked_at.is_(None), came)
        .group_by(week)
    )
    by_week = {row[0]: tuple(row)[1:] for row in tx.execute(judged)}
    found = []
    for number, total in every:
        good, mere_spam, known = by_week.get(number, (0, 0, 0))
        found.append(Truth(number, good, mere_spam, known - good - mere_spam, total - known))
    return found


def taken(tx: Connection, tenant_id: int, began: datetime) -> list[Taken]:
    """Copies by the week in which their retraction was ordered, and by what became of them."""
    week = week_of(tx.dialect.name, began, retractions.c.ordered_at).label("week")

    def count(condition: Any) -> Any:
        return func.sum(case((condition, 1), else_=0))

    gone = copies.c.outcome.in_(_TAKEN)
    under_way = copies.c.outcome == ""
    rows = (
        select(
            week,
            count(gone),
            count(and_(gone, copies.c.was_read.is_(True))),
            count(copies.c.outcome.not_in(["", *_TAKEN, *_HARMLESS])),
            count(under_way),
        )
        .join(retractions, and_(retractions.c.id == copies.c.retraction_id, retractions.c.tenant_id == tenant_id))
        .where(copies.c.tenant_id == tenant_id, retractions.c.ordered_at >= began)
        .group_by(week)
        .order_by(week)
    )
    return [Taken(*row) for row in tx.execute(rows)]


def attacks(tx: Connection, tenant_id: int, since: datetime) -> list[Attack]:
    """The campaigns that were reported most."""
    reports = func.count()
    rows = (
        select(
            messages.c.campaign_id,
            func.count(messages.c.id.distinct()),
            reports,
            func.count(submissions.c.person_id.distinct()),
        )
        .join(messages, and_(messages.c.id == submissions.c.message_id, messages.c.tenant_id == tenant_id))
        .where(
            submissions.c.tenant_id == tenant_id,
            submissions.c.received_at >= since,
            _counts(),
            messages.c.campaign_id.is_not(None),
        )
        .group_by(messages.c.campaign_id)
        .order_by(reports.desc(), messages.c.campaign_id.desc())
        .limit(MOST_CAMPAIGNS)
    )
    return [Attack(*row) for row in tx.execute(rows)]


def subjects(tx: Connection, tenant_id: int, campaign_ids: Sequence[int]) -> dict[int, str]:
    """For each campaign the subject of its newest message. For people who may see mail only."""
    here = and_(messages.c.tenant_id == tenant_id, messages.c.campaign_id.in_(campaign_ids))
    newest = select(func.max(messages.c.id)).where(here).group_by(messages.c.campaign_id)
    rows = select(messages.c.campaign_id, messages.c.subject).where(
        messages.c.tenant_id == tenant_id, messages.c.id.in_(newest)
    )
    return {row.campaign_id: row.subject for row in tx.execute(rows)}


def accuracy(tx: Connection, tenant_id: int, since: datetime) -> list[Accuracy]:
    """Those whose phish reports were judged most often. One report a message; spam counts neither way."""
    right = case((labels.c.disposition.in_([str(one) for one in CONFIRMS_A_REPORT]), labels.c.message_id))
    judged = func.count(labels.c.message_id.distinct())
    same = and_(labels.c.message_id == submissions.c.message_id, labels.c.tenant_id == tenant_id)
    rows = (
        select(submissions.c.person_id, func.count(right.distinct()), judged)
        .join(labels, same)
        .where(
            submissions.c.tenant_id == tenant_id,
            submissions.c.received_at >= since,
            submissions.c.submitted_as == SubmittedAs.PHISH,
            submissions.c.identity == Identity.VERIFIED,
            submissions.c.person_id.is_not(None),
            labels.c.revoked_at.is_(None),
            labels.c.disposition != Disposition.SPAM,
        )
        .group_by(submissions.c.person_id)
        .order_by(judged.desc(), submissions.c.person_id)
        .limit(MOST_REPORTERS)
    )
    return [Accuracy(*row) for row in tx.execute(rows)]


def names(tx: Connection, tenant_id: int, person_ids: Sequence[int]) -> Mapping[int, str]:
    """What these people are called. For tenants that want their names on the page only."""
    here = and_(people.c.tenant_id == tenant_id, people.c.id.in_(person_ids))
    rows = tx.execute(select(people.c.id, people.c.name, people.c.address).where(here))
    return {row.id: row.name or row.address for row in rows}


def margins(tx: Connection, tenant_id: int, began: datetime) -> list[Margins]:
    """The first verdict of each message, by the week of its first report."""
    first = messages.c.first_reported_at
    rows = (
        select(week_of(tx.dialect.name, began, first).label("week"), verdicts.c.base_margin.label("value"))
        .join(verdicts, and_(verdicts.c.message_id == messages.c.id, verdicts.c.tenant_id == tenant_id))
        .where(messages.c.tenant_id == tenant_id, first >= began, verdicts.c.version == 1)
    )
    return [Margins(*row) for row in tx.execute(quantiles(rows, (0.05, 0.5, 0.95)))]


def bins(tx: Connection, tenant_id: int, since: datetime) -> list[Bin]:
    """What people judged, by the base margin of the last verdict. Spam counts neither way."""
    margin = verdicts.c.base_margin
    below = [(margin < edge, place) for place, edge in enumerate(BIN_EDGES)]
    number = case(*below, else_=len(BIN_EDGES)).label("number")
    later = verdicts.alias()
    last = select(func.max(later.c.version)).where(later.c.message_id == labels.c.message_id).scalar_subquery()
    same = and_(
        verdicts.c.message_id == labels.c.message_id, verdicts.c.tenant_id == tenant_id, verdicts.c.version == last
    )
    right = func.sum(case((labels.c.disposition.in_([str(one) for one in CONFIRMS_A_REPORT]), 1), else_=0))
    rows = (
        select(number, func.count(), right, func.avg(margin + verdicts.c.threshold))
        .select_from(labels.join(verdicts, same))
        .where(
            labels.c.tenant_id == tenant_id,
            labels.c.given_at >= since,
            labels.c.revoked_at.is_(None),
            labels.c.disposition != Disposition.SPAM,
        )
        .group_by(number)
        .order_by(number)
    )
    return [Bin(*row) for row in tx.execute(rows)]
