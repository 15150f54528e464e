"""Message: what was decided about one mail, why, and what became of its copies?"""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from backend.domain.people import Actor, Operator, Right
from backend.domain.retraction import OPEN, RetractionState
from backend.errors import UnhookError, Unknown
from backend.policy.settings import NO_ACTION, TenantPolicy
from backend.services import Services
from backend.store import audit, tenants
from backend.store.message_view import MessageView, message_view
from backend.web import inert, scale
from backend.web.session import needs
from backend.web.words import ACTIONS
from connectors.contract import Action
from model import reasons
from model.contract import Reason, Verdict

MOST_LINKS = 100
MOST_REASONS = 6
START = "starting-point"
HIGHEST_ID = 2**31 - 1

pages = Blueprint("message", __name__)
ONE = f"/messages/<int(min=1, max={HIGHEST_ID}):message_id>"


@pages.get(ONE)
@needs(Right.MAIL)
def message(services: Services, operator: Operator, message_id: int) -> ResponseReturnValue:
    """The page."""
    return render_template("message.html", here="queue", **_shown(services, operator, message_id))


@pages.get(f"{ONE}/retraction")
@needs(Right.MAIL)
def retraction(services: Services, operator: Operator, message_id: int) -> ResponseReturnValue:
    """Only the retraction, for the page that watches it run."""
    return render_template("_retraction.html", **_shown(services, operator, message_id))


@pages.get(f"{ONE}/body")
@needs(Right.MAIL)
def body(services: Services, operator: Operator, message_id: int) -> ResponseReturnValue:
    """The frame that shows the mail, asked for by pressing a button: looking is written down."""
    return render_template("_body.html", **_shown(services, operator, message_id))


@pages.get(f"{ONE}/preview")
@needs(Right.MAIL)
def preview(services: Services, operator: Operator, message_id: int) -> ResponseReturnValue:
    """The mail itself, inert, for the sandboxed frame."""
    view = _view(services, operator, message_id)
    try:
        raw = services.evidence.read(operator.tenant_id, view.message.evidence_sha256)
    except UnhookError as error:
        page = render_template("preview_missing.html", sentence=str(error), gone=view.evidence_gone)
    else:
        page = inert.inert_page(raw)
        with services.database.begin() as tx:
            who, what = Actor("operator", operator.id), f"message:{message_id}"
            audit.record(tx, operator.tenant_id, who, "body viewed", what, {}, services.now())
    response = Response(page, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = inert.POLICY
    return response


def _view(services: Services, operator: Operator, message_id: int) -> MessageView:
    with services.database.read() as tx:
        view = message_view(tx, operator.tenant_id, message_id)
    if view is None:
        raise Unknown("There is no such message.")
    return view


def _shown(services: Services, operator: Operator, message_id: int) -> dict[str, Any]:
    view = _view(services, operator, message_id)
    with services.database.read() as tx:
        tenant = tenants.get(tx, operator.tenant_id)
    verdict = view.verdict.verdict if view.verdict else None
    band = tenant.policy.thresholds.suspicious_below
    return {
        "view": view,
        "message": view.message,
        "facts": view.message.facts,
        "verdict": verdict,
        "pictures": scale.pictures(verdict.base_margin, verdict.margin, band) if verdict else (),
        "bound": scale.MAX_LIFT,
        "band": band,
        "sentence": reasons.sentence,
        "false_positives": reasons.false_positives,
        **_reasons(verdict),
        "links": view.message.facts.links[:MOST_LINKS],
        "provider": tenant.provider,
        "choices": offered_actions(tenant.provider, tenant.policy),
        **_possible(view, operator, services),
    }


def _reasons(verdict: Verdict | None) -> dict[str, Sequence[Reason]]:
    """The few that matter most, and the rest; where every message starts says nothing about this one."""
    every = verdict.reasons if verdict else ()
    telling = [reason for reason in every if reason.code != START]
    first = telling[:MOST_REASONS]
    return {"first_reasons": first, "other_reasons": [reason for reason in every if reason not in first]}


def offered_actions(provider: str, policy: TenantPolicy) -> list[tuple[str, str, str]]:
    """(code, name, what it means) of every action this tenant may take, the usual one first."""
    usual = next((a for a in policy.actions.values() if a not in (NO_ACTION, Action.HARD_DELETE)), Action.SOFT_DELETE)
    known = ACTIONS.get(provider, ACTIONS["maildir"])
    allowed = [a for a in known if a != Action.HARD_DELETE or policy.hard_delete_confirmed]
    return [(code, *known[code]) for code in sorted(allowed, key=lambda code: code != usual)]


def _possible(view: MessageView, operator: Operator, services: Services) -> dict[str, Any]:
    """What can be done now. The flow decides again; this only keeps buttons away that would be refused."""
    now = services.now()
    last = view.retraction.retraction if view.retraction else None
    state = last.state if last else None
    resting = state in (None, RetractionState.RESTORED, RetractionState.REFUSED, RetractionState.INCOMPLETE)
    taken = state in (RetractionState.DONE, RetractionState.INCOMPLETE)
    in_time = bool(last and last.restorable_until and last.restorable_until > now)
    waiting = state is RetractionState.AWAITING_APPROVAL
    approved = bool(view.retraction and operator.name in view.retraction.approved_by)
    return {
        "can_retract": resting and view.message.erased_at is None,
        "can_restore": taken and in_time,
        "too_late": taken and not in_time,
        "can_approve": waiting and not approved,
        "can_refuse": waiting,
        "can_search_again": state is RetractionState.DONE,
        "running": state in OPEN,
    }
