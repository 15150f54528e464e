"""Sign-in: is this the right password, and may it be used from here?"""

import structlog
from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from backend import whence
from backend.api.health import FORWARDED
from backend.domain.people import Actor, Operator
from backend.services import Services
from backend.store import audit, operators
from backend.web import session as sessions
from backend.web.waits import Waits

log = structlog.get_logger()

WAITS = "unhook-waits"

pages = Blueprint("sign_in", __name__)


@pages.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    """The form."""
    return _form()


@pages.post("/sign-in")
def check() -> ResponseReturnValue:
    """What it sends. A name that nobody has takes as long, waits as long and reads as a wrong password does."""
    services, waits = sessions.services_here(), waits_here()
    name, password = request.form.get("name", "")[:200], request.form.get("password", "")[:1000]
    account = waits.account(name)
    if seconds := waits.seconds(account):
        answer = Response(_form(name, wait=-(-seconds // 60)), 429)
        answer.headers["Retry-After"] = str(seconds)
        return answer

    with services.database.read() as tx:
        operator = operators.check_password(tx, name, password)
        is_first = operator is not None and operators.nobody_was_ever_here(tx)
    if operator is None:
        waits.failed(account)
        answer = Response(_form(name, wrong=True), 401)
        # Once the answer has left: what is written for names that there are must not be seen by the clock.
        answer.call_on_close(lambda: _note_refusal(services, name, whence.current()))
        return answer
    if is_first and not _may_be_first(services):
        return Response(_form(name, not_from_here=True), 403)

    waits.forgive(account)
    sessions.begin(services, operator, "password")
    answer = redirect_after(request.form.get("after", ""))
    waits.remember(answer, name, secure=services.settings.https_only)
    return answer


def waits_here() -> Waits:
    """The delays of the app that answers this request."""
    waits: Waits = current_app.extensions[WAITS]
    return waits


def redirect_after(wanted: str) -> Response:
    """On to the page that somebody wanted before they were asked to sign in."""
    answer = redirect(sessions.inside(wanted) or url_for("web.home.home"), 303)
    assert isinstance(answer, Response)
    return answer


def _form(name: str = "", **trouble: object) -> str:
    settings = sessions.services_here().settings
    after = sessions.inside(request.values.get("after", ""))
    provider = settings.oidc_name if settings.oidc_issuer else ""
    return render_template("sign_in.html", name=name, after=after, provider=provider, **trouble)


def _may_be_first(services: Services) -> bool:
    """The first of all to sign in does so on the server itself: until then the password may be anybody's guess."""
    settings = services.settings
    allowed = {whence.spelled(host) for host in settings.first_sign_in_hosts}
    passed_on = not settings.trusted_proxies and any(name in request.headers for name in FORWARDED)
    return not passed_on and whence.current() in allowed


def _note_refusal(services: Services, name: str, source: str) -> None:
    log.warning("sign-in refused", source=source)
    with services.database.begin() as tx:
        meant: Operator | None = operators.named(tx, name)
        if meant is not None:
            who = Actor("operator", meant.id)
            whence.bind(source)
            audit.record(tx, meant.tenant_id, Actor("nobody"), "sign-in refused", str(who), {}, services.now())


def told_to_wait(minutes: int) -> str:
    """For pages that ask for the password again."""
    said: str = _("Too many wrong passwords. Wait %(n)s minutes, then try again.", n=minutes)
    return said
