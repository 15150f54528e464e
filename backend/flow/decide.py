"""Decide: what is the message held to be, and may PSR act on it?"""

import structlog
from sqlalchemy import Connection

from backend.domain.decision import Decision, Response, Ruling
from backend.domain.disposition import Disposition
from backend.domain.label import Source
from backend.domain.lesson import How
from backend.domain.people import POLICY, Actor
from backend.domain.submission import EvidenceSource, Identity, Kind, State, Submission, SubmittedAs
from backend.errors import Conflict
from backend.flow.claim import claimed
from backend.flow.context import list_context
from backend.flow.exercise import exercise_of
from backend.flow.lesson import lesson_for
from backend.policy.rules import Circumstances, rule
from backend.policy.settings import NO_ACTION
from backend.services import Services
from backend.store import audit, decisions, labels, lessons, messages, psr_log, submissions, tenants, verdicts
from backend.store.messages import Message
from backend.store.tenants import Tenant
from backend.store.verdicts import KeptVerdict
from model.modules.authentication import impersonates
from model.modules.lists import acceptable_sender, trusted_sender, verify_sender
from model.modules.simulations import Exercise, recognised

log = structlog.get_logger()


def decide(services: Services, submission_id: int) -> None:
    """Append a decision by policy, unless an operator's stands. Safe to run twice, or by two workers at once."""
    with claimed(services, submission_id, State.SCORED) as submission:
        if submission is None:
            return

        message_id = submission.message_id or 0
        with services.database.begin() as tx:
            messages.hold(tx, submission.tenant_id, message_id)
            if not submissions.advance(tx, submission, State.DECIDED, services.now()):
                return
            tenant = tenants.get(tx, submission.tenant_id)
            exercise = exercise_of(tx, services, tenant, message_id)
            label_id = None if exercise else _label_by_team(tx, services, submission)
            if exercise:
                _report_back(tx, services, submission, exercise)
            disposition = decide_message(tx, services, tenant, message_id)
        if label_id is not None:
            services.wake.label(label_id)
        log.info("decided", submission=submission.id, message=message_id, disposition=disposition)


def _report_back(tx: Connection, services: Services, submission: Submission, exercise: Exercise) -> None:
    """An event for whoever runs the exercise. It names nobody: the campaign's name, which they chose, may say who."""
    if submission.reported_before:
        return
    who = Actor("person", submission.person_id) if submission.person_id is not None else Actor("nobody")
    detail = {"message": submission.message_id, "campaign": exercise.campaign, "by": exercise.by}
    subject = f"submission:{submission.id}"
    audit.record(tx, submission.tenant_id, who, "simulation.reported", subject, detail, services.now())


def decide_message(
    tx: Connection, services: Services, tenant: Tenant, message_id: int, *, over_people: bool = False
) -> str:
    """Apply the tenant's policy to the latest verdict; the caller holds the message. Returns what stands.

    `over_people` is for a judgement that was taken back: otherwise people overrule policy, not the other way round.
    """
    message = messages.get(tx, tenant.id, message_id)
    kept = verdicts.latest(tx, tenant.id, message_id)
    standing = decisions.standing(tx, tenant.id, message_id)
    by_people = standing is not None and standing.decided_by != str(POLICY)
    if standing and by_people and not over_people:
        return standing.disposition
    if message is not None and kept is None and exercise_of(tx, services, tenant, message_id):
        return _decide_exercise(tx, services, standing, tenant, message_id)
    if message is None or kept is None:
        raise Conflict("There is no verdict to decide on.")

    reports = submissions.of_message(tx, tenant.id, message_id)
    circumstances = _circumstances(tx, services, tenant, message, kept.verdict.base_margin)
    ruling = rule(kept.verdict, circumstances, reports, tenant.policy)
    if standing is None or by_people or not _says_the_same(standing, ruling):
        decision_id = _append(tx, services, tenant, kept, ruling)
        if circumstances.lesson and circumstances.lesson.why[0] in ruling.why:
            lessons.keep(tx, tenant.id, message_id, decision_id, circumstances.lesson, services.now())
    return ruling.disposition


def _decide_exercise(
    tx: Connection, services: Services, standing: Decision | None, tenant: Tenant, message_id: int
) -> str:
    """It pretends to be an attack, and nothing is done about it."""
    ruling = Ruling(Disposition.MALICIOUS, True, Response.NOTHING, NO_ACTION, ("simulation",))
    if standing is None or not _says_the_same(standing, ruling):
        decisions.append(tx, tenant.id, message_id, ruling, POLICY, services.now())
        detail = {"disposition": ruling.disposition, "simulation": True, "why": list(ruling.why)}
        audit.record(tx, tenant.id, POLICY, "decided", f"message:{message_id}", detail, services.now())
    return ruling.disposition


def _circumstances(
    tx: Connection, services: Services, tenant: Tenant, message: Message, base_margin: float
) -> Circumstances:
    context = list_context(tx, tenant, services.now())
    simulation = recognised(message.facts, context) is not None
    trusted = trusted_sender(message.facts, context) is not None
    lesson = None if simulation else lesson_for(tx, tenant, message.id, base_margin)
    if trusted and lesson and lesson.how is not How.SAME:  # of others: trust is lost by what this very message is
        lesson = None
    return Circumstances(
        simulation=simulation,
        impersonation=impersonates(message.facts) is not None,
        trusted_evidence=message.evidence_source != EvidenceSource.CLIENT,
        trusted_sender=trusted,
        acceptable_sender=acceptable_sender(message.facts, context) is not None,
        verify_sender=verify_sender(message.facts, context) is not None,
        lesson=lesson,
    )


def _says_the_same(standing: Decision, ruling: Ruling) -> bool:
    said = (standing.disposition, standing.simulation, standing.response, standing.action, standing.why)
    return said == (ruling.disposition, ruling.simulation, ruling.response, ruling.action, ruling.why)


def _append(tx: Connection, services: Services, tenant: Tenant, kept: KeptVerdict, ruling: Ruling) -> int:
    message_id, now = kept.message_id, services.now()
    decision_id = decisions.append(tx, tenant.id, message_id, ruling, POLICY, now, kept.id)
    if ruling.response is not Response.NOTHING:
        drawn = services.random.random() < tenant.policy.psr.judge_share
        margin = kept.verdict.margin
        psr_log.log(tx, tenant.id, message_id, decision_id, ruling.response, ruling.action, margin, now, to_judge=drawn)
    detail = {
        "decision": decision_id,
        "disposition": ruling.disposition,
        "response": ruling.response,
        "why": list(ruling.why),
    }
    audit.record(tx, tenant.id, POLICY, "decided", f"message:{message_id}", detail, now)
    return decision_id


def _label_by_team(tx: Connection, services: Services, submission: Submission) -> int | None:
    """The security team's word is a label. None when it is none: not theirs, or not proven to be."""
    if submission.kind is not Kind.TEAM or submission.identity is not Identity.VERIFIED or submission.person_id is None:
        return None  # what an operator escalated has its label already
    if submission.message_id is None:
        return None
    in_one_word = {SubmittedAs.PHISH: Disposition.MALICIOUS, SubmittedAs.SPAM: Disposition.SPAM}
    said = Disposition(submission.said) if submission.said else in_one_word[submission.submitted_as]
    giver = str(Actor("person", submission.person_id))
    return labels.give(tx, submission.tenant_id, submission.message_id, said, Source.TEAM, giver, services.now())
