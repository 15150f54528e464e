"""Contests: was the reporter right who holds the verdict to be wrong? Each answer is one form and one call."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from backend.domain.disposition import Disposition
from backend.domain.people import Operator, Right
from backend.errors import BadInput, Unknown
from backend.flow import contest
from backend.services import Services
from backend.store import contests
from backend.web.actions import back_to, try_to
from backend.web.message import HIGHEST_ID
from backend.web.session import needs

pages = Blueprint("contests", __name__)
ONE = f"/contests/<int(min=1, max={HIGHEST_ID}):contest_id>"


@pages.post(f"{ONE}/confirm")
@needs(Right.MAIL)
def confirm(services: Services, operator: Operator, contest_id: int) -> ResponseReturnValue:
    """They were."""
    said = request.form.get("disposition", "")
    if said not in list(Disposition):
        raise BadInput("Choose one of the six dispositions.")
    done = _("Confirmed. Unhook learns from it, and whoever reported it sees it.")
    message_id = _message_of(services, operator, contest_id)
    try_to(lambda: contest.confirm(services, operator, contest_id, Disposition(said)), done)
    return back_to(message_id, "contests")


@pages.post(f"{ONE}/leave")
@needs(Right.MAIL)
def leave(services: Services, operator: Operator, contest_id: int) -> ResponseReturnValue:
    """They were not."""
    message_id = _message_of(services, operator, contest_id)
    try_to(lambda: contest.leave(services, operator, contest_id), _("The verdict stays as it is."))
    return back_to(message_id, "contests")


def _message_of(services: Services, operator: Operator, contest_id: int) -> int:
    with services.database.read() as tx:
        found = contests.get(tx, operator.tenant_id, contest_id)
    if found is None:
        raise Unknown("There is no such contest.")
    return found.message_id
