"""Answers: which mails to people did not leave, or may not have, and should they be sent again?"""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from backend.domain.people import Operator, Right
from backend.flow.answer_again import send_again
from backend.services import Services
from backend.store import answers
from backend.web.actions import try_to
from backend.web.message import HIGHEST_ID
from backend.web.session import needs

pages = Blueprint("answers", __name__)


@pages.get("/log/answers")
@needs(Right.MAIL)
def listed(services: Services, operator: Operator) -> ResponseReturnValue:
    """The page."""
    with services.database.read() as tx:
        found = answers.troubled(tx, operator.tenant_id)
    return render_template("answers.html", here="log", tab="answers", answers=found)


@pages.post(f"/answers/<int(min=1, max={HIGHEST_ID}):answer_id>/again")
@needs(Right.MAIL)
def again(services: Services, operator: Operator, answer_id: int) -> ResponseReturnValue:
    """An operator takes it on themselves that somebody may get it twice."""
    try_to(lambda: send_again(services, operator, answer_id), _("It is sent again."))
    return redirect(url_for("web.answers.listed"), 303)
