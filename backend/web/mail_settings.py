"""Mail settings: where are reports mailed to, whose mail is the team's word, and is anybody told what was wrong?"""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from backend.domain.disposition import Disposition
from backend.domain.people import Operator, Right
from backend.domain.submission import Kind
from backend.errors import BadInput
from backend.flow import switch
from backend.services import Services
from backend.store import tenants
from backend.web.languages import spoken
from backend.web.session import needs

LONGEST = 50_000  # characters of the list

pages = Blueprint("mail_settings", __name__)


@pages.get("/settings/mail")
@needs(Right.SETTINGS)
def page(services: Services, operator: Operator) -> ResponseReturnValue:
    """The addresses, and the two settings."""
    with services.database.read() as tx:
        tenant = tenants.get(tx, operator.tenant_id)
    domain = services.settings.receive_domain
    addresses = [(d, *(f"{tenant.slug}+{kind}+{d.lower()}@{domain}" for kind in Kind)) for d in Disposition if domain]
    proves = bool(services.settings.receive_authserv_ids)
    shown = {"tenant": tenant, "policy": tenant.policy.intake, "addresses": addresses, "proves": proves}
    return render_template("mail_settings.html", here="settings", **shown)


@pages.post("/settings/mail")
@needs(Right.SETTINGS)
def save(services: Services, operator: Operator) -> ResponseReturnValue:
    """All at once; a line that is no address changes nothing."""
    written = request.form.get("team_senders", "")[:LONGEST].replace(",", " ").split()
    try:
        switch.set_intake(services, operator, written, explain=request.form.get("explain") == "yes")
    except BadInput as refusal:
        flash(spoken(refusal), "wrong")
    else:
        flash(_("Saved."), "done")
    return redirect(url_for("web.mail_settings.page"), 303)
