"""Seeded: messages as the flow would have left them, put into the store directly so that pages can be tested alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from itertools import count

from builders import World

from backend.domain.decision import Response, Ruling
from backend.domain.disposition import Disposition
from backend.domain.people import POLICY, Actor
from backend.domain.retraction import RetractionState
from backend.domain.submission import EvidenceSource, Kind, State
from backend.store import (
    audit,
    copies,
    decisions,
    evidence,
    messages,
    psr_log,
    received_mails,
    retractions,
    submissions,
    verdicts,
)
from backend.store import search as search_index
from backend.store.verdicts import ReporterShare
from connectors.contract import Copy, Outcome, Receipt
from model.contract import Counterfactual, Opinion, Probabilities, Reason, Verdict
from model.message.facts import Address, Attachment, Authentication, Defect, Facts, Link

_numbers = count(1)
ANA = "ana@example.org"

RAW = b"""From: Facilities <desk@intranet-renewal.example>\r
To: ana@example.org\r
Subject: Your mailbox is almost full\r
Content-Type: text/html; charset=utf-8\r
\r
<p>Dear Ana, <a href="http://signin.quota-renewal.example/verify">keep your mailbox</a></p>\r
"""


@dataclass(frozen=True)
class Seeded:
    """What was put in."""

    message_id: int
    submission_ids: tuple[int, ...]
    retraction_id: int | None


def facts(**fields: object) -> Facts:
    usual = Facts(
        size=len(RAW),
        message_id="<quota-1@intranet-renewal.example>",
        subject="Your mailbox is almost full",
        date="2026-11-23T08:15:00+00:00",
        from_=(Address("Facilities Desk", "desk@intranet-renewal.example"),),
        reply_to=(Address("", "answers@quota-renewal.example"),),
        to=(Address("Ana", ANA),),
        return_path="bounce@quota-renewal.example",
        authentication=Authentication("mx.example.org", "softfail", "none", "fail", "quota-renewal.example", (), False),
        text="Dear Ana, keep your mailbox",
        links=(
            Link(
                "http://signin.quota-renewal.example/verify",
                "signin.quota-renewal.example",
                "quota-renewal.example",
                "a",
                "https://mail.example.org/quota",
                ("https://safelinks.protection.example/?url=http%3A%2F%2Fsignin.quota-renewal.example%2Fverify",),
            ),
        ),
        attachments=(Attachment("notice.pdf", "application/pdf", "text/html", 18_240, "ab" * 32),),
        defects=(Defect("date-missing", "no Date header"),),
    )
    return replace(usual, **fields)  # type: ignore[arg-type]


def verdict(base: float, margin: float, reasons: Sequence[Reason] = ()) -> Verdict:
    usual = (
        Reason("link-text-differs", "http://signin.quota-renewal.example/verify", 1.4),
        Reason("authentication-failed", "intranet-renewal.example", 0.9),
        Reason("words-urgency", "almost full", 0.6),
    )
    return Verdict(
        base_margin=base,
        margin=margin,
        reporter_value=2.4,
        probabilities=Probabilities(0.9, 0.05, 0.03, 0.02),
        reasons=tuple(reasons) or usual,
        opinions=(
            Opinion("authentication", 0.8, 0.2, False, (Reason("authentication-failed", "intranet-renewal.example"),)),
            Opinion("lists", 0.0, 1.0),
            Opinion("campaigns", 0.4, 0.2),
        ),
        counterfactual=Counterfactual(base, margin, base + 0.9, min(base + 2.5, margin + 1.0)),
        threshold=0.0,
        checkpoint="2026-11",
    )


def seed_message(
    world: World,
    subject: str = "Your mailbox is almost full",
    disposition: Disposition | None = Disposition.MALICIOUS,
    base: float = -0.4,
    margin: float = 1.2,
    reporters: Sequence[str] = (ANA,),
    retracted: bool = False,
    response: Response = Response.WOULD_RETRACT,
    minutes_ago: int = 5,
    comment: str = "",
    to_judge: bool = False,
    known: Facts | None = None,
    why: Sequence[str] = ("margin-above-threshold", "psr-preview"),
    reasons: Sequence[Reason] = (),
    simulation: bool = False,
    raw: bytes = RAW,
    mark: str = "",
) -> Seeded:
    """One message with its reports and, unless `disposition` is None, its verdict and decision."""
    services, tenant_id = world.services, world.tenant_id
    now = services.now() - timedelta(minutes=minutes_ago)
    known = known or facts(subject=subject)
    kept = services.evidence.keep(tenant_id, raw)
    mark = mark or sha256(f"{next(_numbers)} {subject}".encode()).hexdigest()
    retraction_id = None

    with services.database.begin() as tx:
        evidence.record(tx, tenant_id, kept, len(raw), now)
        message_id, _ = messages.keep(tx, tenant_id, mark, known, kept, EvidenceSource.FETCHED, now)
        search_index.index_facts(tx, tenant_id, message_id, known)
        ids = [_report(tx, world, who, message_id, comment, now) for who in reporters]
        if disposition is not None:
            shares = [ReporterShare(world.people[who].id, 19, 20, 5.1) for who in reporters]
            opinion = verdict(base, margin, reasons)
            verdict_id = verdicts.append(tx, tenant_id, message_id, opinion, shares, now)
            ruling = Ruling(disposition, simulation, response, "soft-delete", tuple(why))
            decision_id = decisions.append(tx, tenant_id, message_id, ruling, POLICY, now, verdict_id)
            detail = {"disposition": disposition}
            audit.record(tx, tenant_id, POLICY, "decided", f"message:{message_id}", detail, now)
            if response is not Response.NOTHING:
                psr_log.log(
                    tx, tenant_id, message_id, decision_id, response, "soft-delete", margin, now, to_judge=to_judge
                )
            if retracted:
                retraction_id = _retract(tx, world, message_id, decision_id, reporters, now)
    return Seeded(message_id, tuple(ids), retraction_id)


def _report(tx, world: World, who: str, message_id: int, comment: str, now) -> int:
    report = world.report(who, comment=comment, kind=Kind.USER, provider_message_id="x")
    submission_id, _ = submissions.keep(tx, report, now)
    tx.execute(
        submissions.submissions.update()
        .where(submissions.submissions.c.id == submission_id)
        .values(state=State.ANSWERED, message_id=message_id, evidence_source=EvidenceSource.FETCHED)
    )
    return submission_id


def _retract(tx, world: World, message_id: int, decision_id: int, mailboxes: Sequence[str], now) -> int:
    tenant_id = world.tenant_id
    retraction_id = retractions.order(
        tx, tenant_id, message_id, decision_id, "soft-delete", "policy", now, automatic=True
    )
    assert retraction_id is not None
    order = retractions.get(tx, tenant_id, retraction_id)
    assert order is not None
    for number, mailbox in enumerate(mailboxes):
        copies.intend(tx, order, Copy(mailbox, f"copy{number}", "" if number == 0 else ".Projects"), now)
    for entry in copies.intended(tx, order):
        copies.settle(tx, entry, Receipt(Outcome.RETRACTED, "held-1"), now)
    retractions.leave(
        tx,
        order,
        RetractionState.DONE,
        remaining=0,
        finished_at=now,
        restorable_until=world.services.now() + timedelta(days=30),
    )
    return retraction_id


def seed_failure(world: World, cause: str = "the mailbox could not be opened", minutes_ago: int = 3) -> int:
    """One report that failed before it had a message."""
    now = world.services.now() - timedelta(minutes=minutes_ago)
    with world.services.database.begin() as tx:
        submission_id, _ = submissions.keep(tx, world.report(ANA, provider_message_id="gone"), now)
        tx.execute(
            submissions.submissions.update()
            .where(submissions.submissions.c.id == submission_id)
            .values(state=State.FAILED, failed_from=State.RECEIVED, cause=cause)
        )
    return submission_id


def seed_received(world: World, sender: str = ANA, *, handled: bool = False) -> int:
    """A mail that was sent in and brought nothing; its number."""
    raw, number = b"From: " + sender.encode() + b"\r\n\r\nnothing attached\r\n", next(_numbers)
    sha256_ = world.services.evidence.keep(world.tenant_id, raw)
    with world.services.database.begin() as tx:
        now = world.services.now()
        evidence.record(tx, world.tenant_id, sha256_, len(raw), now)
        mail_id = received_mails.keep(
            tx,
            world.tenant_id,
            mail_sha256=f"{number:064}",
            address="acme+team+spoof@reports.example.net",
            sender=sender,
            proven=False,
            problem="no-mail",
            submissions=0,
            evidence_sha256=sha256_,
            size=len(raw),
            received_at=now,
        )
        assert mail_id is not None
        if handled:
            received_mails.handle(tx, world.tenant_id, mail_id, Actor("operator", world.owner.id), now)
    return mail_id
