"""Settings: may PSR act, what is done to which mail, and what would have been done so far?"""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from backend.domain.decision import Psr
from backend.domain.disposition import Disposition
from backend.domain.people import Operator, Right
from backend.errors import BadInput, Conflict
from backend.flow import switch
from backend.policy.settings import NO_ACTION
from backend.services import Services
from backend.store import tenants, views
from backend.store.log_view import log_lines
from backend.web.session import needs
from backend.web.words import ACTIONS, DISPOSITIONS, NO_ACTION_WORDS, PSR
from connectors.contract import Action

LOG_LINES = 50

pages = Blueprint("settings", __name__)


@pages.get("/settings")
@needs(Right.SETTINGS)
def settings(services: Services, operator: Operator) -> ResponseReturnValue:
    """The page. Which mail PSR would have taken is shown to those only who may see mail."""
    with services.database.read() as tx:
        tenant = tenants.get(tx, operator.tenant_id)
        earned = switch.licence(tx, tenant)
    shown: dict[str, Any] = {
        "tenant": tenant,
        "policy": tenant.policy,
        "earned": earned,
        "switches": [(psr, *words) for psr, words in PSR.items()],
        "dispositions": [(d, *words) for d, words in DISPOSITIONS.items()],
        "actions": {NO_ACTION: NO_ACTION_WORDS, **ACTIONS.get(tenant.provider, ACTIONS["maildir"])},
        "no_target": tenant.policy.action_for(Disposition.MALICIOUS) == NO_ACTION,
    }
    return render_template("settings.html", here="settings", **shown)


@pages.get("/log")
@needs(Right.MAIL)
def log(services: Services, operator: Operator) -> ResponseReturnValue:
    """What PSR retracted, or would have, and whether it was right."""
    before = request.args.get("before", "")
    number = int(before) if before.isascii() and before.isdigit() and len(before) < 10 else None
    with services.database.read() as tx:
        tenant = tenants.get(tx, operator.tenant_id)
        earned = switch.licence(tx, tenant)
        lines = log_lines(tx, operator.tenant_id, LOG_LINES + 1, number)
        counts = views.counts(tx, operator.tenant_id, services.now())
    shown = {"lines": lines[:LOG_LINES], "more": len(lines) > LOG_LINES, "earned": earned, "counts": counts}
    return render_template("log.html", here="log", policy=tenant.policy, provider=tenant.provider, **shown)


@pages.post("/settings/psr")
@needs(Right.SETTINGS)
def set_psr(services: Services, operator: Operator) -> ResponseReturnValue:
    """Turn the switch; without a licence the flow says why not."""
    chosen = request.form.get("psr", "")
    if chosen not in list(Psr):
        raise BadInput("Choose off, preview or on.")
    try:
        switch.set_psr(services, operator, Psr(chosen))
    except Conflict as refusal:
        flash(str(refusal), "wrong")
    else:
        flash(f"Phish Submission Response is now set to {PSR[Psr(chosen)][0].lower()}.", "done")
    return redirect(url_for("web.settings.settings"), 303)


@pages.post("/settings/actions")
@needs(Right.SETTINGS)
def set_actions(services: Services, operator: Operator) -> ResponseReturnValue:
    """Choose what is done to copies of each disposition. Hard delete does nothing until it is confirmed as well."""
    chosen = {d: request.form.get(d, "") for d in Disposition}
    wrong = [action for action in chosen.values() if action not in {NO_ACTION, *Action}]
    if wrong:
        raise BadInput("Choose an action for every disposition.")
    with services.database.read() as tx:
        policy = tenants.get(tx, operator.tenant_id).policy
    for disposition, action in chosen.items():
        if policy.actions.get(disposition, NO_ACTION) != action:
            switch.set_action(services, operator, disposition, action)
    flash("Saved.", "done")
    return redirect(url_for("web.settings.settings"), 303)


@pages.post("/settings/hard-delete")
@needs(Right.SETTINGS)
def confirm_hard_delete(services: Services, operator: Operator) -> ResponseReturnValue:
    """The second confirmation: typed, not clicked."""
    confirmed = request.form.get("confirmed") == "yes"
    if confirmed and request.form.get("typed", "").strip().lower() != "hard delete":
        flash("Type “hard delete” to confirm it.", "wrong")
    else:
        switch.confirm_hard_delete(services, operator, confirmed)
        flash("Hard delete is allowed." if confirmed else "Hard delete is off.", "done")
    return redirect(url_for("web.settings.settings"), 303)
