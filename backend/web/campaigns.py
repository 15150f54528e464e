"""Campaigns: which reported mails are one attack, and what if Unhook got that wrong?"""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from backend.domain.people import Operator, Right
from backend.errors import BadInput, Conflict, Unknown
from backend.flow import campaigns as flow
from backend.services import Services
from backend.store import campaigns, lessons, neighbours, queue
from backend.web.languages import spoken
from backend.web.message import HIGHEST_ID
from backend.web.session import needs
from backend.web.similar import AT_LEAST

PER_PAGE = 50
LAST_PAGE = 200
MEMBERS = 200

pages = Blueprint("campaigns", __name__)
ONE = f"/campaigns/<int(min=1, max={HIGHEST_ID}):campaign_id>"


@pages.get("/campaigns")
@needs(Right.MAIL)
def listed(services: Services, operator: Operator) -> ResponseReturnValue:
    """All of them, the last seen first."""
    asked = request.args.get("page", "1")
    page = min(max(int(asked), 1), LAST_PAGE) if asked.isascii() and asked.isdigit() and len(asked) < 5 else 1
    with services.database.read() as tx:
        rows = campaigns.listing(tx, operator.tenant_id, PER_PAGE + 1, (page - 1) * PER_PAGE)
    more = len(rows) > PER_PAGE and page < LAST_PAGE
    return render_template("campaigns.html", here="campaigns", rows=rows[:PER_PAGE], page=page, more=more)


@pages.get(ONE)
@needs(Right.MAIL)
def campaign(services: Services, operator: Operator, campaign_id: int) -> ResponseReturnValue:
    """One of them, with its messages, what operators did to it, and what it may have to be merged into."""
    with services.database.read() as tx:
        if not campaigns.there_is(tx, operator.tenant_id, campaign_id):
            raise Unknown("There is no such campaign.")
        ids = campaigns.members(tx, operator.tenant_id, [campaign_id], MEMBERS + 1)
        shown: dict[str, Any] = {
            "rows": queue.rows_of(tx, operator.tenant_id, ids[:MEMBERS]),
            "learned": lessons.of_messages(tx, operator.tenant_id, ids[:MEMBERS]),
            "changes": campaigns.changes(tx, operator.tenant_id, campaign_id),
            "likely": neighbours.of_campaign(tx, operator.tenant_id, campaign_id, AT_LEAST),
        }
    return render_template("campaign.html", here="campaigns", number=campaign_id, more=len(ids) > MEMBERS, **shown)


@pages.post(f"{ONE}/merge")
@needs(Right.MAIL)
def merge(services: Services, operator: Operator, campaign_id: int) -> ResponseReturnValue:
    """Make it part of another one."""
    into = request.form.get("into", "")
    if not (into.isascii() and into.isdigit() and 0 < len(into) < 10):
        raise BadInput("Name the other campaign by its number.")
    return _done(lambda: flow.merge(services, operator, campaign_id, int(into)), _("Merged."), int(into))


@pages.post(f"{ONE}/split")
@needs(Right.MAIL)
def split(services: Services, operator: Operator, campaign_id: int) -> ResponseReturnValue:
    """Make a campaign of their own of the messages that were ticked."""
    ticked = [int(number) for number in request.form.getlist("message") if number.isascii() and number.isdigit()]
    return _done(lambda: flow.split(services, operator, campaign_id, ticked[:MEMBERS]), _("Split."), campaign_id)


@pages.post(f"/campaigns/changes/<int(min=1, max={HIGHEST_ID}):change_id>/undo")
@needs(Right.MAIL)
def undo(services: Services, operator: Operator, change_id: int) -> ResponseReturnValue:
    """Take a merge or a split back."""
    with services.database.read() as tx:
        change = campaigns.change(tx, operator.tenant_id, change_id)
    if change is None:
        raise Unknown("There is no such change.")
    return _done(lambda: flow.undo(services, operator, change_id), _("Undone."), change.from_campaign_id)


def _done(act: Callable[[], object], said: str, campaign_id: int) -> ResponseReturnValue:
    try:
        act()
    except (Conflict, BadInput) as refusal:
        flash(spoken(refusal), "wrong")
    else:
        flash(said, "done")
    return redirect(url_for("web.campaigns.campaign", campaign_id=campaign_id), 303)
