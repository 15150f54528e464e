"""Session: who is working here, and may they?

The cookie holds an operator's id, the version of their password and when it ends. It is signed, not secret; every
request looks the operator up again, so that a new password, another role or a closed account counts at once.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Concatenate, ParamSpec

import structlog
from flask import Blueprint, Response, current_app, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from backend.domain.people import Actor, Operator, Right
from backend.errors import NotAllowed
from backend.services import Services
from backend.store import audit, people

log = structlog.get_logger()

COOKIE = "unhook_session"
LASTS = timedelta(hours=10)  # a working day; it is not prolonged, because an open queue asks again by itself
EXTENSION = "unhook-services"

pages = Blueprint("session", __name__)
P = ParamSpec("P")
View = Callable[Concatenate[Services, Operator, P], ResponseReturnValue]


def needs(right: Right | None) -> Callable[[View[P]], Callable[P, ResponseReturnValue]]:
    """Only operators whose role includes `right` (None: every operator); the view gets the services and who it is."""

    def wrap(view: View[P]) -> Callable[P, ResponseReturnValue]:
        @wraps(view)
        def checked(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            services = services_here()
            operator = signed_in(services)
            if operator is None:
                return _ask_to_sign_in()
            g.operator = operator
            if right is not None and not operator.may(right):
                raise NotAllowed("Your role does not include this page. Ask an owner if you need it.")
            return view(services, operator, *args, **kwargs)

        checked.right = right  # type: ignore[attr-defined]  # the test that every route asks reads it
        return checked

    return wrap


def services_here() -> Services:
    """The services of the app that answers this request."""
    services: Services = current_app.extensions[EXTENSION]
    return services


def signed_in(services: Services) -> Operator | None:
    """The operator whom the cookie names, if it still counts."""
    if "operator" not in session:
        return None
    if services.now() >= datetime.fromisoformat(session["until"]):
        return None
    with services.database.read() as tx:
        found = people.session_of(tx, session["operator"])
    if found is None or found[1] != session["version"]:
        return None
    return found[0]


@pages.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """The form, and what it sends."""
    if request.method == "GET":
        return render_template("sign_in.html", after=_inside(request.args.get("after", "")))

    services = services_here()
    name, password = request.form.get("name", "")[:200], request.form.get("password", "")[:1000]
    with services.database.read() as tx:
        operator = people.check_password(tx, name, password)
    if operator is None:
        log.warning("sign-in refused")
        again = render_template("sign_in.html", after=_inside(request.form.get("after", "")), name=name, wrong=True)
        return Response(again, 401)

    _begin(services, operator)
    return redirect(_inside(request.form.get("after", "")) or url_for("web.home.home"), 303)


@pages.post("/sign-out")
@needs(None)
def sign_out(services: Services, operator: Operator) -> ResponseReturnValue:
    """End this session."""
    session.clear()
    _note(services, operator, "signed out")
    return redirect(url_for("web.session.sign_in"), 303)


def _begin(services: Services, operator: Operator) -> None:
    with services.database.read() as tx:
        found = people.session_of(tx, operator.id)
    if found is None:
        raise NotAllowed("This account is closed.")
    session.clear()
    session.permanent = True
    session["operator"] = operator.id
    session["version"] = found[1]
    session["until"] = (services.now() + LASTS).isoformat()
    _note(services, operator, "signed in")


def _note(services: Services, operator: Operator, what: str) -> None:
    who = Actor("operator", operator.id)
    with services.database.begin() as tx:
        audit.record(tx, operator.tenant_id, who, what, str(who), {}, services.now())


def _ask_to_sign_in() -> ResponseReturnValue:
    """The form; a fragment that asks for itself gets htmx to leave the page for it."""
    if request.headers.get("HX-Request"):
        return Response("", 401, {"HX-Redirect": url_for("web.session.sign_in")})
    wanted = request.full_path.rstrip("?") if request.method == "GET" else ""
    return redirect(url_for("web.session.sign_in", after=_inside(wanted) or None), 303)


def _inside(address: str) -> str:
    """The address if it is a page of ours, else nothing: sign-in must not lead elsewhere."""
    ours = address.startswith("/") and not address.startswith("//") and "\\" not in address
    return address if ours and address.isprintable() else ""
