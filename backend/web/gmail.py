"""Gmail: what has a Google Workspace organisation delegated to us, and how does its administrator do that?"""

from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from backend.domain.people import Operator, Right
from backend.flow import delegation
from backend.flow.delegation import PROVIDER
from backend.services import Services
from backend.settings import Settings
from backend.store import tenants
from backend.store.tenants import Tenant
from backend.web.session import needs
from backend.web.standings import STANDINGS
from connectors.gmail.probe import REPORTS

pages = Blueprint("gmail", __name__)


@pages.get("/settings/gmail")
@needs(Right.SETTINGS)
def gmail(services: Services, operator: Operator) -> ResponseReturnValue:
    """The page. Google is asked only when somebody wants to know."""
    with services.database.read() as tx:
        tenant = tenants.get(tx, operator.tenant_id)
    mailbox = request.args.get("mailbox", "").strip()[:320]
    wants_check = "check" in request.args and tenant.provider == PROVIDER
    found = delegation.examine(services.settings, tenant, services.now(), mailbox) if wants_check else None
    shown = {**_shown(services.settings, tenant), "grant": found, "mailbox": mailbox}
    return render_template("gmail.html", here="settings", **shown)


def _shown(settings: Settings, tenant: Tenant) -> dict[str, Any]:
    scopes = delegation.needed(tenant)
    return {
        "tenant": tenant,
        "provider": "Gmail",
        "check": url_for("web.gmail.gmail"),
        "is_here": tenant.provider == PROVIDER,
        "account": delegation.account_of(settings),
        "scopes": scopes,
        "reports_scope": REPORTS,
        "to_paste": ",".join([*scopes, REPORTS]),
        "answers_from": settings.gmail_answers_from,
        "standings": STANDINGS,
    }
