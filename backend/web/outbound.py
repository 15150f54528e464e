"""Outbound: which systems are told of what happens, how does each do, and what is to be sent again?"""

from datetime import datetime, timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from backend.domain.people import Operator, Right
from backend.errors import BadInput
from backend.flow import outbound as flow
from backend.outbound.send import SCHEMES
from backend.services import Services
from backend.store import audit_view, outbox
from backend.web.languages import spoken
from backend.web.message import HIGHEST_ID
from backend.web.session import needs

pages = Blueprint("outbound", __name__)
ONE = f"/settings/outbound/<int(min=1, max={HIGHEST_ID}):webhook_id>"
LONGEST_LOOK_BACK = timedelta(days=366)


@pages.get("/settings/outbound")
@needs(Right.SETTINGS)
def outbound(services: Services, operator: Operator) -> ResponseReturnValue:
    """The page."""
    return _page(services, operator)


@pages.post("/settings/outbound")
@needs(Right.SETTINGS)
def add(services: Services, operator: Operator) -> ResponseReturnValue:
    """Another system; its secret is shown once, in this answer: a redirect would carry it in a cookie."""
    form = request.form
    events = [event[:100] for event in form.getlist("event")][:100]
    try:
        secret = flow.add(
            services, operator, form.get("name", ""), form.get("kind", ""), form.get("address", ""), events
        )
    except BadInput as refusal:
        flash(spoken(refusal), "wrong")
        return redirect(url_for("web.outbound.outbound"), 303)
    said = _("Its signing secret is %(secret)s. Copy it now: it is not shown again.", secret=secret)
    return _page(services, operator, said)


@pages.post(f"{ONE}/again")
@needs(Right.SETTINGS)
def send_again(services: Services, operator: Operator, webhook_id: int) -> ResponseReturnValue:
    """What was given up, and everything since a day if one is named."""
    since = _day(request.form.get("since", ""), services.now())
    count = flow.send_again(services, operator, webhook_id, since)
    flash(ngettext("One event waits to be sent.", "%(num)s events wait to be sent.", count), "done")
    return redirect(url_for("web.outbound.outbound"), 303)


@pages.post(f"{ONE}/remove")
@needs(Right.SETTINGS)
def remove(services: Services, operator: Operator, webhook_id: int) -> ResponseReturnValue:
    """Nothing is sent there any more."""
    flow.remove(services, operator, webhook_id)
    flash(_("Removed. Nothing is sent there any more."), "done")
    return redirect(url_for("web.outbound.outbound"), 303)


def _page(services: Services, operator: Operator, once: str = "") -> str:
    with services.database.read() as tx:
        places = outbox.all_of(tx, operator.tenant_id)
        shown = [(one, outbox.standing(tx, operator.tenant_id, one.id)) for one in places]
        actions = audit_view.actions(tx, operator.tenant_id)
    told = {"places": shown, "actions": actions, "kinds": list(SCHEMES), "once": once}
    return render_template("outbound.html", here="settings", **told)


def _day(text: str, now: datetime) -> datetime | None:
    if not text:
        return None
    try:
        day = datetime.strptime(text, "%Y-%m-%d")  # noqa: DTZ007 - times of the store have no zone
    except ValueError as error:
        raise BadInput("Name a day, such as 2026-01-31.") from error
    return max(day, now - LONGEST_LOOK_BACK)
