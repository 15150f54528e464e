"""Message: what was decided about one mail, why, and what became of its copies?"""

from typing import Any

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from backend.domain.disposition import LEGITIMATE, Disposition
from backend.domain.people import Actor, Operator, Right
from backend.domain.retraction import OPEN, RetractionState
from backend.domain.submission import Kind
from backend.errors import UnhookError, Unknown
from backend.flow.feedback import FALSE_NEGATIVE, FALSE_POSITIVE
from backend.flow.score import prior_of
from backend.policy.settings import NO_ACTION, TenantPolicy
from backend.services import Services
from backend.store import audit, tenants
from backend.store.message_view import MessageView, message_view
from backend.store.progress import Progress, retraction_progress
from backend.web import inert, missed, scale, words
from backend.web.bars import bars
from backend.web.languages import spoken
from backend.web.leads import leads
from backend.web.session import needs
from backend.web.vocabulary import ACTIONS
from connectors.contract import Action
from model.contract import Verdict
from model.pretences import pretences
from model.reporter import Reliability, reliability

START = "starting-point"
KEYS = {Disposition.MALICIOUS: "m", Disposition.SPAM: "s", Disposition.BULK: "b", Disposition.NONE: "n"}  # as in a list
UNFOLDED = {"reports": 5, "events": 15}  # hundreds would push what matters off the page
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
    """The retraction and what to do about it, for the page that watches it run."""
    return render_template("message/_followed.html", follows=True, **_shown(services, operator, message_id))


@pages.get(f"{ONE}/body")
@needs(Right.MAIL)
def body(services: Services, operator: Operator, message_id: int) -> ResponseReturnValue:
    """The frame that shows the mail, asked for by pressing a button: looking is written down."""
    return render_template("message/_body.html", **_shown(services, operator, message_id))


@pages.get(f"{ONE}/preview")
@needs(Right.MAIL)
def preview(services: Services, operator: Operator, message_id: int) -> ResponseReturnValue:
    """The mail itself, inert, for the sandboxed frame."""
    view = _view(services, operator, message_id)
    try:
        raw = services.evidence.read(operator.tenant_id, view.message.evidence_sha256)
    except UnhookError as error:
        page = render_template("preview_missing.html", sentence=spoken(error), gone=view.evidence_gone)
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
        **_why(view, verdict, tenant.policy),
        "pictures": scale.pictures(verdict.base_margin, verdict.margin, band) if verdict else (),
        "threshold": 0.0,  # in the template it would be written once, in the language of whoever came first
        "bound": scale.MAX_LIFT,
        "keys": KEYS,
        "unfolded": UNFOLDED,
        "band": band,
        "sentence": words.reason,
        "caution_of": words.caution,
        "pretences": pretences(view.message.facts),
        "leads": leads(view.message.facts.links),
        "reliabilities": _reliabilities(view, tenant.policy),
        "provider": tenant.provider,
        "choices": offered_actions(tenant.provider, tenant.policy),
        "progress": _progress(services, view),
        **_corrections(view),
        **_possible(view, operator, services),
    }


def _progress(services: Services, view: MessageView) -> Progress | None:
    """How far the last retraction is, for a page that is given no stream."""
    if view.retraction is None:
        return None
    last = view.retraction.retraction
    with services.database.read() as tx:
        return retraction_progress(tx, last.tenant_id, last.id)


def _why(view: MessageView, verdict: Verdict | None, policy: TenantPolicy) -> dict[str, Any]:
    """What the network saw as a sum, and how far each part was from acting."""
    if verdict is None:
        return {"bars": (), "missed": (), "somebody_acted": False}
    parts = missed.parts(verdict, view.message.facts, policy)
    return {
        "bars": bars(verdict.reasons, verdict.margin, START),
        "missed": parts,
        "somebody_acted": missed.acted(parts),
    }


def _reliabilities(view: MessageView, policy: TenantPolicy) -> dict[int, Reliability]:
    """How often each reporter is right, as it stood at the verdict, by person."""
    prior = prior_of(policy.reporter)
    return {
        share.person_id: reliability(
            share.confirmed if share.faded_confirmed is None else share.faded_confirmed,
            share.judged if share.faded_judged is None else share.faded_judged,
            prior,
        )
        for share in (view.verdict.reporters if view.verdict else ())
    }


def _corrections(view: MessageView) -> dict[str, Any]:
    """What the forms for corrections begin with: what stands, and whose submission would be escalated next."""
    users = [one for one in view.reports if one.submission.kind is Kind.USER]
    return {
        "false_positives_as": FALSE_POSITIVE,
        "false_negatives_as": FALSE_NEGATIVE,
        "contested_as": _the_other(view),
        "to_escalate": next((one for one in users if one.submission.id not in view.escalations), None),
        "escalated": [
            (one, view.escalations[one.submission.id]) for one in users if one.submission.id in view.escalations
        ],
    }


def _the_other(view: MessageView) -> str:
    """What somebody who contests a verdict most likely means."""
    legitimate = view.standing is not None and view.standing.disposition in LEGITIMATE
    return Disposition.MALICIOUS if legitimate else Disposition.NONE


def offered_actions(provider: str, policy: TenantPolicy) -> list[tuple[str, str, str]]:
    """(code, name, what it means) of every action this tenant may take, the usual one first."""
    usual = next((a for a in policy.actions.values() if a not in (NO_ACTION, Action.HARD_DELETE)), Action.SOFT_DELETE)
    known = ACTIONS.get(provider, ACTIONS["maildir"])
    allowed = [a for a in known if a != Action.HARD_DELETE or policy.hard_delete_confirmed]
    return [
        (code, str(known[code][0]), str(known[code][1])) for code in sorted(allowed, key=lambda code: code != usual)
    ]


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
        "too_late": taken and not in_time and not (view.retraction and view.retraction.took_nothing),
        "can_approve": waiting and not approved,
        "can_refuse": waiting,
        "can_retry": state is RetractionState.INCOMPLETE,
        "stopped": state is RetractionState.STOPPED,
        "can_search_again": state is RetractionState.DONE,
        "running": state in OPEN,
    }
