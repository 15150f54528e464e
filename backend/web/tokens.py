"""Tokens: which programs may use the API, for what, and until when?"""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from backend.domain.people import Operator, Right, Scope
from backend.errors import BadInput, NotAllowed
from backend.flow import programs
from backend.services import Services
from backend.store import operators, service_tokens
from backend.web.languages import spoken
from backend.web.message import HIGHEST_ID
from backend.web.session import needs

pages = Blueprint("tokens", __name__)


@pages.get("/settings/tokens")
@needs(Right.SETTINGS)
def tokens(services: Services, operator: Operator) -> ResponseReturnValue:
    """The page."""
    return _page(services, operator)


@pages.post("/settings/tokens")
@needs(Right.SETTINGS)
def issue(services: Services, operator: Operator) -> ResponseReturnValue:
    """A new one, shown once, in this answer: a redirect would carry it in a cookie. Only its hash is kept."""
    chosen = request.form.getlist("scope")
    if any(scope not in list(Scope) for scope in chosen):
        raise BadInput("Choose from the scopes that there are.")
    days = request.form.get("days", "")
    number = int(days) if days.isascii() and days.isdigit() and len(days) < 5 else 0
    try:
        token = programs.issue(services, operator, request.form.get("name", ""), [Scope(s) for s in chosen], number)
    except (BadInput, NotAllowed) as refusal:
        flash(spoken(refusal), "wrong")
        return redirect(url_for("web.tokens.tokens"), 303)
    return _page(services, operator, _("The token is %(token)s. Copy it now: it is not shown again.", token=token))


@pages.post(f"/settings/tokens/<int(min=1, max={HIGHEST_ID}):token_id>/revoke")
@needs(Right.SETTINGS)
def revoke(services: Services, operator: Operator, token_id: int) -> ResponseReturnValue:
    """It counts no more."""
    programs.revoke(services, operator, token_id)
    flash(_("The token is revoked."), "done")
    return redirect(url_for("web.tokens.tokens"), 303)


def _page(services: Services, operator: Operator, once: str = "") -> str:
    with services.database.read() as tx:
        found = service_tokens.of_tenant(tx, operator.tenant_id)
        names = operators.names(tx, operator.tenant_id)
    may = programs.grantable(operator)
    shown = {"tokens": found, "names": names, "scopes": list(Scope), "grantable": may, "now": services.now()}
    return render_template("tokens.html", here="settings", once=once, **shown)
