"""Look: how does an operator find, in the mailboxes themselves, what nobody reported?"""

from dataclasses import replace
from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from backend.domain.disposition import Disposition
from backend.domain.people import Operator, Right
from backend.errors import BadInput, Conflict
from backend.flow import look as looking
from backend.flow.feedback import FALSE_NEGATIVE
from backend.flow.look import Looked, Sought
from backend.services import Services
from backend.web.languages import in_utc, spoken, time_zone
from backend.web.session import needs

LONGEST = 500
_ASKED = ("message_id", "sender", "subject", "mailbox")
_TIMES = ("since", "until")

pages = Blueprint("look", __name__)


@pages.get("/look")
@needs(Right.MAIL)
def form(_services: Services, _operator: Operator) -> ResponseReturnValue:
    """The questions."""
    return _page(Sought(), None)


@pages.post("/look")
@needs(Right.MAIL)
def look(services: Services, operator: Operator) -> ResponseReturnValue:
    """The answers. A form, not an address: nobody's link may make us open mailboxes."""
    message_id, sender, subject, mailbox = (request.form.get(name, "").strip()[:LONGEST] for name in _ASKED)
    sought = Sought(message_id, sender, subject, mailbox=mailbox)
    try:
        since, until = (_moment(request.form.get(name, "")) for name in _TIMES)
        sought = replace(sought, since=since, until=until)
        return _page(sought, looking.look(services, operator, sought))
    except (BadInput, Conflict) as refusal:
        return _page(sought, None, spoken(refusal))


@pages.post("/look/report")
@needs(Right.MAIL)
def report(services: Services, operator: Operator) -> ResponseReturnValue:
    """A found message becomes the team's submission."""
    chosen = request.form.get("disposition", "")
    mailbox, copy_id = (request.form.get(name, "")[:LONGEST] for name in ("mailbox", "copy"))
    try:
        if chosen not in list(Disposition):
            raise BadInput("Choose what it is.")
        message_id = looking.report_missed(services, operator, mailbox, copy_id, Disposition(chosen))
    except (BadInput, Conflict) as refusal:
        flash(spoken(refusal), "wrong")
        return redirect(url_for("web.look.form"), 303)
    flash(_("Reported for the team. Unhook learns that it was missed."), "done")
    return redirect(url_for("web.message.message", message_id=message_id), 303)


def _page(sought: Sought, looked: Looked | None, problem: str = "") -> str:
    written = {name: request.form.get(name, "")[:40] for name in _TIMES}
    shown = {"sought": sought, "written": written, "looked": looked, "problem": problem, "choices": FALSE_NEGATIVE}
    limits = {"usual_days": looking.USUAL_TIME.days, "most": looking.MOST_FOUND, "zone": time_zone()}
    return render_template("look.html", here="look", **shown, **limits)


def _moment(written: str) -> datetime | None:
    """A time as the store keeps it, from one on the viewer's clock, or with a zone of its own. Raises BadInput."""
    if not written.strip():
        return None
    try:
        given = datetime.fromisoformat(written.strip()[:40])
        return in_utc(given)
    except (ValueError, OverflowError):
        raise BadInput("That is no time. Write it as 2026-01-31T09:30.") from None
