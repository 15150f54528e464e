"""Answer again: may a mail be sent once more that failed, or of which nobody knows whether it left?"""

from backend.domain.people import Actor, Operator
from backend.errors import Conflict, Unknown
from backend.flow.respond import must_handle_mail
from backend.services import Services
from backend.store import answers, audit


def send_again(services: Services, operator: Operator, answer_id: int) -> None:
    """An operator sends what failed, or what nobody knows to have arrived. Raises NotAllowed, Unknown, Conflict."""
    must_handle_mail(operator)
    with services.database.begin() as tx:
        if answers.get(tx, operator.tenant_id, answer_id) is None:
            raise Unknown("There is no such answer.")
        who, now = Actor("operator", operator.id), services.now()
        if not answers.again(tx, operator.tenant_id, answer_id, who, now):
            raise Conflict("This answer has been sent, or is on its way.")
        audit.record(tx, operator.tenant_id, who, "answer sent again", f"answer:{answer_id}", {}, now)
    services.wake.answer(answer_id)
