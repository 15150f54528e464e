"""Mail answer: is somebody told what was wrong with the mail that they sent in? At most once, and strangers never."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from backend.domain.people import Person
from backend.domain.received_mail import Problem
from backend.flow.answer import reply
from backend.intake_mail.headers import Sender
from backend.services import Services
from backend.store import received_mails
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
    subject, text = reply("invalid")
    said = text.replace("{problem}", _SENTENCES[problem])
    state = AnswerState.SENT
    try:
        services.mailboxes(tenant_id).send(OutgoingMail(person.address, subject, said, key=f"mail-{mail_id}"))
    except Refused:
        state = AnswerState.FAILED
    except ConnectorError:  # it may have left: nobody sends it again
        state = AnswerState.UNCONFIRMED
    with services.database.begin() as tx:
        received_mails.finish_telling(tx, tenant_id, mail_id, state, services.now())


_SENTENCES = {
    Problem.WRONG_ADDRESS: "The address you wrote to is spelled in a way that means nothing here.",
    Problem.NO_MAIL: "No mail was attached to it.",
    Problem.PICTURE: "A picture was attached to it. From a picture nobody can tell where a mail came from.",
    Problem.OTHER_FILE: "A file was attached to it, but not the mail itself.",
    Problem.UNREADABLE: "The attached mail could not be read, or is only a piece of one.",
    Problem.TOO_LARGE: "The attached mail is too large.",
    Problem.TOO_MANY: "More mails were attached to it than can be taken at once; the first ones were taken.",
}
