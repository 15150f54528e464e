"""Similar: which other reported messages resemble this one?"""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from backend.domain.people import Operator, Right
from backend.errors import Unknown
from backend.services import Services
from backend.store import campaigns, messages, queue
from backend.web.message import ONE
from backend.web.session import needs

AT_LEAST = 0.3  # half of what puts messages into one campaign by itself: a person looks, nothing is done
MOST = 50

pages = Blueprint("similar", __name__)


@pages.get(f"{ONE}/similar")
@needs(Right.MAIL)
def similar(services: Services, operator: Operator, message_id: int) -> ResponseReturnValue:
    """The most alike first."""
    with services.database.read() as tx:
        message = messages.get(tx, operator.tenant_id, message_id)
        if message is None:
            raise Unknown("There is no such message.")
        alike = dict(campaigns.similar(tx, operator.tenant_id, message_id, AT_LEAST, MOST))
        rows = queue.rows_of(tx, operator.tenant_id, list(alike))
    return render_template("similar.html", here="queue", message=message, rows=rows, alike=alike)
