"""Settings: may PSR and PDR act, and what is done to which mail?"""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from backend.domain.decision import Psr
from backend.domain.disposition import Disposition
from backend.domain.people import Operator, Right
from backend.errors import BadInput, Conflict
from backend.flow import backtest, switch
from backend.policy.settings import NO_ACTION
from backend.services import Services
from backend.store import later_looks, psr_log, tenants
from backend.web.languages import spoken
from backend.web.message import HIGHEST_ID
from backend.web.session import needs
from backend.web.vocabulary import ACTIONS, DISPOSITIONS, NO_ACTION_WORDS, PDR, PSR
from connectors.contract import Action

TURN_ON = "turn on"  # what is typed to arm a switch, in every language

pages = Blueprint("settings", __name__)


@pages.get("/settings")
@needs(Right.SETTINGS)
def settings(services: Services, operator: Operator) -> ResponseReturnValue:
    """Where each setting is."""
    with services.database.read() as tx:
        tenant = tenants.get(tx, operator.tenant_id)
    return render_template("settings.html", here="settings", tenant=tenant, policy=tenant.policy, psr=PSR)


@pages.get("/settings/auto-retract")
@needs(Right.SETTINGS)
def auto_retract(services: Services, operator: Operator) -> ResponseReturnValue:
    """The switches with what each takes. Which mail PSR would have taken is shown to those only who may see mail."""
    with services.database.read() as tx:
        tenant = tenants.get(tx, operator.tenant_id)
        ready = switch.readiness(tx, tenant, services.now())
        to_judge = psr_log.count_to_judge(tx, tenant.id)
        looks = later_looks.count_waiting(tx, tenant.id)
    shown: dict[str, Any] = {
        "tenant": tenant,
        "policy": tenant.policy,
        "ready": ready,
        "earned": ready.earned,
        "backtest": ready.backtest,
        "to_judge": to_judge,
        "looks": looks,
        "switches": [(psr, *words) for psr, words in PSR.items()],
        "pdr_switches": [(pdr, *words) for pdr, words in PDR.items()],
        "dispositions": [(d, *words) for d, words in DISPOSITIONS.items()],
        "actions": {NO_ACTION: NO_ACTION_WORDS, **ACTIONS.get(tenant.provider, ACTIONS["maildir"])},
        "typed": TURN_ON,
    }
    return render_template("auto_retract.html", here="settings", **shown)


@pages.post("/settings/psr")
@needs(Right.SETTINGS)
def set_psr(services: Services, operator: Operator) -> ResponseReturnValue:
    """Turn the switch; `on` is typed as well as chosen, and without a licence the flow says why not."""
    return _turned("psr", PSR, lambda chosen: switch.set_psr(services, operator, chosen))


@pages.post("/settings/pdr")
@needs(Right.SETTINGS)
def set_pdr(services: Services, operator: Operator) -> ResponseReturnValue:
    """Turn Post Delivery Response; `on` is typed as well as chosen."""
    return _turned("pdr", PDR, lambda chosen: switch.set_pdr(services, operator, chosen))


def _turned(field: str, words: Mapping[Psr, Any], turn: Callable[[Psr], None]) -> ResponseReturnValue:
    chosen = request.form.get(field, "")
    if chosen not in list(Psr):
        raise BadInput("Choose off, preview or on.")
    if chosen == Psr.ON and request.form.get("typed", "").strip().lower() != TURN_ON:
        flash(_("Type “%(words)s” to switch it on.", words=TURN_ON), "wrong")
        return _back()
    try:
        turn(Psr(chosen))
    except Conflict as refusal:
        flash(spoken(refusal), "wrong")
    else:
        name = "Phish Submission Response" if field == "psr" else "Post Delivery Response"
        flash(_("%(name)s is now: %(position)s.", name=name, position=str(words[Psr(chosen)][0])), "done")
    return _back()


@pages.post("/settings/backtest")
@needs(Right.SETTINGS)
def run_backtest(services: Services, operator: Operator) -> ResponseReturnValue:
    """Count what PSR would have done to this tenant's own history."""
    backtest.run_backtest(services, operator)
    flash(_("The back-test has run."), "done")
    return _back()


@pages.post(f"/alarms/<int(min=1, max={HIGHEST_ID}):alarm_id>/acknowledge")
@needs(Right.SETTINGS)
def acknowledge(services: Services, operator: Operator, alarm_id: int) -> ResponseReturnValue:
    """Somebody has seen it."""
    switch.acknowledge(services, operator, alarm_id)
    return _back()


def _back() -> ResponseReturnValue:
    return redirect(url_for("web.settings.auto_retract"), 303)


@pages.post("/settings/actions")
@needs(Right.SETTINGS)
def set_actions(services: Services, operator: Operator) -> ResponseReturnValue:
    """Choose what is done to copies of each disposition. Hard delete does nothing until it is confirmed as well."""
    chosen = {d: request.form.get(d, "") for d in Disposition}
    wrong = [action for action in chosen.values() if action not in {NO_ACTION, *Action}]
    if wrong:
        raise BadInput("Choose an action for every disposition.")
    switch.set_actions(services, operator, chosen)
    flash(_("Saved."), "done")
    return _back()


@pages.post("/settings/hard-delete")
@needs(Right.SETTINGS)
def confirm_hard_delete(services: Services, operator: Operator) -> ResponseReturnValue:
    """The second confirmation: typed, not clicked."""
    confirmed = request.form.get("confirmed") == "yes"
    if confirmed and request.form.get("typed", "").strip().lower() != "hard delete":
        flash(_("Type “%(words)s” to confirm it.", words="hard delete"), "wrong")
    else:
        switch.confirm_hard_delete(services, operator, confirmed)
        flash(_("Hard delete is allowed.") if confirmed else _("Hard delete is off."), "done")
    return _back()
