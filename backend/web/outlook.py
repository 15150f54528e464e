"""Outlook: what has a Microsoft tenant granted us, and how does its administrator grant it?"""

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from backend.api import consent
from backend.domain.microsoft import PROVIDER
from backend.domain.people import Actor, Operator, Right
from backend.errors import BadInput, Conflict
from backend.flow import grant
from backend.services import Services
from backend.settings import Settings
from backend.store import audit, tenants
from backend.store.tenants import Tenant
from backend.web.headers import content_policy
from backend.web.languages import spoken
from backend.web.session import needs
from backend.web.standings import STANDINGS
from backend.web.told import told
from connectors.outlook.probe import GRAPH_APP_ID, PERMISSION_IDS

pages = Blueprint("outlook", __name__)


@pages.get("/settings/outlook")
@needs(Right.SETTINGS)
def outlook(services: Services, operator: Operator) -> ResponseReturnValue:
    """The page. Microsoft is asked only when somebody wants to know."""
    with services.database.read() as tx:
        tenant = tenants.get(tx, operator.tenant_id)
    mailbox = request.args.get("mailbox", "").strip()[:320]
    wants_check = "check" in request.args and tenant.provider == PROVIDER
    found = grant.examine(services.settings, tenant, services.now(), mailbox) if wants_check else None
    shown = {**_shown(services.settings, tenant), "grant": found, "mailbox": mailbox}
    return _leading_to_microsoft(services.settings, render_template("outlook.html", here="settings", **shown))


@pages.post("/settings/outlook/consent")
@needs(Right.SETTINGS)
def ask(services: Services, operator: Operator) -> ResponseReturnValue:
    """On to Microsoft, where an administrator of the tenant's own directory is asked."""
    with services.database.read() as tx:
        tenant = tenants.get(tx, operator.tenant_id)
    back = url_for("web.outlook.answered")
    try:
        _only_microsoft(tenant)
        where = consent.ask(session, services.settings, operator, tenant.directory, back, services.now())
    except Conflict as refusal:
        flash(spoken(refusal), "wrong")
        return redirect(url_for("web.outlook.outlook"), 303)
    return redirect(where, 303)


@pages.get("/settings/outlook/consented")
@needs(Right.SETTINGS)
def answered(services: Services, operator: Operator) -> ResponseReturnValue:
    """Microsoft's answer: written down, and then tried on the page."""
    with services.database.read() as tx:
        tenant = tenants.get(tx, operator.tenant_id)
    try:
        answer = consent.answer(session, operator, tenant.directory, request.args, services.now())
    except BadInput as refusal:
        flash(spoken(refusal), "wrong")
        return redirect(url_for("web.outlook.outlook"), 303)

    with services.database.begin() as tx:
        who, detail = Actor("operator", operator.id), {"refused": answer.refused}
        audit.record(tx, operator.tenant_id, who, "consent answered", "settings", detail, services.now())
    flash(told(answer.told), "wrong" if answer.refused else "done")
    return redirect(url_for("web.outlook.outlook", check="now" if not answer.refused else None), 303)


def _shown(settings: Settings, tenant: Tenant) -> dict[str, Any]:
    granted = [(name, PERMISSION_IDS.get(name, ""), why) for name, why in grant.needed(settings).items()]
    return {
        "tenant": tenant,
        "provider": "Outlook",
        "check": url_for("web.outlook.outlook"),
        "is_here": tenant.provider == PROVIDER,
        "client_id": settings.outlook_client_id,
        "addin_id": settings.outlook_addin_client_id,
        "answers_from": settings.outlook_answers_from,
        "public_url": settings.public_url,
        "redirect_uri": f"{settings.public_url}{url_for('web.outlook.answered')}",
        "permissions": granted,
        "graph_app_id": GRAPH_APP_ID,
        "standings": STANDINGS,
    }


def _only_microsoft(tenant: Tenant) -> None:
    if tenant.provider != PROVIDER:
        raise Conflict("This tenant's mail does not lie with Microsoft.")


def _leading_to_microsoft(settings: Settings, page: str) -> Response:
    """Browsers hold a form to its policy through redirects, and the one that asks for consent is redirected there."""
    login = urlsplit(settings.microsoft_login_url)
    response = make_response(page)
    response.headers["Content-Security-Policy"] = content_policy(f"{login.scheme}://{login.netloc}")
    return response
