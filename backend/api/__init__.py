"""API: what other programs see. Every route asks who is calling, but for those in OPEN."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from flask import Blueprint, Flask, request
from flask_limiter import Limiter

from backend.api import addin, errors, gmail, own_origin, own_reports, tenant
from backend.api.bodies import HIGHEST_ID
from backend.api.health import Operations
from backend.api.identity import Identifier
from backend.api.limits import READS_PER_MINUTE, UNVERIFIED_PER_TENANT, address, caller, identified
from backend.api.openapi import describe
from backend.api.submissions import OwnSubmission, OwnSubmissions
from backend.api.tenant import refuse_scope
from backend.api.unverified import UnverifiedOutlookReports, UnverifiedReports
from backend.domain.people import Scope
from backend.errors import NotAllowed
from backend.metrics import Metrics
from backend.services import Services

View = Callable[..., Any]  # what Flask calls; a limiter's wrapper answers like the view inside
OPEN = frozenset(
    {"api.unverified", "api.unverified_outlook", "api.openapi", "api.healthz", "api.readyz", "api.metrics"}
)


def register(app: Flask, services: Services, identifier: Identifier, limiter: Limiter, metrics: Metrics) -> None:
    """Add the API's routes, their limits and the app's error answers."""
    errors.register(app)
    api = Blueprint("api", __name__)
    settings, asking = services.settings, partial(_asking_who, services, identifier)
    key = caller(identifier)

    writes = limiter.limit(f"{settings.submissions_per_minute}/minute", key_func=key, methods=["POST"])
    reads = limiter.limit(f"{READS_PER_MINUTE}/minute", key_func=key, methods=["GET"])
    own = OwnSubmissions.as_view("submissions", services, identifier)
    one = OwnSubmission.as_view("submission", services, identifier)
    _add(api, "/api/v1/submissions", "submissions", writes(reads(asking(own, Scope.SUBMIT_TEAM))), "GET", "POST")
    _add(
        api,
        f"/api/v1/submissions/<int(min=1, max={HIGHEST_ID}):submission_id>",
        "submission",
        reads(asking(one, Scope.SUBMIT_TEAM)),
        "GET",
    )

    for path, name, view, method in own_reports.routes(services, identifier):
        _add(api, path, name, writes(reads(asking(view, Scope.SUBMIT_TEAM))), method)

    for path, name, view, scope in tenant.routes(services, identifier):
        _add(api, path, name, reads(asking(view, scope, programs_only=True)), "GET")

    to_directory = partial(_limit_directory, limiter, settings.unverified_per_minute)
    unverified: View = UnverifiedReports.as_view("unverified", services)
    outlook: View = UnverifiedOutlookReports.as_view("unverified_outlook", services, to_directory)
    if settings.unverified_per_minute:
        unverified = _limit_strangers(limiter, settings.unverified_per_minute, unverified)
        outlook = limiter.limit(f"{settings.unverified_per_minute}/minute", key_func=address)(outlook)
    _add(api, "/api/v1/reports/unverified/<string(maxlength=64):tenant_slug>", "unverified", unverified, "POST")
    _add(api, "/api/v1/reports/unverified-outlook", "unverified_outlook", outlook, "POST")

    operations = Operations(services, metrics)
    _add(api, "/api/v1/openapi.json", "openapi", describe, "GET")
    _add(api, "/healthz", "healthz", operations.alive, "GET")
    _add(api, "/readyz", "readyz", operations.ready, "GET")
    _add(api, "/metrics", "metrics", operations.measured, "GET")
    app.register_blueprint(api)
    addin.register(app, services)
    gmail.register(app, services, limiter)
    own_origin.register(app, settings)


def _asking_who(
    services: Services, identifier: Identifier, view: View, scope: Scope, *, programs_only: bool = False
) -> View:
    """Inside the limits, so that strangers who try tokens are counted, too."""

    @wraps(view)
    def asked(*args: Any, **kwargs: Any) -> Any:
        who = identified(identifier)
        if who.token is not None and scope not in who.token.scopes:
            refuse_scope(services, who.token, scope)
        if who.token is None and programs_only:
            raise NotAllowed(f"This is for programs: send a service token with the scope {scope}.")
        return view(*args, **kwargs)

    return asked


def _limit_strangers(limiter: Limiter, per_minute: int, view: View) -> View:
    per_tenant = f"{per_minute * UNVERIFIED_PER_TENANT}/minute"
    limited = limiter.limit(f"{per_minute}/minute", key_func=address)(view)
    return limiter.limit(per_tenant, key_func=_tenant_in_address)(limited)


def _limit_directory(limiter: Limiter, per_minute: int, directory: str) -> None:
    """Count one report to a directory, which stands in the body: also to one we do not know. Raises what 429 is."""
    per_directory = f"{per_minute * UNVERIFIED_PER_TENANT}/minute"
    with limiter.limit(per_directory, key_func=lambda: f"directory:{directory}"):
        pass


def _tenant_in_address() -> str:
    return f"tenant:{(request.view_args or {}).get('tenant_slug', '')}"


def _add(api: Blueprint, rule: str, name: str, view: View, *methods: str) -> None:
    api.add_url_rule(rule, name, view, methods=methods, provide_automatic_options=False)
