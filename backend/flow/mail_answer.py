"""Mail answer: is somebody told what was wrong with the mail that they sent in? At most once, and strangers never."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from backend.domain.people import Person
from backend.domain.received_mail import Problem
from backend.flow.answer import language_of, text_of
from backend.flow.tell import meaning
from backend.intake_mail.headers import Sender
from backend.policy.catalogue import say
from backend.policy.replies import filled
from backend.services import Services
from backend.store import received_mails, tenants
from backend.store.answers import AnswerState
from backend.store.tenants import Tenant
from connectors.contract import OutgoingMail
from connectors.errors import ConnectorError, Refused

ONCE_IN = timedelta(days=1)  # whoever gets it wrong ten times in a row is told once


def will_tell(
    tx: Connection, tenant: Tenant, person: Person | None, sender: Sender, automatic: bool, now: datetime
) -> bool:
    """Only somebody whom we know and who is proven to have sent it, and never a machine or a list."""
    if not tenant.policy.intake.explain_invalid or person is None or not sender.proven or automatic:
        return False
    return not received_mails.told_since(tx, tenant.id, sender.address, now - ONCE_IN)


def told(services: Services, tenant_id: int, mail_id: int, person: Person, problem: Problem) -> None:
    """Send what was intended, and write down what became of it. Called once, by whoever wrote the intent."""
    with services.database.read() as tx:
        tenant = tenants.get(tx, tenant_id)
        language = language_of(person, tenant)
        text = text_of(tx, tenant, "invalid", language)
    said = filled(text, {"organisation": tenant.name, "problem": say(meaning(f"mail-{problem}"), language)})
    state = AnswerState.SENT
    try:
        services.mailboxes(tenant_id).send(OutgoingMail(person.address, said.subject, said.body, key=f"mail-{mail_id}"))
    except Refused:
        state = AnswerState.FAILED
    except ConnectorError:  # it may have left: nobody sends it again
        state = AnswerState.UNCONFIRMED
    with services.database.begin() as tx:
        received_mails.finish_telling(tx, tenant_id, mail_id, state, services.now())
