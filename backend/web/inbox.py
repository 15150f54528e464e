"""Inbox: which messages wait for an operator, and which were decided?"""

import secrets
from datetime import timedelta
from typing import Any

from flask import Blueprint, get_flashed_messages, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from backend.domain.people import Operator, Right
from backend.errors import BadInput
from backend.services import Services
from backend.store import failures, matching, operations, queue, received_mails, saved_views, tenants
from backend.store.filters import Filters, Order
from backend.store.progress import operation_progress
from backend.store.queue import PER_PAGE
from backend.web import asked as asking
from backend.web import list_words
from backend.web.asked import QUEUE, Asked, Tab
from backend.web.languages import spoken
from backend.web.message import offered_actions
from backend.web.session import needs

MOST_SHOWN_OPEN = 50  # messages of an opened campaign; its own list has all of them
STILL_SAID = timedelta(minutes=10)  # how long the last thing done is offered to be undone on the list
MOST_COUNTED = 100  # beside a tab stands at most "99+", so that counting ends

pages = Blueprint("inbox", __name__)


@pages.get("/queue", endpoint="queue")
@needs(Right.MAIL)
def queue_page(services: Services, operator: Operator) -> ResponseReturnValue:
    """The whole page. Without a word of what to show, the view that opens first, if there is one."""
    if request.args.get("q"):
        return redirect(asking.read({"q": request.args["q"]}, asking.SEARCH).at(), 303)
    if not request.args:
        with services.database.read() as tx:
            first = saved_views.first_of(tx, operator.tenant_id, operator.id)
        if first is not None:
            return redirect(asking.read(first.asked, _list_of(first.asked)).at(), 303)
    return render_template("queue.html", here="queue", **shown(services, operator, asking.read(request.args, QUEUE)))


@pages.get("/queue/rows")
@needs(Right.MAIL)
def rows(services: Services, operator: Operator) -> ResponseReturnValue:
    """Only what changes while the page is open."""
    return fragment(services, operator, asking.read(request.args, QUEUE))


def fragment(services: Services, operator: Operator, asked: Asked) -> str:
    """The rows alone, with what an action that led here has to say."""
    told = get_flashed_messages(with_categories=True)
    return render_template("_rows.html", told=told, **shown(services, operator, asked))


def shown(services: Services, operator: Operator, asked: Asked) -> dict[str, Any]:
    """Everything the list's page shows."""
    tenant_id, now = operator.tenant_id, services.now()
    with services.database.read() as tx:
        tenant = tenants.get(tx, tenant_id)
        found = _listed(tx, tenant_id, asked)
        last = operations.last_of(tx, tenant_id, operator.id, now - STILL_SAID)
        return {
            "asked": asked,
            "lists": list_words,
            "counts": tab_counts(tx, tenant_id),
            "most": MOST_COUNTED,
            "saved": saved_views.of_operator(tx, tenant_id, operator.id),
            "last": last,
            "progress": operation_progress(tx, tenant_id, last.id) if last else None,
            "refusals": operations.refusals(tx, tenant_id, last.id) if last else {},
            "key": secrets.token_urlsafe(16),
            "actions": offered_actions(tenant.provider, tenant.policy),
            "provider": tenant.provider,
            **found,
        }


def _listed(tx: Connection, tenant_id: int, asked: Asked) -> dict[str, Any]:
    """The rows, or groups of them; a query that cannot be understood shows nothing and says why."""
    nothing: dict[str, Any] = {"rows": (), "groups": (), "opened": {}, "more": False, "total": None}
    if asked.problem or (asked.searching and not asked.filters.as_text()):
        return {**nothing, "problem": asked.problem}
    try:
        return {**nothing, "problem": "", **_found(tx, tenant_id, asked)}
    except BadInput as refusal:
        return {**nothing, "problem": spoken(refusal)}


def _found(tx: Connection, tenant_id: int, asked: Asked) -> dict[str, Any]:
    if asked.tab is Tab.FAILED and not asked.searching:
        failed = failures.failed(tx, tenant_id, PER_PAGE + 1, (asked.page - 1) * PER_PAGE)
        return {"rows": failed[:PER_PAGE], "more": len(failed) > PER_PAGE}
    if asked.grouped:
        groups, more = queue.groups(tx, tenant_id, asked.wanted, asked.order, asked.page)
        there = {group.campaign_id for group in groups}
        opened = {one: _members(tx, tenant_id, one, asked.order) for one in asked.opened if one in there}
        return {"groups": groups, "more": more, "opened": opened}
    page = queue.page(tx, tenant_id, asked.wanted, asked.order, asked.page)
    return {"rows": page.rows, "more": page.has_next, "total": (page.total, page.more_than_counted)}


def _members(tx: Connection, tenant_id: int, campaign_id: int, order: Order) -> Any:
    return queue.page(tx, tenant_id, Filters(campaign=campaign_id), order, 1, MOST_SHOWN_OPEN).rows


def tab_counts(tx: Connection, tenant_id: int) -> dict[str, int]:
    """What stands beside the tabs."""
    waiting = matching.find(tx, tenant_id, Filters(review=True), Order.NEWEST, MOST_COUNTED)
    invalid = received_mails.waiting(tx, tenant_id, MOST_COUNTED)
    return {"review": len(waiting), "invalid": invalid, **failures.reports_waiting(tx, tenant_id)}


def _list_of(kept: Any) -> str:
    return QUEUE if "tab" in kept else asking.SEARCH
