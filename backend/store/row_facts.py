"""Row facts: what do the tables say of some messages, each table asked once for all of them?"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, exists, func, literal, select

from backend.domain.contest import ContestState
from backend.domain.decision import Response
from backend.domain.disposition import Disposition
from backend.domain.harm import Stand, band, expected_harm
from backend.domain.people import POLICY
from backend.domain.retraction import WAITS_FOR_AN_OPERATOR, RetractionState
from backend.domain.submission import Identity, Kind, State, SubmittedAs
from backend.store import facets
from backend.store.tables import (
    contests,
    copies,
    decisions,
    later_looks,
    messages,
    psr_log,
    retractions,
    submissions,
    verdicts,
)
from backend.store.words import terms
from connectors.contract import Outcome

MOST_REPORTERS = 200  # of one message that can be searched for by name
MOST_REASONS = 6  # shown beside a message
LONGEST_LINE = 300  # characters of a subject or sender in the list
_TAKEN_BACK = ("", RetractionState.RESTORED, RetractionState.REFUSED, RetractionState.INCOMPLETE)
_IN_ONE_WORD = {SubmittedAs.PHISH: Disposition.MALICIOUS, SubmittedAs.SPAM: Disposition.SPAM}
_NOT_TELLING = "starting-point"  # where every message starts says nothing about this one


class Found:
    """What the tables say of some messages of one tenant, each table asked once."""

    def __init__(self, tx: Connection, tenant_id: int, ids: Sequence[int]) -> None:
        self.tenant_id = tenant_id
        self.messages: Sequence[Any] = tx.execute(
            select(
                messages.c.id,
                messages.c.subject,
                messages.c.from_address,
                messages.c.campaign_id,
                messages.c.first_reported_at,
                messages.c.triage,
            )
            .where(messages.c.tenant_id == tenant_id, messages.c.id.in_(ids))
            .order_by(messages.c.id)
        ).all()
        self.decisions = _last(
            tx, tenant_id, decisions, "version", ids, "disposition", "simulation", "decided_by", "why"
        )
        self.verdicts = _last(tx, tenant_id, verdicts, "version", ids, "base_margin", "margin", "reasons", "opinions")
        self.retractions = _last(tx, tenant_id, retractions, "id", ids, "state")
        self.psr = _psr(tx, tenant_id, ids)
        self.pdr = _pdr(tx, tenant_id, ids)
        self.log = {row.message_id: row for row in _of(tx, tenant_id, psr_log, ids, "to_judge")}
        self.reports = {row.message_id: row for row in _reports(tx, tenant_id, ids)}
        self.journal = dict(_journal(tx, tenant_id, ids))
        self.people = _people(tx, tenant_id, ids)
        self.said = _submitted_as(tx, tenant_id, ids)
        self.contested = _contested(tx, tenant_id, ids)

    def row(self, message: Row[Any]) -> dict[str, Any]:
        """The row of one message."""
        decision, verdict, report = (kept.get(message.id) for kept in (self.decisions, self.verdicts, self.reports))
        retraction = self.retractions[message.id].state if message.id in self.retractions else ""
        judged = decision is not None and decision.decided_by != str(POLICY)
        to_judge = bool(message.id in self.log and self.log[message.id].to_judge)
        mailboxes = max(report.mailboxes if report else 0, self.journal.get(message.id, 0))
        contested = message.id in self.contested
        undecided = report is not None or retraction in WAITS_FOR_AN_OPERATOR  # else everybody took their report back
        review = contested or to_judge or (undecided and _needs_a_person(decision, judged, retraction))
        stand = Stand(
            margin=verdict.margin if verdict else None,
            reach=max(mailboxes, report.reporters if report else 0),
            malicious=decision is not None and decision.disposition == Disposition.MALICIOUS,
            simulation=decision is not None and decision.simulation,
            judged=judged,
            waiting=review,
        )
        harm = expected_harm(stand)
        return {
            "message_id": message.id,
            "tenant_id": self.tenant_id,
            "subject": message.subject[:LONGEST_LINE],
            "sender": message.from_address[:LONGEST_LINE],
            "campaign_id": message.campaign_id,
            "first_reported_at": message.first_reported_at,
            "last_reported_at": max(report.last, message.first_reported_at) if report else message.first_reported_at,
            "reports": report.reports if report else 0,
            "reporters": report.reporters if report else 0,
            "mailboxes": mailboxes,
            **_said(report),
            "disposition": decision.disposition if decision else "",
            "simulation": stand.simulation,
            "judged": judged,
            "base_margin": verdict.base_margin if verdict else None,
            "margin": verdict.margin if verdict else None,
            "reasons": _caught_by(verdict),
            "retraction": retraction,
            "psr": message.id in self.psr,
            "to_judge": to_judge,
            "review": review,
            "contested": contested,
            "triage": message.triage,
            "harm": harm,
            "band": band(harm),
        }

    def keywords(self, message: Row[Any]) -> str:
        """The marks of one message."""
        row = self.row(message)
        submitted = self.said.get(message.id, set()) | {(kind, row["disposition"]) for kind in row["kinds"].split()}
        marks = [marks_of(row, self.people.get(message.id, ()))]
        marks += [facets.submission(kind, disposition) for kind, disposition in sorted(submitted)]
        return " ".join([*marks, facets.is_("pdr", "yes")] if message.id in self.pdr else marks)

    def reason_words(self, message: Row[Any]) -> str:
        """Every reason of the newest verdict, the network's and the modules', and of the decision: also its label."""
        decision = self.decisions.get(message.id)
        codes = [*(decision.why if decision else ()), *_codes(self.verdicts.get(message.id))]
        return terms(" ".join(dict.fromkeys(codes)))


def marks_of(row: Mapping[str, Any], reporters: Iterable[int]) -> str:
    """By what the index finds a row beside its words: its facets, and its places in both orders."""
    tenant_id, message_id = row["tenant_id"], row["message_id"]
    marks = [
        facets.tenant(tenant_id),
        facets.harm(tenant_id, row["band"]),
        facets.age(tenant_id, facets.step(message_id)),
        facets.day(row["first_reported_at"]),
        facets.is_("campaign", row["campaign_id"] or 0),
    ]
    marks += [facets.is_(name, row[name]) for name in ("disposition", "triage", "retraction")]
    marks += [facets.is_(name, "yes" if row[name] else "no") for name in ("psr", "review")]
    for name in ("kinds", "submitted_as", "identities"):
        marks += [facets.is_(name, value) for value in row[name].split()]
    marks += [facets.is_("reporter", person) for person in reporters]
    return " ".join(marks)


def _needs_a_person(decision: Row[Any] | None, judged: bool, retraction: str) -> bool:
    """Waits for an operator, or policy was not sure, or holds it to be malicious while its copies lie there."""
    if retraction in WAITS_FOR_AN_OPERATOR:
        return True
    if decision is None or judged:
        return False
    if decision.disposition in (Disposition.SUSPICIOUS, Disposition.SPOOF):
        return True
    attack = decision.disposition == Disposition.MALICIOUS and not decision.simulation
    return attack and retraction in _TAKEN_BACK


def _said(report: Row[Any] | None) -> dict[str, str]:
    """What the reports say, as words of one column each."""

    def both(*pairs: tuple[str, object]) -> str:
        return " ".join(value for value, there in pairs if there)

    if report is None:
        return {"kinds": "", "submitted_as": "", "identities": ""}
    return {
        "kinds": both((Kind.USER, report.user), (Kind.TEAM, report.team)),
        "submitted_as": both((SubmittedAs.PHISH, report.phish), (SubmittedAs.SPAM, report.spam)),
        "identities": both((Identity.VERIFIED, report.verified), (Identity.UNVERIFIED, report.unverified)),
    }


def _caught_by(verdict: Row[Any] | None) -> str:
    """The reasons that matter most, if the network now catches the message."""
    if verdict is None or verdict.margin < 0:
        return ""
    telling = [
        one["code"] for one in verdict.reasons if one["code"] != _NOT_TELLING and (one.get("contribution") or 0) >= 0
    ]
    return " ".join(dict.fromkeys(telling[:MOST_REASONS]))


def _codes(verdict: Row[Any] | None) -> Iterator[str]:
    if verdict is not None:
        yield from (one["code"] for one in verdict.reasons if one["code"] != _NOT_TELLING)
        for opinion in verdict.opinions:
            yield from (one["code"] for one in opinion["reasons"])


def _of(tx: Connection, tenant_id: int, table: Any, ids: Sequence[int], *names: str) -> Sequence[Row[Any]]:
    here = and_(table.c.tenant_id == tenant_id, table.c.message_id.in_(ids))
    return tx.execute(select(table.c.message_id, *[table.c[name] for name in names]).where(here)).all()


def _last(tx: Connection, tenant_id: int, table: Any, by: str, ids: Sequence[int], *names: str) -> dict[int, Row[Any]]:
    """The newest row of each message."""
    here = and_(table.c.tenant_id == tenant_id, table.c.message_id.in_(ids))
    newest = select(table.c.message_id, func.max(table.c[by]).label("last")).where(here)
    last = newest.group_by(table.c.message_id).subquery()
    on = and_(table.c.message_id == last.c.message_id, table.c[by] == last.c.last)
    columns = [table.c.message_id, *[table.c[name] for name in names]]
    return {row.message_id: row for row in tx.execute(select(*columns).join(last, on).where(here))}


def _contested(tx: Connection, tenant_id: int, ids: Sequence[int]) -> set[int]:
    """Of which messages somebody who reported them holds the verdict to be wrong, and nobody has settled that."""
    here = and_(contests.c.tenant_id == tenant_id, contests.c.message_id.in_(ids))
    return set(tx.scalars(select(contests.c.message_id).where(here, contests.c.state == ContestState.OPEN)))


def _psr(tx: Connection, tenant_id: int, ids: Sequence[int]) -> set[int]:
    here = and_(decisions.c.tenant_id == tenant_id, decisions.c.message_id.in_(ids))
    return set(tx.scalars(select(decisions.c.message_id).where(here, decisions.c.response == Response.RETRACT)))


def _pdr(tx: Connection, tenant_id: int, ids: Sequence[int]) -> set[int]:
    """Of which messages a later look took copies that were found only then."""
    here = and_(later_looks.c.tenant_id == tenant_id, later_looks.c.message_id.in_(ids))
    came_later = and_(
        copies.c.tenant_id == tenant_id,
        copies.c.retraction_id == later_looks.c.retraction_id,
        copies.c.intended_at >= later_looks.c.finished_at,
        copies.c.outcome.in_([Outcome.RETRACTED, Outcome.RESTORED, Outcome.EXPIRED]),
    )
    looked = select(later_looks.c.message_id).where(here, later_looks.c.response == Response.RETRACT)
    return set(tx.scalars(looked.where(exists().where(came_later))))


def _reports(tx: Connection, tenant_id: int, ids: Sequence[int]) -> Sequence[Row[Any]]:
    here = and_(
        submissions.c.tenant_id == tenant_id, submissions.c.message_id.in_(ids), submissions.c.state != State.WITHDRAWN
    )

    def some(column: Any, value: str, name: str) -> Any:
        return func.count(literal(1)).filter(column == value).label(name)

    return tx.execute(
        select(
            submissions.c.message_id,
            func.count().label("reports"),
            func.count(submissions.c.person_id.distinct()).label("reporters"),
            func.count(func.nullif(submissions.c.mailbox, "").distinct()).label("mailboxes"),
            func.max(submissions.c.received_at).label("last"),
            some(submissions.c.kind, Kind.USER, "user"),
            some(submissions.c.kind, Kind.TEAM, "team"),
            some(submissions.c.submitted_as, SubmittedAs.PHISH, "phish"),
            some(submissions.c.submitted_as, SubmittedAs.SPAM, "spam"),
            some(submissions.c.identity, Identity.VERIFIED, "verified"),
            some(submissions.c.identity, Identity.UNVERIFIED, "unverified"),
        )
        .where(here)
        .group_by(submissions.c.message_id)
    ).all()


def _submitted_as(tx: Connection, tenant_id: int, ids: Sequence[int]) -> dict[int, set[tuple[str, str]]]:
    """(kind, disposition) of each message's reports: the exact one where it was named, else what the one word means."""
    here = and_(submissions.c.tenant_id == tenant_id, submissions.c.message_id.in_(ids))
    here = and_(here, submissions.c.state != State.WITHDRAWN)
    columns = (submissions.c.message_id, submissions.c.kind, submissions.c.submitted_as, submissions.c.said)
    kept: dict[int, set[tuple[str, str]]] = defaultdict(set)
    for message_id, kind, word, exact in tx.execute(select(*columns).where(here).distinct()):
        kept[message_id].add((kind, exact or _IN_ONE_WORD[word]))
    return kept


