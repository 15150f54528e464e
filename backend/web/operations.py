"""Operations: what may be done to many messages at once, and how is it said and taken back?"""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from backend.domain.disposition import Disposition
from backend.domain.operation import Deed, Operation
from backend.domain.people import Operator, Right
from backend.errors import BadInput, Conflict
from backend.flow import bulk, undo
from backend.flow.bulk import Order
from backend.services import Services
from backend.web import asked as asking
from backend.web import words
from backend.web.languages import spoken
from backend.web.message import HIGHEST_ID
from backend.web.session import needs

pages = Blueprint("operations", __name__)


@pages.post("/queue/do")
@needs(Right.MAIL)
def do(services: Services, operator: Operator) -> ResponseReturnValue:
    """The same to every message that is selected, and to every message of every campaign that is."""
    deed, _sign, value = request.form.get("do", "").partition(":")
    if deed == Deed.RETRACT:
        value = request.form.get("action", "")

    def act() -> None:
        if deed not in list(Deed):
            raise BadInput("Choose what to do.")
        ids = _ids("message")
        for campaign_id in _ids("campaign"):
            ids += bulk.of_campaign(services, operator, campaign_id)
        key = request.form.get("key", "")
        bulk.carry_out(services, operator, Order(Deed(deed), value), list(dict.fromkeys(ids)), key)

    _try(act)
    return _back()


@pages.post(f"/operations/<int(min=1, max={HIGHEST_ID}):operation_id>/undo")
@needs(Right.MAIL)
def take_back(services: Services, operator: Operator, operation_id: int) -> ResponseReturnValue:
    """Let stand again what stood before."""
    _try(lambda: undo.undo(services, operator, operation_id))
    return _back()


def said(operation: Operation) -> str:
    """What was done, for the line that offers to undo it."""
    number = operation.done + operation.undone
    if operation.undone_at is not None:
        if not operation.done:
            return ngettext(
                "Undone: %(num)d message is as it was.", "Undone: %(num)d messages are as they were.", number
            )
        return _("Undone, but %(left)s of %(n)s could not be.", left=operation.done, n=number)
    return _done(operation, number)


def _done(operation: Operation, number: int) -> str:
    if operation.deed is Deed.JUDGE:
        kind = words.disposition(Disposition(operation.value))
        return ngettext("%(num)d message judged: %(kind)s.", "%(num)d messages judged: %(kind)s.", number, kind=kind)
    if operation.deed is Deed.SIMULATION:
        return ngettext("%(num)d message marked as an exercise.", "%(num)d messages marked as exercises.", number)
    if operation.deed is Deed.RETRACT:
        return ngettext("%(num)d retraction ordered.", "%(num)d retractions ordered.", number)
    if operation.deed is Deed.RESTORE:
        return ngettext("%(num)d restore ordered.", "%(num)d restores ordered.", number)
    if operation.deed is Deed.ESCALATE:
        return ngettext("%(num)d message escalated to the team.", "%(num)d messages escalated to the team.", number)
    return ngettext("Status of %(num)d message set.", "Status of %(num)d messages set.", number)


def _try(act: Callable[[], object]) -> None:
    try:
        act()
    except (Conflict, BadInput) as refusal:
        flash(spoken(refusal), "wrong")


def _ids(name: str) -> list[int]:
    return [int(one) for one in request.form.getlist(name) if one.isascii() and one.isdigit() and len(one) < 10]


def _back() -> ResponseReturnValue:
    """To the list that the form stood on, or to its rows alone for a script."""
    asked = asking.read(request.args)
    return redirect(asked.rows() if request.headers.get("HX-Request") else asked.at(), 303)
