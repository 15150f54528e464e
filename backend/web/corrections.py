"""Corrections: what does an operator say a message is, in the product's words? Each is one form and one call."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from backend.domain.disposition import Disposition
from backend.domain.people import Operator, Right
from backend.errors import BadInput, Unknown
from backend.flow import feedback
from backend.flow.escalate import escalate
from backend.services import Services
from backend.store import submissions
from backend.web.actions import SUBMISSION, back_to, try_to
from backend.web.message import ONE
from backend.web.session import needs

pages = Blueprint("corrections", __name__)


@pages.post(f"{ONE}/false-positive")
@needs(Right.MAIL)
def false_positive(services: Services, operator: Operator, message_id: int) -> ResponseReturnValue:
    """It was held to be worse than it is."""
    chosen = _chosen(feedback.FALSE_POSITIVE)
    said = _("Reported as a false positive. Unhook learns from it.")
    try_to(lambda: feedback.report_false_positive(services, operator, message_id, chosen), said)
    return back_to(message_id)


@pages.post(f"{ONE}/false-negative")
@needs(Right.MAIL)
def false_negative(services: Services, operator: Operator, message_id: int) -> ResponseReturnValue:
    """It was missed."""
    chosen = _chosen(feedback.FALSE_NEGATIVE)
    said = _("Reported as a false negative. Unhook learns from it.")
    try_to(lambda: feedback.report_false_negative(services, operator, message_id, chosen), said)
    return back_to(message_id)


@pages.post(f"{ONE}/simulation")
@needs(Right.MAIL)
def simulation(services: Services, operator: Operator, message_id: int) -> ResponseReturnValue:
    """It is one of the tenant's own exercises."""
    said = _("Marked as one of your own exercises. Nothing is learned from it.")
    try_to(lambda: feedback.mark_simulation(services, operator, message_id), said)
    return back_to(message_id)


@pages.post(f"{SUBMISSION}/escalate")
@needs(Right.MAIL)
def escalated(services: Services, operator: Operator, submission_id: int) -> ResponseReturnValue:
    """A user's submission comes before the team."""
    chosen = _chosen(tuple(Disposition))
    with services.database.read() as tx:
        submission = submissions.get(tx, operator.tenant_id, submission_id)
    if submission is None or submission.message_id is None:
        raise Unknown("There is no such submission.")
    try_to(lambda: escalate(services, operator, submission_id, chosen), _("Escalated to the team."))
    return back_to(submission.message_id)


def _chosen(allowed: tuple[Disposition, ...]) -> Disposition:
    said = request.form.get("disposition", "")
    if said not in allowed:
        raise BadInput("Choose one of the dispositions in the list.")
    return Disposition(said)