def _journal(tx: Connection, tenant_id: int, ids: Sequence[int]) -> Iterator[tuple[int, int]]:
    """In how many mailboxes a retraction found copies of each message."""
    here = and_(retractions.c.tenant_id == tenant_id, retractions.c.message_id.in_(ids))
    found = and_(copies.c.tenant_id == tenant_id, copies.c.provider_copy_id != "")
    statement = (
        select(retractions.c.message_id, func.count(copies.c.mailbox.distinct()))
        .join(copies, copies.c.retraction_id == retractions.c.id)
        .where(here, found)
        .group_by(retractions.c.message_id)
    )
    return ((row[0], row[1]) for row in tx.execute(statement))


def _people(tx: Connection, tenant_id: int, ids: Sequence[int]) -> dict[int, list[int]]:
    here = and_(submissions.c.tenant_id == tenant_id, submissions.c.message_id.in_(ids))
    columns = (submissions.c.message_id, submissions.c.person_id)
    pairs = select(*columns).where(here, submissions.c.person_id.is_not(None)).distinct().order_by(*columns)
    kept: dict[int, list[int]] = defaultdict(list)
    for message_id, person_id in tx.execute(pairs):
        if len(kept[message_id]) < MOST_REPORTERS:
            kept[message_id].append(person_id)
    return kept
