"""Actions: what may an operator do to a message? Each is one form, one call into the flow, one redirect."""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from backend.domain.disposition import Disposition
from backend.domain.people import Operator, Right
from backend.errors import BadInput, Conflict, Unknown
from backend.flow import feedback, respond, sweep
from backend.flow import go_on as going_on
from backend.services import Services
from backend.store import retractions
from backend.web.languages import spoken
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
    try_to(lambda: respond.order_retraction(services, operator, message_id, action), _("Retraction ordered."))
    return back_to(message_id)


@pages.post(f"{ONE}/disposition")
@needs(Right.MAIL)
def correct(services: Services, operator: Operator, message_id: int) -> ResponseReturnValue:
    """Say what the message is. It stands against policy, and the network learns from it."""
    chosen = request.form.get("disposition", "")
    if chosen not in list(Disposition):
        raise BadInput("Choose one of the six dispositions.")
    exercise = request.form.get("simulation") == "yes"
    said = _("Judged. Thank you: this is what Unhook learns from.")
    try_to(lambda: feedback.correct(services, operator, message_id, Disposition(chosen), exercise), said)
    return back_to(message_id)


@pages.post(f"{RETRACTION}/restore")
@needs(Right.MAIL)
def restore(services: Services, operator: Operator, retraction_id: int) -> ResponseReturnValue:
    """Undo: every copy back to where it was."""
    return _done_to(services, operator, retraction_id, respond.order_restore, _("Restore ordered."))


@pages.post(f"{RETRACTION}/approve")
@needs(Right.MAIL)
def approve(services: Services, operator: Operator, retraction_id: int) -> ResponseReturnValue:
    """Say yes to a retraction that reaches more mailboxes than policy may touch alone."""
    return _done_to(services, operator, retraction_id, respond.approve, _("Approved."))


@pages.post(f"{RETRACTION}/go-on")
@needs(Right.MAIL)
def go_on(services: Services, operator: Operator, retraction_id: int) -> ResponseReturnValue:
    """Go on although the canary failed."""
    return _done_to(services, operator, retraction_id, going_on.go_on, _("It goes on."))


@pages.post(f"{RETRACTION}/retry")
@needs(Right.MAIL)
def retry_failures(services: Services, operator: Operator, retraction_id: int) -> ResponseReturnValue:
    """Try again what could not be taken, or could not be brought back."""
    return _done_to(services, operator, retraction_id, going_on.retry_failures, _("Trying again."))


@pages.post(f"{SUBMISSION}/retry")
@needs(Right.MAIL)
def retry(services: Services, operator: Operator, submission_id: int) -> ResponseReturnValue:
    """Go on from where a report failed."""
    try_to(lambda: sweep.retry(services, operator, submission_id), _("Trying again."))
    return redirect(url_for("web.inbox.queue", tab="failed"), 303)


def try_to(act: Callable[[], object], done: str) -> None:
    """Act, and say so; a refusal that the operator can do something about is said on the page they came from."""
    try:
        act()
    except (Conflict, BadInput) as refusal:
        flash(spoken(refusal), "wrong")
    else:
        flash(done, "done")


def _done_to(
    services: Services,
    operator: Operator,
    retraction_id: int,
    act: Callable[[Services, Operator, int], object],
    said: str,
) -> ResponseReturnValue:
    """Act on a retraction, and go back to its message."""
    with services.database.read() as tx:
        retraction = retractions.get(tx, operator.tenant_id, retraction_id)
    if retraction is None:
        raise Unknown("There is no such retraction.")
    try_to(lambda: act(services, operator, retraction_id), said)
    return back_to(retraction.message_id)


def back_to(message_id: int, place: str | None = None) -> ResponseReturnValue:
    """The message's page, at one of its parts."""
    return redirect(url_for("web.message.message", message_id=message_id, _anchor=place), 303)
