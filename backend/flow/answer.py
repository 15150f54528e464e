"""Answer: was the reporter told, at most once?"""

from importlib.resources import files

import structlog
from sqlalchemy import Connection

from backend.domain.decision import Decision, Response
from backend.domain.submission import Identity, Kind, Submission
from backend.services import Services
from backend.store import answers, people
from backend.store.answers import AnswerState
from connectors.contract import OutgoingMail
from connectors.errors import ConnectorError, Refused

log = structlog.get_logger()


def intend(tx: Connection, services: Services, submission: Submission, decision: Decision) -> int | None:
    """Write down, with the step that ends the submission, that a verified person is to be told. None: nobody is."""
    if submission.kind is not Kind.USER or submission.identity is not Identity.VERIFIED or submission.reported_before:
        return None
    person = people.get_person(tx, submission.tenant_id, submission.person_id or 0)
    if person is None or not person.address:
        return None
    template = template_for(decision)
    return answers.intend(tx, submission.tenant_id, submission.id, person.id, template, services.now())


def answer(services: Services, tenant_id: int, answer_id: int) -> None:
    """Send what was intended and write down what became of it. Called once, by whoever wrote the intent."""
    with services.database.read() as tx:
        intended = answers.get(tx, tenant_id, answer_id)
        person = people.get_person(tx, tenant_id, intended.person_id) if intended else None
    if intended is None or person is None or not person.address:
        return

    subject, text = reply(intended.template)
    state, detail = _send(services, tenant_id, OutgoingMail(person.address, subject, text, key=f"answer-{answer_id}"))
    with services.database.begin() as tx:
        answers.finish(tx, tenant_id, answer_id, state, detail, services.now())


def _send(services: Services, tenant_id: int, mail: OutgoingMail) -> tuple[AnswerState, str]:
    try:
        services.mailboxes(tenant_id).send(mail)
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
