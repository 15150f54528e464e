"""Session: who is working here, and may they?

The cookie names a session of the store. It is signed, not secret; every request looks the session up again, so that a
new password, another role, a closed account or a session ended from afar counts at once.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Concatenate, ParamSpec

import structlog
from flask import Blueprint, Response, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from backend.domain.people import Actor, Operator, Right
from backend.errors import NotAllowed, StoreUnavailable
from backend.services import Services
from backend.store import audit, sessions
from backend.store.sessions import SignedIn

log = structlog.get_logger()

EXTENSION = "unhook-services"
OFTEN = timedelta(minutes=1)  # how exactly it is known when somebody last worked

pages = Blueprint("session", __name__)
P = ParamSpec("P")
View = Callable[Concatenate[Services, Operator, P], ResponseReturnValue]


def needs(right: Right | None, *, before_change: bool = False) -> Callable[[View[P]], Callable[P, ResponseReturnValue]]:
    """Only operators whose role includes `right` (None: every operator); the view gets the services and who it is.

    `before_change` is for what somebody may do who must first change a password that others know.
    """

    def wrap(view: View[P]) -> Callable[P, ResponseReturnValue]:
        @wraps(view)
        def checked(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            services = services_here()
            found = signed_in(services)
            if found is None:
                return _ask_to_sign_in()
            g.operator, g.session = found.operator, found.session
            if found.must_change and not before_change:
                return _leave_for(url_for("web.account.account"))
            if right is not None and not found.operator.may(right):
                raise NotAllowed("Your role does not include this page. Ask an owner if you need it.")
            return view(services, found.operator, *args, **kwargs)

        checked.right = right  # type: ignore[attr-defined]  # the test that every route asks reads it
        return checked

    return wrap


def services_here() -> Services:
    """The services of the app that answers this request."""
    services: Services = current_app.extensions[EXTENSION]
    return services


def signed_in(services: Services) -> SignedIn | None:
    """The session that the cookie names, if it still counts."""
    number = session.get("session")
    if not isinstance(number, int):
        return None
    now = services.now()
    with services.database.read() as tx:
        found = sessions.signed_in(tx, number, now, idle(services))
    if found and _is_work() and now - found.session.seen_at > OFTEN:
        _remember(services, found, now)
    return found


def idle(services: Services) -> timedelta:
    """How long a session lasts in which nobody works."""
    return timedelta(minutes=services.settings.session_idle_minutes)


def _is_work() -> bool:
    """An open page that asks for news of itself keeps nobody signed in."""
    by_itself = "HX-Request" in request.headers or "text/event-stream" in request.headers.get("Accept", "")
    return request.method != "GET" or not by_itself


def _remember(services: Services, found: SignedIn, now: datetime) -> None:
    """A store that cannot be written can still be read: the page is shown all the same."""
    try:
        with services.database.begin() as tx:
            sessions.seen(tx, found.operator.tenant_id, found.session.id, now)
    except StoreUnavailable as error:
        log.warning("session not prolonged", session=found.session.id, why=str(error))


def begin(services: Services, operator: Operator, way: str) -> None:
    """Somebody has proven who they are: nothing of an earlier session is left."""
    lasts = timedelta(hours=services.settings.session_hours)
    with services.database.begin() as tx:
        agent = request.headers.get("User-Agent", "")
        number = sessions.begin(tx, operator.tenant_id, operator.id, way, agent, services.now(), lasts)
        who = Actor("operator", operator.id)
        audit.record(tx, operator.tenant_id, who, "signed in", str(who), {"way": way}, services.now())
    session.clear()
    session.permanent = True
    session["session"] = number


@pages.post("/sign-out")
@needs(None, before_change=True)
def sign_out(services: Services, operator: Operator) -> ResponseReturnValue:
    """End this session."""
    who = Actor("operator", operator.id)
    with services.database.begin() as tx:
        sessions.end(tx, operator.tenant_id, operator.id, services.now(), only=g.session.id)
        audit.record(tx, operator.tenant_id, who, "signed out", str(who), {}, services.now())
    session.clear()
    return redirect(url_for("web.sign_in.sign_in"), 303)


def _ask_to_sign_in() -> ResponseReturnValue:
    """The form; a fragment that asks for itself gets htmx to leave the page for it."""
    wanted = request.full_path.rstrip("?") if request.method == "GET" else ""
    if request.headers.get("HX-Request"):
        return Response("", 401, {"HX-Redirect": url_for("web.sign_in.sign_in")})
    return redirect(url_for("web.sign_in.sign_in", after=inside(wanted) or None), 303)


def _leave_for(address: str) -> ResponseReturnValue:
    if request.headers.get("HX-Request"):
        return Response("", 403, {"HX-Redirect": address})
    return redirect(address, 303)


def inside(address: str) -> str:
    """The address if it is a page of ours, else nothing: sign-in must not lead elsewhere."""
    ours = address.startswith("/") and not address.startswith("//") and "\\" not in address
    return address if ours and address.isprintable() else ""
