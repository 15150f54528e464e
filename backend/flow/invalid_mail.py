"""Invalid mail: who sees to what came in by mail and brought nothing, and who has looked at it?"""

from backend.domain.people import Actor, Operator, Right
from backend.errors import Conflict, NotAllowed, Unknown
from backend.services import Services
from backend.store import audit, received_mails
from backend.store.received_mails import ReceivedMail


def handle(services: Services, operator: Operator, mail_id: int) -> None:
    """Somebody has seen to it: it leaves the list. Raises NotAllowed, Unknown, Conflict."""
    _may(operator)
    who, now = Actor("operator", operator.id), services.now()
    with services.database.begin() as tx:
        if received_mails.get(tx, operator.tenant_id, mail_id) is None:
            raise Unknown("There is no such mail.")
        if not received_mails.handle(tx, operator.tenant_id, mail_id, who, now):
            raise Conflict("Somebody has seen to it already.")
        audit.record(tx, operator.tenant_id, who, "invalid mail handled", f"mail:{mail_id}", {}, now)


def known(services: Services, operator: Operator, mail_id: int) -> ReceivedMail:
    """One mail with which something was wrong. Raises NotAllowed, Unknown."""
    _may(operator)
    with services.database.read() as tx:
        mail = received_mails.get(tx, operator.tenant_id, mail_id)
    if mail is None or mail.problem is None:
        raise Unknown("There is no such mail.")
    return mail


def raw_of(services: Services, operator: Operator, mail_id: int) -> bytes:
    """The whole mail, with a line in the audit log. Raises NotAllowed, Unknown when it was deleted."""
    mail = known(services, operator, mail_id)
    if not mail.evidence_sha256:
        raise Unknown("The mail itself was deleted.")
    raw = services.evidence.read(operator.tenant_id, mail.evidence_sha256)
    with services.database.begin() as tx:
        who = Actor("operator", operator.id)
        audit.record(tx, operator.tenant_id, who, "raw downloaded", f"mail:{mail_id}", {}, services.now())
    return raw


def _may(operator: Operator) -> None:
    if not operator.may(Right.MAIL):
        raise NotAllowed("The role %(role)s does not handle mail; ask an analyst or an owner.", role=operator.role)
