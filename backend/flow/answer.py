"""Answer: was the reporter told, at most once?"""

from importlib.resources import files

import structlog

from backend.domain.decision import Decision, Response
from backend.domain.submission import Identity, Kind, Submission
from backend.services import Services
from backend.store import answers, people
from backend.store.answers import AnswerState
from connectors.contract import OutgoingMail
from connectors.errors import ConnectorError, Refused

log = structlog.get_logger()


def answer(services: Services, submission: Submission, decision: Decision) -> None:
    """Tell a verified person what became of their report. The intent is written before the mail leaves."""
    if submission.kind is not Kind.USER or submission.identity is not Identity.VERIFIED or submission.reported_before:
        return
    template = template_for(decision)
    with services.database.begin() as tx:
        person = people.get_person(tx, submission.tenant_id, submission.person_id or 0)
        if person is None or not person.address:
            return
        answer_id = answers.intend(tx, submission.tenant_id, submission.id, person.id, template, services.now())
    if answer_id is None:
        return

    subject, text = reply(template)
    state, detail = _send(services, submission, OutgoingMail(person.address, subject, text, key=f"answer-{answer_id}"))
    with services.database.begin() as tx:
        answers.finish(tx, submission.tenant_id, answer_id, state, detail, services.now())


def _send(services: Services, submission: Submission, mail: OutgoingMail) -> tuple[AnswerState, str]:
    try:
        services.mailboxes(submission.tenant_id).send(mail)
    except Refused as error:
        return AnswerState.FAILED, str(error)
    except ConnectorError as error:  # it may have left: only an operator sends it again
        return AnswerState.UNCONFIRMED, str(error)
    return AnswerState.SENT, ""


def template_for(decision: Decision) -> str:
    """Which text a reporter gets."""
    if decision.simulation:
        return "simulation"
    if decision.response is Response.RETRACT:
        return "retracted"
    return decision.disposition.lower()


def reply(template: str) -> tuple[str, str]:
    """(subject, text) of a template; its first line is the subject."""
    subject, _, text = files("backend.policy").joinpath(f"replies/{template}.txt").read_text().partition("\n")
    return subject, text.lstrip("\n")
