"""Mail settings: where are reports mailed to, which mailboxes are read, whose mail is the team's word?"""

from collections.abc import Iterator

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from backend.domain.disposition import Disposition
from backend.domain.people import Operator, Right
from backend.domain.received_mail import read_said
from backend.domain.submission import Kind
from backend.errors import BadInput
from backend.flow import switch
from backend.services import Services
from backend.store import polled_mailboxes, tenants
from backend.store.tenants import Tenant
from backend.web.languages import spoken
from backend.web.session import needs

LONGEST = 50_000  # characters of the list

pages = Blueprint("mail_settings", __name__)


@pages.get("/settings/mail")
@needs(Right.SETTINGS)
def page(services: Services, operator: Operator) -> ResponseReturnValue:
    """The addresses, the mailboxes that are read and how each does, and the two settings."""
    with services.database.read() as tx:
        tenant = tenants.get(tx, operator.tenant_id)
        read = {one.mailbox: one for one in polled_mailboxes.of_tenant(tx, tenant.id)}
    domain = services.settings.receive_domain
    addresses = [(d, *(f"{tenant.slug}+{kind}+{d.lower()}@{domain}" for kind in Kind)) for d in Disposition if domain]
    proves = bool(services.settings.receive_authserv_ids)
    shown = {"tenant": tenant, "policy": tenant.policy.intake, "addresses": addresses, "proves": proves}
    shown["mailboxes"] = [(mailbox, *said, read.get(mailbox)) for mailbox, said in _read_as(tenant)]
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


def _read_as(tenant: Tenant) -> Iterator[tuple[str, tuple[Kind, Disposition]]]:
    for mailbox, text in tenant.policy.intake.mailboxes.items():
        if said := read_said(text):
            yield mailbox, said
