"""Actions: what may an operator do to a message? Each is one form, one call into the flow, one redirect."""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from backend.domain.disposition import Disposition
from backend.domain.people import Operator, Right
from backend.errors import BadInput, Conflict, Unknown
from backend.flow import feedback, respond, sweep
from backend.services import Services
from backend.store import retractions
from backend.web.message import HIGHEST_ID, ONE
from backend.web.session import needs

pages = Blueprint("actions", __name__)
RETRACTION = f"/retractions/<int(min=1, max={HIGHEST_ID}):retraction_id>"
SUBMISSION = f"/submissions/<int(min=1, max={HIGHEST_ID}):submission_id>"


@pages.post(f"{ONE}/retract")
@needs(Right.MAIL)
def retract(services: Services, operator: Operator, message_id: int) -> ResponseReturnValue:
    """Take every copy out of sight."""
    action = request.form.get("action", "")
    _try(lambda: respond.order_retraction(services, operator, message_id, action), "Retraction ordered.")
    return _back_to(message_id)


@pages.post(f"{ONE}/disposition")
@needs(Right.MAIL)
def correct(services: Services, operator: Operator, message_id: int) -> ResponseReturnValue:
    """Say what the message is. It stands against policy, and the network learns from it."""
    chosen = request.form.get("disposition", "")
    if chosen not in list(Disposition):
        raise BadInput("Choose one of the six dispositions.")
    exercise = request.form.get("simulation") == "yes"
    said = "Judged. Thank you: this is what Unhook learns from."
    _try(lambda: feedback.correct(services, operator, message_id, Disposition(chosen), exercise), said)
    return _back_to(message_id)


@pages.post(f"{RETRACTION}/restore")
@needs(Right.MAIL)
def restore(services: Services, operator: Operator, retraction_id: int) -> ResponseReturnValue:
    """Undo: every copy back to where it was."""
    message_id = _message_of(services, operator, retraction_id)
    _try(lambda: respond.order_restore(services, operator, retraction_id), "Restore ordered.")
    return _back_to(message_id)


@pages.post(f"{RETRACTION}/approve")
@needs(Right.MAIL)
def approve(services: Services, operator: Operator, retraction_id: int) -> ResponseReturnValue:
    """Say yes to a retraction that reaches more mailboxes than policy may touch alone."""
    message_id = _message_of(services, operator, retraction_id)
    _try(lambda: respond.approve(services, operator, retraction_id), "Approved.")
    return _back_to(message_id)


@pages.post(f"{SUBMISSION}/retry")
@needs(Right.MAIL)
def retry(services: Services, operator: Operator, submission_id: int) -> ResponseReturnValue:
    """Go on from where a report failed."""
    _try(lambda: sweep.retry(services, operator, submission_id), "Trying again.")
    return redirect(url_for("web.inbox.queue", tab="failed"), 303)


def _try(act: Callable[[], object], done: str) -> None:
    """Act, and say so; a refusal that the operator can do something about is said on the page they came from."""
    try:
        act()
    except (Conflict, BadInput) as refusal:
        flash(str(refusal), "wrong")
    else:
        flash(done, "done")


def _message_of(services: Services, operator: Operator, retraction_id: int) -> int:
    with services.database.read() as tx:
        retraction = retractions.get(tx, operator.tenant_id, retraction_id)
    if retraction is None:
        raise Unknown("There is no such retraction.")
    return retraction.message_id


def _back_to(message_id: int) -> ResponseReturnValue:
    return redirect(url_for("web.message.message", message_id=message_id), 303)
