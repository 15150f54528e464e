"""Web: the pages operators work with, rendered here; htmx brings fragments, one small script brings the keyboard."""

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, Flask, Response, g, request
from flask_wtf import CSRFProtect

from backend.api.limits import EXTENSION as LIMITER
from backend.domain.people import Right
from backend.services import Services
from backend.web import actions, errors, home, inbox, message, scale, settings, words
from backend.web import session as sessions

# No font comes from anywhere, this server included; otherwise as the whole app's.
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def register(app: Flask, services: Services) -> None:
    """Add the pages."""
    app.extensions[sessions.EXTENSION] = services
    app.config["PERMANENT_SESSION_LIFETIME"] = sessions.LASTS
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False  # the API proves its callers itself; the pages ask in before_request
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # a token lasts as long as its session
    csrf = CSRFProtect(app)

    web = Blueprint("web", __name__, template_folder="templates", static_folder="static", static_url_path="/static")
    for part in (home, sessions, inbox, message, actions, settings):
        web.register_blueprint(part.pages)
    web.before_request(csrf.protect)
    web.after_request(_harden)
    web.context_processor(_shared)
    _add_filters(web, services)
    errors.register(web)
    app.register_blueprint(web)

    if services.settings.demo:
        from backend.demo import webmail  # it shows mail behind the same walls, so it needs these pages to be there

        webmail.register(app, services)

    limit = app.extensions[LIMITER].limit(f"{services.settings.sign_ins_per_minute}/minute", methods=["POST"])
    app.view_functions["web.session.sign_in"] = limit(app.view_functions["web.session.sign_in"])


def _harden(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
    # Our own addresses may know where a form stood: over TLS the CSRF check asks for it. Others learn nothing.
    response.headers["Referrer-Policy"] = "same-origin"
    if request.endpoint == "web.static":
        response.headers["Cache-Control"] = "public, max-age=3600"
    else:
        response.headers["Cache-Control"] = "no-store"
    return response


def _shared() -> dict[str, object]:
    operator = g.get("operator")
    rights = {right.value: bool(operator and operator.may(right)) for right in Right}
    return {"operator": operator, "may": rights, "words": words}


def _add_filters(web: Blueprint, services: Services) -> None:
    def ago(time: datetime) -> str:
        return words.ago(time, services.now())

    given: list[Callable[..., object]] = [words.action, words.defang, words.disposition, words.event, words.moment]
    given += [words.percent, words.plain, words.signed, words.size, words.status, words.why, scale.glance, ago]
    for filter_ in given:
        web.add_app_template_filter(filter_)
