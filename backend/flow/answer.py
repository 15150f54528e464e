"""Answer: was the reporter told, each thing at most once?"""

import re
from collections.abc import Sequence
from datetime import timedelta

import structlog
from sqlalchemy import Connection

from backend.domain.decision import Decision, Response
from backend.domain.disposition import Disposition
from backend.domain.people import POLICY, Person
from backend.domain.submission import Identity, Kind, Submission
from backend.flow import own_page, tell
from backend.policy import replies
from backend.policy.catalogue import say
from backend.policy.replies import Text
from backend.services import Services
from backend.store import answers, messages, people, reply_texts, submissions, tenants
from backend.store.answers import Answer, AnswerState, Stage
from backend.store.tenants import Tenant
from connectors.contract import OutgoingMail
from connectors.errors import ConnectorError, Refused

LONGEST_SUBJECT = 100  # of the reported message's, in what we write
_DOT = re.compile(r"(?<=\w)\.(?=\w)")

log = structlog.get_logger()


def intend(tx: Connection, services: Services, submission: Submission, decision: Decision) -> int | None:
    """Write down, with the step that ends the submission, that somebody is to be told. None: nobody is.

    While a person has still to look, only that is told; the verdict follows what they say. An answer to a report that
    can be taken back waits until it no longer can.
    """
    looking = decision.disposition is Disposition.SUSPICIOUS and decision.decided_by == str(POLICY)
    stage = Stage.INVESTIGATION if looking and not decision.simulation else Stage.VERDICT
    return _intend(tx, services, submission, template_for(submission.kind, decision), stage)


def intend_receipt(tx: Connection, services: Services, submission: Submission) -> int | None:
    """A team is told as soon as its submission was read; a person has heard it from the button. None: nobody is."""
    if submission.kind is not Kind.TEAM:
        return None
    return _intend(tx, services, submission, "team-received", Stage.INVESTIGATION)


def intend_verdicts(tx: Connection, services: Services, decision: Decision, reports: Sequence[Submission]) -> list[int]:
    """An operator has looked: who was told that somebody would, and no more, is told what came of it."""
    if decision.disposition is Disposition.SUSPICIOUS and not decision.simulation:
        return []
    waiting = [one for one in reports if set(answers.stages_of(tx, one.tenant_id, one.id)) == {Stage.INVESTIGATION}]
    found = [_intend(tx, services, one, template_for(one.kind, decision), Stage.VERDICT) for one in waiting]
    return [answer_id for answer_id in found if answer_id is not None]


def wake(services: Services, tenant_id: int, answer_ids: Sequence[int]) -> None:
    """Let what is due leave now, and the rest when it is."""
    for answer_id in answer_ids:
        with services.database.read() as tx:
            due_at = answers.due_at(tx, tenant_id, answer_id)
        seconds = (due_at - services.now()).total_seconds() if due_at else 0
        services.wake.answer(answer_id, after_seconds=max(0.0, seconds))


def answer(services: Services, answer_id: int) -> None:
    """Send what was intended and write down what became of it. Safe to run twice: an answer is taken once."""
    with services.database.begin() as tx:
        taken = answers.take(tx, answer_id, services.now())
        mail = _written(tx, services, taken) if taken else None
    if taken is None:
        return

    state, detail = _send(services, taken.tenant_id, mail) if mail else (AnswerState.CALLED_OFF, "")
    with services.database.begin() as tx:
        answers.finish(tx, taken.tenant_id, answer_id, state, detail, services.now())
    log.info("told", answer=answer_id, submission=taken.submission_id, stage=taken.stage, state=state)


def template_for(kind: Kind, decision: Decision) -> str:
    """Which text is sent."""
    if kind is Kind.TEAM:
        return "team-verdict"
    if decision.simulation:
        return "simulation"
    if decision.response is Response.RETRACT:
        return "retracted"
    return decision.disposition.lower()


def text_of(tx: Connection, tenant: Tenant, template: str, language: str) -> Text:
    """The tenant's own words, else ours."""
    return reply_texts.find(tx, tenant.id, template, language) or replies.shipped(template, language)


def language_of(person: Person, tenant: Tenant) -> str:
    """What this person reads, as far as is known."""
    return person.language if person.language in replies.LANGUAGES else tenant.policy.answers.language


def _intend(tx: Connection, services: Services, submission: Submission, template: str, stage: Stage) -> int | None:
    if submission.identity is not Identity.VERIFIED or submission.reported_before or submission.person_id is None:
        return None
    person = people.get_person(tx, submission.tenant_id, submission.person_id)
    if person is None or not person.address:
        return None
    now, due_at = services.now(), services.now()
    if submission.kind is Kind.USER:
        due_at = submission.received_at + timedelta(seconds=services.settings.withdraw_seconds)
    return answers.intend(tx, submission.tenant_id, submission.id, person.id, template, stage, now, due_at)


def _written(tx: Connection, services: Services, taken: Answer) -> OutgoingMail | None:
    """The mail as it is sent now; None when there is nobody to send it to any more."""
    person = people.get_person(tx, taken.tenant_id, taken.person_id)
    submission = submissions.get(tx, taken.tenant_id, taken.submission_id)
    if person is None or not person.address or submission is None:
        return None
    tenant = tenants.get(tx, taken.tenant_id)
    language = language_of(person, tenant)
    values = {
        "organisation": tenant.name,
        "subject": _subject(tx, submission, language),
        "date": f"{submission.received_at:%Y-%m-%d}",
        "link": own_page.link_to(services, person, own_page.OF_A_MAIL),
        **_outcome(tx, submission, language),
    }
    text = replies.filled(text_of(tx, tenant, taken.template, language), values)
    return OutgoingMail(person.address, text.subject, text.body, key=f"answer-{taken.id}")


def _outcome(tx: Connection, submission: Submission, language: str) -> dict[str, str]:
    told = tell.told(tx, submission.tenant_id, submission.message_id) if submission.message_id is not None else None
    if told is None:
        return {}
    because = "\n".join(f"- {say(sentence, language)}" for sentence in told.reasons)
    return {"verdict": say(told.meaning, language), "reasons": because}


def _subject(tx: Connection, submission: Submission, language: str) -> str:
    """The reported message's, harmless in ours: on one line, and nothing in it becomes a link."""
    message = messages.get(tx, submission.tenant_id, submission.message_id) if submission.message_id else None
    visible = "".join(letter if letter.isprintable() else " " for letter in message.subject) if message else ""
    short = " ".join(visible.split())[:LONGEST_SUBJECT]
    return _DOT.sub("[.]", short) or say("(no subject)", language)


def _send(services: Services, tenant_id: int, mail: OutgoingMail) -> tuple[AnswerState, str]:
    try:
        services.mailboxes(tenant_id).send(mail)
    except Refused as error:
        return AnswerState.FAILED, str(error)
    except ConnectorError as error:  # it may have left: only an operator sends it again
        return AnswerState.UNCONFIRMED, str(error)
    return AnswerState.SENT, ""
