"""Saved: how does an operator keep a list under a name?"""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import Connection

from backend.domain.people import Operator, Right
from backend.errors import BadInput, Conflict
from backend.services import Services
from backend.store import saved_views
from backend.web import asked as asking
from backend.web.languages import spoken
from backend.web.message import HIGHEST_ID
from backend.web.session import needs

pages = Blueprint("saved", __name__)
ONE = f"/views/<int(min=1, max={HIGHEST_ID}):view_id>"


@pages.post("/views")
@needs(Right.MAIL)
def save(services: Services, operator: Operator) -> ResponseReturnValue:
    """Keep the list that the form stands on."""
    asked = asking.read(request.args)

    def act(tx: Connection) -> None:
        name, first = request.form.get("name", ""), _opens_first()
        now = services.now()
        saved_views.save(tx, operator.tenant_id, operator.id, name, asked.kept(), now, opens_first=first)

    return _do(services, act, _("The view is saved."))


@pages.post(ONE)
@needs(Right.MAIL)
def change(services: Services, operator: Operator, view_id: int) -> ResponseReturnValue:
    """Give it another name, or let it open first."""

    def act(tx: Connection) -> None:
        name = request.form.get("name", "")
        saved_views.change(tx, operator.tenant_id, operator.id, view_id, name, opens_first=_opens_first())

    return _do(services, act, _("The view is changed."))


@pages.post(f"{ONE}/delete")
@needs(Right.MAIL)
def delete(services: Services, operator: Operator, view_id: int) -> ResponseReturnValue:
    """Forget it; the messages stay."""
    return _do(
        services,
        lambda tx: saved_views.remove(tx, operator.tenant_id, operator.id, view_id),
        _("The view is deleted."),
    )


def _opens_first() -> bool:
    return request.form.get("first") == "yes"


def _do(services: Services, act: Callable[[Connection], None], said: str) -> ResponseReturnValue:
    try:
        with services.database.begin() as tx:
            act(tx)
    except (Conflict, BadInput) as refusal:
        flash(spoken(refusal), "wrong")
    else:
        flash(said, "done")
    return redirect(asking.read(request.args).at(), 303)
