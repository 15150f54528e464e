"""Queue rows: what does the list say of each message, kept so that no page has to join?

A row repeats what messages, submissions, verdicts, decisions, retractions and the PSR log say. Whatever changes one of
those marks the message; the row is made anew at the end of the same transaction. Its locks are the last that a
transaction takes, always in the same order, so that two workers never wait for each other.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, exists, func, insert, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from backend.domain.contest import ContestState
from backend.domain.decision import Response
from backend.domain.disposition import Disposition
from backend.domain.harm import Stand, band, expected_harm
from backend.domain.people import POLICY
from backend.domain.retraction import WAITS_FOR_AN_OPERATOR, RetractionState
from backend.domain.submission import Identity, Kind, State, SubmittedAs
from backend.store import facets
from backend.store.documents import words_of
from backend.store.tables import (
    contests,
    copies,
    decisions,
    later_looks,
    messages,
    psr_log,
    queue_rows,
    retractions,
    search_documents,
    submissions,
    verdicts,
)
from backend.store.words import terms
from connectors.contract import Outcome
from model.message.facts import Facts

TOGETHER = 200  # messages made anew with one set of statements
MOST_REPORTERS = 200  # of one message that can be searched for by name
MOST_REASONS = 6  # shown beside a message
LONGEST_LINE = 300  # characters of a subject or sender in the list
_MARKED = "unhook_queue_rows"
_TAKEN_BACK = ("", RetractionState.RESTORED, RetractionState.REFUSED, RetractionState.INCOMPLETE)
_FIRST_FIELDS = ("subject", "sender", "body")
_NOT_TELLING = "starting-point"  # where every message starts says nothing about this one


def mark(tx: Connection, tenant_id: int, message_ids: Iterable[int]) -> None:
    """These messages change in this transaction: make their rows anew when it ends."""
    tx.info.setdefault(_MARKED, set()).update((tenant_id, message_id) for message_id in message_ids)


def forget_marks(tx: Connection) -> None:
    """Begin without what an earlier transaction on the same connection left when it was undone."""
    tx.info.pop(_MARKED, None)


def write_marked(tx: Connection) -> None:
    """Make the rows of all marked messages anew: the last thing a transaction does."""
    by_tenant = defaultdict(list)
    for tenant_id, message_id in sorted(tx.info.pop(_MARKED, ())):
        by_tenant[tenant_id].append(message_id)
    for tenant_id, message_ids in by_tenant.items():
        write(tx, tenant_id, message_ids)


def write(tx: Connection, tenant_id: int, message_ids: Sequence[int]) -> None:
    """Make the rows of these messages anew, and what the index knows of them beside their words."""
    for begin in range(0, len(message_ids), TOGETHER):
        _write(tx, tenant_id, sorted(message_ids[begin : begin + TOGETHER]))


def write_missing(tx: Connection) -> int:
    """Make the rows that an upgrade found missing, of every tenant. Returns how many."""
    made, last = 0, 0
    lacking = select(messages.c.tenant_id, messages.c.id).where(messages.c.id.not_in(select(queue_rows.c.message_id)))
    while found := tx.execute(lacking.where(messages.c.id > last).order_by(messages.c.id).limit(TOGETHER)).all():
        by_tenant = defaultdict(list)
        for tenant_id, message_id in found:
            by_tenant[tenant_id].append(message_id)
        for tenant_id, message_ids in by_tenant.items():
            _add_fields(tx, tenant_id, message_ids)
            write(tx, tenant_id, message_ids)
        made, last = made + len(found), found[-1].id
    return made


def _add_fields(tx: Connection, tenant_id: int, ids: Sequence[int]) -> None:
    """Documents from before there were fields get theirs."""
    here = and_(messages.c.tenant_id == tenant_id, messages.c.id.in_(ids))
    for message_id, facts in tx.execute(select(messages.c.id, messages.c.facts).where(here)).all():
        fields = {name: words for name, words in words_of(Facts.from_json(facts)).items() if name not in _FIRST_FIELDS}
        document = and_(search_documents.c.tenant_id == tenant_id, search_documents.c.message_id == message_id)
        tx.execute(update(search_documents).where(document).values(**fields))


def mend(tx: Connection) -> int:
    """Make the rows anew that are missing or say something else than the tables. Returns how many."""
    wrong = tx.execute(_differing(messages.c.tenant_id, messages.c.id)).all()
    by_tenant = defaultdict(list)
    for tenant_id, message_id in wrong:
        by_tenant[tenant_id].append(message_id)
    for tenant_id, message_ids in by_tenant.items():
        write(tx, tenant_id, message_ids)
    return len(wrong)


def count_differing(tx: Connection) -> int:
    """How many messages have no row, or one that says something else than the decision that stands and the triage."""
    number: int = tx.execute(_differing(func.count())).scalar_one()
    return number


def _differing(*columns: Any) -> Any:
    other = decisions.alias()
    last = select(func.max(other.c.version)).where(other.c.message_id == messages.c.id).correlate(messages)
    stands = and_(decisions.c.message_id == messages.c.id, decisions.c.version == last.scalar_subquery())
    held = func.coalesce(decisions.c.disposition, "")
    says_else = or_(queue_rows.c.disposition != held, queue_rows.c.triage != messages.c.triage)
    return (
        select(*columns)
        .select_from(messages)
        .outerjoin(queue_rows, queue_rows.c.message_id == messages.c.id)
        .outerjoin(decisions, stands)
        .where(or_(queue_rows.c.message_id.is_(None), says_else))
    )


def _write(tx: Connection, tenant_id: int, ids: Sequence[int]) -> None:
    held = and_(queue_rows.c.tenant_id == tenant_id, queue_rows.c.message_id.in_(ids))
    tx.execute(select(queue_rows.c.message_id).where(held).order_by(queue_rows.c.message_id).with_for_update()).all()
    found = _Found(tx, tenant_id, ids)  # read after the lock: whoever held it before has committed
    rows = [found.row(message) for message in found.messages]
    if not rows:
        return
    upsert = (postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert)(queue_rows)
    kept = {name: upsert.excluded[name] for name in rows[0] if name not in ("message_id", "tenant_id")}
    tx.execute(upsert.on_conflict_do_update(index_elements=["message_id"], set_=kept), rows)
    _index(tx, tenant_id, ids, found)


def _index(tx: Connection, tenant_id: int, ids: Sequence[int], found: "_Found") -> None:
    """Let search find the messages by what the rows say; a document whose marks are right stays untouched."""
    here = and_(search_documents.c.tenant_id == tenant_id, search_documents.c.message_id.in_(ids))
    columns = (search_documents.c.message_id, search_documents.c.keywords, search_documents.c.reasons)
    there = {row.message_id: (row.keywords, row.reasons) for row in tx.execute(select(*columns).where(here))}
    for message in found.messages:
        words = (found.keywords(message), found.reason_words(message))
        if message.id not in there:
            _index_bare(tx, tenant_id, message, *words)
        elif there[message.id] != words:
            one = and_(search_documents.c.tenant_id == tenant_id, search_documents.c.message_id == message.id)
            tx.execute(update(search_documents).where(one).values(keywords=words[0], reasons=words[1]))


def _index_bare(tx: Connection, tenant_id: int, message: Row[Any], keywords: str, reasons: str) -> None:
    """A document of what the message's own row knows, for one that was never indexed or has been forgotten."""
    words = {"subject": terms(message.subject), "sender": terms(message.from_address), "body": ""}
    tx.execute(
        insert(search_documents).values(
            message_id=message.id, tenant_id=tenant_id, **words, keywords=keywords, reasons=reasons
        )
    )


class _Found:
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
        marks = marks_of(self.row(message), self.people.get(message.id, ()))
        return f"{marks} {facets.is_('pdr', 'yes')}" if message.id in self.pdr else marks

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
